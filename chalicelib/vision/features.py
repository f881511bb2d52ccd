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
_QUIET_EDGE = 0.0025  # the same for the power of edges
_AROUND_PX = 63  # the surroundings that a place is judged against
_CALM_SHARE = 0.35  # the calmer third of a pair says what is normal in it, even where half of it was built over


class Feature(NamedTuple):
    """One named map; a single number stands for a map that is the same everywhere."""

    name: str
    values: Floats


def levels_of(one: Floats, two: Floats) -> tuple[Floats, Floats]:
    """Give the levelled greys of a pair of colour pictures."""
    return levelled(cv2.cvtColor(one, cv2.COLOR_BGR2GRAY)), levelled(cv2.cvtColor(two, cv2.COLOR_BGR2GRAY))


def features(one: Floats, two: Floats, flat_one: Floats, flat_two: Floats, usable: Mask) -> Iterator[Feature]:
    """Yield the maps of a pair of colour pictures (0 to 255, float32, already lying on each other) and their levels."""
    half_one, half_two = _halved(flat_one), _halved(flat_two)
    for side in SCALES_PX:
        if side < _COARSE_PX:
            yield from _structure(flat_one, flat_two, str(side), side, flat_one)
        else:
            yield from _structure(half_one, half_two, str(side), side // 2 | 1, flat_one)
    yield from _gradients(flat_one, flat_two, usable)
    yield from _colours(one, two, usable)
    yield from _ground(one, two, flat_one, flat_two)


def _box(values: Floats, side: int) -> Floats:
    return np.asarray(cv2.boxFilter(values, cv2.CV_32F, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)


def _halved(values: Floats) -> Floats:
    size = ((values.shape[1] + 1) // 2, (values.shape[0] + 1) // 2)
    return np.asarray(cv2.resize(values, size, interpolation=cv2.INTER_AREA), np.float32)


def _full(values: Floats, like: Floats) -> Floats:
    if values.shape == like.shape:
        return values
    return np.asarray(cv2.resize(values, (like.shape[1], like.shape[0]), interpolation=cv2.INTER_LINEAR))


def _around(values: Floats) -> Floats:
    """Give the mean over the surroundings, looked at in quarter size."""
    quarter = _halved(_halved(values))
    return _full(_box(quarter, _AROUND_PX // 4), values)


def _normal(values: Floats, usable: Mask) -> float:
    """Say what is normal for a map in this pair: the value that its calmer part stays below."""
    inside = values[::2, ::2][usable[::2, ::2]]
    return float(np.quantile(inside, _CALM_SHARE)) if inside.size else 0.0


def _structure(one: Floats, two: Floats, name: str, side: int, like: Floats) -> Iterator[Feature]:
    """Compare local structure: does the pattern correlate, and is there as much of it?"""
    mean_one, mean_two = _box(one, side), _box(two, side)
    power_one = np.maximum(_box(one * one, side) - mean_one * mean_one, 0)
    power_two = np.maximum(_box(two * two, side) - mean_two * mean_two, 0)
    shared = _box(one * two, side) - mean_one * mean_two
    quiet = _QUIET * _QUIET
    unlike = 1 - shared / np.sqrt((power_one + quiet) * (power_two + quiet))
    strongest, weakest = np.sqrt(np.maximum(power_one, power_two)), np.sqrt(np.minimum(power_one, power_two))
    yield Feature(f"unlike_{name}", _full(unlike * strongest / (strongest + 2 * _QUIET), like))
    yield Feature(f"contrast_{name}", _full(np.log(strongest + _QUIET), like))
    yield Feature(f"calm_{name}", _full(np.log(weakest + _QUIET), like))


def _gradients(one: Floats, two: Floats, usable: Mask) -> Iterator[Feature]:
    """Compare edges: how strong, how straight, and do they run the same way?"""
    x_one, y_one = cv2.Scharr(one, cv2.CV_32F, 1, 0) / 16, cv2.Scharr(one, cv2.CV_32F, 0, 1) / 16
    x_two, y_two = cv2.Scharr(two, cv2.CV_32F, 1, 0) / 16, cv2.Scharr(two, cv2.CV_32F, 0, 1) / 16
    power_one, power_two = x_one * x_one + y_one * y_one, x_two * x_two + y_two * y_two
    shared = x_one * x_two + y_one * y_two
    for side in (5, 9, 17):
        near_one, near_two = np.maximum(_box(power_one, side), 0), np.maximum(_box(power_two, side), 0)
        strongest = np.sqrt(np.maximum(near_one, near_two))
        unlike = 1 - _box(shared, side) / np.sqrt((near_one + _QUIET_EDGE) * (near_two + _QUIET_EDGE))
        turned = np.asarray(unlike * strongest / (strongest + 2 * _QUIET_EDGE**0.5), np.float32)
        yield Feature(f"turned_{side}", turned)
        yield Feature(f"edges_{side}", np.log(strongest + 0.05))
        yield Feature(f"edges_least_{side}", np.log(np.sqrt(np.minimum(near_one, near_two)) + 0.05))
        if side == 9:
            yield Feature("turned_around", _around(turned))
            yield Feature("turned_normal", np.array(_normal(turned, usable), np.float32))
    straight = [np.hypot(_box(x * x - y * y, 9), 2 * _box(x * y, 9)) for x, y in ((x_one, y_one), (x_two, y_two))]
    yield Feature("straight_most", np.log(np.sqrt(np.maximum(*straight)) + 0.05))
    yield Feature("straight_least", np.log(np.sqrt(np.minimum(*straight)) + 0.05))


def _colours(one: Floats, two: Floats, usable: Mask) -> Iterator[Feature]:
    """Compare colours once each picture is brought to the other one's light: larger and smaller of the two misses."""
    forth = explained(one, two, usable) - two
    back = explained(two, one, usable) - one
    for name, is_tint in (("colour", False), ("tint", True)):
        misses, scales = [], []
        for miss in (forth, back):
            blue, green, red = cv2.split(miss)
            size = blue * blue + green * green + red * red
            if is_tint:
                size = np.maximum(size - np.square(blue + green + red) / 3, 0)
            size = np.sqrt(size)
            scales.append(_normal(size, usable))
            misses.append(size / (scales[-1] + 4))
        larger, smaller = np.maximum(*misses), np.minimum(*misses)
        yield Feature(f"{name}_3", np.log1p(_box(smaller, 3)))
        yield Feature(f"{name}_9", near := np.log1p(_box(smaller, 9)))
        yield Feature(f"{name}_most", np.log1p(_box(larger, 5)))
        yield Feature(f"{name}_around", _around(near))
        yield Feature(f"{name}_normal", np.array(np.log(max(scales) + 2), np.float32))


def _ground(one: Floats, two: Floats, flat_one: Floats, flat_two: Floats) -> Iterator[Feature]:
    """Describe what is there: plants, warm and cold, bright and dark ground, in either picture."""
    greens, warms = [], []
    for picture in (one, two):
        blue, green, red = cv2.split(picture)
        total = blue + green + red + 30
        greens.append(_box((2 * green - blue - red) / total, 5) * 10)
        warms.append(_box((red - blue) / total, 5) * 10)
    for name, pair in (("green", greens), ("warm", warms)):
        first, second = (values - float(np.median(values[::3, ::3])) for values in pair)
        yield Feature(f"{name}_off", np.abs(first - second))
        yield Feature(f"{name}_least", np.minimum(first, second))
        yield Feature(f"{name}_most", np.maximum(first, second))
    near_one, near_two = _box(flat_one, 5), _box(flat_two, 5)
    yield Feature("bright_off", np.abs(near_one - near_two))
    yield Feature("bright_most", np.maximum(near_one, near_two))
    yield Feature("bright_least", np.minimum(near_one, near_two))
