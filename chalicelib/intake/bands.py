"""Bands packed into one PNG of greys of 16 bits, and unpacked again."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.bands import CLASS, LAYERS
from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats import png
from chalicelib.domain.image_header import read_header
from chalicelib.domain.tiles import View
from chalicelib.intake.png import NotDecoded, with_opencv

Layers = NDArray[Any]  # (layers, rows, columns), uint16: in the order of LAYERS, coded as `domain.bands` says
# Level 6 packs by 3 % better, and takes four to six times as long.
_QUICK = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_PAETH]


def pack(layers: Layers) -> bytes:
    """Return the layers as one PNG, the first one on top."""
    count, rows, columns = layers.shape
    return bytes(cv2.imencode(".png", layers.reshape(count * rows, columns), _QUICK)[1])


def unpack(content: bytes, view: View) -> Layers:
    """Return the layers of a PNG that was stored: it was `check`ed before. Raises BadImage."""
    header = read_header(content)
    width, height = header.width, header.height
    if header.format != "PNG" or (header.depth, header.channels) != (16, 1) or header.has_alpha:
        raise BadImage("bands that are no PNG of greys of 16 bits")
    if height != len(LAYERS) * width or view.size_px % width:
        raise BadImage(
            f"bands of {width}x{height} px, not {len(LAYERS)} layers of a {view.size_px}x{view.size_px} view"
        )
    try:
        array = with_opencv(content[: header.length])
    except NotDecoded as error:
        raise BadImage(f"damaged bands: {error}") from None
    return array.reshape(len(LAYERS), width, width)


def check(content: bytes, view: View) -> Layers:
    """Return the layers of a PNG that nobody has looked at yet, and whose rows are counted. Raises BadImage."""
    most = 2 * len(LAYERS) * view.size_px**2 + 65_536
    if len(content) > most:
        raise BadImage(f"bands of {len(content)} bytes: at most {most} of this view")
    layers = unpack(content, view)
    for _ in png.rows(content, read_header(content)):
        pass  # only counted: OpenCV takes those that are missing for black
    return layers


def has_classes(layers: Layers) -> bool:
    """Whether it is said of each pixel what it shows."""
    return bool(layers[LAYERS.index(CLASS)].any())


def each_pixel(mask: NDArray[Any], view: View) -> NDArray[np.bool_]:
    """Return a mask of the layers' pixels as one of the view's."""
    times = view.size_px // len(mask)
    return np.repeat(np.repeat(mask, times, axis=0), times, axis=1).astype(np.bool_, copy=False)
