"""Image bytes to arrays and back, and which of an image's pixels are a tile's ground.

The only module of this room that decodes and encodes.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.errors import BadImage
from chalicelib.domain.image_header import ImageHeader, read_header
from chalicelib.domain.tiles import Bounds, View

Bgr = NDArray[np.uint8]  # (height, width, 3): blue, green, red
Mask = NDArray[np.bool_]  # (height, width)
Floats = NDArray[Any]  # float32; the stubs of OpenCV and numpy announce something wider


class Pixels(NamedTuple):
    """A decoded image: its colours, and the mask of its pixels that hold data at all."""

    bgr: Bgr
    valid: Mask


def header_of(content: bytes, view: View) -> ImageHeader:
    """Read the header of an image of exactly the view's size. Raises BadImage; nothing is decoded yet."""
    header = read_header(content)
    side = view.size_px
    if (header.width, header.height) != (side, side):
        raise BadImage(f"a picture of {header.width}x{header.height} px, not {side}x{side}")
    return header


def decode(content: bytes, header: ImageHeader) -> Pixels:
    """Decode an image whose header was read. Raises BadImage where it does not decode to the size it states."""
    flags = cv2.IMREAD_UNCHANGED  # as it is: not turned by EXIF, alpha kept
    if header.format == "JPEG":
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION  # also makes CMYK and grey three channels
    try:
        array = cv2.imdecode(np.frombuffer(content, np.uint8, header.length), flags)
    except cv2.error as error:
        raise BadImage(f"a damaged {header.format}: {error.err}") from None
    if array is None:
        raise BadImage(f"a damaged {header.format}: it does not decode")
    if array.shape[:2] != (header.height, header.width):
        raise BadImage(
            f"a {header.format} that decodes to {array.shape[1]}x{array.shape[0]} px, "
            f"not {header.width}x{header.height}"
        )
    return to_pixels(array)


def decode_stored(content: bytes, view: View) -> Pixels:
    """Decode a stored image of exactly the view's size. Raises BadImage.

    That its rows are complete was checked at the gate, and its sha256 since: they are not inflated a second time.
    """
    return decode(content, header_of(content, view))


def to_pixels(array: NDArray[Any]) -> Pixels:
    """Convert an array of 1 to 4 channels and any depth to 8-bit colours and a mask of the valid pixels.

    Two and four channels end with alpha: transparent pixels are not valid, and neither are those not finite.
    """
    if array.ndim == 2:
        array = array[:, :, None]
    finite = None
    if array.dtype == np.uint16:
        array = array // 257
    elif array.dtype != np.uint8:
        finite = np.isfinite(array).all(axis=2)
        array = np.clip(np.nan_to_num(np.asarray(array, np.float64)), 0, 255)
    array = np.ascontiguousarray(array, np.uint8)
    if array.shape[2] in (2, 4):
        valid = np.asarray(array[:, :, -1] > 0)
        array = array[:, :, :-1]
    else:
        valid = np.ones(array.shape[:2], np.bool_)
    if finite is not None:
        valid &= finite
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    return Pixels(np.ascontiguousarray(array[:, :, :3]), valid)


def encode_png(array: NDArray[np.uint8]) -> bytes:
    """Encode 8-bit pixels (1, 3 or 4 channels) as PNG."""
    return cv2.imencode(".png", array)[1].tobytes()


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


def ground_mask(view: View, area: Bounds) -> Mask:
    """Return the mask of the tile's own ground inside the area; an area that misses the tile leaves the whole tile."""
    ground = np.zeros((view.size_px, view.size_px), np.bool_)
    ground[area_window(view, area, margin=False)] = True
    if not ground.any():
        tile = slice(view.margin_px, view.margin_px + view.tile_px)
        ground[tile, tile] = True
    return ground
