"""Rows of letters among the pieces of one ink: thin, about as high as each other, on one line of any direction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.intake.no_data import Bits

FLAT_LEVELS = 8  # to the ink's colour: what JPEG makes of most of it
FLAT = 0.35  # of what is near to its colour
LETTERS = 3  # in a row, at least
LEAST_PX = 6  # how high a letter is
_DIRECTIONS = (0, 90, *(degrees for degrees in range(15, 180, 15) if degrees != 90))  # degrees in which lines are read
_MOST_SHARE = 0.4  # of the side of what is looked at: how high letters are at most
_WIDE = 8.0  # times as wide as high: letters that touch
_ALIKE, _LEVEL, _APART = 1.7, 0.3, 1.3  # heights, of two neighbours: their ratio, middles, and what lies between
_BAND = 1.6  # heights: no row is higher
_THICK = 0.36  # a stroke, of the letter's height
_OPEN_LETTERS, _OPEN_SHARE = 2, 0.34  # of a row's letters those that are no solid shape
_OPEN = 0.8  # of its convex hull, or less
_TURNED_LETTERS = 5  # in a row that is neither level nor upright: its letters are measured less well
_CONTRAST_LEVELS = 32  # to the ink's colour, beside a letter
_END_PX = 3  # from a letter to what is clearly none
_MOST_PIECES = 400
_APART_FROM, _OWN = 0.5, 0.7  # heights around a row, and its part of the ink in there
_AROUND = 0.9  # heights: the outline and the panel of letters
_PANEL = 2.0  # heights: what changed as near as that was drawn with them
_ALONG = 2.0  # heights: a scale's bar, a rule

Numbers = NDArray[np.int64]


class Drawn(NamedTuple):
    """Where a row of letters lies, masks of (rows, columns): itself, and what changed there was drawn with it."""

    letters: Bits
    beside: Bits


class _Pieces(NamedTuple):
    """The connected components of one ink, each of (pieces,), in a direction of reading; 0 is what has other colours.

    `begin` and `end` lie along the direction, `top` and `bottom` across it, in pixels.
    """

    labels: NDArray[np.int32]  # (rows, columns)
    area: Numbers
    is_flat: NDArray[np.bool_]
    degrees: int
    begin: NDArray[np.float64]
    end: NDArray[np.float64]
    top: NDArray[np.float64]
    bottom: NDArray[np.float64]

    @property
    def height(self) -> NDArray[np.float64]:
        return self.bottom - self.top


def rows_of_letters(near: Bits, off: Bits) -> Iterator[Drawn]:
    """Yield the rows of letters of one ink: `near` is what has its colour, `off` how many levels each pixel is off."""
    count, found = cv2.connectedComponents(near, connectivity=8)
    labels = np.asarray(found, np.int32)
    area = np.bincount(labels.ravel(), minlength=count)
    is_flat = np.asarray(np.bincount(labels[off <= FLAT_LEVELS], minlength=count) >= FLAT * area)
    is_flat[0] = False
    for degrees in _DIRECTIONS:
        if np.count_nonzero(is_flat & (area >= LEAST_PX)) < _least_letters(degrees):
            return
        pieces = _read(labels, area, is_flat, degrees)
        rows = [row for row in _rows(pieces) if _is_text(row, pieces, off)]
        if rows:
            yield from (_drawn(row, pieces) for row in rows)
            return


def _read(labels: NDArray[np.int32], area: Numbers, is_flat: NDArray[np.bool_], degrees: int) -> _Pieces:
    """Measure the pieces along a direction and across it."""
    down, right = np.nonzero(labels)
    order = np.argsort(labels[down, right], kind="stable")
    starts = np.concatenate([[0], np.cumsum(area[1:])[:-1]]).astype(np.int64)
    extents = []
    for across in (degrees, degrees + 90):
        turn = np.radians(across)
        offsets = (right * np.cos(turn) + down * np.sin(turn))[order]
        half = (abs(np.cos(turn)) + abs(np.sin(turn))) / 2  # of a pixel
        ends = [
            reduce.reduceat(offsets, starts) + sign * half if len(area) > 1 else offsets
            for reduce, sign in ((np.minimum, -1), (np.maximum, 1))
        ]
        extents += [np.concatenate([[0.0], end]) for end in ends]
    return _Pieces(labels, area, is_flat, degrees, *extents)


def _rows(pieces: _Pieces) -> Iterator[Numbers]:
    """Yield the numbers of pieces that stand side by side on one line, about as high as each other."""
    height, width = pieces.height, pieces.end - pieces.begin
    likely = np.flatnonzero(
        pieces.is_flat
        & (height >= LEAST_PX)
        & (height <= _MOST_SHARE * max(pieces.labels.shape))
        & (width <= _WIDE * height)
        & (pieces.area >= LEAST_PX)
    )
    if not LETTERS <= len(likely) <= _MOST_PIECES:
        return
    height, middle = height[likely], (pieces.top + pieces.bottom)[likely] / 2
    higher, lower = np.maximum.outer(height, height), np.minimum.outer(height, height)
    begins, ends = pieces.begin[likely], pieces.end[likely]
    between = np.maximum.outer(begins, begins) - np.minimum.outer(ends, ends)
    beside = (higher <= _ALIKE * lower) & (between <= _APART * higher)
    beside &= np.abs(np.subtract.outer(middle, middle)) <= _LEVEL * higher
    rest = np.ones(len(likely), np.bool_)
    while rest.any():
        row = np.zeros_like(rest)
        row[rest.argmax()] = True
        while (grown := beside[row].any(axis=0) & rest).sum() > row.sum():
            row = grown
        rest &= ~row
        if row.sum() >= _least_letters(pieces.degrees):
            yield likely[row]


def _least_letters(degrees: int) -> int:
    return _TURNED_LETTERS if degrees % 90 else LETTERS


def _is_text(row: Numbers, pieces: _Pieces, off: Bits) -> bool:
    high = float(np.median(pieces.height[row]))
    if np.ptp(_across(row, pieces)) > (_BAND - 1) * high or not _stands_apart(row, pieces, high):
        return False
    letters = [_letter(int(number), pieces, off) for number in row]
    are = [is_open for is_open in letters if is_open is not None]
    return len(are) >= max(LETTERS, 0.6 * len(row)) and sum(are) >= max(_OPEN_LETTERS, _OPEN_SHARE * len(are))


def _across(row: Numbers, pieces: _Pieces) -> NDArray[np.float64]:
    """Return how far the middles of a row's pieces lie from its line; of a level one, from the first."""
    middle = (pieces.top + pieces.bottom)[row] / 2
    if not pieces.degrees:
        return np.asarray(middle)
    along = (pieces.begin + pieces.end)[row] / 2
    return np.asarray(middle - np.polyval(np.polyfit(along, middle, 1), along))


