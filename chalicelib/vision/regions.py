"""From the change map to regions: hysteresis thresholds, connected components, and what rules a region out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.changes import Reason
from chalicelib.domain.evidence import MIN_SCORE_ALONE
from chalicelib.vision import shadows
from chalicelib.vision.calibration import score_of
from chalicelib.vision.change_map import ChangeMap
from chalicelib.vision.pattern_correlation import SAME_GROUND, pattern_correlation
from chalicelib.vision.pixels import Floats, Mask

MIN_SCORE = 0.5  # what a region must score: the operating point, which an area's sensitivity shifts
HIGH_THRESHOLD = 1.2  # log-odds, of the hysteresis: a region holds at least one pixel as sure as that
LOW_THRESHOLD = 0.6  # log-odds, of the hysteresis: less is no part of a region
PEAK_SHARE = 0.3  # of the highest log-odds nearby: a region ends where they fall below it
PEAK_PX = 5  # how far away "nearby" is
MIN_AREA_M2 = 20.0
MIN_AREA_PX = 4


class PixelRegion(NamedTuple):
    """A region in pixels of its image: its bounding box, its mask in that box, and its score."""

    left: int
    top: int
    mask: Mask
    score: float

    @property
    def box(self) -> tuple[slice, slice]:
        """Rows and columns of the bounding box."""
        height, width = self.mask.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)

    @property
    def centroid(self) -> tuple[float, float]:
        """The mean position of its pixels: (column, row) in the image."""
        rows, columns = np.nonzero(self.mask)
        return self.left + float(columns.mean()) + 0.5, self.top + float(rows.mean()) + 0.5

    def area_m2(self, gsd_m: float) -> float:
        """Return the area in square metres."""
        return float(self.mask.sum()) * gsd_m**2

    def overlaps(self, other: PixelRegion) -> bool:
        """Whether it has a pixel in common with another region of the image."""
        (rows, columns), (other_rows, other_columns) = self.box, other.box
        top, bottom = max(self.top, other.top), min(rows.stop, other_rows.stop)
        left, right = max(self.left, other.left), min(columns.stop, other_columns.stop)
        if top >= bottom or left >= right:
            return False
        mine, theirs = (
            one.mask[top - one.top : bottom - one.top, left - one.left : right - one.left] for one in (self, other)
        )
        return bool((mine & theirs).any())


def changed_mask(change_map: ChangeMap, gsd_m: float, min_score: float = MIN_SCORE_ALONE) -> NDArray[np.uint8]:
    """Mark with 255 what changed by a pair alone: all that nothing rules out, in a mask as large as the images."""
    found = classified_regions(change_map, gsd_m, min_score)
    return draw_mask((region for region, reason in found if reason is None), change_map.clear.shape)


def classified_regions(
    change_map: ChangeMap, gsd_m: float, min_score: float = MIN_SCORE
) -> Iterator[tuple[PixelRegion, Reason | None]]:
    """Yield the regions that possibly changed, at the images' scale, each with the reason that rules it out, or None.

    `min_score` is the score that a region needs.
    """
    if float(change_map.odds.max()) < HIGH_THRESHOLD:
        return  # no pixel is as sure as every region holds one
    pair = change_map.pair  # without it only the log-odds can be asked
    excess = threshold_excess(change_map.odds)
    possible = excess >= 0
    working_gsd_m = change_map.working_gsd_m(gsd_m)
    for region in candidate_regions(change_map, excess, gsd_m):
        mask, top, left = region.mask, region.top, region.left
        reason = None
        if region.score < min_score:
            reason = Reason.BELOW_SCORE
        elif pair is None:
            pass
        elif pattern_correlation(mask, top, left, pair.grey_one, pair.grey_two) >= SAME_GROUND:
            reason = Reason.SAME_GROUND
        elif shadows.is_shadow(mask, (top, left), pair.shadow_input, possible, working_gsd_m):
            reason = Reason.SHADOW_LIKE
        full_size = _at_image_scale(region, excess, change_map)
        if full_size.mask.any():
            yield full_size, reason


def draw_mask(regions: Iterable[PixelRegion], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Draw regions into one mask of a shape, with 255."""
    mask = np.zeros(shape, np.uint8)
    for region in regions:
        mask[region.box][region.mask] = 255
    return mask


def candidate_regions(change_map: ChangeMap, excess: Floats, gsd_m: float) -> Iterator[PixelRegion]:
    """Yield the regions above the hysteresis thresholds, at the working scale, whatever they score."""
    working_gsd_m = change_map.working_gsd_m(gsd_m)
    for region in _components((excess >= 0).astype(np.uint8), working_gsd_m):
        odds = change_map.odds[region.box][region.mask]
        if float(odds.max()) >= HIGH_THRESHOLD:
            yield region._replace(score=score_of(odds, odds.size * working_gsd_m**2))


