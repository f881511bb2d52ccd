"""What the detector looks at in a pair: maps as large as the picture, each the same whichever picture comes first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats, Mask
from chalicelib.vision.radiometry import explained, levelled

SCALES_PX = (5, 9, 17, 31)  # windows of the local statistics
_COARSE_PX = 16  # from here on a window is looked at in half size
_QUIET = 0.15  # local contrast, of a picture levelled to about 1: below it there is no structure to compare


class Feature(NamedTuple):
    """One named map."""

    name: str
    values: Floats


def _box(values: Floats, side: int) -> Floats:
    return np.asarray(cv2.boxFilter(values, cv2.CV_32F, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)


def _halved(values: Floats) -> Floats:
    size = ((values.shape[1] + 1) // 2, (values.shape[0] + 1) // 2)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _structure(one: Floats, two: Floats, name: str, side: int, like: Floats) -> Iterator[Feature]:
    """Compare local structure: does the pattern correlate, and is there as much of it?"""

    def full(values: Floats) -> Floats:
        if values.shape == like.shape:
            return values
        return np.asarray(cv2.resize(values, (like.shape[1], like.shape[0]), interpolation=cv2.INTER_LINEAR))

    mean_one, mean_two = _box(one, side), _box(two, side)
    power_one = np.maximum(_box(one * one, side) - mean_one * mean_one, 0)
    power_two = np.maximum(_box(two * two, side) - mean_two * mean_two, 0)
    shared = _box(one * two, side) - mean_one * mean_two
    quiet = _QUIET * _QUIET
    unlike = 1 - shared / np.sqrt((power_one + quiet) * (power_two + quiet))
    strongest = np.sqrt(np.maximum(power_one, power_two))
    yield Feature(f"unlike_{name}", full(unlike * strongest / (strongest + 2 * _QUIET)))
    ratio = np.abs(np.log((power_one + quiet) / (power_two + quiet)))
    yield Feature(f"texture_{name}", full(0.5 * ratio))
    yield Feature(f"contrast_{name}", full(np.log(strongest + _QUIET)))


def features(one: Floats, two: Floats, usable: Mask) -> Iterator[Feature]:
    """Yield the maps of a pair of colour pictures (0 to 255, float32, already lying on each other)."""
    grey_one, grey_two = (cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in (one, two))
    flat_one, flat_two = levelled(grey_one), levelled(grey_two)
    half_one, half_two = _halved(flat_one), _halved(flat_two)
    for side in SCALES_PX:
        if side < _COARSE_PX:
            yield from _structure(flat_one, flat_two, str(side), side, flat_one)
        else:
            yield from _structure(half_one, half_two, str(side), side // 2 | 1, flat_one)
    yield from _gradients(flat_one, flat_two)
    yield from _colours(one, two, usable)
    yield from _ground(one, two, flat_one, flat_two)


def _gradients(one: Floats, two: Floats) -> Iterator[Feature]:
    """Compare edges: how strong, and do they run the same way?"""
    x_one, y_one = cv2.Scharr(one, cv2.CV_32F, 1, 0) / 16, cv2.Scharr(one, cv2.CV_32F, 0, 1) / 16
    x_two, y_two = cv2.Scharr(two, cv2.CV_32F, 1, 0) / 16, cv2.Scharr(two, cv2.CV_32F, 0, 1) / 16
    power_one, power_two = x_one * x_one + y_one * y_one, x_two * x_two + y_two * y_two
    shared = x_one * x_two + y_one * y_two
    for side in (7, 15):
        near_one, near_two = np.maximum(_box(power_one, side), 0), np.maximum(_box(power_two, side), 0)
        near_shared = _box(shared, side)
        strongest = np.sqrt(np.maximum(near_one, near_two))
        quiet = 0.0025
        unlike = 1 - near_shared / np.sqrt((near_one + quiet) * (near_two + quiet))
        yield Feature(f"turned_{side}", unlike * strongest / (strongest + 0.1))
        yield Feature(f"edges_{side}", np.abs(np.sqrt(near_one) - np.sqrt(near_two)))


def _colours(one: Floats, two: Floats, usable: Mask) -> Iterator[Feature]:
    """Compare colours once each picture is brought to the other one's light: larger and smaller of the two misses."""
    forth = explained(one, two, usable) - two
    back = explained(two, one, usable) - one
    for name, weights in (("colour", None), ("tint", "tint")):
        misses = []
        for miss in (forth, back):
            part = miss if weights is None else miss - miss.mean(axis=2, keepdims=True)
            size = np.sqrt(np.square(part).sum(axis=2))
            scale = float(np.median(size[usable][::7])) if usable.any() else 1.0
            misses.append(size / (scale + 3))
        larger, smaller = np.maximum(*misses), np.minimum(*misses)
        yield Feature(f"{name}_3", np.log1p(_box(smaller, 3)))
        yield Feature(f"{name}_9", np.log1p(_box(smaller, 9)))
        yield Feature(f"{name}_most", np.log1p(_box(larger, 5)))


def _ground(one: Floats, two: Floats, flat_one: Floats, flat_two: Floats) -> Iterator[Feature]:
    """Describe what is there: plants, bright and dark ground, in either picture."""
    greens, tints = [], []
    for picture in (one, two):
        blue, green, red = cv2.split(picture)
        total = blue + green + red + 30
        greens.append(_box((2 * green - blue - red) / total, 5))
        tints.append(_box((red - blue) / total, 5))
    yield Feature("green_off", np.abs(greens[0] - greens[1]) * 10)
    yield Feature("green_least", np.minimum(*greens) * 10)
    yield Feature("green_most", np.maximum(*greens) * 10)
    yield Feature("warm_least", np.minimum(*tints) * 10)
    yield Feature("warm_most", np.maximum(*tints) * 10)
    near_one, near_two = _box(flat_one, 5), _box(flat_two, 5)
    yield Feature("bright_off", np.abs(near_one - near_two))
    yield Feature("bright_most", np.maximum(near_one, near_two))
    yield Feature("bright_least", np.minimum(near_one, near_two))
