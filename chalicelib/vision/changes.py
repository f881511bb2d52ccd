"""What changed between two pictures of one place? `detect` gives the mask, `compare` what the trip needs of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.changes import DETECTOR, Change, Region
from chalicelib.domain.thresholds import Thresholds, default_threshold_m2
from chalicelib.domain.tiles import Bounds, View
from chalicelib.vision.evidence import WORK_M_PER_PX, Evidence, weigh
from chalicelib.vision.pixels import Mask, Pixels, box_of, decode, ground_of, split
from chalicelib.vision.regions import Part, changed, parts, rings
from chalicelib.vision.render import Drawing, mask_png, overlay_png

__all__ = ["DETECTOR", "compare", "detect"]

# Of what a tile sees of an object that the picture's rim cuts: with less, the object's bulk is the neighbour's, which
# sees more of it. Round ones just too large for the margin, centred where four tiles meet, have a quarter on each.
LEAST_OWN_SHARE = 0.2


def detect(before_bgr: NDArray[Any], after_bgr: NDArray[Any], metres_per_pixel: float) -> NDArray[np.uint8]:
    """Mark the changed pixels of two pictures: 255 in a mask as large as `before_bgr`.

    Either order of the pictures gives the same mask. Takes 1 to 4 channels; the fourth is alpha.
    """
    before, after = split(before_bgr), split(after_bgr)
    if not before.seen.size or not after.seen.size:
        return np.zeros(before.seen.shape, np.uint8)
    if after.seen.shape != before.seen.shape:
        after = _resized(after, before.seen.shape)
    scale = metres_per_pixel if math.isfinite(metres_per_pixel) and metres_per_pixel > 0 else 1.0
    return changed(look(before, after, scale), scale)


def compare(before: bytes, after: bytes, *, view: View, area: Bounds, thresholds: Thresholds) -> Change:
    """Say what changed on a tile from its older picture to its newer one, inside the area.

    Raises BadImage for bytes that are not an image of the view's size.
    """
    (_, older), (_, newer) = decode(before, view), decode(after, view)
    evidence = look(older, newer, view.gsd_m)
    ground = ground_of(view, area)
    counted = np.zeros_like(ground)
    found: list[tuple[Region, Drawing]] = []
    for part in _own_parts(evidence, view, area):
        counted[part.box] |= part.mask
        outline = rings(part)
        region = _region(part, outline, view)
        found.append((region, Drawing(outline, region.area_m2, region.area_m2 >= thresholds.min_changed_area_m2)))
    found.sort(key=lambda pair: (-pair[0].area_m2, pair[0].bounds))
    return Change(
        regions=tuple(region for region, _ in found),
        clear_share=float(evidence.clear[ground].mean()),
        changed_share=float(counted[ground].mean()),
        gsd_m=view.gsd_m,
        smallest_change_m2=_smallest_change_m2(evidence, view),
        mask_png=mask_png(counted),
        overlay_png=overlay_png(newer, [drawing for _, drawing in found]),
    )


def look(before: Pixels, after: Pixels, metres_per_pixel: float) -> Evidence:
    """Weigh two pictures of one size in an order of their own, so that it cannot matter which is the newer one."""
    if before.bgr.tobytes() > after.bgr.tobytes():
        before, after = after, before
    return weigh(before, after, metres_per_pixel)


def _own_parts(evidence: Evidence, view: View, area: Bounds) -> Iterator[Part]:
    """Yield the changed objects that count for this tile.

    One that is wholly in the picture counts, whole, for the tile that holds its centroid: a house on a seam is one
    alert. One that the picture's rim or missing ground cuts cannot be whole: what of it lies on the tile counts, unless
    that is next to nothing of what is seen of it.
    """
    mask = changed(evidence, view.gsd_m)
    inside = np.zeros_like(mask)
    inside[box_of(view, area, margin=True)] = 255
    mask &= inside
    own = box_of(view, area, margin=False)
    cut = np.zeros_like(mask)
    for part in parts(mask, evidence.probability, view.gsd_m):
        if _is_cut(part, evidence.clear, view.gsd_m):
            if _own_share(part, own) >= LEAST_OWN_SHARE:
                cut[part.box][part.mask] = 255
        elif _holds(view, _centroid(part)):
            yield part
    kept = np.zeros_like(cut)
    kept[own] = cut[own]
    yield from parts(kept, evidence.probability, view.gsd_m)


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
    reach = 1 + math.ceil(3 * max(1.0, WORK_M_PER_PX / gsd_m))  # three pixels where the detector works
    top, left = max(0, part.top - reach), max(0, part.left - reach)
    unseen = ~clear[top : part.top + height + reach, left : part.left + width + reach]
    if not unseen.any():
        return False
    near = np.zeros(unseen.shape, np.uint8)
    near[part.top - top : part.top - top + height, part.left - left : part.left - left + width] = part.mask
    near = np.asarray(cv2.dilate(near, np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)), np.uint8)
    return bool((unseen & (near > 0)).any())


def _centroid(part: Part) -> tuple[float, float]:
    rows, columns = np.nonzero(part.mask)
    return part.left + float(columns.mean()) + 0.5, part.top + float(rows.mean()) + 0.5


def _holds(view: View, place: tuple[float, float]) -> bool:
    first, last = view.margin_px, view.margin_px + view.tile_px
    return all(first <= value < last for value in place)


def _region(part: Part, outline: list[NDArray[np.float64]], view: View) -> Region:
    def place(column: float, row: float) -> tuple[float, float]:
        lon, lat = view.lonlat(float(column), float(row))
        return round(lon, 7), round(lat, 7)

    height, width = part.mask.shape
    west, north = place(part.left, part.top)
    east, south = place(part.left + width, part.top + height)
    return Region(
        area_m2=float(part.mask.sum()) * view.gsd_m**2,
        score=part.score,
        bounds=Bounds(west, south, east, north),
        centroid=place(*_centroid(part)),
        outline=[[place(*point) for point in (*ring, ring[0])] for ring in outline],
    )


def _smallest_change_m2(evidence: Evidence, view: View) -> float:
    """Give what could have been seen: four pixels and 25 m2 at best, more where the pair is noisy all over."""
    seen = evidence.probability[evidence.clear]
    noise = float(np.median(seen)) if seen.size else 1.0
    return default_threshold_m2(view.gsd_m) * (1 + 4 * noise)


def _resized(pixels: Pixels, shape: tuple[int, ...]) -> Pixels:
    size = (shape[1], shape[0])
    seen = cv2.resize(pixels.seen.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    return Pixels(
        np.asarray(cv2.resize(pixels.bgr, size, interpolation=cv2.INTER_AREA), np.uint8), np.asarray(seen > 0)
    )
