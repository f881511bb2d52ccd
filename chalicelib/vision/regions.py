"""From log-odds to changed objects."""

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
from chalicelib.vision.likeness import SAME_GROUND, likeness
from chalicelib.vision.pixels import Floats, Mask

LEAST_SCORE = 0.5  # what a region must score: the operating point, which an area's sensitivity shifts
SIZE_WEIGHT = 1.2  # log-odds that ten times the area are worth
SEED = 1.2  # log-odds: a region holds at least one place as sure as that
POSSIBLE = 0.6  # log-odds: less is no part of a changed object
REACH_SHARE = 0.3  # of the log-odds nearby: an object ends where they fall below it
PEAK_PX = 5
LEAST_M2 = 20.0
LEAST_PX = 4
_SUREST = 9.0  # log-odds: what is surer counts no more


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


def score_of(odds: Floats, area_m2: float) -> float:
    """Give the calibrated chance that a region really changed: how sure its best tenth is, and how large it is.

    A large region is right more often than a small one as sure. `odds` are the log-odds of its pixels.
    """
    known = scores.SLOPE * strength_of(odds, area_m2) + scores.BIAS
    return round(1 / (1 + math.exp(-min(max(known, -30), 30))), 4)


def strength_of(odds: Floats, area_m2: float) -> float:
    """Give what a region's score is worked out from."""
    return min(float(np.quantile(odds, 0.9)), _SUREST) + SIZE_WEIGHT * math.log10(max(area_m2, 1.0))


def changed(evidence: Evidence, metres_per_pixel: float) -> NDArray[np.uint8]:
    """Mark what changed, 255: places that possibly changed, hang together, and as a whole score enough."""
    return marked((part for part, reason in judged(evidence, metres_per_pixel) if reason is None), evidence.clear.shape)


def judged(evidence: Evidence, metres_per_pixel: float, shift: float = 0.0) -> Iterator[tuple[Part, Reason | None]]:
    """Yield what possibly changed, each with the reason why it is no change; `shift` is added to the needed score."""
    sight = evidence.sight
    if sight is None:
        return
    beyond = beyond_of(evidence.odds)
    possible = beyond >= 0
    scale = evidence.work_scale(metres_per_pixel)
    for part in candidates(evidence, beyond, metres_per_pixel):
        reason = None
        if part.score < LEAST_SCORE + shift:
            reason = Reason.BELOW_SCORE
        elif likeness(part.mask, part.top, part.left, sight.level_one, sight.level_two) >= SAME_GROUND:
            reason = Reason.SAME_GROUND
        elif shadows.is_shadow(part.mask, (part.top, part.left), sight.shade, possible, scale):
            reason = Reason.SHADOW_LIKE
        large = _enlarged(part, beyond, evidence)
        if large.mask.any():
            yield large, reason


def marked(those: Iterable[Part], shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Draw parts into one mask, 255."""
    mask = np.zeros(shape, np.uint8)
    for part in those:
        mask[part.box][part.mask] = 255
    return mask


def candidates(evidence: Evidence, beyond: Floats, metres_per_pixel: float) -> Iterator[Part]:
    """Yield the objects that possibly changed, whatever they score, as parts of the working scale."""
    scale = evidence.work_scale(metres_per_pixel)
    for part in _components((beyond >= 0).astype(np.uint8), scale):
        odds = evidence.odds[part.box][part.mask]
        if float(odds.max()) >= SEED:
            yield part._replace(score=score_of(odds, odds.size * scale**2))


def parts(mask: NDArray[np.uint8], evidence: Evidence, metres_per_pixel: float) -> Iterator[Part]:
    """Yield the connected objects of a mask as large as the pictures that are large enough."""
    for part in _components(mask, metres_per_pixel):
        yield part._replace(
            score=score_of(evidence.inside(part.mask, part.top, part.left), area_of(part, metres_per_pixel))
        )


def area_of(part: Part, metres_per_pixel: float) -> float:
    """Give a part's area in square metres."""
    return float(part.mask.sum()) * metres_per_pixel**2


def beyond_of(odds: Floats) -> Floats:
    """Say by how much the log-odds are more than a changed object needs there.

    The windows blur an object's rim, the more so the surer it is: so it ends at a share of how high they rise nearby.
    """
    side = 2 * PEAK_PX + 1
    highest = cv2.dilate(odds, np.ones((side, side), np.uint8))
    peaks = cv2.GaussianBlur(highest, (0, 0), side / 4)
    return np.asarray(odds - np.maximum(POSSIBLE, REACH_SHARE * peaks), np.float32)


def _components(mask: NDArray[np.uint8], metres_per_pixel: float) -> Iterator[Part]:
    """Yield what hangs together in a mask and is larger than noise; not scored yet."""
    if not mask.any():
        return
    least = max(LEAST_PX, LEAST_M2 / metres_per_pixel**2)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    for label in range(1, count):
        left, top, width, height, size = (int(value) for value in stats[label])
        if size >= least:
            yield Part(left, top, np.asarray(labels[top : top + height, left : left + width] == label), 0.0)


def _enlarged(part: Part, beyond: Floats, evidence: Evidence) -> Part:
    """Bring a part from the working scale to that of the pictures, its rim drawn where `beyond` crosses zero."""
    (rows, columns), (height, width) = evidence.odds.shape, evidence.clear.shape
    if (rows, columns) == (height, width):
        return part._replace(mask=part.mask & evidence.clear[part.box])
    down, across = height / rows, width / columns
    tall, wide = part.mask.shape
    top, left = max(0, int((part.top - 1) * down)), max(0, int((part.left - 1) * across))
    bottom = min(height, math.ceil((part.top + tall + 1) * down))
    right = min(width, math.ceil((part.left + wide + 1) * across))
    own = np.full((tall + 2, wide + 2), -POSSIBLE, np.float32)
    own[1:-1, 1:-1] = np.where(part.mask, beyond[part.box], np.minimum(beyond[part.box], -POSSIBLE / 4))
    matrix = np.array(
        [
            [1 / across, 0, (left + 0.5) / across - 0.5 - (part.left - 1)],
            [0, 1 / down, (top + 0.5) / down - 0.5 - (part.top - 1)],
        ]
    )
    drawn = cv2.warpAffine(
        own,
        matrix,
        (right - left, bottom - top),
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    mask = (drawn >= 0) & evidence.clear[top:bottom, left:right]
    return _cropped(Part(left, top, np.asarray(mask), part.score))


def _cropped(part: Part) -> Part:
    """Leave the empty rim of a part's box out."""
    left, top, width, height = cv2.boundingRect(part.mask.astype(np.uint8))
    return Part(part.left + left, part.top + top, part.mask[top : top + height, left : left + width], part.score)


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