def _stands_apart(row: Numbers, pieces: _Pieces, high: float) -> bool:
    """Tell whether hardly anything else near a row is of its ink: shade and soil go on in all directions."""
    near = _boxed(row, pieces, _APART_FROM * high) > 0
    return bool(pieces.area[row].sum() >= _OWN * np.count_nonzero(pieces.labels[near]))


def _letter(number: int, pieces: _Pieces, off: Bits) -> bool | None:
    """Tell whether a piece is an open letter, or a solid one as 1; None if it is none."""
    down, right = np.nonzero(pieces.labels == number)
    box = (
        slice(max(0, down.min() - _END_PX), down.max() + 1 + _END_PX),
        slice(max(0, right.min() - _END_PX), right.max() + 1 + _END_PX),
    )
    piece = np.asarray(pieces.labels[box] == number, np.uint8)
    padded = cv2.copyMakeBorder(piece, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    thick = 2 * float(cv2.distanceTransform(padded, cv2.DIST_L2, 3).max()) - 1
    if thick > max(2.0, _THICK * float(pieces.height[number])):
        return None
    near, far = (cv2.dilate(piece, np.ones((2 * px + 1,) * 2, np.uint8)) for px in (_END_PX - 1, _END_PX))
    ring = off[box][far > near]
    if not ring.size or float(np.median(ring)) < _CONTRAST_LEVELS:
        return None
    hull = cv2.convexHull(cv2.findNonZero(piece))
    return bool(pieces.area[number] < _OPEN * (cv2.contourArea(hull) + cv2.arcLength(hull, closed=True) / 2 + 1))


def _drawn(row: Numbers, pieces: _Pieces) -> Drawn:
    """Return where a row lies, with the thin pieces of its ink along it."""
    high = float(np.median(pieces.height[row]))
    letters = _boxed(row, pieces, _AROUND * high)
    reach = _ALONG * high
    begin, end = pieces.begin[row].min() - reach, pieces.end[row].max() + reach
    along = pieces.is_flat & (pieces.begin < end) & (pieces.end > begin) & (pieces.height <= high)
    along &= (pieces.top < pieces.bottom[row].max() + reach) & (pieces.bottom > pieces.top[row].min() - reach)
    along &= pieces.end - pieces.begin <= 2 * (end - begin - reach)
    for each in np.flatnonzero(along):
        letters |= _boxed(np.array([each]), pieces, high / 3)
    return Drawn(letters, _boxed(row, pieces, _PANEL * high))


def _boxed(row: Numbers, pieces: _Pieces, around: float) -> Bits:
    """Return the box of some pieces in their direction, widened on all sides, as a mask of (rows, columns)."""
    begin, end = pieces.begin[row].min() - around, pieces.end[row].max() + around
    top, bottom = pieces.top[row].min() - around, pieces.bottom[row].max() + around
    turn = np.radians(pieces.degrees)
    axes = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    corners = np.array([[begin, top], [end, top], [end, bottom], [begin, bottom]]) @ axes
    mask = np.zeros(pieces.labels.shape, np.uint8)
    return np.asarray(cv2.fillPoly(mask, [np.rint(corners).astype(np.int32)], 1))
