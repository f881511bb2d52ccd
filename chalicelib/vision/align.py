"""Do two pictures of one place lie on each other? One shift for the whole picture, from its edges."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats

MOST_PX = 8.0  # a larger shift is more likely a wrong peak than a wrong position
_LEAST_PX = 0.2  # not worth an interpolation
_LEAST_GAIN = 0.01  # in correlation of the edges: a shift that explains no more than this is not believed


class Shift(NamedTuple):
    """By how many pixels (columns, rows) the second picture's ground lies off the first one's."""

    x: float
    y: float


NO_SHIFT = Shift(0.0, 0.0)


def edges(grey: Floats) -> Floats:
    """Give the strength of a picture's edges, squeezed so that a few bright roofs do not outvote the rest."""
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0)
    strength = cv2.magnitude(cv2.Scharr(smooth, cv2.CV_32F, 1, 0), cv2.Scharr(smooth, cv2.CV_32F, 0, 1))
    middle = float(np.median(strength[::3, ::3])) + 1e-3
    return np.asarray(np.log1p(strength / middle), np.float32)


def find_shift(first: Floats, second: Floats) -> Shift:
    """Find the shift between two edge pictures by phase correlation; none where the finding is not convincing."""
    height, width = first.shape
    if min(height, width) < 32:
        return NO_SHIFT
    window = cv2.createHanningWindow((width, height), cv2.CV_32F)
    one, two = first - float(first.mean()), second - float(second.mean())
    (x, y), _ = cv2.phaseCorrelate(one, two, window)
    found = Shift(round(x * 16) / 16, round(y * 16) / 16)
    if not (_LEAST_PX < max(abs(found.x), abs(found.y)) <= MOST_PX):
        return NO_SHIFT
    moved = move(two, Shift(-found.x, -found.y))
    if _likeness(one, moved, window) < _likeness(one, two, window) + _LEAST_GAIN:
        return NO_SHIFT
    return found


def move(picture: Floats, by: Shift) -> Floats:
    """Move a picture by a shift, sub-pixel; the rim is filled with its nearest pixels."""
    if by == NO_SHIFT:
        return picture
    matrix = np.array([[1, 0, by.x], [0, 1, by.y]], np.float32)
    size = (picture.shape[1], picture.shape[0])
    moved = cv2.warpAffine(picture, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(moved, np.float32)


def _likeness(first: Floats, second: Floats, window: Floats) -> float:
    power = float((first * first * window).sum()) * float((second * second * window).sum())
    return float((first * second * window).sum()) / (math.sqrt(power) + 1e-9)
