"""Which tile does an object belong to? Neighbours see the same ground in their margins; each object is one alert."""

from __future__ import annotations

import math
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.tiles import Bounds, View
from chalicelib.vision.evidence import WORK_M_PER_PX, Evidence
from chalicelib.vision.pixels import Mask, box_of
from chalicelib.vision.regions import Part, parts

# Of what a tile sees of an object that the picture's rim cuts: with less, the object's bulk is the neighbour's, which
# sees more of it. Round ones just too large for the margin, centred where four tiles meet, have a quarter on each.
LEAST_OWN_SHARE = 0.2
HUGGING_SHARE = 0.5  # of a part, within a few metres of what cannot be seen


def own_parts(mask: NDArray[np.uint8], evidence: Evidence, view: View, area: Bounds) -> Iterator[Part]:
    """Yield the objects of a mask that count for this tile.

    One that is wholly in the picture counts, whole, for the tile that holds its centroid: a house on a seam is one
    alert. One that the picture's rim or missing ground cuts cannot be whole: what of it lies on the tile counts, unless
    that is next to nothing of what is seen of it.
    """
    inside = np.zeros_like(mask)
    inside[box_of(view, area, margin=True)] = 255
    mask = mask & inside
    own = box_of(view, area, margin=False)
    cut = np.zeros_like(mask)
    for part in parts(mask, evidence, view.gsd_m):
        if _is_cut(part, evidence.clear, view.gsd_m):
            if _own_share(part, own) >= LEAST_OWN_SHARE:
                cut[part.box][part.mask] = 255
        elif _holds(view, centroid(part)):
            yield part
    kept = np.zeros_like(cut)
    kept[own] = cut[own]
    yield from parts(kept, evidence, view.gsd_m)


def _own_share(part: Part, own: tuple[slice, slice]) -> float:
    """Give how much of a part lies on the tile itself."""
    rows, columns = np.nonzero(part.mask)
    rows, columns = rows + part.top, columns + part.left
    is_own = (rows >= own[0].start) & (rows < own[0].stop) & (columns >= own[1].start) & (columns < own[1].stop)
    return float(is_own.mean())


def _is_cut(part: Part, clear: Mask, gsd_m: float) -> bool:
    """Say whether a part reaches the picture's rim or ground that cannot be seen."""
    height, width = part.mask.shape
    rows, columns = clear.shape
    if part.left == 0 or part.top == 0 or part.left + width == columns or part.top + height == rows:
        return True
    return touches_unseen(part, clear, gsd_m)


def touches_unseen(part: Part, clear: Mask, gsd_m: float) -> bool:
    """Say whether a part reaches ground that cannot be seen."""
    return _share_near_unseen(part, clear, gsd_m) > 0


def hugs_unseen(part: Part, clear: Mask, gsd_m: float) -> bool:
    """Say whether most of a part lies along ground that cannot be seen: the rim of a cloud, of a scene, of a mosaic."""
    return _share_near_unseen(part, clear, gsd_m) >= HUGGING_SHARE


def _share_near_unseen(part: Part, clear: Mask, gsd_m: float) -> float:
    reach = 1 + math.ceil(3 * max(1.0, WORK_M_PER_PX / gsd_m))  # three pixels where the detector works
    height, width = part.mask.shape
    top, left = max(0, part.top - reach), max(0, part.left - reach)
    unseen = ~clear[top : part.top + height + reach, left : part.left + width + reach]
    if not unseen.any():
        return 0.0
    near = cv2.dilate(unseen.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    return float(near[part.top - top :, part.left - left :][:height, :width][part.mask].mean())


def centroid(part: Part) -> tuple[float, float]:
    """Give the middle of a part's pixels: (column, row) in the picture."""
    rows, columns = np.nonzero(part.mask)
    return part.left + float(columns.mean()) + 0.5, part.top + float(rows.mean()) + 0.5


def _holds(view: View, place: tuple[float, float]) -> bool:
    """Say whether a place in the picture is on the tile itself."""
    first, last = view.margin_px, view.margin_px + view.tile_px
    return all(first <= value < last for value in place)


def is_within(view: View, area: Bounds, place: tuple[float, float]) -> bool:
    """Say whether a place in the picture is on the tile itself and in the area."""
    rows, columns = box_of(view, area, margin=False)
    return bool(columns.start <= place[0] < columns.stop and rows.start <= place[1] < rows.stop)
