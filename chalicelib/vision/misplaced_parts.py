"""Parts of an image that lie elsewhere than the rest: a mosaic of which one piece was laid on the wrong place.

Ground that changed agrees with its reference nowhere. Ground that was laid wrong agrees with it too, at a displacement
of its own: it is not seen where it should be, and says nothing of change.
"""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.vision.orientation_correlation import correlation, highest_peak
from chalicelib.vision.pixels import Floats, Mask
from chalicelib.vision.similarity import IDENTITY, Similarity, has_blocks, laid_back

_WINDOW_PX = 33  # what agrees or not is asked of so much ground at once
_AGREES = 0.15  # correlation of the directions of edges: of two places it is seldom more
_WIDE_PX = 17  # a part is nowhere narrower
_LEAST_SHARE = 0.05  # of the image
_SURE_SCORE, _SURE_LEAD = 6.0, 1.5  # as of whole images
_CONFIRMED = 0.5  # of a part: it agrees where it is said to lie
_LEAST_SHIFT_PX = 4.0
_SQUARE = np.ones((_WINDOW_PX, _WINDOW_PX), np.uint8)


def misplaced_part(field: Floats, other: Floats, usable: Mask | None, least_shift_px: float) -> Mask | None:
    """Return the mask of the part of two orientation fields that lies elsewhere in one of them; None if there is none.

    The fields fit as a whole. Nothing is said of what lies less than `least_shift_px` off, or is not `usable` in both.
    """
    if not has_blocks(field):
        return None
    in_place = agreement(field, other)
    unlike = in_place < _AGREES
    if usable is not None:
        unlike &= usable
    part = cv2.morphologyEx(unlike.astype(np.uint8), cv2.MORPH_OPEN, np.ones((_WIDE_PX, _WIDE_PX), np.uint8))
    if part.mean() < _LEAST_SHARE:
        return None
    shift = _shift_of(field, other, part)
    if shift is None or abs(shift.shift) < max(least_shift_px, _LEAST_SHIFT_PX):
        return None
    elsewhere = agreement(field, laid_back(other, shift))
    there = (_moved(part, shift) > 0) & (part > 0)
    if not there.any() or float((elsewhere >= _AGREES)[there].mean()) < _CONFIRMED:
        return None
    lost = (elsewhere > np.maximum(in_place, _AGREES)).astype(np.uint8)
    # What lies there hides other ground. The edge is known to half a window; there ground is missing or shown twice.
    hidden = _moved(lost, Similarity(IDENTITY.factor, -shift.shift))
    whole = cv2.max(cv2.max(part, lost), hidden)
    return np.asarray(cv2.dilate(cv2.morphologyEx(whole, cv2.MORPH_CLOSE, _SQUARE), _SQUARE) > 0)


def agreement(field: Floats, other: Floats) -> Floats:
    """Return how alike the edges around each pixel of two fields run: 1 for the same, -1 for the negative."""
    alike, own, others = (_around(one, two) for one, two in ((field, other), (field, field), (other, other)))
    return np.asarray(alike / np.sqrt(own * others + 1e-9))


def _shift_of(field: Floats, other: Floats, part: Floats) -> Similarity | None:
    """Return where the ground of a part of the first field surely lies in the same part of the other one."""
    weight = cv2.GaussianBlur(part.astype(np.float32), (0, 0), _WIDE_PX / 4)
    weight = cv2.merge([weight, weight])
    peak = highest_peak(correlation(cv2.multiply(field, weight), cv2.multiply(other, weight)))
    is_sure = peak.score >= _SURE_SCORE and peak.lead >= _SURE_LEAD
    return Similarity(IDENTITY.factor, peak.displacement) if is_sure else None


def _moved(part: Floats, by: Similarity) -> Floats:
    return laid_back(part, by, flags=cv2.INTER_NEAREST)


def _around(field: Floats, other: Floats) -> Floats:
    columns, rows = cv2.split(cv2.multiply(field, other))
    window = (_WINDOW_PX, _WINDOW_PX)
    return cv2.boxFilter(cv2.add(columns, rows), cv2.CV_32F, window, borderType=cv2.BORDER_CONSTANT)
