"""What changed between two images of one place: `detect` returns a mask, `compare` what the use cases need of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.changes import DETECTOR, Change, Reason, Region
from chalicelib.domain.ports import OlderPicture
from chalicelib.domain.thresholds import Thresholds, default_threshold_m2
from chalicelib.domain.tiles import Bounds, Outline, View
from chalicelib.vision.change_map import ChangeMap, map_change
from chalicelib.vision.confounders import SCORE_FACTORS, find_confounder
from chalicelib.vision.persistence import Persistence, PersistenceTest
from chalicelib.vision.pixels import Mask, Pixels, decode_stored, ground_mask, to_pixels
from chalicelib.vision.regions import (
    MIN_SCORE,
    PixelRegion,
    changed_mask,
    classified_regions,
    draw_mask,
    outline_rings,
)
from chalicelib.vision.render import Drawing, mask_png, overlay_png
from chalicelib.vision.tile_ownership import is_inside, lies_along_unseen, owned_regions

__all__ = ["DETECTOR", "compare", "detect"]

MIN_GSD_M, MAX_GSD_M = 0.001, 1000.0
MIN_KEPT_SCORE = 0.1  # of what is kept as seen and ignored: below it is noise


def detect(before_bgr: NDArray[Any], after_bgr: NDArray[Any], metres_per_pixel: float) -> NDArray[np.uint8]:
    """Mark the changed pixels of two images: 255 in a mask as large as `before_bgr`.

    Either order of the images gives the same mask. Takes 1 to 4 channels; the fourth is alpha. A scale that is no
    number of metres counts as 1, and one that no image has as the nearest that may be.
    """
    before, after = to_pixels(before_bgr), to_pixels(after_bgr)
    if not before.valid.size or not after.valid.size:
        return np.zeros(before.valid.shape, np.uint8)
    if after.valid.shape != before.valid.shape:
        after = _resized(after, before.valid.shape)
    gsd_m = metres_per_pixel if math.isfinite(metres_per_pixel) and metres_per_pixel > 0 else 1.0
    gsd_m = min(max(gsd_m, MIN_GSD_M), MAX_GSD_M)
    return changed_mask(symmetric_change_map(before, after, gsd_m), gsd_m)


def compare(
    before: bytes,
    after: bytes,
    *,
    view: View,
    area: Bounds,
    thresholds: Thresholds,
    older: Sequence[OlderPicture] = (),
    doubted: Sequence[Outline] = (),
) -> Change:
    """Find what changed on a tile, inside the area, from its reference `before` to its newer image `after`.

    `older` are readers of the images before both, newest first, that each change is tested against; `doubted` are the
    outlines of what was doubtful when `before` was compared. The bytes are those of stored images, which passed the
    gate and whose sha256 was checked. Raises BadImage for bytes that are not an image of the view's size; an older
    image that is none is left out.
    """
    reference, newer = decode_stored(before, view), decode_stored(after, view)
    change_map = symmetric_change_map(reference, newer, view.gsd_m)
    persistence = PersistenceTest(older, reference=reference, newer=newer, view=view, map_change=symmetric_change_map)
    ground = ground_mask(view, area)
    findings = _Findings(view, thresholds, np.zeros_like(ground))
    for region, reason in _regions_on_tile(change_map, view, area, thresholds):
        if reason is not None:
            findings.add(region, Persistence(reason, region.score, 0, 0))
        else:
            findings.add(region, _judge(region, change_map, reference, newer, persistence, view, thresholds))
    for region in _drawn(doubted, view):
        confirmed = persistence.confirm(region, change_map, MIN_SCORE + thresholds.score_shift)
        if confirmed is not None and not findings.counted[region.box][region.mask].any():
            findings.add(region, confirmed, is_confirmed=True)
    findings.kept.sort(key=lambda pair: (-pair[0].area_m2, pair[0].bounds))
    return Change(
        regions=tuple(region for region, _ in findings.kept),
        ignored=tuple(findings.ignored),
        clear_share=float(change_map.clear[ground].mean()),
        changed_share=float(findings.counted[ground].mean()),
        gsd_m=view.gsd_m,
        smallest_change_m2=_smallest_change_m2(change_map, view),
        mask_png=mask_png(findings.counted),
        overlay_png=overlay_png(newer, [drawing for _, drawing in findings.kept]),
    )


def symmetric_change_map(before: Pixels, after: Pixels, gsd_m: float) -> ChangeMap:
    """Compute the change map of two images of one size, ordered by their bytes: exchanging them changes no bit."""
    if before.bgr.tobytes() > after.bgr.tobytes():
        before, after = after, before
    return map_change(before, after, gsd_m)


@dataclass
class _Findings:
    """The regions of one comparison: those that count, drawn into a mask, and those that are ignored."""

    view: View
    thresholds: Thresholds
    counted: Mask  # as large as the images
    kept: list[tuple[Region, Drawing]] = field(default_factory=list)
    ignored: list[Region] = field(default_factory=list)

    def add(self, pixel_region: PixelRegion, verdict: Persistence, *, is_confirmed: bool = False) -> None:
        """Add a region: ignored if the verdict has a reason, else counted."""
        rings = outline_rings(pixel_region)
        region = replace(_region(pixel_region, rings, self.view, verdict), is_confirmed=is_confirmed)
        if verdict.reason is not None:
            self.ignored.append(region)
            return
        self.counted[pixel_region.box] |= pixel_region.mask
        is_alert = region.area_m2 >= self.thresholds.min_changed_area_m2
        self.kept.append((region, Drawing(rings, region.area_m2, is_alert)))


def _regions_on_tile(
    change_map: ChangeMap, view: View, area: Bounds, thresholds: Thresholds
) -> Iterator[tuple[PixelRegion, Reason | None]]:
    """Yield the regions on this tile and inside the area: first those that may be changes, then those ruled out."""
    found = list(classified_regions(change_map, view.gsd_m, thresholds.score_shift))
    mask = draw_mask((region for region, reason in found if reason is None), change_map.clear.shape)
    for region in owned_regions(mask, change_map, view, area):
        yield region, None
    for region, reason in found:
        if reason is not None and region.score >= MIN_KEPT_SCORE and is_inside(view, area, region.centroid):
            yield region, reason


def _judge(  # noqa: PLR0917 (what is known of one comparison)
    region: PixelRegion,
    change_map: ChangeMap,
    reference: Pixels,
    newer: Pixels,
    persistence: PersistenceTest,
    view: View,
    thresholds: Thresholds,
) -> Persistence:
    """Look for confounders of a region in the pair first, as that costs next to nothing, then in older images."""
    area_m2 = region.area_m2(view.gsd_m)
    is_along_unseen = lies_along_unseen(region, change_map.clear, view.gsd_m)
    reason = find_confounder(region, reference, newer, view.gsd_m, is_along_unseen=is_along_unseen)
    if reason is not None:
        region = region._replace(score=round(SCORE_FACTORS[reason] * region.score, 4))
        if region.score < MIN_SCORE + thresholds.score_shift:
            return Persistence(reason, region.score, 0, 0)
    if area_m2 < thresholds.min_changed_area_m2:
        return Persistence(None, region.score, 0, 0)
    return persistence.test(region, change_map)


def _drawn(outlines: Sequence[Outline], view: View) -> Iterator[PixelRegion]:
    """Yield outlines of (lon, lat) as regions of the image; those outside of it are left out."""
    for outline in outlines:
        mask = np.zeros((view.size_px, view.size_px), np.uint8)
        corners = [np.array([view.pixel(*place) for place in ring]) for ring in outline]
        cv2.fillPoly(mask, [np.round((ring - 0.5) * 16).astype(np.int32) for ring in corners], 1, shift=4)
        left, top, width, height = cv2.boundingRect(mask)
        if width and height:
            yield PixelRegion(left, top, mask[top : top + height, left : left + width] > 0, 0.0)


def _region(
    pixel_region: PixelRegion, rings: Sequence[NDArray[np.float64]], view: View, verdict: Persistence
) -> Region:
    """Convert a region from pixels to degrees, rounded to seven decimals: a centimetre."""

    def place(column: float, row: float) -> tuple[float, float]:
        lon, lat = view.lonlat(float(column), float(row))
        return round(lon, 7), round(lat, 7)

    height, width = pixel_region.mask.shape
    west, north = place(pixel_region.left, pixel_region.top)
    east, south = place(pixel_region.left + width, pixel_region.top + height)
    return Region(
        area_m2=pixel_region.area_m2(view.gsd_m),
        score=verdict.score,
        bounds=Bounds(west, south, east, north),
        centroid=place(*pixel_region.centroid),
        outline=[[place(*point) for point in (*ring, ring[0])] for ring in rings],
        reason=verdict.reason,
        older=verdict.older,
        held_against=verdict.held_against,
    )


def _smallest_change_m2(change_map: ChangeMap, view: View) -> float:
    """Return the smallest change that could be seen: four pixels and 25 m2 at best, more in a pair that is noisy."""
    pair = change_map.pair
    noise = 1 / (1 + math.exp(-float(np.median(change_map.odds[pair.usable])))) if pair is not None else 1.0
    return default_threshold_m2(view.gsd_m) * (1 + 4 * noise)


def _resized(pixels: Pixels, shape: tuple[int, ...]) -> Pixels:
    size = (shape[1], shape[0])
    valid = cv2.resize(pixels.valid.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST)
    bgr = np.asarray(cv2.resize(pixels.bgr, size, interpolation=cv2.INTER_AREA), np.uint8)
    return Pixels(bgr, np.asarray(valid > 0))
