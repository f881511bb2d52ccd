"""Local contrast normalisation and relative radiometric normalisation of a pair.

What sun, haze, film and season did to a whole image is no change.
"""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats, Mask

_MAX_SAMPLES = 5_000  # pixels that the map is fitted on; more make OpenBLAS start threads, see network.py
_ITERATIONS = 6  # of reweighting: pixels that changed lose their weight
_LOCAL_PX = 127  # haze and sun vary over such distances, houses do not
_CONTRAST_FLOOR = 5.0  # grey levels: less local contrast than this is noise, not to be amplified


def normalise_contrast(grey: Floats) -> Floats:
    """Normalise local contrast: subtract the local mean, divide by the local standard deviation, over 127 px.

    `grey` is (height, width), float32, 0 to 255. The result has local mean 0 and spread of about 1. The statistics of
    images of 64 px and more are computed at a quarter of their size.
    """
    side = (_LOCAL_PX, _LOCAL_PX)
    small: Floats = (
        cv2.resize(grey, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA) if min(grey.shape) >= 64 else grey
    )
    if small is not grey:
        side = (_LOCAL_PX // 4, _LOCAL_PX // 4)
    mean: Floats = cv2.boxFilter(small, cv2.CV_32F, side, borderType=cv2.BORDER_REFLECT)
    size = (grey.shape[1], grey.shape[0])
    mean = cv2.resize(mean, size, interpolation=cv2.INTER_LINEAR)
    centred: Floats = np.subtract(grey, mean, out=mean)
    power: Floats = centred * centred
    if small is not grey:
        power = cv2.resize(power, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
    spread: Floats = np.asarray(cv2.resize(cv2.boxFilter(power, cv2.CV_32F, side, borderType=cv2.BORDER_REFLECT), size))
    np.sqrt(np.maximum(spread, 0, out=spread), out=spread)
    spread += _CONTRAST_FLOOR + 0.2 * float(grey.std())
    centred /= spread
    return np.asarray(centred, np.float32)


def normalise_radiometry(source: Floats, target: Floats, usable: Mask) -> Floats:
    """Map the source's colours to the target's radiometry; shapes (height, width, 3), and (height, width) of the mask.

    Relative radiometric normalisation by iteratively reweighted least squares with Cauchy weights: an affine map of the
    colours plus a bilinear trend over the image, so that a gradient of sunlight is part of it. Source of the
    weights: Holland and Welsch 1977, "Robust regression using iteratively reweighted least-squares".
    """
    height, width = usable.shape
    samples = np.flatnonzero(usable)
    if samples.size < 64:
        return source
    samples = samples[:: -(-samples.size // _MAX_SAMPLES)]
    rows, columns = samples // width, samples % width
    colours = source.reshape(-1, 3)[samples].astype(np.float64)
    difference = target.reshape(-1, 3)[samples].astype(np.float64) - colours  # shrunk towards the identity
    x, y = columns / width - 0.5, rows / height - 0.5
    ones = np.ones_like(x)
    terms = np.column_stack([colours / 128, ones, x, y, x * y])
    solution = _cauchy_fit(terms, difference)
    linear = (np.eye(3) + solution[:3] / 128).astype(np.float32)
    mapped = cv2.transform(source, np.ascontiguousarray(linear.T))
    column = np.linspace(-0.5, 0.5, width, endpoint=False, dtype=np.float32)[None, :, None]
    row = np.linspace(-0.5, 0.5, height, endpoint=False, dtype=np.float32)[:, None, None]
    trend = solution[3:].astype(np.float32)
    slope = row * (trend[2] + column * trend[3])
    slope += trend[0] + column * trend[1]
    slope += mapped
    return np.asarray(slope, np.float32)


def _cauchy_fit(terms: Floats, wanted: Floats) -> Floats:
    """Fit `terms @ solution = wanted` by ridge regression with Cauchy weights; shapes (n, 7), (n, 3) -> (7, 3)."""
    ridge = np.diag([1e-3, 1e-3, 1e-3, 1e-9, 1e-4, 1e-4, 1e-4]) * len(terms)
    weights = np.ones(len(terms))
    solution: Floats = np.zeros((terms.shape[1], 3))
    for _ in range(_ITERATIONS):
        weighted = terms * weights[:, None]
        solution = np.linalg.solve(weighted.T @ terms + ridge, weighted.T @ wanted)
        residual = np.linalg.norm(wanted - terms @ solution, axis=1)
        scale = max(float(np.median(residual)), 2.0)
        weights = 1 / (1 + (residual / (1.5 * scale)) ** 2)
    return solution
