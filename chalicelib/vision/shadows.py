"""Is a changed place only a shadow that moved? The sun stands elsewhere on another day; nothing was built.

A cast shadow is much darker than its ground in the sun, darkens every colour about alike, and lies on ground that in
the other picture looks like the ground beside it. A new roof does not look like the ground beside it, and a felled wood
is larger than a shadow.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats, Mask

LARGEST_M2 = 600.0  # a larger one is no shadow of what stands in a village or a works
LARGEST_STRING_M2 = 1200.0  # the shadows of a row of sheds run into one, along their sides
STRING_FILL = 0.35  # of its box, at most: that is no building site
DARKER = 0.8  # of the other picture's brightness: a pixel that may lie in a shadow
LEAST_PART = 0.15  # of the place: smaller parts decide nothing
LEAST_EXPLAINED = 0.43  # of the place must lie in shadows: its rim and the eaves do not
DARK_RATIO = 0.66  # of the lit ground's brightness, at most
DARKEST_SHARE = 0.8  # of its picture: on bright concrete a shadow is no darker than a field, but never the brightest
COLOUR_SPREAD = 1.4  # between the colour that is darkened most and the one that is darkened least
RING_M = 5.0
LEAST_RING_PX = 8
DEEP_RATIO = 0.52  # of it: a deep shadow, which needs less likeness to be believed
ALIKE, ALIKE_DEEP = 1.0, 2.6  # spreads of the ground beside it, at most: then the lit ground is that ground
LEAST_SPREAD = 9.0  # grey levels


class Shade(NamedTuple):
    """Two pictures on one grid, shape (height, width, 3), and how dark their darkest places are."""

    one: Floats
    two: Floats
    grey_one: Floats
    grey_two: Floats
    dark_one: float
    dark_two: float


def shade_of(one: Floats, two: Floats, usable: Mask) -> Shade:
    """Measure two pictures for the questions to come."""
    third = np.full((1, 3), 1 / 3, np.float32)
    grey_one, grey_two = (np.asarray(cv2.transform(picture, third), np.float32) for picture in (one, two))
    some = usable[::2, ::2]
    dark_one, dark_two = (
        float(np.quantile(grey[::2, ::2][some], DARKEST_SHARE)) if some.any() else 0.0 for grey in (grey_one, grey_two)
    )
    return Shade(one, two, grey_one, grey_two, dark_one, dark_two)


def is_shadow(place: Mask, corner: tuple[int, int], shade: Shade, changed: Mask, metres_per_pixel: float) -> bool:
    """Say whether a changed place, a mask that begins at (top, left), is where shadows fell in one of two pictures.

    `changed`, as large as they are, marks everything that may have changed: the ground beside the place is looked for
    outside it. A shadow that went from one side of a shed to the other leaves one place, dark on its one part then and
    on the other now.
    """
    if place.sum() * metres_per_pixel**2 > _largest_m2(place):
        return False
    top, left = corner
    reach = max(1, round(RING_M / metres_per_pixel))
    rim = reach + 1
    rows, columns = shade.grey_one.shape
    height, width = place.shape
    box = (
        slice(max(0, top - rim), min(rows, top + height + rim)),
        slice(max(0, left - rim), min(columns, left + width + rim)),
    )
    whole = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), np.bool_)
    whole[top - box[0].start :, left - box[1].start :][:height, :width] = place
    near = shade._replace(
        one=shade.one[box], two=shade.two[box], grey_one=shade.grey_one[box], grey_two=shade.grey_two[box]
    )
    return _is_shadow(whole, near, changed[box], reach)


def _is_shadow(place: Mask, shade: Shade, changed: Mask, reach: int) -> bool:
    pixels = int(place.sum())
    explained = 0
    for dark, lit, grey_dark, grey_lit, darkest in (
        (shade.one, shade.two, shade.grey_one, shade.grey_two, shade.dark_one),
        (shade.two, shade.one, shade.grey_two, shade.grey_one, shade.dark_two),
    ):
        part = place & (grey_dark < DARKER * grey_lit)
        if part.sum() < LEAST_PART * pixels:
            continue
        grey = float(grey_dark[part].mean())
        ratio = grey / max(1.0, float(grey_lit[part].mean()))
        if ratio > DARK_RATIO or grey > darkest or not _is_even(dark[part], lit[part]):
            return False
        if _unlikeness(lit, part, changed, reach) > (ALIKE_DEEP if ratio <= DEEP_RATIO else ALIKE):
            return False
        explained += int(part.sum())
    return explained >= LEAST_EXPLAINED * pixels


def _largest_m2(place: Mask) -> float:
    _, _, width, height = cv2.boundingRect(place.astype(np.uint8))
    return LARGEST_STRING_M2 if place.sum() < STRING_FILL * width * height else LARGEST_M2


def _is_even(dark: Floats, lit: Floats) -> bool:
    """Say whether every colour is darkened about alike."""
    ratios = (dark.mean(axis=0) + 1) / (lit.mean(axis=0) + 1)
    return float(ratios.max() / ratios.min()) <= COLOUR_SPREAD


def _unlikeness(lit: Floats, part: Mask, changed: Mask, reach: int) -> float:
    """Say how unlike the ground around it a place is where the sun shines on it, in spreads of that ground."""
    near = cv2.dilate(part.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    beside = lit[near & ~changed]
    if len(beside) < LEAST_RING_PX:
        return float("inf")
    usual = np.median(beside, axis=0)
    spread = np.maximum(1.4826 * np.median(np.abs(beside - usual), axis=0), LEAST_SPREAD)
    return float((np.abs(np.median(lit[part], axis=0) - usual) / spread).mean())
