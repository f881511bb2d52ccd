"""The similarity (shift, rotation, scale) between two images of one ground, from what its blocks say one by one."""

from __future__ import annotations

import math
from itertools import product
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.vision.orientation_correlation import correlation, highest_peak
from chalicelib.vision.pixels import Floats

BLOCK_PX = 64
_BLOCKS_A_SIDE = 5
_MIN_LEAD = 1.15  # of a block's peak over the next best: chance is left to the vote
_NEAR_PX = 1.25  # what agrees
_SAME_SHIFT_PX = 2.0
_MIN_BLOCKS = 5  # that agree
MAX_TURN = math.radians(4.0)
MAX_STRETCH = 0.03


class Similarity(NamedTuple):
    """Where the ground at p of the first image lies in the second: `factor * p + shift`, in pixels from the centres.

    Complex numbers: columns are real, rows imaginary.
    """

    factor: complex
    shift: complex

    @property
    def turn_deg(self) -> float:
        """Degrees by which the second image is turned, clockwise."""
        return math.degrees(math.atan2(self.factor.imag, self.factor.real))

    @property
    def stretch(self) -> float:
        """By how much the second image is larger: .01 is one in a hundred."""
        return abs(self.factor) - 1

    def then(self, other: Similarity) -> Similarity:
        """Return this one, and then another one of where it led to."""
        return Similarity(other.factor * self.factor, other.factor * self.shift + other.shift)

    def scaled(self, by: float) -> Similarity:
        """Return it for images so many times as large."""
        return Similarity(self.factor, self.shift * by)

    def moves(self, height: int, width: int) -> float:
        """Return the farthest that it moves a pixel of an image, apart from what the whole image is shifted."""
        return abs(self.factor - 1) * math.hypot(height, width) / 2

    def matrix(self, height: int, width: int) -> NDArray[np.float64]:
        """Return it as (2, 3), from pixels of the first image to pixels of the second."""
        centre = complex((width - 1) / 2, (height - 1) / 2)
        moved = self.shift + centre - self.factor * centre
        real, imaginary = self.factor.real, self.factor.imag
        return np.array([[real, -imaginary, moved.real], [imaginary, real, moved.imag]])


IDENTITY = Similarity(1 + 0j, 0j)


def laid_back(image: Floats, by: Similarity, *, flags: int = cv2.INTER_LINEAR) -> Floats:
    """Lay the second image onto the first one's grid; what it does not reach is 0."""
    height, width = image.shape[:2]
    matrix = by.matrix(height, width)
    return np.asarray(cv2.warpAffine(image, matrix, (width, height), flags=flags | cv2.WARP_INVERSE_MAP))


def block_similarity(first: Floats, second: Floats) -> Similarity | None:
    """Estimate the similarity between two orientation fields that most blocks agree on; None where they do not.

    Blocks on ground that changed, or without edges, disagree, each in its own way.
    """
    places, moved, leads = _block_peaks(first, second)
    return _agreed(places[leads >= _MIN_LEAD], moved[leads >= _MIN_LEAD])


def has_blocks(field: Floats) -> bool:
    """Whether an orientation field is wide and high enough for its blocks to say anything."""
    return bool(min(field.shape[:2]) >= 1.5 * BLOCK_PX)


def agreeing_blocks(first: Floats, second: Floats) -> int:
    """Return how many of 25 blocks of two orientation fields say the same shift. Of two places it is four at most."""
    _, moved, _ = _block_peaks(first, second)
    return int((np.abs(moved[:, None] - moved) <= _SAME_SHIFT_PX).sum(axis=1).max(initial=0))


def _block_peaks(
    first: Floats, second: Floats
) -> tuple[NDArray[np.complex128], NDArray[np.complex128], NDArray[np.float64]]:
    """Return each block's place, its displacement, and how far that leads over the next best."""
    height, width, _ = first.shape
    places, moved, leads = [], [], []
    if has_blocks(first):
        tops, lefts = (np.linspace(0, side - BLOCK_PX, _BLOCKS_A_SIDE).round().astype(int) for side in (height, width))
        window = cv2.createHanningWindow((BLOCK_PX, BLOCK_PX), cv2.CV_32F)
        window = cv2.merge([window, window])
        middle = complex(width - BLOCK_PX, height - BLOCK_PX) / 2
        for top, left in product(tops, lefts):
            box = np.s_[top : top + BLOCK_PX, left : left + BLOCK_PX]
            peak = highest_peak(correlation(first[box] * window, second[box] * window))
            places.append(complex(left, top) - middle)
            moved.append(peak.displacement)
            leads.append(peak.lead)
    return np.array(places, np.complex128), np.array(moved, np.complex128), np.array(leads, np.float64)


def _agreed(places: NDArray[np.complex128], moved: NDArray[np.complex128]) -> Similarity | None:
    """Return the similarity that the most displacements agree with: of all pairs of two, then of all that agree."""
    if len(places) < _MIN_BLOCKS:
        return None
    one, two = np.triu_indices(len(places), 1)
    is_apart = np.abs(places[two] - places[one]) > BLOCK_PX
    one, two = one[is_apart], two[is_apart]
    change = (moved[two] - moved[one]) / (places[two] - places[one])  # the factor less 1
    is_likely = (np.abs(change.imag) <= math.sin(MAX_TURN)) & (np.abs(change.real) <= MAX_STRETCH)
    change, shift = change[is_likely], (moved[one] - change * places[one])[is_likely]
    if not change.size:
        return None
    agree = np.abs(change[:, None] * places + shift[:, None] - moved) <= _NEAR_PX
    inside = agree[int(agree.sum(axis=1).argmax())]
    if inside.sum() < max(_MIN_BLOCKS, 0.4 * len(places)):
        return None
    terms = np.column_stack([places[inside], np.ones(int(inside.sum()))])
    fitted, *_ = np.linalg.lstsq(terms, moved[inside], rcond=None)
    return Similarity(1 + complex(fitted[0]), complex(fitted[1]))
