"""The change map of two images with bands: is what one of them measured to be expected from what the other did?

Most of the ground of a pair tells how sun, air and season changed what is measured: the bands of one image are
predicted from those of the other by robust regression, both ways, and what the prediction misses by more than its
noise changed.
Source: Schaum and Stocker 1997, "Spectrally selective target detection" (chronochrome); Theiler 2008, "Quantitative
comparison of quadratic covariance-based anomalous change detectors".
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.bands import MEASURED, VISIBLE
from chalicelib.vision.band_images import BandImage, smoothed
from chalicelib.vision.change_map import UNKNOWN, ChangeMap
from chalicelib.vision.pixels import Floats, Mask
from chalicelib.vision.regions import changed_mask
from chalicelib.vision.registration import NO_SHIFT, Shift, edge_strength, estimate_shift, translate

MIN_BAND_SCORE = 0.75  # what a region must score: the operating point, see `tests/bench/score_bands.py`

# Short-wave infrared says what ground is (`band_kinds.py`); of change it says what rain and tides did, at 20 m.
_COMPARED = ("blue", "green", "red", "nir")
_SMOOTHING_PX = 1.0  # of the bands: half of them have pixels of two, and no two passes lie on each other to a tenth
_SUPPORT_PX = 4.0  # of the evidence: what is built is larger than one pixel, noise is not
_SUPPORT_WEIGHT = 0.67  # of the evidence nearby, against that of the pixel itself, of their logarithms
_MOST_NEARBY = 60.0  # squared deviations: a pixel that is surer than that says no more of its neighbours
_EDGE_PX = 3  # of ground beside what is not seen: what was smoothed into it
_MAX_SAMPLES = 5_000  # pixels that the regression is fitted on
_ITERATIONS = 5  # of reweighting: pixels that changed lose their weight
_RIDGE = 1e-8  # towards "nothing changed"
_NOISE, _MOST_NOISE = 0.001, 0.04  # reflectance: less is not measured, and more is no noise but the change itself
_LEAST_SPREAD = 0.005  # reflectance, of the difference of two images, where contrast is weighed
_MOST_APART = 16.0  # times, of the two predictions' deviations: what one band alone shows need not foretell others
_PRODUCTS = 5.0  # the scale of products of reflectances beside the reflectances themselves
_CONTRAST_NOISE = 0.3  # of the local contrast: what lies beside an edge, or leans, is measured a little beside itself
# From deviations to log-odds of change, as `regions.py` and `persistence.py` read them:
_SLOPE, _EVEN = 1.5, 2.13  # log-odds for each e-fold of the deviation, and where they are even without any brightness
_BRIGHTNESS_WEIGHT, _MOST_BRIGHTNESS = 0.21, 8.0  # log-odds for each deviation of the visible bands' mean
_NOTHING = np.zeros((0, 0), np.float32)


class _Residual(NamedTuple):
    """What a prediction misses."""

    deviation: Floats  # (rows, columns): squared Mahalanobis length of it, a band
    brightness: Floats  # (rows, columns): that of the visible bands, in deviations, signed


def detect(
    before: Mapping[str, NDArray[Any]], after: Mapping[str, NDArray[Any]], metres_per_pixel: float
) -> NDArray[np.uint8]:
    """Mark the changed pixels of two images with 255; each is its bands by their names, (rows, columns), reflectance.

    0 in any band is no data. What is not among `MEASURED`, or only in one of the two, is not looked at.
    """
    names = tuple(name for name in MEASURED if name in before and name in after)
    images = [np.dstack([np.asarray(image[name], np.float32) for name in names]) for image in (before, after)]
    one, two = (BandImage(values, names, (values != 0).all(axis=2)) for values in images)
    return changed_mask(map_band_change(one, two), metres_per_pixel, MIN_BAND_SCORE)


def map_band_change(first: BandImage, second: BandImage, clear: Mask | None = None) -> ChangeMap:
    """Compute the change map of two images on one grid, in those bands of _COMPARED that both have.

    `clear` is what is seen of both, as large as their pictures; None: as large as their bands. Which of the two is the
    newer one does not matter.
    """
    valid = first.valid & second.valid
    clear = valid if clear is None else clear
    odds = np.full(valid.shape, UNKNOWN, np.float32)
    names = tuple(name for name in _COMPARED if name in first.names and name in second.names)
    one, two, moved_px = _registered(first, second, names, valid)
    usable = _eroded(valid, _EDGE_PX + moved_px)
    if np.count_nonzero(usable) < 64:
        return ChangeMap(odds, np.zeros_like(clear), None)
    visible = [names.index(name) for name in VISIBLE if name in names] or list(range(len(names)))
    there, back = _residual(one, two, usable, visible), _residual(two, one, usable, visible)
    noise = 1 + _CONTRAST_NOISE * _contrast(one, two, usable)
    deviation = _agreed(there.deviation, back.deviation) / noise * usable
    nearby = cv2.GaussianBlur(np.minimum(deviation, _MOST_NEARBY), (0, 0), _SUPPORT_PX)
    both = 0.5 * (
        (1 - _SUPPORT_WEIGHT) * np.log(np.maximum(deviation, 1e-4)) + _SUPPORT_WEIGHT * np.log(np.maximum(nearby, 1e-4))
    )
    agreed = np.sqrt(np.maximum(-there.brightness * back.brightness, 0) / noise) * usable
    brightness = cv2.GaussianBlur(np.minimum(agreed, _MOST_BRIGHTNESS), (0, 0), _SMOOTHING_PX)
    raw = _SLOPE * (both - np.log(_EVEN)) + _BRIGHTNESS_WEIGHT * brightness
    np.copyto(odds, np.clip(raw, UNKNOWN, -UNKNOWN), where=usable)
    return ChangeMap(odds, clear, None)


def _agreed(one: Floats, two: Floats) -> Floats:
    """Return the geometric mean of two deviations; where one is far below the other, as if it were less far."""
    high, low = np.maximum(one, two), np.minimum(one, two)
    return np.asarray(np.sqrt(high * np.maximum(low, high / _MOST_APART)))


def _registered(first: BandImage, second: BandImage, names: tuple[str, ...], valid: Mask) -> tuple[Floats, Floats, int]:
    """Return both images smoothed and moved by half of what lies between them, and by how many pixels at most."""
    one, two = smoothed(first, names, _SMOOTHING_PX), smoothed(second, names, _SMOOTHING_PX)
    total, moved = NO_SHIFT, (one, two)
    for _ in range(2):  # the second estimate is the finer one: less of the ground has no counterpart
        shift = estimate_shift(*(edge_strength(_grey(image)) * valid for image in moved))
        if shift == NO_SHIFT:
            break
        total = Shift(total.x + shift.x, total.y + shift.y)
        moved = translate(one, Shift(total.x / 2, total.y / 2)), translate(two, Shift(-total.x / 2, -total.y / 2))
    return (*moved, int(np.ceil(max(abs(total.x), abs(total.y)) / 2)))


def _grey(image: Floats) -> Floats:
    """Return the logarithm of the mean reflectance, scaled as greys are: 0 to 255."""
    return np.asarray(80 * np.log1p(np.maximum(image.mean(axis=2), 0) * 100).clip(0, 3.2), np.float32)


def _eroded(mask: Mask, by: int) -> Mask:
    return np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((2 * by + 1, 2 * by + 1), np.uint8)) > 0)


def _terms(values: Floats) -> Floats:
    """Return what a pixel's prediction is made of, (pixels, terms): its bands, their products, and 1."""
    columns = [values[:, at] for at in range(values.shape[1])]
    products = [_PRODUCTS * one * two for one, two in combinations_with_replacement(columns, 2)]
    return np.stack([*columns, *products, np.ones_like(columns[0])], axis=1)


