"""Stored images to arrays and back, and which of an image's pixels are a tile's ground.

The only module of this room that decodes and encodes.
"""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_formats.facts import ImageHeader
from chalicelib.domain.image_header import read_header
from chalicelib.domain.shapes import Outlines
from chalicelib.domain.tiles import Bounds, View
from chalicelib.intake.decode import decode
from chalicelib.intake.pixels import Bgr, Mask, Pixels, to_pixels
from chalicelib.intake.png import NotDecoded, with_opencv

__all__ = [
    "Bgr",
    "Floats",
    "Mask",
    "Pixels",
    "area_window",
    "decode_stored",
    "encode_png",
    "ground_mask",
    "halved",
    "has_colour",
    "header_of",
    "to_pixels",
    "watched_mask",
]

_FINER = 5  # times, an odd number: the middle one of them is the pixel's centre
_COLOUR_SPREAD = 2.0  # the largest channel less the smallest, in the mean: what JPEG makes of grey has less
Floats = NDArray[Any]  # float32; the stubs of OpenCV and numpy announce something wider


def header_of(content: bytes, view: View) -> ImageHeader:
    """Read the header of an image of exactly the view's size. Raises BadImage; nothing is decoded yet."""
    header = read_header(content)
    side = view.size_px
    if (header.width, header.height) != (side, side):
        raise BadImage(f"a picture of {header.width}x{header.height} px, not {side}x{side}")
    return header


def decode_stored(content: bytes, view: View) -> Pixels:
    """Decode a stored image of exactly the view's size. Raises BadImage.

    That its rows are complete was checked at the gate, and its sha256 since: they are not inflated a second time.
    """
    header = header_of(content, view)
    if not header.is_plain:
        return decode(content, header)
    try:
        return to_pixels(with_opencv(content[: header.length]))
    except NotDecoded as error:
        raise BadImage(f"a damaged PNG: {error}") from None


def encode_png(array: NDArray[np.uint8]) -> bytes:
    """Encode 8-bit pixels (1, 3 or 4 channels) as PNG."""
    return cv2.imencode(".png", array)[1].tobytes()


def has_colour(bgr: NDArray[Any]) -> bool:
    """Return whether an image (rows, columns, 3), of 0 to 255, is more than greys."""
    return float(np.ptp(bgr[::4, ::4], axis=2).mean()) >= _COLOUR_SPREAD


def area_window(view: View, area: Bounds, *, margin: bool) -> tuple[slice, slice]:
    """Return (rows, columns) of the pixels whose centre lies in the area: of the tile alone, or with its margin.

    An area thinner than a pixel still has the pixel it lies in.
    """
    first, last = (0, view.size_px) if margin else (view.margin_px, view.margin_px + view.tile_px)

    def span(low: float, high: float) -> slice:
        begin = min(max(math.ceil(low - 0.5), first), last)
        end = min(max(math.ceil(high - 0.5), first), last)
        if begin == end and first <= low < last:
            begin, end = int(low), int(low) + 1
        return slice(begin, end)

    left, top = view.pixel(area.west, area.north)
    right, bottom = view.pixel(area.east, area.south)
    return span(top, bottom), span(left, right)


def watched_mask(view: View, area: Bounds, outlines: Outlines | None = None) -> Mask:
    """Return the mask of the pixels whose centre lies in the area, the margin's too: in its outlines, or in its box."""
    if outlines is None:
        watched = np.zeros((view.size_px, view.size_px), np.bool_)
        watched[area_window(view, area, margin=True)] = True
        return watched
    # A polygon of OpenCV holds what its border runs through: so it is drawn finer, and read at the pixels' centres.
    finer = _filled(view, outlines, _FINER)[_FINER // 2 :: _FINER, _FINER // 2 :: _FINER]
    return finer if finer.any() else _filled(view, outlines, 1)  # thinner than a pixel: those that it lies in


def _filled(view: View, outlines: Outlines, times: int) -> Mask:
    """Return the mask of polygons, and of the pixels that their borders run through, so many times as fine."""
    mask = np.zeros((times * view.size_px,) * 2, np.uint8)
    for outline in outlines:
        rings = [np.array([view.pixel(*position) for position in ring]) * times - 0.5 for ring in outline]
        cv2.fillPoly(mask, [np.round(ring * 16).astype(np.int32) for ring in rings], 1, shift=4)
    return np.asarray(mask > 0)


def ground_mask(view: View, area: Bounds, outlines: Outlines | None = None) -> Mask:
    """Return the mask of the tile's own ground inside the area; an area that misses the tile leaves the whole tile."""
    ground = np.zeros((view.size_px, view.size_px), np.bool_)
    tile = slice(view.margin_px, view.margin_px + view.tile_px)
    if outlines is None:
        ground[area_window(view, area, margin=False)] = True
    else:
        ground[tile, tile] = watched_mask(view, area, outlines)[tile, tile]
        if not ground.any():  # thinner than a pixel there, and the margin has more
            ground[tile, tile] = _filled(view, outlines, 1)[tile, tile]
    if not ground.any():
        ground[tile, tile] = True
    return ground


def halved(values: Floats) -> Floats:
    """Reduce an image to half its size; an odd row or column is kept."""
    size = ((values.shape[1] + 1) // 2, (values.shape[0] + 1) // 2)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)
