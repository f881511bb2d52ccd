"""Registration of two images of one place: a single shift for the whole image, by phase correlation of edges."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats

MAX_SHIFT_PX = 8.0  # a larger shift is more likely a wrong peak than a wrong position
_MIN_SHIFT_PX = 0.2  # a smaller one is not worth an interpolation
_MIN_GAIN = 0.01  # in correlation of the edges: a shift that explains no more than this is not believed


class Shift(NamedTuple):
    """The offset in pixels (columns, rows) of the second image's ground from the first one's."""

    x: float
    y: float


NO_SHIFT = Shift(0.0, 0.0)


def edge_strength(grey: Floats) -> Floats:
    """Return the strength of edges, (height, width); its logarithm, so that a few bright roofs do not outvote the rest.

    `grey` is float32, 0 to 255. The median strength of the image becomes log(2).
    """
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0)
    strength: Floats = np.asarray(
        cv2.magnitude(cv2.Scharr(smooth, cv2.CV_32F, 1, 0), cv2.Scharr(smooth, cv2.CV_32F, 0, 1))
    )
    median = float(np.median(strength[::3, ::3])) + 1e-3
    strength /= median
    return np.asarray(np.log1p(strength, out=strength), np.float32)


def estimate_shift(first: Floats, second: Floats) -> Shift:
    """Estimate the shift between two edge images by phase correlation; NO_SHIFT where the estimate is not convincing.

    The result is rounded to a sixteenth of a pixel. Source: Kuglin and Hines 1975, as in `cv2.phaseCorrelate`.
    """
    height, width = first.shape
    if min(height, width) < 32:
        return NO_SHIFT
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    one, two = first - float(first.mean()), second - float(second.mean())
    (x, y), _ = cv2.phaseCorrelate(one, two, window)
    shift = Shift(round(x * 16) / 16, round(y * 16) / 16)
    if not (_MIN_SHIFT_PX < max(abs(shift.x), abs(shift.y)) <= MAX_SHIFT_PX):
        return NO_SHIFT
    moved = translate(two, Shift(-shift.x, -shift.y))
    if correlation(one, moved, window) < correlation(one, two, window) + _MIN_GAIN:
        return NO_SHIFT
    return shift


def translate(image: Floats, by: Shift) -> Floats:
    """Translate an image by a shift, bilinearly; the rim is filled with the nearest pixels."""
    if by == NO_SHIFT:
        return image
    matrix = np.array([[1, 0, by.x], [0, 1, by.y]], np.float32)
    size = (image.shape[1], image.shape[0])
    moved = cv2.warpAffine(image, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


def correlation(first: Floats, second: Floats, window: Floats | float = 1.0) -> float:
    """Return the correlation of two images of mean zero, weighted by a window."""
    power = float((first * first * window).sum()) * float((second * second * window).sum())
    return float((first * second * window).sum()) / (math.sqrt(power) + 1e-9)
