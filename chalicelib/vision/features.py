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

from chalicelib.vision.in_place import centred, distance, dot, less_product, log1p_of, log_of, weighted_unlike
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
    whole, half = (_powers(*pair) for pair in ((grey_one, grey_two), (halved(grey_one), halved(grey_two))))
    for side in SCALES_PX:
        if side < _HALF_SIZE_FROM_PX:
            yield from _structure_maps(whole, str(side), side, grey_one)
        else:
            yield from _structure_maps(half, str(side), side // 2 | 1, grey_one)
    del whole, half
    yield from _gradient_maps(grey_one, grey_two, usable)
    yield from _colour_maps(one, two, usable)
    yield from _ground_maps(one, two, grey_one, grey_two)


def _box(values: Floats, side: int) -> Floats:
    return np.asarray(cv2.boxFilter(values, cv2.CV_32F, (side, side), borderType=cv2.BORDER_REFLECT), np.float32)


def _channels(image: Floats) -> tuple[Floats, Floats, Floats]:
    blue, green, red = (np.asarray(channel, np.float32) for channel in cv2.split(image))
    return blue, green, red


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


class _Powers(NamedTuple):
    """Two greys of a pair and their products, which all windows have in common."""

    one: Floats
    two: Floats
    one_squared: Floats
    two_squared: Floats
    product: Floats


def _powers(one: Floats, two: Floats) -> _Powers:
    return _Powers(one, two, one * one, two * two, one * two)


def _structure_maps(greys: _Powers, name: str, side: int, like: Floats) -> Iterator[FeatureMap]:
    """Compare local structure: does the pattern correlate, and is there as much of it?"""
    mean_one, mean_two, square_one, square_two, product = (_box(values, side) for values in greys)
    variance_one, variance_two = (
        less_product(square_one, mean_one, mean_one),
        less_product(square_two, mean_two, mean_two),
    )
    np.maximum(variance_one, 0, out=variance_one)
    np.maximum(variance_two, 0, out=variance_two)
    covariance = less_product(product, mean_one, mean_two)
    strongest, weakest = np.maximum(variance_one, variance_two), np.minimum(variance_one, variance_two)
    for values in (strongest, weakest):
        np.sqrt(values, out=values)
    weighted = weighted_unlike(
        covariance,
        (variance_one, variance_two),
        strongest,
        floor=_CONTRAST_FLOOR * _CONTRAST_FLOOR,
        calm=_CONTRAST_FLOOR,
    )
    yield FeatureMap(f"unlike_{name}", _resized_like(weighted, like))
    yield FeatureMap(f"contrast_{name}", _resized_like(log_of(strongest, _CONTRAST_FLOOR), like))
    yield FeatureMap(f"calm_{name}", _resized_like(log_of(weakest, _CONTRAST_FLOOR), like))


def _gradient_maps(one: Floats, two: Floats, usable: Mask) -> Iterator[FeatureMap]:
    """Compare gradients: how strong, how coherent, and do they point the same way?"""
    (x_one, y_one), (x_two, y_two) = _gradient(one), _gradient(two)
    power_one, power_two = dot(x_one, x_one, y_one, y_one), dot(x_two, x_two, y_two, y_two)
    product = dot(x_one, x_two, y_one, y_two)
    for side in (5, 9, 17):
        mean_one, mean_two = _box(power_one, side), _box(power_two, side)
        np.maximum(mean_one, 0, out=mean_one)
        np.maximum(mean_two, 0, out=mean_two)
        strongest, weakest = np.maximum(mean_one, mean_two), np.minimum(mean_one, mean_two)
        for values in (strongest, weakest):
            np.sqrt(values, out=values)
        dissimilarity = weighted_unlike(
            _box(product, side), (mean_one, mean_two), strongest, floor=_GRADIENT_FLOOR, calm=_GRADIENT_FLOOR**0.5
        )
        yield FeatureMap(f"turned_{side}", dissimilarity)
        yield FeatureMap(f"edges_{side}", log_of(strongest, 0.05))
        yield FeatureMap(f"edges_least_{side}", log_of(weakest, 0.05))
        if side == 9:
            yield FeatureMap("turned_around", _mean_around(dissimilarity))
            yield FeatureMap(
                "turned_normal", np.array(_background_level(dissimilarity, usable, _MOST_TURNED), np.float32)
            )
    coherence = [_coherence(x_one, y_one), _coherence(x_two, y_two)]
    yield FeatureMap("straight_most", np.log(np.sqrt(np.maximum(*coherence)) + 0.05))
    yield FeatureMap("straight_least", np.log(np.sqrt(np.minimum(*coherence)) + 0.05))


def _gradient(grey: Floats) -> tuple[Floats, Floats]:
    x: Floats = np.asarray(cv2.Scharr(grey, cv2.CV_32F, 1, 0))
    y: Floats = np.asarray(cv2.Scharr(grey, cv2.CV_32F, 0, 1))
    x /= 16
    y /= 16
    return x, y


def _coherence(x: Floats, y: Floats) -> Floats:
    """Return the structure tensor's coherence over 9 px: the difference of its eigenvalues, large on straight edges."""
    along, across = x * x, x * y
    along -= y * y
    across = _box(across, 9)
    across *= 2
    return np.asarray(cv2.magnitude(_box(along, 9), across))


def _colour_maps(one: Floats, two: Floats, usable: Mask) -> Iterator[FeatureMap]:
    """Compare colours after each image is mapped to the other one's radiometry: larger and smaller residual."""
    forth, back = _sizes(one, two, usable), _sizes(two, one, usable)
    for name, most, residuals in zip(
        ("colour", "tint"), (_MOST_COLOUR, _MOST_TINT), zip(forth, back, strict=True), strict=True
    ):
        levels = [_background_level(size, usable, most) for size in residuals]
        scaled = [np.divide(size, level + 4, out=size) for size, level in zip(residuals, levels, strict=True)]
        larger, smaller = np.maximum(*scaled), np.minimum(*scaled)
        yield FeatureMap(f"{name}_3", log1p_of(_box(smaller, 3)))
        yield FeatureMap(f"{name}_9", near := log1p_of(_box(smaller, 9)))
        yield FeatureMap(f"{name}_most", log1p_of(_box(larger, 5)))
        yield FeatureMap(f"{name}_around", _mean_around(near))
        yield FeatureMap(f"{name}_normal", np.array(np.log(max(levels) + 2), np.float32))


def _sizes(source: Floats, target: Floats, usable: Mask) -> tuple[Floats, Floats]:
    """Return how large a radiometric normalisation's residuals are, with and without brightness."""
    residual = normalise_radiometry(source, target, usable)
    blue, green, red = _channels(residual - target)
    total = blue + green
    total += red
    blue *= blue
    green *= green
    red *= red
    blue += green
    blue += red
    colour = np.sqrt(blue)
    total *= total
    total /= 3
    blue -= total
    np.maximum(blue, 0, out=blue)
    return colour, np.sqrt(blue, out=blue)


def _ground_maps(one: Floats, two: Floats, grey_one: Floats, grey_two: Floats) -> Iterator[FeatureMap]:
    """Describe the ground in either image: green, warm or cold, bright or dark."""
    greens, warms = [], []
    for image in (one, two):
        blue, green, red = _channels(image)
        total = blue + green
        total += red
        total += 30
        warm = red - blue
        warm /= total
        green *= 2
        green -= blue
        green -= red
        green /= total
        greens.append(_box(green, 5))
        warms.append(_box(warm, 5))
    for name, pair in (("green", greens), ("warm", warms)):
        first, second = (centred(np.multiply(values, 10, out=values)) for values in pair)
        yield FeatureMap(f"{name}_off", distance(first, second))
        yield FeatureMap(f"{name}_least", np.minimum(first, second))
        yield FeatureMap(f"{name}_most", np.maximum(first, second))
    near_one, near_two = _box(grey_one, 5), _box(grey_two, 5)
    yield FeatureMap("bright_off", distance(near_one, near_two))
    yield FeatureMap("bright_most", np.maximum(near_one, near_two))
    yield FeatureMap("bright_least", np.minimum(near_one, near_two))
