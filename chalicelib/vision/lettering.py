"""Lettering: text that a program drew into one of two images, a date or a provider's name, and what goes along with it.

It is told by what letters are: strokes of one colour to a few levels, thinner than high, several of them in a row and
about as high as each other, that end within a pixel or two; and many are no solid shapes. Roofs in a row are solid.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import cv2
import numpy as np

from chalicelib.intake.no_data import Bits
from chalicelib.vision.letter_rows import FLAT, FLAT_LEVELS, LEAST_PX, LETTERS, rows_of_letters
from chalicelib.vision.pixels import Bgr, Mask, Pixels
from chalicelib.vision.regions import PixelRegion

_AROUND_PX, _AROUND_SHARE = 40, 1.5  # around a region, and of its shorter side: the rest of its row
_AROUND_AT_MOST_PX = 100
_MOST_SHARE_OF_IMAGE = 0.3  # is a region's box: what is larger is land that changed
_COLOURS, _TRIED = 3, 8  # of a region that may be ink, and of the commonest that are asked: a panel has more of them
_COLOUR_COUNTS = (np.arange(256)[None, :, None] // np.array([1, 2, 2])).astype(np.uint8)  # half as much as luminance
_APART_LEVELS = 20  # between the two images, where one has ink
_NEAR_LEVELS = 28  # to the ink's colour, in every channel: what JPEG makes of it
_MOST_INK = 0.25  # of one colour, of the ground looked at


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
            for row in rows_of_letters(near, off):
                found |= (row.letters > 0) | (inside & (row.beside > 0))
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
    rest, found = np.ones(len(pixels), np.bool_), 0
    for _ in range(_TRIED):
        counts = np.bincount(packed[rest], minlength=4096)
        commonest = counts.argmax()
        if counts[commonest] < LEAST_PX:
            return
        colour = np.median(pixels[rest & (packed == commonest)], axis=0).astype(np.uint8)
        off = np.abs(pixels.astype(np.int16) - colour).max(axis=1)
        rest &= (off > FLAT_LEVELS) & (packed != commonest)
        if (off <= FLAT_LEVELS).sum() >= max(LEAST_PX * LETTERS, FLAT * (off <= _NEAR_LEVELS).sum()):
            yield colour
            found += 1
            if found == _COLOURS:
                return
