"""Cast shadows: is a changed region only a shadow that moved, because the sun stood elsewhere?

A cast shadow is much darker than its ground in the sun, darkens every colour about alike, and lies on ground that in
the other image looks like the ground beside it. A new roof does not look like the ground beside it, and a felled wood
is larger than a shadow.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats, Mask

MAX_AREA_M2 = 600.0  # a larger region is no shadow of what stands in a village or a works
MAX_ROW_AREA_M2 = 1200.0  # the shadows of a row of sheds join into one, along their sides
ROW_FILL = 0.35  # share of its box that a row of shadows fills, at most: a building site fills more
DARKENED = 0.8  # of the other image's brightness: a pixel that may lie in a shadow
MIN_SIDE_SHARE = 0.15  # of the region: a smaller darkened side decides nothing
MIN_EXPLAINED_SHARE = 0.43  # of the region must lie in shadows: its rim and the eaves do not
MAX_DARK_RATIO = 0.66  # of the lit ground's brightness
DARK_QUANTILE = 0.8  # of its image: on bright concrete a shadow is no darker than a field, but never the brightest
MAX_COLOUR_RATIO = 1.4  # between the channel that is darkened most and the one that is darkened least
RING_M = 5.0  # width of the ground beside the region
MIN_RING_PX = 8
DEEP_RATIO = 0.52  # of the lit ground's brightness: a deep shadow, which is believed with less similarity
MAX_DISTANCE, MAX_DISTANCE_DEEP = 1.0, 2.6  # from the ground beside, in its spreads: then the lit ground is that ground
MIN_SPREAD = 9.0  # grey levels


class ShadowInput(NamedTuple):
    """Two images on one grid, their greys, and the grey level that a shadow in each does not exceed."""

    one: Floats  # (height, width, 3), 0 to 255
    two: Floats
    grey_one: Floats  # (height, width)
    grey_two: Floats
    dark_one: float
    dark_two: float


def shadow_input(one: Floats, two: Floats, usable: Mask) -> ShadowInput:
    """Measure two images once, for all their regions."""
    third = np.full((1, 3), 1 / 3, np.float32)
    grey_one, grey_two = (np.asarray(cv2.transform(image, third), np.float32) for image in (one, two))
    sample = usable[::2, ::2]
    dark_one, dark_two = (
        float(np.quantile(grey[::2, ::2][sample], DARK_QUANTILE)) if sample.any() else 0.0
        for grey in (grey_one, grey_two)
    )
    return ShadowInput(one, two, grey_one, grey_two, dark_one, dark_two)


def is_shadow(mask: Mask, corner: tuple[int, int], pair: ShadowInput, candidates: Mask, gsd_m: float) -> bool:
    """Is a region, a mask whose first pixel is `corner` = (top, left), where shadows fell in one of two images?

    `candidates`, as large as the images, marks all that may have changed: the ground beside the region is looked for
    outside of it. A shadow that went from one side of a shed to the other leaves one region, of which one side was dark
    then and the other side is dark now.
    """
    if mask.sum() * gsd_m**2 > _max_area_m2(mask):
        return False
    top, left = corner
    reach = max(1, round(RING_M / gsd_m))
    rim = reach + 1
    rows, columns = pair.grey_one.shape
    height, width = mask.shape
    box = (
        slice(max(0, top - rim), min(rows, top + height + rim)),
        slice(max(0, left - rim), min(columns, left + width + rim)),
    )
    region = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), np.bool_)
    region[top - box[0].start :, left - box[1].start :][:height, :width] = mask
    cut = pair._replace(one=pair.one[box], two=pair.two[box], grey_one=pair.grey_one[box], grey_two=pair.grey_two[box])
    return _is_shadow(region, cut, candidates[box], reach)


def _is_shadow(region: Mask, pair: ShadowInput, candidates: Mask, reach: int) -> bool:
    pixels = int(region.sum())
    explained = 0
    for dark, lit, grey_dark, grey_lit, darkest in (
        (pair.one, pair.two, pair.grey_one, pair.grey_two, pair.dark_one),
        (pair.two, pair.one, pair.grey_two, pair.grey_one, pair.dark_two),
    ):
        side = region & (grey_dark < DARKENED * grey_lit)
        if side.sum() < MIN_SIDE_SHARE * pixels:
            continue
        grey = float(grey_dark[side].mean())
        ratio = grey / max(1.0, float(grey_lit[side].mean()))
        if ratio > MAX_DARK_RATIO or grey > darkest or not _is_neutral(dark[side], lit[side]):
            return False
        if _distance(lit, side, candidates, reach) > (MAX_DISTANCE_DEEP if ratio <= DEEP_RATIO else MAX_DISTANCE):
            return False
        explained += int(side.sum())
    return explained >= MIN_EXPLAINED_SHARE * pixels


def _max_area_m2(mask: Mask) -> float:
    _, _, width, height = cv2.boundingRect(mask.astype(np.uint8))
    return MAX_ROW_AREA_M2 if mask.sum() < ROW_FILL * width * height else MAX_AREA_M2


def _is_neutral(dark: Floats, lit: Floats) -> bool:
    """Is every channel darkened about alike? Shapes (n, 3)."""
    ratios = (dark.mean(axis=0) + 1) / (lit.mean(axis=0) + 1)
    return float(ratios.max() / ratios.min()) <= MAX_COLOUR_RATIO


def _distance(lit: Floats, side: Mask, candidates: Mask, reach: int) -> float:
    """Return how far the sunlit ground's colour is from that of the ground beside it, in robust spreads of the latter.

    The spread is 1.4826 times the median absolute deviation; infinite where there is too little ground beside it.
    """
    near = cv2.dilate(side.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    beside = lit[near & ~candidates]
    if len(beside) < MIN_RING_PX:
        return float("inf")
    median = np.median(beside, axis=0)
    spread = np.maximum(1.4826 * np.median(np.abs(beside - median), axis=0), MIN_SPREAD)
    return float((np.abs(np.median(lit[side], axis=0) - median) / spread).mean())
