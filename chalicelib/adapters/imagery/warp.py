"""Warp an image to a view's pixel grid.

Positions are in pixels from the north-west corner; pixel 0 covers 0.0 to 1.0, so its middle lies at 0.5. Between
EPSG:3857 or EPSG:4326 and a view, a column depends on the longitude alone and a row on the latitude alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.errors import BadImage
from chalicelib.domain.tiles import Bounds, View, grid_position, position

if TYPE_CHECKING:
    from numpy.typing import NDArray

_CUBIC_REACH = 3  # pixels that cubic interpolation reads on each side, with one to spare


def decode(content: bytes, *, name: str) -> NDArray[Any]:
    """Decode a PNG or JPEG to BGR or BGRA, uint8, rows as stored. Raises BadImage, with the name in it."""
    import cv2
    import numpy as np

    try:
        # "Unchanged" also leaves a JPEG's camera orientation alone: the item says north is up.
        pixels = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        pixels = None
    if pixels is None:
        raise BadImage(f"the archive's picture {name} does not decode: it is damaged")
    if pixels.dtype == np.uint16:
        pixels = np.right_shift(pixels.view(np.uint16), 8).astype(np.uint8)
    if pixels.ndim == 2:
        pixels = cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)
    if pixels.dtype != np.uint8 or pixels.shape[2] not in {3, 4}:
        raise BadImage(f"the archive's picture {name} has pixels of a kind that is not read: 8 or 16 bit RGB is")
    return pixels


class Part(NamedTuple):
    """What an image shows of a view: BGR pixels of the view's size, and which of them it shows."""

    pixels: NDArray[Any]
    clear: NDArray[Any]


def mosaic(view: View, parts: Iterable[Part]) -> bytes:
    """Lay images of one view together to a PNG, transparent where none shows anything.

    The first one is on top, whole: what overlaps is taken from one, and no edge is made where another one goes on.
    """
    import numpy as np

    image = np.zeros((view.size_px, view.size_px, 3), np.uint8)
    clear = np.zeros((view.size_px, view.size_px), bool)
    for part in parts:
        fresh = part.clear & ~clear
        image[fresh] = part.pixels[fresh]
        clear |= fresh
        if clear.all():
            return _png(image)
    return _png(np.dstack([image, np.where(clear, 255, 0).astype(np.uint8)]))


def warp(pixels: NDArray[Any], bounds: Bounds, view: View, *, is_lonlat: bool) -> Part:
    """Warp an image to exactly the view.

    A bound that falls short of a pixel's middle by less than one pixel is rounding: the edge is repeated there.
    """
    import cv2
    import numpy as np

    height, width = pixels.shape[:2]
    columns, rows = (np.array(p) for p in _positions(bounds, view, width, height, is_lonlat=is_lonlat))
    step_x, step_y = columns[1] - columns[0], np.max(np.diff(rows))
    shows_x = (columns >= -step_x) & (columns <= width + step_x)
    shows_y = (rows >= -step_y) & (rows <= height + step_y)
    clear = shows_y[:, None] & shows_x[None, :]
    if not clear.any():
        return Part(np.zeros((view.size_px, view.size_px, 3), np.uint8), clear)

    image = _resample(pixels[:, :, :3], columns, rows, cv2.INTER_CUBIC)
    if pixels.shape[2] == 4:
        # A pixel counts as clear if everything that cubic interpolation mixes into it is.
        alpha = cv2.erode(pixels[:, :, 3], np.ones((5, 5), np.uint8))
        clear &= _resample(alpha, columns, rows, cv2.INTER_LINEAR) >= 254
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


def _resample(pixels: NDArray[Any], columns: NDArray[Any], rows: NDArray[Any], method: int) -> NDArray[Any]:
    """Resample the pixels at the positions; where the view is coarser, average whole blocks of them first."""
    import cv2
    import numpy as np

    (x0, x1, by_x), (y0, y1, by_y) = (
        _window(columns, pixels.shape[1]),
        _window(rows, pixels.shape[0]),
    )
    part = np.ascontiguousarray(pixels[y0:y1, x0:x1])
    part = cv2.copyMakeBorder(part, 0, -(y1 - y0) % by_y, 0, -(x1 - x0) % by_x, cv2.BORDER_REPLICATE)
    part = cv2.resize(part, (part.shape[1] // by_x, part.shape[0] // by_y), interpolation=cv2.INTER_AREA)
    # cv2 counts from the middle of pixel 0, positions from its edge: half a pixel apart.
    map_x = np.broadcast_to(((columns - x0) / by_x - 0.5).astype(np.float32), (len(rows), len(columns)))
    map_y = np.broadcast_to(((rows - y0) / by_y - 0.5).astype(np.float32)[:, None], (len(rows), len(columns)))
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
