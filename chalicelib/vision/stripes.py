"""Stripes without data after JPEG: no longer of one exact value, but still straight, alike, and from rim to rim.

Or gaps of a scanner: black or white, many, at one distance from each other.
"""

from __future__ import annotations

import cmath
import math
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
# Gaps of a scanner, which are black or white and grow wider towards the scene's rim: no stripe of them is whole.
_GAPS, _GAP_LENGTH, _EVEN = 6, 0.4, 0.15  # that are alike; of the image's longer side; of their distance, how far off
_TAIL_PX = 5  # how wide they are taken to be where they are too thin to be seen


class _Shape(NamedTuple):
    """How a piece lies: its direction in degrees, 0 to 180, its thickness, and the share of it that is straight."""

    way: float
    thick: float
    full: float
    at: complex  # a point of it: columns are real, rows imaginary

    @property
    def along(self) -> complex:
        """Its direction, of length 1."""
        return cmath.rect(1, math.radians(self.way))


def stripes(similar: Bits, valid: Mask, *, is_extreme: bool) -> Bits | None:
    """Return the stripes among the pixels that are similar to one value, with what JPEG spoilt beside them.

    Of an extreme value, black or white, also the gaps of a scanner, from rim to rim.
    """
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
    long = [label for label in straight if length[label] >= _GAP_LENGTH * max(similar.shape)]
    gaps = _evenly_apart(straight, long) if is_extreme else []
    if gaps:
        hidden = _gaps(straight, gaps, labels, stats)
    else:
        is_whole = (wide >= _WHOLE * similar.shape[1]) | (high >= _WHOLE * similar.shape[0])
        whole = [label for label, shape in straight.items() if shape.full >= _FULL and is_whole[label]]
        best = max((_alike(straight, label, whole) for label in whole), key=len, default=[])
        if len(best) < _STRIPES:
            return None
        found = np.zeros(count, np.uint8)
        found[_alike(straight, best[0], list(straight))] = 1
        hidden = found[labels]
    return np.asarray(cv2.dilate(hidden, np.ones((2 * _BLED_PX + 1,) * 2, np.uint8)), np.uint8)


def _gaps(straight: dict[int, _Shape], gaps: list[int], labels: NDArray[Any], stats: NDArray[Any]) -> Bits:
    """Return the mask of a scanner's gaps from rim to rim, and of those that the image's corners cut off."""
    found = np.zeros(len(stats), np.uint8)
    found[_alike(straight, gaps[0], list(straight), same_width=math.inf)] = 1
    hidden, beyond = (np.zeros(labels.shape, np.uint8) for _ in range(2))
    inside = _in_order([straight[label] for label in gaps])
    for line in inside:
        _draw(line, hidden, _TAIL_PX)
    step = (inside[-1].at - inside[0].at) / (len(inside) - 1)
    apart_px = abs((step * inside[0].along.conjugate()).imag)
    for line, steps in ((inside[0], -2), (inside[0], -1), (inside[-1], 1), (inside[-1], 2)):
        _draw(line._replace(at=line.at + steps * step), beyond, round(apart_px / 2))
    is_cut = np.bincount(labels[beyond > 0], minlength=len(stats)) > 0
    found[is_cut & (stats[:, cv2.CC_STAT_AREA] <= stats[gaps, cv2.CC_STAT_AREA].max())] = 1
    found[0] = 0
    return np.asarray(hidden | found[labels])


def _in_order(gaps: list[_Shape]) -> list[_Shape]:
    across = gaps[0].along.conjugate()
    return sorted(gaps, key=lambda gap: (gap.at * across).imag)


def _draw(line: _Shape, on: Bits, thick_px: int) -> None:
    reach = 2 * max(on.shape) * line.along
    one, two = ((round(end.real), round(end.imag)) for end in (line.at - reach, line.at + reach))
    cv2.line(on, one, two, 1, thick_px)


def _evenly_apart(shapes: dict[int, _Shape], among: list[int]) -> list[int]:
    """Return those that go the same way, are about as thick, and follow each other at one distance; none if few do."""
    for label in among:
        alike = _alike(shapes, label, among)
        if len(alike) < _GAPS:
            continue
        across = shapes[label].along.conjugate()
        offsets = np.sort([(shapes[each].at * across).imag for each in alike])
        apart = np.diff(offsets)
        if np.all(np.abs(apart - np.median(apart)) <= _EVEN * np.median(apart)):
            return alike
    return []


def may_have_stripes(similar: Bits | Mask) -> bool:
    """Tell whether lines down the image, or across it, meet several runs each, as stripes make them."""
    return any(meet_runs(lines) for lines in probing_lines(similar))


def probing_lines(image: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the lines that `may_have_stripes` asks, down an image and across it: (pixels, lines), and its channels."""
    height, width = image.shape[:2]
    across = image[[int(share * height) for share in _PROBES]]
    return image[:, [int(share * width) for share in _PROBES]], np.ascontiguousarray(across.swapaxes(0, 1))


def meet_runs(similar: Bits | Mask) -> bool:
    """Tell whether each of some lines, (pixels, lines), meets as many runs as stripes make."""
    begins = np.diff(similar.astype(np.int8), axis=0, prepend=np.int8(0)) > 0
    return bool((begins.sum(axis=0) >= _STRIPES).all())


def _shape(labels: NDArray[Any], stats: NDArray[Any], label: int) -> _Shape | None:
    """Return how a piece lies; None for one that is not straight."""
    left, top, width, height, area = (int(each) for each in stats)
    points = cv2.findNonZero(np.asarray(labels[top : top + height, left : left + width] == label, np.uint8))
    along, down, x, y = np.asarray(cv2.fitLine(points, cv2.DIST_HUBER, 0, 0.01, 0.01), np.float64).ravel().tolist()
    offsets = np.abs((points[:, 0, 0] - x) * down - (points[:, 0, 1] - y) * along)
    thick = float(4 * np.median(offsets))  # whatever hangs on it
    full = min(float((offsets <= thick / 2 + 1).mean()), area / max(1.0, thick * float(np.hypot(width, height))))
    way = float(np.degrees(np.arctan2(down, along)) % 180)
    return _Shape(way, thick, full, complex(left + x, top + y)) if full >= _MOSTLY else None


def _alike(shapes: dict[int, _Shape], like: int, among: list[int], *, same_width: float = _SAME_WIDTH) -> list[int]:
    """Return those that go the same way as one, and are about as thick: that one first."""
    way, thick, *_ = shapes[like]
    found = [like]
    for label in among:
        other_way, other_thick, *_ = shapes[label]
        turn = abs((way - other_way + 90) % 180 - 90)
        ratio = max(thick, other_thick) / max(0.5, min(thick, other_thick))
        if label != like and turn <= _SAME_WAY_DEG and ratio <= same_width:
            found.append(label)
    return found
