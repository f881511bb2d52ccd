"""Stripes without data that JPEG left no exact value: told by a pair, where one has them and the other has ground.

A grey or coloured value occurs on ground too, so an image alone does not tell them. But no works are four lines and
more that lie across the whole image, straight, parallel, equally wide, and of one value along their whole length.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.vision.pixels import Mask, Pixels
from chalicelib.vision.stripes import may_have_stripes

_APART_LEVELS = 16  # between the two images, where one has a stripe
_NEAR_LEVELS = 16  # to the stripes' value: what JPEG makes of eight pixels of one
_LEAST_SHARE, _MOST_SHARE = 0.01, 0.5  # of the image, that changed to one value
_VALUES = 3  # that are tried, the commonest among what changed
_POINTS = 2_500  # that are projected, to find the direction
_CROWDED = 2.0  # times as much as in the usual direction; on the labelled pairs up to 2.9, with eight stripes from 4.3
_FULL, _FLAT = 0.4, 0.85  # of a line: changed to the value; and of it along its whole length, changed or not
_WHOLE = 0.75  # of the image's shorter side: how long the lines are that prove it
_STRIPES, _WHOLE_STRIPES = 4, 3  # that are alike, and of them whole: strips of fields are not
_THIN = 12  # times as long as wide
_LEAST_PX, _SAME_WIDTH_PX = 3, 1
_SAME_VALUE, _SPREAD_LEVELS = 1.5, 17  # their medians; and what nine of ten pixels of one stray by at most
_BLED_PX = 6  # into the ground beside them


class _Lines(NamedTuple):
    """The lines of an image in one direction, a pixel wide each: (lines,)."""

    of: NDArray[np.int32]  # (rows, columns): the line on which a pixel lies
    length: NDArray[np.int64]  # pixels


def stripes_between(before: Pixels, after: Pixels) -> Mask | None:
    """Return where stripes lie in either of two images, with what JPEG spoilt beside them; None if nowhere."""
    luminance = [np.asarray(cv2.cvtColor(image.bgr, cv2.COLOR_BGR2GRAY), np.uint8) for image in (before, after)]
    both = before.valid & after.valid
    apart = both & (cv2.absdiff(*luminance) >= _APART_LEVELS)
    for grey in luminance:
        for value in _commonest(grey[apart]):
            near = cv2.inRange(grey, value - _NEAR_LEVELS, value + _NEAR_LEVELS) > 0
            share = float((apart & near).mean())
            if not _LEAST_SHARE <= share <= _MOST_SHARE or not may_have_stripes(apart & near):
                continue
            found = _across(grey, apart & near, near | ~both)
            if found is not None:  # no image has stripes of two values
                grown = cv2.dilate(found.astype(np.uint8), np.ones((2 * _BLED_PX + 1,) * 2, np.uint8))
                return np.asarray(grown > 0)
    return None


def _commonest(values: NDArray[np.uint8]) -> list[int]:
    """Return the values that most of some pixels are near to."""
    counts = np.bincount(values, minlength=256).astype(np.float64)
    found = []
    for _ in range(_VALUES):
        around = np.convolve(counts, np.ones(_NEAR_LEVELS + 1), "same")
        value = int(around.argmax())
        found.append(value)
        counts[max(0, value - _NEAR_LEVELS) : value + _NEAR_LEVELS] = 0
    return found


def _across(grey: NDArray[np.uint8], changed: Mask, alike: Mask) -> Mask | None:
    """Return the stripes among the pixels that changed to one value; `alike` are all that have it, or are unseen."""
    direction = _direction(changed)
    if direction is None:
        return None
    lines = _lines(changed.shape, direction)
    full = np.bincount(lines.of[changed], minlength=len(lines.length)) / np.maximum(1, lines.length)
    flat = np.bincount(lines.of[alike], minlength=len(lines.length)) / np.maximum(1, lines.length)
    begins, ends = _runs((full >= _FULL) & (flat >= _FLAT))
    width, length = ends - begins, lines.length[(begins + ends) // 2]
    proves = (width >= _LEAST_PX) & (width * _THIN <= length) & (length >= _WHOLE * min(changed.shape))
    if proves.sum() < _WHOLE_STRIPES:
        return None
    value, spread = np.zeros(len(width)), np.zeros(len(width))
    for each, (begin, end) in enumerate(zip(begins, ends, strict=True)):
        inside = grey[(lines.of >= begin) & (lines.of < end)].astype(np.float32)
        value[each] = np.median(inside)
        spread[each] = np.percentile(np.abs(inside - value[each]), 90)
    is_one = (np.abs(value - np.median(value[proves])) <= _SAME_VALUE) & (spread <= _SPREAD_LEVELS)
    is_one &= np.abs(width - np.median(width[proves])) <= _SAME_WIDTH_PX
    is_long = is_one & (width * _THIN <= length)  # not what a corner cuts off
    if is_long.sum() < _STRIPES or (is_one & proves).sum() < _WHOLE_STRIPES:
        return None
    hidden = np.zeros(len(lines.length), np.bool_)
    for begin, end in zip(begins[is_one], ends[is_one], strict=True):
        hidden[begin:end] = True
    return np.asarray(hidden[lines.of])


def _direction(changed: Mask) -> float | None:
    """Return the direction in degrees in which changed pixels lie on few lines; None if in none much more than else."""
    down, right = np.nonzero(changed)
    step = max(1, len(down) // _POINTS)
    down, right = down[::step].astype(np.float32), right[::step].astype(np.float32)

    def crowded(degrees: float) -> float:
        turn = np.radians(degrees)
        offsets = (right * np.sin(turn) + down * np.cos(turn)).astype(np.int32)
        return float((np.bincount(offsets - offsets.min()).astype(np.float64) ** 2).sum())

    turns = np.arange(0.0, 180.0, 0.5)
    crowds = np.array([crowded(degrees) for degrees in turns])
    if crowds.max() < _CROWDED * np.median(crowds):
        return None
    best = turns[crowds.argmax()]
    return float(max(np.arange(best - 0.5, best + 0.5, 0.05), key=crowded))


def _lines(shape: tuple[int, ...], degrees: float) -> _Lines:
    turn = np.radians(degrees)
    right = np.arange(shape[1], dtype=np.float32) * np.float32(np.sin(turn))
    down = np.arange(shape[0], dtype=np.float32) * np.float32(np.cos(turn))
    offsets = np.floor(down[:, None] + right[None, :]).astype(np.int32)
    offsets -= offsets.min()
    return _Lines(offsets, np.bincount(offsets.ravel()))


def _runs(are: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return where runs of True begin and end."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], are.astype(np.int8), [0]])))
    return edges[::2], edges[1::2]
