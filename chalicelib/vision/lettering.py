"""Lettering: text that a program drew into one of two images, a date or a provider's name, and what goes along with it.

It is told by what letters are: strokes of one colour to a few levels, thinner than high, several of them in a row and
about as high as each other, that end within a pixel or two; and many are no solid shapes. Roofs in a row are solid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.intake.no_data import Bits
from chalicelib.vision.pixels import Bgr, Mask, Pixels
from chalicelib.vision.regions import PixelRegion

_AROUND_PX, _AROUND_SHARE = 40, 1.5  # around a region, and of its shorter side: the rest of its row
_AROUND_AT_MOST_PX = 100
_MOST_SHARE_OF_IMAGE = 0.3  # is a region's box: what is larger is land that changed
_COLOURS = 2  # of a region that may be ink, the commonest
_COLOUR_COUNTS = (np.arange(256)[None, :, None] // np.array([1, 2, 2])).astype(np.uint8)  # half as much as luminance
_APART_LEVELS = 20  # between the two images, where one has ink
_NEAR_LEVELS, _FLAT_LEVELS = 28, 8  # to the ink's colour, in every channel: what JPEG makes of it, and of most of it
_FLAT = 0.35  # of what is near
_CONTRAST_LEVELS = 32  # to the ink's colour, beside a letter
_LEAST_PX, _MOST_SHARE = 6, 0.25  # how high letters are; the most is of the image's side
_WIDE = 8.0  # times as wide as high: letters that touch
_THICK = 0.36  # a stroke, of the letter's height
_ALIKE, _LEVEL, _APART = 1.7, 0.3, 1.3  # heights, of two neighbours: their ratio, middles, and what lies between
_BAND = 1.6  # heights: no row is higher
_LETTERS, _OPEN_LETTERS, _OPEN_SHARE = 3, 2, 0.34  # in a row, and of those the ones that are no solid shape
_OPEN = 0.8  # of its convex hull, or less
_END_PX = 3  # from a letter to what is clearly none
_MOST_PIECES, _MOST_INK = 400, 0.25  # of one colour, and of the ground looked at
_APART_FROM, _OWN = 0.5, 0.7  # heights around a row, and its part of the ink in there
_AROUND = 0.9  # heights: the outline and the panel of letters
_PANEL = 2.0  # heights: what changed as near as that was drawn with them
_ALONG = 2.0  # heights: a scale's bar, a rule

_Box = tuple[slice, slice]


class _Pieces(NamedTuple):
    """The connected components of one ink, each of (pieces,); 0 is what has other colours."""

    labels: NDArray[np.int32]  # (rows, columns)
    left: NDArray[np.int64]
    top: NDArray[np.int64]
    right: NDArray[np.int64]
    bottom: NDArray[np.int64]
    area: NDArray[np.int64]
    is_flat: NDArray[np.bool_]

    @property
    def height(self) -> NDArray[np.int64]:
        return self.bottom - self.top


def letters_between(before: Pixels, after: Pixels, regions: Iterable[PixelRegion]) -> tuple[Mask, float]:
    """Return where letters lie that regions of change come of, with the highest score of those regions."""
    hidden = np.zeros(before.valid.shape, np.bool_)
    score = 0.0
    for region in regions:
        if region.mask.size > _MOST_SHARE_OF_IMAGE * hidden.size:
            continue
        box, inside = _around(region, hidden.shape)
        found = _lettering(before.bgr[box], after.bgr[box], inside)
        if found is not None:
            hidden[box] |= found
            score = max(score, region.score)
    return hidden, score


def _around(region: PixelRegion, shape: tuple[int, ...]) -> tuple[tuple[slice, slice], Mask]:
    """Return a region's box with what is around it, and its mask in that box."""
    height, width = region.mask.shape
    reach = min(max(_AROUND_PX, round(_AROUND_SHARE * min(height, width))), _AROUND_AT_MOST_PX)
    top, left = max(0, region.top - reach), max(0, region.left - reach)
    box = (
        slice(top, min(shape[0], region.top + height + reach)),
        slice(left, min(shape[1], region.left + width + reach)),
    )
    inside = np.zeros((box[0].stop - top, box[1].stop - left), np.bool_)
    inside[region.top - top :, region.left - left :][:height, :width] = region.mask
    return box, inside


def _lettering(one: Bgr, two: Bgr, inside: Mask) -> Mask | None:
    """Return where letters lie in either of two images of one place, of ink that the other has not; None if nowhere."""
    found = np.zeros(inside.shape, np.bool_)
    one, two = (_with_less_colour(image) for image in (one, two))
    apart = inside & (_off(one, two) >= _APART_LEVELS)
    for image in (one, two):
        for colour in _inks(image[apart]):
            off = _off(image, np.full_like(image, colour))
            near = np.asarray(off <= _NEAR_LEVELS, np.uint8)
            if cv2.countNonZero(near) > _MOST_INK * near.size:
                continue
            pieces = _pieces(near, off)
            for row in _rows(pieces):
                if _is_text(row, pieces, off):
                    boxes, beside = _boxes(row, pieces)
                    for box in boxes:
                        found[box] = True
                    found[beside] |= inside[beside]
    return found if found[inside].any() else None


def _with_less_colour(bgr: Bgr) -> Bgr:
    """Return luminance and half of both chrominances: a JPEG keeps the first to the pixel and blurs the others."""
    return np.asarray(cv2.LUT(cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb), _COLOUR_COUNTS), np.uint8)


