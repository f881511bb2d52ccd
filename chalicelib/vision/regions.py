"""From a map of probabilities to changed objects."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.changes import Reason
from chalicelib.vision import scores, shadows
from chalicelib.vision.evidence import Evidence
from chalicelib.vision.pixels import Floats, Mask

SEED = 0.8  # probability: a region holds at least one pixel as sure as that
SURE_SCORE, LEAST_SCORE = 0.6, 0.35  # what a small and what a large region must score: the operating point
SMALL_M2, LARGE_M2 = 100.0, 250.0
LEAST_M2 = 20.0
LEAST_PX = 4


class Part(NamedTuple):
    """One connected object in a picture: its box, its pixels in that box, and how sure it is."""

    left: int
    top: int
    mask: Mask
    score: float

    @property
    def box(self) -> tuple[slice, slice]:
        """Rows and columns of the box."""
        height, width = self.mask.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def least_px(metres_per_pixel: float) -> float:
    """Give the size below which a part is noise, in pixels."""
    return max(LEAST_PX, LEAST_M2 / metres_per_pixel**2)


def known_of(part: Mask, probability: Floats, metres_per_pixel: float) -> list[float]:
    """Give what a region's score is worked out from: how sure it is on the whole and at its best, size, compactness."""
    inside = np.clip(probability[part], 1e-4, 1 - 1e-4)
    odds = np.log(inside / (1 - inside))
    m2 = inside.size * metres_per_pixel**2
    return [float(odds.mean()), float(np.quantile(odds, 0.9)), math.log10(m2), inside.size / part.size]


def score_of(part: Mask, probability: Floats, metres_per_pixel: float) -> float:
    """Give the calibrated chance that a region really changed."""
    known = known_of(part, probability, metres_per_pixel)
    odds = sum(weight * value for weight, value in zip(scores.WEIGHTS, known, strict=True)) + scores.BIAS
    return round(1 / (1 + math.exp(-min(max(odds, -30), 30))), 4)


def needed_score(area_m2: float, shift: float = 0.0) -> float:
    """Give what a region of that size must score: small ones are many, so they must be surer.

    An area's sensitivity shifts it.

    >>> needed_score(50), round(needed_score(158), 2), needed_score(1000)
    (0.6, 0.48, 0.35)
    """
    share = math.log(area_m2 / SMALL_M2) / math.log(LARGE_M2 / SMALL_M2)
    return SURE_SCORE + (LEAST_SCORE - SURE_SCORE) * min(1.0, max(0.0, share)) + shift


def changed(evidence: Evidence, metres_per_pixel: float) -> NDArray[np.uint8]:
    """Mark what changed, 255: places that possibly changed, hang together, and as a whole score enough."""
    return marked(
        (part for part, reason in judged(evidence, metres_per_pixel) if reason is None), evidence.probability.shape
    )


def judged(evidence: Evidence, metres_per_pixel: float, shift: float = 0.0) -> Iterator[tuple[Part, Reason | None]]:
    """Yield what possibly changed, each with the reason why it is no change; `shift` is added to the needed score."""
    for part in candidates(evidence, metres_per_pixel):
        if part.score < needed_score(float(part.mask.sum()) * metres_per_pixel**2, shift):
            yield part, Reason.BELOW_SCORE
        else:
            yield part, Reason.SHADOW_LIKE if _is_shadow(part, evidence, metres_per_pixel) else None


def marked(those: Iterable[Part], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Draw parts into one mask, 255."""
    mask = np.zeros(shape, np.uint8)
    for part in those:
        mask[part.box][part.mask] = 255
    return mask


def _is_shadow(part: Part, evidence: Evidence, metres_per_pixel: float) -> bool:
    shade = evidence.shade
    if shade is None or part.mask.sum() * metres_per_pixel**2 > shadows.LARGEST_STRING_M2:
        return False
    rows, columns = shade.grey_one.shape
    height, width = evidence.clear.shape
    place = np.zeros((height, width), np.uint8)
    place[part.box][part.mask] = 1
    if (rows, columns) == (height, width):
        small, changed_small = place > 0, evidence.possible
    else:
        size = (columns, rows)
        small = cv2.resize(place.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.5
        changed_small = cv2.resize(evidence.possible.astype(np.float32), size, interpolation=cv2.INTER_AREA) > 0.25
    return shadows.is_shadow(small, shade, changed_small, metres_per_pixel * height / rows)


def candidates(evidence: Evidence, metres_per_pixel: float) -> Iterator[Part]:
    """Yield the objects that possibly changed, whatever they score."""
    probability = evidence.probability
    for part in parts(evidence.possible.astype(np.uint8), probability, metres_per_pixel):
        if float(probability[part.box][part.mask].max()) >= SEED:
            yield part


def parts(mask: NDArray[np.uint8], probability: Floats, metres_per_pixel: float) -> Iterator[Part]:
    """Yield a mask's connected objects that are large enough."""
    if not mask.any():
        return
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    for label in range(1, count):
        left, top, width, height, size = (int(value) for value in stats[label])
        if size < least_px(metres_per_pixel):
            continue
        box = (slice(top, top + height), slice(left, left + width))
        mine = np.asarray(labels[box] == label)
        yield Part(left, top, mine, score_of(mine, probability[box], metres_per_pixel))


def rings(part: Part) -> list[NDArray[np.float64]]:
    """Give a part's outline and its holes as simplified rings of (column, row) in the picture, not closed."""
    doubled = np.repeat(np.repeat(part.mask.astype(np.uint8), 2, axis=0), 2, axis=1)
    padded = cv2.copyMakeBorder(doubled, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    contours, levels = cv2.findContours(padded, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    found: list[NDArray[np.float64]] = []
    for contour, level in sorted(zip(contours, levels[0], strict=True), key=lambda pair: pair[1][3] >= 0):
        simple = cv2.approxPolyDP(contour, 1.5, closed=True).reshape(-1, 2)
        is_hole = level[3] >= 0
        if len(simple) < 3:
            if is_hole:
                continue
            x, y, width, height = cv2.boundingRect(contour)
            simple = np.array([[x, y], [x, y + height - 1], [x + width - 1, y + height - 1], [x + width - 1, y]])
        found.append((simple.astype(np.float64) - 0.5) / 2 + np.array([part.left, part.top]))
    return found
