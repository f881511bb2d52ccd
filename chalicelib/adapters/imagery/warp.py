"""Warp an image to a view's pixel grid.

Positions are in pixels from the north-west corner; pixel 0 covers 0.0 to 1.0, so its middle lies at 0.5. Between
EPSG:3857 or EPSG:4326 and a view, a column depends on the longitude alone and a row on the latitude alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.tiles import Bounds, View, grid_position, position

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chalicelib.intake.pixels import Pixels

_CUBIC_REACH = 3  # pixels that cubic interpolation reads on each side, with one to spare
_BAND = 64  # rows of averages that are made at once


class Part(NamedTuple):
    """What an image shows of a view: BGR pixels of the view's size, and which of them it shows."""

    pixels: NDArray[Any]
    clear: NDArray[Any]
    bands: NDArray[Any] | None = None  # the layers of its bands, all of one scene as large: see `domain.bands`


def mosaic(view: View, parts: Iterable[Part]) -> tuple[bytes, bytes | None]:
    """Lay images of one view together to a PNG, transparent where none shows anything; and their bands, if any has.

    The first one is on top, whole: what overlaps is taken from one, and no edge is made where another one goes on.
    """
    import numpy as np

    from chalicelib.intake.bands import pack

    image = np.zeros((view.size_px, view.size_px, 3), np.uint8)
    clear = np.zeros((view.size_px, view.size_px), bool)
    bands: NDArray[Any] | None = None
    for part in parts:
        fresh = part.clear & ~clear
        image[fresh] = part.pixels[fresh]
        clear |= fresh
        if part.bands is not None:
            bands = np.zeros_like(part.bands) if bands is None else bands
            step = view.size_px // bands.shape[2]  # of the view's pixels that are one of the bands'
            bands = np.where(fresh[step // 2 :: step, step // 2 :: step], part.bands, bands)
        if clear.all():
            break
    else:
        image = np.dstack([image, np.where(clear, 255, 0).astype(np.uint8)])
    return _png(image), None if bands is None else pack(bands)


def warp(pixels: Pixels, bounds: Bounds, view: View, *, is_lonlat: bool) -> Part:
    """Warp an image to exactly the view.

    A bound that falls short of a pixel's middle by less than one pixel is rounding: the edge is repeated there.
    """
    import cv2
    import numpy as np

    height, width = pixels.valid.shape
    columns, rows = (np.array(p) for p in _positions(bounds, view, width, height, is_lonlat=is_lonlat))
    step_x, step_y = columns[1] - columns[0], np.max(np.diff(rows))
    shows_x = (columns >= -step_x) & (columns <= width + step_x)
    shows_y = (rows >= -step_y) & (rows <= height + step_y)
    clear = shows_y[:, None] & shows_x[None, :]
    if not clear.any():
        return Part(np.zeros((view.size_px, view.size_px, 3), np.uint8), clear)

    (x0, x1, by_x), (y0, y1, by_y) = _window(columns, width), _window(rows, height)
    columns, rows = (columns - x0) / by_x, (rows - y0) / by_y
    image = _resample(_averaged(pixels.bgr[y0:y1, x0:x1], by_x, by_y), columns, rows, cv2.INTER_CUBIC)
    valid = pixels.valid[y0:y1, x0:x1]
    if not valid.all():
        # A pixel counts as clear if everything that cubic interpolation mixes into it is.
        alpha = cv2.erode(np.where(valid, np.uint8(255), np.uint8(0)), np.ones((5, 5), np.uint8))
        clear &= _resample(_averaged(alpha, by_x, by_y), columns, rows, cv2.INTER_LINEAR) >= 254
    return Part(image, clear)


def _positions(
    bounds: Bounds, view: View, width: int, height: int, *, is_lonlat: bool
) -> tuple[list[float], list[float]]:
    """Return where the centres of the view's columns and rows lie in the image."""
    tile = view.tile
    left, top = grid_position(bounds.west, bounds.north, tile.z)
    right, bottom = grid_position(bounds.east, bounds.south, tile.z)
    middles = [(i + 0.5 - view.margin_px) / view.tile_px for i in range(view.size_px)]
    columns = [(tile.x + middle - left) / (right - left) * width for middle in middles]
    if is_lonlat:
        latitudes = [position(tile.x, tile.y + middle, tile.z)[1] for middle in middles]
        return columns, [(bounds.north - lat) / (bounds.north - bounds.south) * height for lat in latitudes]
    return columns, [(tile.y + middle - top) / (bottom - top) * height for middle in middles]


def _averaged(part: NDArray[Any], by_x: int, by_y: int) -> NDArray[Any]:
    """Average whole blocks of pixels, where the view is coarser; the last ones are filled up from the edge.

    A band of rows at a time: what shows a whole large image must not copy it.
    """
    import cv2
    import numpy as np

    if by_x == by_y == 1:
        return np.ascontiguousarray(part)
    height, width = part.shape[:2]
    bands = []
    for at in range(0, height, by_y * _BAND):
        band = part[at : at + by_y * _BAND]
        band = cv2.copyMakeBorder(band, 0, -len(band) % by_y, 0, -width % by_x, cv2.BORDER_REPLICATE)
        size = (band.shape[1] // by_x, band.shape[0] // by_y)
        bands.append(cv2.resize(band, size, interpolation=cv2.INTER_AREA))
    return np.concatenate(bands)


def _resample(part: NDArray[Any], columns: NDArray[Any], rows: NDArray[Any], method: int) -> NDArray[Any]:
    """Resample the pixels at the positions."""
    import cv2
    import numpy as np

    # cv2 counts from the middle of pixel 0, positions from its edge: half a pixel apart.
    map_x = np.broadcast_to((columns - 0.5).astype(np.float32), (len(rows), len(columns)))
    map_y = np.broadcast_to((rows - 0.5).astype(np.float32)[:, None], (len(rows), len(columns)))
    return cv2.remap(
        part, np.ascontiguousarray(map_x), np.ascontiguousarray(map_y), method, borderMode=cv2.BORDER_REPLICATE
    )


def _window(positions: NDArray[Any], length: int) -> tuple[int, int, int]:
    """Return (first, last + 1, block) of the pixels to read; blocks start at multiples of their size in every tile."""
    block = max(1, min(length, round(float((positions[-1] - positions[0]) / (len(positions) - 1)))))
    first = min(max(0, int(positions[0]) - _CUBIC_REACH * block), length - 1) // block * block
    last = max(first + 1, min(length, int(positions[-1]) + (_CUBIC_REACH + 1) * block))
    return first, last, block


def _png(pixels: NDArray[Any]) -> bytes:
    import cv2

    return bytes(cv2.imencode(".png", pixels)[1])
