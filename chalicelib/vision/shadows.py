"""Is a changed place only a shadow that moved? The sun stands elsewhere on another day; nothing was built.

A cast shadow is as dark as anything in its picture, darkens every colour about alike, and lies on ground that in the
other picture looks like the ground beside it. A new roof does not look like the ground beside it, and a felled wood is
larger than a shadow.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats, Mask

LARGEST_M2 = 450.0  # a larger one is no shadow of what stands in a village or a works
DARK_RATIO = 0.72  # of the lit ground's brightness, at most
DARKEST_SHARE = 0.8  # of its picture: on bright concrete a shadow is no darker than a field, but never the brightest
COLOUR_SPREAD = 1.3  # between the colour that is darkened most and the one that is darkened least
RING_M = 5.0
LEAST_RING_PX = 8
ALIKE = 1.6  # spreads of the ground beside it, at most: then the lit ground is that ground
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
    grey_one, grey_two = (np.asarray(picture.mean(axis=2), np.float32) for picture in (one, two))
    dark_one, dark_two = (float(np.quantile(grey[usable], DARKEST_SHARE)) for grey in (grey_one, grey_two))
    return Shade(one, two, grey_one, grey_two, dark_one, dark_two)


def is_shadow(place: Mask, shade: Shade, changed: Mask, metres_per_pixel: float) -> bool:
    """Say whether a changed place, a mask as large as the pictures, is a shadow in one of them and ground in the other.

    `changed` marks everything that may have changed: the ground beside the place is looked for outside it.
    """
    if not place.any() or place.sum() * metres_per_pixel**2 > LARGEST_M2:
        return False
    grey_one, grey_two = float(shade.grey_one[place].mean()), float(shade.grey_two[place].mean())
    if grey_one <= grey_two:
        dark, lit, dark_grey, lit_grey, darkest = shade.one, shade.two, grey_one, grey_two, shade.dark_one
    else:
        dark, lit, dark_grey, lit_grey, darkest = shade.two, shade.one, grey_two, grey_one, shade.dark_two
    if dark_grey > DARK_RATIO * lit_grey or dark_grey > darkest:
        return False
    ratios = (dark[place].mean(axis=0) + 1) / (lit[place].mean(axis=0) + 1)
    if float(ratios.max() / ratios.min()) > COLOUR_SPREAD:
        return False
    reach = max(1, round(RING_M / metres_per_pixel))
    near = cv2.dilate(place.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0
    beside = lit[near & ~changed]
    if len(beside) < LEAST_RING_PX:
        return False
    usual = np.median(beside, axis=0)
    spread = np.maximum(1.4826 * np.median(np.abs(beside - usual), axis=0), LEAST_SPREAD)
    return bool((np.abs(np.median(lit[place], axis=0) - usual) / spread).mean() <= ALIKE)