def _residual(one: Floats, two: Floats, usable: Mask, visible: list[int]) -> _Residual:
    """Return what of the second image is not to be expected from the first."""
    bands = one.shape[2]
    samples = np.flatnonzero(usable)
    samples = samples[:: -(-samples.size // _MAX_SAMPLES)]
    before, after = (image.reshape(-1, bands)[samples].astype(np.float64) for image in (one, two))
    terms = _terms(before)
    ridge = _RIDGE * len(terms) * np.eye(terms.shape[1])
    weights = np.ones(len(terms))
    for _ in range(_ITERATIONS):
        weighted = terms * weights[:, None]
        solution = np.linalg.solve(weighted.T @ terms + ridge, weighted.T @ (after - before))
        missed = after - before - terms @ solution
        spread = (missed * weights[:, None]).T @ missed / weights.sum()
        spread *= min(1.0, bands * _MOST_NOISE**2 / float(np.trace(spread) + 1e-12))
        inverse = np.linalg.inv(spread + _NOISE**2 * np.eye(bands))
        weights = 1 / (1 + np.einsum("ij,jk,ik->i", missed, inverse, missed) / bands)
    scale = np.clip(1.4826 * np.median(np.abs(missed), axis=0), _NOISE, _MOST_NOISE)
    values = one.reshape(-1, bands)
    # cv2.gemm, as OpenBLAS starts threads for products of this size: see network.py
    change = two.reshape(-1, bands) - values - cv2.gemm(_terms(values), solution.astype(np.float32), 1, _NOTHING, 0)
    white = cv2.gemm(change, np.linalg.cholesky(inverse / bands).astype(np.float32), 1, _NOTHING, 0)
    brightness = (change[:, visible] / scale[visible].astype(np.float32)).mean(axis=1)
    shape = usable.shape
    return _Residual(np.square(white).sum(axis=1).reshape(shape), brightness.reshape(shape))


def _contrast(one: Floats, two: Floats, usable: Mask) -> Floats:
    """Return the squared local contrast that both images have, a pixel, in the noise of their difference."""
    difference = (two - one)[usable]
    spread = 1.4826 * np.median(np.abs(difference - np.median(difference, axis=0)), axis=0)
    spread = np.clip(spread, _LEAST_SPREAD, _MOST_NOISE).astype(np.float32)
    return np.asarray(np.minimum(*(_squared_gradient(image / spread) for image in (one, two))))


def _squared_gradient(image: Floats) -> Floats:
    across, down = (cv2.Sobel(image, cv2.CV_32F, *way, scale=1 / 8) for way in ((1, 0), (0, 1)))
    return np.asarray((np.square(across) + np.square(down)).reshape(image.shape).mean(axis=2))
