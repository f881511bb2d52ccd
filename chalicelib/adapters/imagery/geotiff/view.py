"""Show a view of a GeoTIFF: only the blocks that hold it are read, from the overview that suits it.

Positions are in pixels from the north-west corner; pixel 0 covers 0.0 to 1.0, so its middle lies at 0.5.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.adapters.imagery.geotiff_tags import Placed
from chalicelib.adapters.imagery.warp import Part
from chalicelib.domain.errors import BadImage
from chalicelib.domain.tiles import View, position

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from chalicelib.intake.tiff_windows import TiffFile, Window

    Sampled = tuple[NDArray[Any], NDArray[Any]]
    Read = Callable[[int, Window], Sampled]

_NODE_PX = 64  # a system's positions are asked for at every so many pixels of the view
_REACH = 2  # pixels that bilinear interpolation reads on each side, with one to spare
_BAND_BYTES = 16_000_000  # read at once
_MOST_PX = 400_000_000  # read for one view
_MOST_NEAREST_PX = 16_000_000  # the same, of classes: they are read in one piece
_EXACT = 1.01  # a level this much coarser than the view is as fine
_SHRINKS = 1.1  # pixels of what was read along one of the view: with more they are averaged before they are sampled
_CLEAR = 254  # of 255: everything that is mixed into a pixel is


class _Need(NamedTuple):
    """What of a level a view needs, along one of its axes: whole blocks of pixels that are averaged."""

    first: int
    last: int
    block: int


def show(file: TiffFile, placed: Placed, view: View) -> Part:
    """Return what a GeoTIFF shows of a view, whose pixels are sampled bilinearly. Raises BadImage."""
    import numpy as np

    shown = sample(file, placed, view, view.size_px, file.pixels)
    if shown is None:
        return Part(np.zeros((view.size_px, view.size_px, 3), np.uint8), np.zeros((view.size_px,) * 2, bool))
    return Part(*shown)


def sample(file: TiffFile, placed: Placed, view: View, side_px: int, read: Read) -> Sampled | None:
    """Return what a file shows of a view of so many pixels a side; None if it shows nothing of it.

    `read` gives the values of a window of a level, and which hold data. They are sampled bilinearly, of the coarsest
    level that is as fine. Raises BadImage.
    """
    import cv2
    import numpy as np

    nodes = _nodes(placed, view)
    ratio = _ratio(nodes, side_px)
    place = _level(file, placed.width, ratio)
    level = file.picture.levels[place].level
    scale = np.array([level.width / placed.width, level.height / placed.height])
    nodes = nodes * scale[:, None, None]
    ratio *= float(scale.max())
    block = max(1, int(ratio * _EXACT))
    size = np.array([level.width, level.height])
    low, high = np.maximum(nodes.min(axis=(1, 2)), 0), np.minimum(nodes.max(axis=(1, 2)), size)
    if (low >= high).any():
        return None
    across, down = (_need(low[axis], high[axis], int(size[axis]), block) for axis in (0, 1))
    bgr, alpha = _read(file, place, across, down, read)
    first, step = np.array([across.first, down.first]), np.array([block, block], float)
    if ratio / block > _SHRINKS:
        there = bgr.shape[1], bgr.shape[0]
        fewer = tuple(max(1, round(each * block / ratio)) for each in there)
        step *= np.array(there) / fewer
        bgr = cv2.resize(bgr, fewer, interpolation=cv2.INTER_AREA)
        alpha = None if alpha is None else cv2.resize(alpha, fewer, interpolation=cv2.INTER_AREA)
    # cv2 counts from the middle of pixel 0, positions from its edge: half a pixel apart.
    map_x, map_y = _between((nodes - first[:, None, None]) / step[:, None, None] - 0.5, side_px)
    image = cv2.remap(bgr, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    clear = np.ones(map_x.shape, np.bool_)
    if (nodes.min(axis=(1, 2)) < 0).any() or (nodes.max(axis=(1, 2)) > size).any():
        (left, top), (right, bottom) = (0 - first) / step - 0.5, (size - first) / step - 0.5
        clear = (map_x >= left) & (map_x <= right) & (map_y >= top) & (map_y <= bottom)
    if alpha is not None:
        clear &= cv2.remap(alpha, map_x, map_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE) >= _CLEAR
    return image, clear


def nearest(file: TiffFile, placed: Placed, view: View, side_px: int, read: Read) -> Sampled | None:
    """Return the same of the nearest pixels of the file itself: of classes none lies between two. Raises BadImage."""
    import numpy as np

    from chalicelib.intake.tiff_windows import Window

    map_x, map_y = (np.floor(each).astype(np.int64) for each in _between(_nodes(placed, view), side_px))
    level = file.picture.full
    inside = (map_x >= 0) & (map_x < level.width) & (map_y >= 0) & (map_y < level.height)
    if not inside.any():
        return None
    map_x, map_y = map_x.clip(0, level.width - 1), map_y.clip(0, level.height - 1)
    top, left = int(map_y.min()), int(map_x.min())
    window = Window(top, int(map_y.max()) + 1, left, int(map_x.max()) + 1)
    width, height = window.right - window.left, window.bottom - window.top
    if width * height > _MOST_NEAREST_PX:
        raise BadImage(f"a classification of which {width}x{height} px show one tile: make it coarser, gdalwarp -tr")
    values, valid = read(0, window)
    at = map_y - top, map_x - left
    return values[at], valid[at] & inside


def _nodes(placed: Placed, view: View) -> NDArray[Any]:
    """Return columns and rows of the picture at the nodes of a coarse grid over the view: (2, rows, columns)."""
    import numpy as np

    places = np.linspace(0, view.size_px, max(3, -(-view.size_px // _NODE_PX) + 1))
    tile = view.tile
    lon = [position(tile.x + (at - view.margin_px) / view.tile_px, tile.y, tile.z)[0] for at in places]
    lat = [position(tile.x, tile.y + (at - view.margin_px) / view.tile_px, tile.z)[1] for at in places]
    lons, lats = np.meshgrid(lon, lat)
    x, y = placed.system.positions(lons, lats)
    at = placed.transform
    return np.stack([(x - at.left) / at.pixel_width, (at.top - y) / at.pixel_height])


def _ratio(nodes: NDArray[Any], side_px: int) -> float:
    """Return how many pixels of the picture lie along one of the view: the fewer of its two axes."""
    import numpy as np

    step = side_px / (nodes.shape[1] - 1)
    along_rows = np.hypot(*np.diff(nodes, axis=2).mean(axis=(1, 2))) / step
    along_columns = np.hypot(*np.diff(nodes, axis=1).mean(axis=(1, 2))) / step
    return float(min(along_rows, along_columns))


def _level(file: TiffFile, width: int, ratio: float) -> int:
    """Return the coarsest level that is as fine as the view."""
    fine = [place for place, each in enumerate(file.picture.levels) if width / each.level.width <= ratio * _EXACT]
    return fine[-1] if fine else 0


def _between(nodes: NDArray[Any], count: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return columns and rows at the middles of so many pixels along each axis, bilinearly between the nodes."""
    import numpy as np

    last = nodes.shape[1] - 1
    places = (np.arange(count) + 0.5) / count * last
    before = np.minimum(places.astype(int), last - 1)
    part = (places - before).astype(np.float32)
    nodes = nodes.astype(np.float32)  # without a product of matrices, whose threads wait for each other
    rows = nodes[:, before] * (1 - part)[:, None] + nodes[:, before + 1] * part[:, None]
    map_x, map_y = rows[:, :, before] * (1 - part) + rows[:, :, before + 1] * part
    return map_x, map_y


