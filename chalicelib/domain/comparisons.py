"""Comparisons: what makes one unique, so that no pair of images is compared, or alerted on, twice."""

from __future__ import annotations

from typing import NamedTuple

from chalicelib.domain.thresholds import Thresholds

DETECTOR = "classic-15"
"""The detector's version: raise it whenever `vision` would answer differently. It is part of what makes a comparison
unique, and it stands here because functions without OpenCV have to ask whether a pair is compared."""


SLOW_DETECTOR = f"{DETECTOR} slow-1"
"""The same of the comparison with the baseline: another question, so another detector."""


class ComparisonKey(NamedTuple):
    """A pair counts as compared once there is a comparison of this key."""

    image_id: int
    reference_id: int
    detector: str
    thresholds: str


def comparison_key(image_id: int, reference_id: int, thresholds: Thresholds) -> ComparisonKey:
    """Return what makes today's comparison of a pair unique: images, detector version and settings."""
    return ComparisonKey(image_id, reference_id, DETECTOR, thresholds.key)
