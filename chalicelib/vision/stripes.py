"""Stripes without data after JPEG: no longer of one exact value, but still straight, alike, and from rim to rim."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.intake.no_data import Bits
from chalicelib.vision.pixels import Mask

_WHOLE = 0.9  # of the image's width or height, for the stripes that prove it; others may be cut by a corner
_LEAST_LENGTH = 0.2
_THIN = 12  # times as long as thick
_FULL, _MOSTLY = 0.75, 0.45  # of it lies along one straight line: of those that prove it, and of the others
_STRIPES = 3  # that are alike: two may be a road's sides
_SAME_WAY_DEG, _SAME_WIDTH = 3.0, 1.6
_PROBES = (0.25, 0.5, 0.75)  # of the image, where lines across it must meet the stripes
_BLED_PX = 4


class _Shape(NamedTuple):
    """How a piece lies: its direction in degrees, 0 to 180, its thickness, and the share of it that is straight."""

    way: float
    thick: float
    full: float


def stripes(similar: Bits, valid: Mask) -> Bits | None:
    """Return the stripes among the pixels that are similar to one value, with what JPEG spoilt beside them."""
    if not may_have_stripes(similar):
        return None
    similar = similar & valid
    count, labels, stats, _ = cv2.connectedComponentsWithStats(similar, connectivity=8)
    wide, high = (stats[:, at].astype(np.float64) for at in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT))
    length = np.hypot(wide, high)
    is_thin = (stats[:, cv2.CC_STAT_AREA] * _THIN <= length**2) & (length >= _LEAST_LENGTH * min(similar.shape))
    is_thin[0] = False
    likely = np.flatnonzero(is_thin)
    if len(likely) < _STRIPES:
        return None
    shapes = {int(label): _shape(labels, stats[label], int(label)) for label in likely}
    straight = {label: shape for label, shape in shapes.items() if shape is not None}
    whole = [
        label
        for label, shape in straight.items()
        if shape.full >= _FULL
        and (wide[label] >= _WHOLE * similar.shape[1] or high[label] >= _WHOLE * similar.shape[0])
    ]
    best = max((_alike(straight, label, whole) for label in whole), key=len, default=[])
    if len(best) < _STRIPES:
        return None
    found = np.zeros(count, np.uint8)
    found[_alike(straight, best[0], list(straight))] = 1
    return np.asarray(cv2.dilate(found[labels], np.ones((2 * _BLED_PX + 1,) * 2, np.uint8)), np.uint8)


def may_have_stripes(similar: Bits | Mask) -> bool:
    """Tell whether lines down the image, or across it, meet several runs each, as stripes make them."""
    return _meets_runs(similar) or _meets_runs(similar.T)


def _meets_runs(similar: Bits | Mask) -> bool:
    for share in _PROBES:
        line = similar[:, int(share * similar.shape[1])].astype(np.int8)
        if int((np.diff(line, prepend=0) > 0).sum()) < _STRIPES:
            return False
    return True


def _shape(labels: NDArray[Any], stats: NDArray[Any], label: int) -> _Shape | None:
    """Return how a piece lies; None for one that is not straight."""
    left, top, width, height, area = (int(each) for each in stats)
    points = cv2.findNonZero(np.asarray(labels[top : top + height, left : left + width] == label, np.uint8))
    along, down, x, y = np.asarray(cv2.fitLine(points, cv2.DIST_HUBER, 0, 0.01, 0.01), np.float64).ravel().tolist()
    offsets = np.abs((points[:, 0, 0] - x) * down - (points[:, 0, 1] - y) * along)
    thick = float(4 * np.median(offsets))  # whatever hangs on it
    full = min(float((offsets <= thick / 2 + 1).mean()), area / max(1.0, thick * float(np.hypot(width, height))))
    return _Shape(float(np.degrees(np.arctan2(down, along)) % 180), thick, full) if full >= _MOSTLY else None


def _alike(shapes: dict[int, _Shape], like: int, among: list[int]) -> list[int]:
    """Return those that go the same way as one, and are about as thick: that one first."""
    way, thick, _ = shapes[like]
    found = [like]
    for label in among:
        other_way, other_thick, _ = shapes[label]
        turn = abs((way - other_way + 90) % 180 - 90)
        ratio = max(thick, other_thick) / max(0.5, min(thick, other_thick))
        if label != like and turn <= _SAME_WAY_DEG and ratio <= _SAME_WIDTH:
            found.append(label)
    return found