def _need(low: float, high: float, length: int, block: int) -> _Need:
    """Return the pixels to read between two positions; blocks start at multiples of their size in every view."""
    first = max(0, int(low) - _REACH * block)
    last = min(length, math.ceil(high) + _REACH * block)
    return _Need(min(first, length - 1) // block * block, max(last, 1), block)


def _check_size(width: int, height: int) -> None:
    if width * height > _MOST_PX:
        raise BadImage(
            f"a GeoTIFF of which {width}x{height} px show one tile, and it has no overviews: "
            "add them with gdaladdo -r average IN.tif"
        )


def _read(
    file: TiffFile, place: int, across: _Need, down: _Need, read: Read
) -> tuple[NDArray[Any], NDArray[Any] | None]:
    """Return colours and, where some hold no data, 255 where all of a block do: read in bands, averaged at once."""
    import cv2
    import numpy as np

    from chalicelib.intake.tiff_windows import Window

    block, width = across.block, across.last - across.first
    _check_size(width, down.last - down.first)
    level = file.picture.levels[place].level
    rows = max(1, _BAND_BYTES // (width * level.samples * level.bits // 8 * block)) * block
    colours: list[NDArray[Any]] = []
    masks: list[NDArray[Any] | None] = []
    for top in range(down.first, down.last, rows):
        values, valid = read(place, Window(top, min(top + rows, down.last), across.first, across.last))
        mask = None if valid.all() else np.where(valid, np.uint8(255), np.uint8(0))
        if block == 1:
            colours.append(values)
            masks.append(mask)
            continue
        height = len(values)
        fill = (0, -height % block, 0, -width % block, cv2.BORDER_REPLICATE)
        size = (-(-width // block), -(-height // block))
        band = cv2.copyMakeBorder(values, *fill)
        colours.append(cv2.resize(band, size, interpolation=cv2.INTER_AREA))
        if mask is not None:
            mask = cv2.resize(cv2.copyMakeBorder(mask, *fill), size, interpolation=cv2.INTER_AREA)
        masks.append(mask)
    bgr = np.concatenate(colours)
    if all(mask is None for mask in masks):
        return bgr, None
    whole = [
        np.full(part.shape[:2], 255, np.uint8) if mask is None else mask
        for part, mask in zip(colours, masks, strict=True)
    ]
    return bgr, np.concatenate(whole)
