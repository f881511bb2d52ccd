"""Bytes to arrays and back: the only place that decodes and encodes."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.errors import BadImage
from chalicelib.domain.tiles import Bounds, View
from chalicelib.vision.headers import Header, check_pixels, read_header

Bgr = NDArray[np.uint8]  # height, width, 3: blue, green, red
Mask = NDArray[np.bool_]  # height, width
Floats = NDArray[Any]  # float32; OpenCV and numpy announce something wider


class Pixels(NamedTuple):
    """A decoded picture: its colours, and which of its pixels show ground at all."""

    bgr: Bgr
    seen: Mask


def decode(content: bytes, view: View) -> tuple[Header, Pixels]:
    """Decode an image of exactly the view's size. Raises BadImage, before decoding where the bytes already tell."""
    header = read_header(content)
    side = view.size_px
    if (header.width, header.height) != (side, side):
        raise BadImage(f"a picture of {header.width}x{header.height} px, not {side}x{side}")
    check_pixels(content, header)
    flags = cv2.IMREAD_UNCHANGED  # as it is: no turning by EXIF, alpha kept
    if header.kind == "JPEG":
        flags = cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION  # also makes CMYK and grey three channels
    try:
        array = cv2.imdecode(np.frombuffer(content, np.uint8, header.length), flags)
    except cv2.error as error:
        raise BadImage(f"a damaged {header.kind}: {error.err}") from None
    if array is None:
        raise BadImage(f"a damaged {header.kind}: it does not decode")
    if array.shape[:2] != (side, side):
        raise BadImage(f"a {header.kind} that decodes to {array.shape[1]}x{array.shape[0]} px, not {side}x{side}")
    return header, split(array)


def split(array: NDArray[Any]) -> Pixels:
    """Bring an array of 1 to 4 channels and any depth to 8-bit colours and a mask of what is seen.

    What is not a finite number is not seen.
    """
    if array.ndim == 2:
        array = array[:, :, None]
    known = None
    if array.dtype == np.uint16:
        array = array // 257
    elif array.dtype != np.uint8:
        known = np.isfinite(array).all(axis=2)
        array = np.clip(np.nan_to_num(np.asarray(array, np.float64)), 0, 255)
    array = np.ascontiguousarray(array, np.uint8)
    channels = array.shape[2]
    if channels in (2, 4):  # the last one is alpha
        seen = np.asarray(array[:, :, -1] > 0)
        array = array[:, :, :-1]
    else:
        seen = np.ones(array.shape[:2], np.bool_)
    if known is not None:
        seen &= known
    if array.shape[2] == 1:
        array = np.repeat(array, 3, axis=2)
    return Pixels(np.ascontiguousarray(array[:, :, :3]), seen)


def encode_png(array: NDArray[np.uint8]) -> bytes:
    """Encode 8-bit pixels (1, 3 or 4 channels) as PNG."""
    return cv2.imencode(".png", array)[1].tobytes()


def box_of(view: View, area: Bounds, *, margin: bool) -> tuple[slice, slice]:
    """Give rows and columns of those pixels whose centre lies in the area, in the tile alone or in its margin too.

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


def ground_of(view: View, area: Bounds) -> Mask:
    """Mark the tile's own ground inside the area; an area that misses the tile leaves the whole tile."""
    ground = np.zeros((view.size_px, view.size_px), np.bool_)
    ground[box_of(view, area, margin=False)] = True
    if not ground.any():
        tile = slice(view.margin_px, view.margin_px + view.tile_px)
        ground[tile, tile] = True
    return ground