def scored_regions(mask: NDArray[np.uint8], change_map: ChangeMap, gsd_m: float) -> Iterator[PixelRegion]:
    """Yield the connected components of a mask as large as the images, scored; those too small are left out."""
    for region in _components(mask, gsd_m):
        odds = change_map.odds_under(region.mask, region.top, region.left)
        yield region._replace(score=score_of(odds, region.area_m2(gsd_m)))


def threshold_excess(odds: Floats) -> Floats:
    """Return by how much the log-odds exceed the low threshold, which rises with the peak nearby.

    The windows of the features blur a region's rim, the more so the surer it is: so a region ends at a share of how
    high the log-odds rise nearby.
    """
    side = 2 * PEAK_PX + 1
    highest = cv2.dilate(odds, np.ones((side, side), np.uint8))
    peaks = cv2.GaussianBlur(highest, (0, 0), side / 4)
    return np.asarray(odds - np.maximum(LOW_THRESHOLD, PEAK_SHARE * peaks), np.float32)


def outline_rings(region: PixelRegion) -> list[NDArray[np.float64]]:
    """Return the outline of a region and of its holes as simplified open rings, each (points, 2): column, row."""
    doubled = np.repeat(np.repeat(region.mask.astype(np.uint8), 2, axis=0), 2, axis=1)
    padded = cv2.copyMakeBorder(doubled, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    contours, levels = cv2.findContours(padded, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    rings: list[NDArray[np.float64]] = []
    for contour, level in sorted(zip(contours, levels[0], strict=True), key=lambda pair: pair[1][3] >= 0):
        simple = cv2.approxPolyDP(contour, 1.5, closed=True).reshape(-1, 2)
        is_hole = level[3] >= 0
        if len(simple) < 3:
            if is_hole:
                continue
            x, y, width, height = cv2.boundingRect(contour)
            simple = np.array([[x, y], [x, y + height - 1], [x + width - 1, y + height - 1], [x + width - 1, y]])
        rings.append((simple.astype(np.float64) - 0.5) / 2 + np.array([region.left, region.top]))
    return rings


def _components(mask: NDArray[np.uint8], gsd_m: float) -> Iterator[PixelRegion]:
    """Yield the connected components of a mask that are larger than noise; not scored yet."""
    if not mask.any():
        return
    least = max(MIN_AREA_PX, MIN_AREA_M2 / gsd_m**2)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    for label in range(1, count):
        left, top, width, height, size = (int(value) for value in stats[label])
        if size >= least:
            yield PixelRegion(left, top, np.asarray(labels[top : top + height, left : left + width] == label), 0.0)


def _at_image_scale(region: PixelRegion, excess: Floats, change_map: ChangeMap) -> PixelRegion:
    """Enlarge a region from the working scale to the images' scale, its rim drawn where `excess` crosses zero."""
    (rows, columns), (height, width) = change_map.odds.shape, change_map.clear.shape
    if (rows, columns) == (height, width):
        return region._replace(mask=region.mask & change_map.clear[region.box])
    down, across = height / rows, width / columns
    tall, wide = region.mask.shape
    top, left = max(0, int((region.top - 1) * down)), max(0, int((region.left - 1) * across))
    bottom = min(height, math.ceil((region.top + tall + 1) * down))
    right = min(width, math.ceil((region.left + wide + 1) * across))
    own = np.full((tall + 2, wide + 2), -LOW_THRESHOLD, np.float32)
    inside = excess[region.box]
    own[1:-1, 1:-1] = np.where(region.mask, inside, np.minimum(inside, -LOW_THRESHOLD / 4))
    matrix = np.array(
        [
            [1 / across, 0, (left + 0.5) / across - 0.5 - (region.left - 1)],
            [0, 1 / down, (top + 0.5) / down - 0.5 - (region.top - 1)],
        ]
    )
    drawn = cv2.warpAffine(
        own,
        matrix,
        (right - left, bottom - top),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    mask = (drawn >= 0) & change_map.clear[top:bottom, left:right]
    return _cropped(PixelRegion(left, top, np.asarray(mask), region.score))


def _cropped(region: PixelRegion) -> PixelRegion:
    """Reduce a region's box to its pixels."""
    left, top, width, height = cv2.boundingRect(region.mask.astype(np.uint8))
    mask = region.mask[top : top + height, left : left + width]
    return PixelRegion(region.left + left, region.top + top, mask, region.score)
