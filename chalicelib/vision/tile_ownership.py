"""Which tile owns a region: the centroid rule, and de-duplication over tile seams.

Neighbouring tiles see the same ground in their margins; each region is one alert.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.tiles import View
from chalicelib.vision.change_map import WORKING_GSD_M, ChangeMap
from chalicelib.vision.pixels import Mask
from chalicelib.vision.regions import PixelRegion, scored_regions

# Of what a tile sees of a region that the image's rim cuts: with less, the region's bulk is the neighbour's, which
# sees more of it. Round ones just too large for the margin, centred where four tiles meet, have a quarter on each.
MIN_OWN_SHARE = 0.2
EDGE_SHARE = 0.5  # of a region, within a few metres of unseen ground


def owned_regions(mask: NDArray[np.uint8], change_map: ChangeMap, view: View, watched: Mask) -> Iterator[PixelRegion]:
    """Yield the regions of a mask, as far as they are `watched`, that count for this tile.

    A region that is wholly in the image counts, whole, for the tile that holds its centroid: a house on a seam is one
    alert. A region that the image's rim or unseen ground cuts cannot be whole: what of it lies on the tile counts,
    unless that is less than MIN_OWN_SHARE of what is seen of it.
    """
    mask = np.where(watched, mask, 0).astype(np.uint8)
    own = _own_window(view)
    cut = np.zeros_like(mask)
    for region in scored_regions(mask, change_map, view.gsd_m):
        if _is_cut(region, change_map.clear, view.gsd_m):
            if _own_share(region, own) >= MIN_OWN_SHARE:
                cut[region.box][region.mask] = 255
        elif _is_on_tile(view, region.centroid):
            yield region
    kept = np.zeros_like(cut)
    kept[own] = cut[own]
    yield from scored_regions(kept, change_map, view.gsd_m)


def lies_along_unseen(region: PixelRegion, clear: Mask, gsd_m: float) -> bool:
    """Does most of a region lie along unseen ground: the edge of a cloud, of a scene, of a mosaic?"""
    return _share_near_unseen(region, clear, gsd_m) >= EDGE_SHARE


def regions_outside(mask: NDArray[np.uint8], change_map: ChangeMap, view: View, watched: Mask) -> Iterator[PixelRegion]:
    """Yield what of a mask lies on the tile and is not watched: it changed, and is nobody's to be told of."""
    own, outside = _own_window(view), np.zeros_like(mask)
    outside[own] = np.where(watched[own], 0, mask[own])
    yield from scored_regions(outside, change_map, view.gsd_m)


def is_inside(view: View, watched: Mask, point: tuple[float, float]) -> bool:
    """Is a point (column, row) of the image on the tile itself, and watched?"""
    return _is_on_tile(view, point) and bool(watched[int(point[1]), int(point[0])])


def _own_window(view: View) -> tuple[slice, slice]:
    """Return (rows, columns) of the tile itself."""
    own = slice(view.margin_px, view.margin_px + view.tile_px)
    return own, own


def _own_share(region: PixelRegion, own: tuple[slice, slice]) -> float:
    """Return the share of a region that lies on the tile itself."""
    rows, columns = np.nonzero(region.mask)
    rows, columns = rows + region.top, columns + region.left
    is_own = (rows >= own[0].start) & (rows < own[0].stop) & (columns >= own[1].start) & (columns < own[1].stop)
    return float(is_own.mean())


def _is_cut(region: PixelRegion, clear: Mask, gsd_m: float) -> bool:
    """Does a region reach the image's rim or unseen ground?"""
    height, width = region.mask.shape
    rows, columns = clear.shape
    if region.left == 0 or region.top == 0 or region.left + width == columns or region.top + height == rows:
        return True
    return _share_near_unseen(region, clear, gsd_m) > 0


def _share_near_unseen(region: PixelRegion, clear: Mask, gsd_m: float) -> float:
    reach = 1 + math.ceil(3 * max(1.0, WORKING_GSD_M / gsd_m))  # three pixels of the working scale
    height, width = region.mask.shape
    top, left = max(0, region.top - reach), max(0, region.left - reach)
    unseen = ~clear[top : region.top + height + reach, left : region.left + width + reach]
    if not unseen.any():
        return 0.0
    near = cv2.dilate(unseen.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    return float(near[region.top - top :, region.left - left :][:height, :width][region.mask].mean())


def _is_on_tile(view: View, point: tuple[float, float]) -> bool:
    """Is a point (column, row) of the image on the tile itself?"""
    first, last = view.margin_px, view.margin_px + view.tile_px
    return all(first <= value < last for value in point)