def _off(one: Bgr, two: Bgr) -> Bits:
    """Return how far two images are apart, in the channel in which they are farthest: (rows, columns)."""
    first, second, third = cv2.split(cv2.absdiff(one, two))
    return np.asarray(cv2.max(cv2.max(first, second), third), np.uint8)


def _inks(pixels: Bgr) -> Iterator[Bgr]:
    """Yield the commonest colours of some pixels that have one value to a few levels, as no ground has."""
    packed = (pixels >> np.array([4, 3, 3], np.uint8)).astype(np.int32) @ np.array([256, 16, 1], np.int32)
    counts = np.bincount(packed, minlength=4096)
    for each in np.argsort(-counts)[:_COLOURS]:
        colour = np.median(pixels[packed == each], axis=0).astype(np.uint8) if counts[each] else None
        if colour is not None:
            off = np.abs(pixels.astype(np.int16) - colour).max(axis=1)
            if (off <= _FLAT_LEVELS).sum() >= max(_LEAST_PX * _LETTERS, _FLAT * (off <= _NEAR_LEVELS).sum()):
                yield colour


def _pieces(near: Bits, off: Bits) -> _Pieces:
    _, labels, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
    left, top, width, height, area = stats.astype(np.int64).T
    flat = np.bincount(labels[off <= _FLAT_LEVELS], minlength=len(area))
    is_flat = np.asarray(flat >= _FLAT * area)
    is_flat[0] = False
    return _Pieces(np.asarray(labels, np.int32), left, top, left + width, top + height, area, is_flat)


def _rows(pieces: _Pieces) -> Iterator[NDArray[np.int64]]:
    """Yield the numbers of pieces that stand side by side on one line, about as high as each other."""
    height, width = pieces.height, pieces.right - pieces.left
    likely = np.flatnonzero(
        pieces.is_flat
        & (height >= _LEAST_PX)
        & (height <= _MOST_SHARE * max(pieces.labels.shape))
        & (width <= _WIDE * height)
        & (pieces.area >= _LEAST_PX)
    )
    if not _LETTERS <= len(likely) <= _MOST_PIECES:
        return
    height, middle = height[likely], (pieces.top + pieces.bottom)[likely] / 2
    higher, lower = np.maximum.outer(height, height), np.minimum.outer(height, height)
    begins, ends = pieces.left[likely], pieces.right[likely]
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
        if row.sum() >= _LETTERS:
            yield likely[row]


def _is_text(row: NDArray[np.int64], pieces: _Pieces, off: Bits) -> bool:
    high = float(np.median(pieces.height[row]))
    if pieces.bottom[row].max() - pieces.top[row].min() > _BAND * high:
        return False
    if not _stands_apart(row, pieces, high):
        return False
    letters = [_letter(int(number), pieces, off) for number in row]
    are = [is_open for is_open in letters if is_open is not None]
    return len(are) >= max(_LETTERS, 0.6 * len(row)) and sum(are) >= max(_OPEN_LETTERS, _OPEN_SHARE * len(are))


def _stands_apart(row: NDArray[np.int64], pieces: _Pieces, high: float) -> bool:
    """Tell whether hardly anything else near a row is of its ink: shade and soil go on in all directions."""
    left, top = int(pieces.left[row].min()), int(pieces.top[row].min())
    right, bottom = int(pieces.right[row].max()), int(pieces.bottom[row].max())
    ink = pieces.labels[_box(left, top, right, bottom, round(_APART_FROM * high))] > 0
    return bool(pieces.area[row].sum() >= _OWN * np.count_nonzero(ink))


def _letter(number: int, pieces: _Pieces, off: Bits) -> bool | None:
    """Tell whether a piece is an open letter, or a solid one as 1; None if it is none."""
    top, left = max(0, int(pieces.top[number]) - _END_PX), max(0, int(pieces.left[number]) - _END_PX)
    box = slice(top, int(pieces.bottom[number]) + _END_PX), slice(left, int(pieces.right[number]) + _END_PX)
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


def _boxes(row: NDArray[np.int64], pieces: _Pieces) -> tuple[list[_Box], _Box]:
    """Return the box of a row of letters with those of thin pieces of its ink along it; and the one of a panel."""
    high = int(np.median(pieces.height[row]))
    left, top = int(pieces.left[row].min()), int(pieces.top[row].min())
    right, bottom = int(pieces.right[row].max()), int(pieces.bottom[row].max())
    boxes = [_box(left, top, right, bottom, round(_AROUND * high))]
    reach = round(_ALONG * high)
    along = pieces.is_flat & (pieces.left < right + reach) & (pieces.right > left - reach)
    along &= (pieces.top < bottom + reach) & (pieces.bottom > top - reach)
    along &= (pieces.height <= high) & (pieces.right - pieces.left <= 2 * (right - left + reach))
    for each in np.flatnonzero(along):
        left_of, top_of = int(pieces.left[each]), int(pieces.top[each])
        boxes.append(_box(left_of, top_of, int(pieces.right[each]), int(pieces.bottom[each]), high // 3))
    return boxes, _box(left, top, right, bottom, round(_PANEL * high))


def _box(left: int, top: int, right: int, bottom: int, around: int) -> _Box:
    return slice(max(0, top - around), bottom + around), slice(max(0, left - around), right + around)
