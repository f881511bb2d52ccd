"""No data: which pixels of an image are no ground because one exact value stands for "nothing" there.

Sensors and natural surfaces have noise: neighbours that are equal to the bit, over a whole piece or along a line, were
written by a program. Which value stands for nothing, no file says reliably; so it is told by the shape it has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.intake.pixels import Bgr, Mask

_LEAST_PX, _MOST_PX = 400, 1200  # a smaller piece may be a flat roof, as drawn land has it
_LEAST_SHARE = 0.012  # of the image, between the two
_THICK_PX, _THICK_SHARE = 11, 0.1  # a net of roads, as drawn land has it, is not as wide but where they cross
_SOLID = 0.4  # of a piece of one value: a roof that is over-exposed in part is a sieve
_RUN_SHARE = 0.0003  # of the image: values of which fewer pixels lie in runs are not looked at
_MAX_VALUES = 4
_STEP_PX = 8  # between the pixels that tell whether a whole row or column has one value
_LONG = 0.25  # of the image's shorter side: a line
_HALF = 0.5  # of its longer side
_WHOLE = 0.9  # of a side: a row or column
_THIN = 12  # times as long as thick
_LINES = 3  # of a value in between, side by side: one alone may be a road as drawn land has it
_SAME_WAY = 4.0  # degrees
_CRUMB_PX = 12  # of a value that stands for nothing elsewhere
_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)

Value = tuple[int, int, int]  # blue, green, red
Bits = NDArray[np.uint8]  # a mask as OpenCV has it, 0 or 1


class Pieces(NamedTuple):
    """The connected components of one value: 0 is what has other values."""

    labels: NDArray[Any]  # (height, width)
    stats: NDArray[Any]  # (pieces, 5), as OpenCV has them
    solid: NDArray[Any]  # (pieces,): pixels whose neighbours all belong to it
    thick: NDArray[Any]  # (pieces,): pixels as far from its rim as a wide piece has them

    @property
    def area(self) -> NDArray[Any]:
        """Pixels of each."""
        return self.stats[:, cv2.CC_STAT_AREA]

    @property
    def extents(self) -> tuple[NDArray[Any], NDArray[Any]]:
        """Width and height of each one's box."""
        return self.stats[:, cv2.CC_STAT_WIDTH], self.stats[:, cv2.CC_STAT_HEIGHT]

    def marked(self, which: NDArray[np.bool_]) -> Bits:
        """Return the mask of some of them."""
        return np.asarray(which.astype(np.uint8)[self.labels])


def without_data(bgr: Bgr, valid: Mask, values: Iterable[Value]) -> Iterator[tuple[Value, Bits]]:
    """Yield each of some values that stands for nothing, and the mask of its valid pixels."""
    for value in values:
        mask = np.asarray((cv2.inRange(bgr, value, value) > 0) & valid, np.uint8)
        if not _may_be_long_or_wide(mask):
            continue
        pieces = _pieces(mask)
        found = _large(pieces, valid.size) | _lines(pieces, valid.shape, is_extreme=value in (_BLACK, _WHITE))
        found[0] = False
        if found.any() or _has_whole_lines(mask):
            found |= pieces.area >= _CRUMB_PX
            found[0] = False
            yield value, pieces.marked(found)


def values_in_runs(bgr: Bgr) -> list[Value]:
    """Return the values that many pixels share with the three after them in their row or column, most of them first."""
    packed = cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA).view(np.uint32)[..., 0]
    runs = []
    same = packed[::2, 1:] == packed[::2, :-1]
    runs.append(packed[::2, :-3][same[:, 2:] & same[:, 1:-1] & same[:, :-2]])
    same = packed[1:, ::2] == packed[:-1, ::2]
    runs.append(packed[:-3, ::2][same[2:] & same[1:-1] & same[:-2]])
    for lines in (packed[:, ::_STEP_PX], packed[::_STEP_PX].T) if min(packed.shape) > _STEP_PX else ():
        is_whole = (lines[:, 1:] == lines[:, :-1]).mean(axis=1) >= _WHOLE
        runs.append(np.repeat(lines[is_whole, lines.shape[1] // 2], _STEP_PX * lines.shape[1]))
    least = max(24.0, _RUN_SHARE * packed.size)
    shared = np.concatenate([run.ravel() for run in runs])
    if shared.size < least:
        return []
    values, counts = np.unique(shared, return_counts=True)
    most = np.argsort(-counts)[:_MAX_VALUES]
    return [_colour(int(value)) for value in values[most[counts[most] >= least]]]


def _may_be_long_or_wide(mask: Bits) -> bool:
    """Tell, by a coarse look that costs little, whether any piece may be: scattered pixels of roofs are not."""
    size = tuple(max(1, side // _STEP_PX) for side in mask.shape[::-1])
    coarse = cv2.resize(mask * np.uint8(255), size, interpolation=cv2.INTER_AREA)
    if int(coarse.max()) == 255:
        return True
    _, _, stats, _ = cv2.connectedComponentsWithStats(np.asarray(coarse > 0, np.uint8), connectivity=8)
    longest = np.hypot(stats[1:, cv2.CC_STAT_WIDTH], stats[1:, cv2.CC_STAT_HEIGHT]).max(initial=0)
    return bool(_STEP_PX * (longest + 1) >= _LONG * min(mask.shape))


def _pieces(mask: Bits) -> Pieces:
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    solid, thick = (
        np.bincount(labels[cv2.erode(mask, np.ones((side, side), np.uint8)) > 0], minlength=count)
        for side in (3, _THICK_PX)
    )
    return Pieces(labels, stats, solid, thick)


def _large(pieces: Pieces, size: int) -> NDArray[np.bool_]:
    least = min(max(_LEAST_PX, _LEAST_SHARE * size), _MOST_PX)
    is_wide = (pieces.solid >= _SOLID * pieces.area) & (pieces.thick > _THICK_SHARE * pieces.area)
    return np.asarray((pieces.area >= least) & is_wide)


def _lines(pieces: Pieces, shape: tuple[int, ...], *, is_extreme: bool) -> NDArray[np.bool_]:
    """Tell which pieces are lines of nothing: whole rows or columns, several side by side, or any of black or white."""
    wide, high = pieces.extents
    length = np.hypot(wide, high)
    is_line = (length >= _LONG * min(shape)) & (pieces.area * _THIN <= length**2)
    is_whole = (pieces.area >= 0.98 * wide * high) & ((wide >= _WHOLE * shape[1]) | (high >= _WHOLE * shape[0]))
    if is_extreme:
        return np.asarray(is_line)
    is_long = is_line & (length >= _HALF * max(shape))  # not the pieces of one line
    slopes = np.degrees(np.arctan2(high, wide))[is_long]
    several = np.zeros_like(is_line)
    several[is_long] = (np.abs(slopes[:, None] - slopes) <= _SAME_WAY).sum(axis=1) >= _LINES
    return np.asarray(several | (is_line & is_whole))


def _has_whole_lines(mask: Bits) -> bool:
    """Tell whether a whole row or column has a value: of a graticule, a cross or a frame all lines are one piece."""
    return any(bool((mask.mean(axis=axis) >= _WHOLE).any()) for axis in (0, 1))


def _colour(value: int) -> Value:
    return value & 255, value >> 8 & 255, value >> 16 & 255
