"""The feature maps of a pair: as large as the images, and the same whichever image comes first.

The names of the maps are those that the network was fitted with (`model/weights.json`). In the field's words:

- `unlike_N`: structure dissimilarity, 1 - NCC (normalised cross-correlation) over a window of N px
- `contrast_N`, `calm_N`: the larger and the smaller local contrast of the two images, as a logarithm
- `turned_N`: gradient dissimilarity, 1 - NCC of the gradient vectors
- `edges_N`, `edges_least_N`: the larger and the smaller gradient strength; `straight_*`: structure-tensor coherence
- `colour_*`, `tint_*`: what radiometric normalisation leaves unexplained, with and without brightness
- `green_*`, `warm_*`, `bright_*`: greenness (excess green), red less blue, and brightness of the ground
- `*_around`: the mean over the surroundings; `*_normal`: the background level of the pair, one number
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats, Mask, halved
from chalicelib.vision.radiometry import normalise_contrast, normalise_radiometry

SCALES_PX = (5, 9, 17, 31)  # windows of the local statistics
_HALF_SIZE_FROM_PX = 16  # from here on a window is evaluated at half size
_CONTRAST_FLOOR = 0.15  # local contrast, normalised to about 1: below it there is no structure to compare
_GRADIENT_FLOOR = 0.0025  # the same for the power of gradients
_SURROUNDINGS_PX = 63  # the surroundings that a place is compared with
_BACKGROUND_QUANTILE = 0.35  # the calmer third of a pair is its background, even where half of it was built over
# More than 19 of 20 rendered pairs have less of: a pair whose background is restless was built over as a whole.
_MOST_TURNED = 0.6
_MOST_COLOUR, _MOST_TINT = 28.0, 9.0  # grey levels


class FeatureMap(NamedTuple):
    """One named map, (height, width) float32; a single number stands for a map that is the same everywhere."""

    name: str
    values: Floats


def normalised_greys(one: Floats, two: Floats) -> tuple[Floats, Floats]:
    """Return the greys of a pair of colour images after local contrast normalisation, each (height, width)."""
    grey_one, grey_two = (np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)) for image in (one, two))
    return normalise_contrast(grey_one), normalise_contrast(grey_two)


def feature_maps(one: Floats, two: Floats, grey_one: Floats, grey_two: Floats, usable: Mask) -> Iterator[FeatureMap]:
    """Yield the maps of a registered pair, in the order that the network expects.

    `one` and `two` are (height, width, 3), float32, 0 to 255; `grey_one` and `grey_two` are their normalised greys.
    """
    half_one, half_two = halved(grey_one), halved(grey_two)
    for side in SCALES_PX:
        if side < _HALF_SIZE_FROM_PX:
            yield from _structure_maps(grey_one, grey_two, str(side), side, grey_one)
        else:
            yield from _structure_maps(half_one, half_two, str(side), side // 2 | 1, grey_one)
    yield from _gradient_maps(grey_one, grey_two, usable)
    yield from _colour_maps(one, two, usable)
    yield from _ground_maps(one, two, grey_one, grey_two)


def _box(values: Floats, side: int) -> Floats:
    return np.asarray(cv2.boxFilter(values, cv2.CV_32F, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)


def _resized_like(values: Floats, like: Floats) -> Floats:
    if values.shape == like.shape:
        return values
    return np.asarray(cv2.resize(values, (like.shape[1], like.shape[0]), interpolation=cv2.INTER_LINEAR))


def _mean_around(values: Floats) -> Floats:
    """Return the mean over the surroundings, computed at a quarter of the size."""
    quarter = halved(halved(values))
    return _resized_like(_box(quarter, _SURROUNDINGS_PX // 4), values)


def _background_level(values: Floats, usable: Mask, most: float) -> float:
    """Return the value that the calmer part of a pair stays below, `most` at most."""
    inside = values[::2, ::2][usable[::2, ::2]]
    return min(float(np.quantile(inside, _BACKGROUND_QUANTILE)), most) if inside.size else 0.0


def _structure_maps(one: Floats, two: Floats, name: str, side: int, like: Floats) -> Iterator[FeatureMap]:
    """Compare local structure: does the pattern correlate, and is there as much of it?"""
    mean_one, mean_two = _box(one, side), _box(two, side)
    variance_one = np.maximum(_box(one * one, side) - mean_one * mean_one, 0)
    variance_two = np.maximum(_box(two * two, side) - mean_two * mean_two, 0)
    covariance = _box(one * two, side) - mean_one * mean_two
    floor = _CONTRAST_FLOOR * _CONTRAST_FLOOR
    dissimilarity = 1 - covariance / np.sqrt((variance_one + floor) * (variance_two + floor))
    strongest = np.sqrt(np.maximum(variance_one, variance_two))
    weakest = np.sqrt(np.minimum(variance_one, variance_two))
    weighted = dissimilarity * strongest / (strongest + 2 * _CONTRAST_FLOOR)
    yield FeatureMap(f"unlike_{name}", _resized_like(weighted, like))
    yield FeatureMap(f"contrast_{name}", _resized_like(np.log(strongest + _CONTRAST_FLOOR), like))
    yield FeatureMap(f"calm_{name}", _resized_like(np.log(weakest + _CONTRAST_FLOOR), like))


def _gradient_maps(one: Floats, two: Floats, usable: Mask) -> Iterator[FeatureMap]:
    """Compare gradients: how strong, how coherent, and do they point the same way?"""
    x_one, y_one = cv2.Scharr(one, cv2.CV_32F, 1, 0) / 16, cv2.Scharr(one, cv2.CV_32F, 0, 1) / 16
    x_two, y_two = cv2.Scharr(two, cv2.CV_32F, 1, 0) / 16, cv2.Scharr(two, cv2.CV_32F, 0, 1) / 16
    power_one, power_two = x_one * x_one + y_one * y_one, x_two * x_two + y_two * y_two
    product = x_one * x_two + y_one * y_two
    for side in (5, 9, 17):
        mean_one, mean_two = np.maximum(_box(power_one, side), 0), np.maximum(_box(power_two, side), 0)
        strongest = np.sqrt(np.maximum(mean_one, mean_two))
        unlike = 1 - _box(product, side) / np.sqrt((mean_one + _GRADIENT_FLOOR) * (mean_two + _GRADIENT_FLOOR))
        dissimilarity = np.asarray(unlike * strongest / (strongest + 2 * _GRADIENT_FLOOR**0.5), np.float32)
        yield FeatureMap(f"turned_{side}", dissimilarity)
        yield FeatureMap(f"edges_{side}", np.log(strongest + 0.05))
        yield FeatureMap(f"edges_least_{side}", np.log(np.sqrt(np.minimum(mean_one, mean_two)) + 0.05))
        if side == 9:
            yield FeatureMap("turned_around", _mean_around(dissimilarity))
            yield FeatureMap(
                "turned_normal", np.array(_background_level(dissimilarity, usable, _MOST_TURNED), np.float32)
            )
    coherence = [_coherence(x_one, y_one), _coherence(x_two, y_two)]
    yield FeatureMap("straight_most", np.log(np.sqrt(np.maximum(*coherence)) + 0.05))
    yield FeatureMap("straight_least", np.log(np.sqrt(np.minimum(*coherence)) + 0.05))


def _coherence(x: Floats, y: Floats) -> Floats:
    """Return the structure tensor's coherence over 9 px: the difference of its eigenvalues, large on straight edges."""
    return np.asarray(cv2.magnitude(_box(x * x - y * y, 9), 2 * _box(x * y, 9)))


def _colour_maps(one: Floats, two: Floats, usable: Mask) -> Iterator[FeatureMap]:
    """Compare colours after each image is mapped to the other one's radiometry: larger and smaller residual."""
    forth = normalise_radiometry(one, two, usable) - two
    back = normalise_radiometry(two, one, usable) - one
    for name, is_tint in (("colour", False), ("tint", True)):
        residuals, levels = [], []
        for residual in (forth, back):
            blue, green, red = cv2.split(residual)
            size = blue * blue + green * green + red * red
            if is_tint:
                size = np.maximum(size - np.square(blue + green + red) / 3, 0)
            size = np.sqrt(size)
            levels.append(_background_level(size, usable, _MOST_TINT if is_tint else _MOST_COLOUR))
            residuals.append(size / (levels[-1] + 4))
        larger, smaller = np.maximum(*residuals), np.minimum(*residuals)
        yield FeatureMap(f"{name}_3", np.log1p(_box(smaller, 3)))
        yield FeatureMap(f"{name}_9", near := np.log1p(_box(smaller, 9)))
        yield FeatureMap(f"{name}_most", np.log1p(_box(larger, 5)))
        yield FeatureMap(f"{name}_around", _mean_around(near))
        yield FeatureMap(f"{name}_normal", np.array(np.log(max(levels) + 2), np.float32))


def _ground_maps(one: Floats, two: Floats, grey_one: Floats, grey_two: Floats) -> Iterator[FeatureMap]:
    """Describe the ground in either image: green, warm or cold, bright or dark."""
    greens, warms = [], []
    for image in (one, two):
        blue, green, red = cv2.split(image)
        total = blue + green + red + 30
        greens.append(_box((2 * green - blue - red) / total, 5) * 10)
        warms.append(_box((red - blue) / total, 5) * 10)
    for name, pair in (("green", greens), ("warm", warms)):
        first, second = (values - float(np.median(values[::3, ::3])) for values in pair)
        yield FeatureMap(f"{name}_off", np.abs(first - second))
        yield FeatureMap(f"{name}_least", np.minimum(first, second))
        yield FeatureMap(f"{name}_most", np.maximum(first, second))
    near_one, near_two = _box(grey_one, 5), _box(grey_two, 5)
    yield FeatureMap("bright_off", np.abs(near_one - near_two))
    yield FeatureMap("bright_most", np.maximum(near_one, near_two))
    yield FeatureMap("bright_least", np.minimum(near_one, near_two))
