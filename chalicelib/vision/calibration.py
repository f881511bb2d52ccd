"""Platt scaling: from a region's log-odds and size to its score, the calibrated probability that it really changed.

`python -m research.fit_scores` fits slope and intercept, on simulated land only, and writes them into
`model/calibration.json`.
Source: Platt 1999, "Probabilistic outputs for support vector machines".
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np

from chalicelib.vision.fitted import BadModel, read_fields
from chalicelib.vision.pixels import Floats

SIZE_WEIGHT = 1.2  # log-odds that ten times the area are worth
_MAX_ODDS = 9.0  # log-odds: a region that is surer counts no more


class Calibration(NamedTuple):
    """The line from a region's strength to the log-odds that it changed."""

    slope: float
    intercept: float


@cache
def calibration() -> Calibration:
    """Read the fitted calibration, once. Raises BadModel."""
    return calibration_of(read_fields("calibration.json"))


def calibration_of(fields: Mapping[str, Any]) -> Calibration:
    """Make the calibration of a file's fields. Raises BadModel."""
    slope, intercept = fields.get("slope"), fields.get("intercept")
    if isinstance(slope, float) and isinstance(intercept, float) and math.isfinite(slope) and math.isfinite(intercept):
        return Calibration(slope, intercept)
    raise BadModel("the detector's calibration.json must have slope and intercept, two numbers")


def strength_of(odds: Floats, area_m2: float) -> float:
    """Return the one number that a region's score depends on: its upper decile of log-odds, and its size."""
    return min(float(np.quantile(odds, 0.9)), _MAX_ODDS) + SIZE_WEIGHT * math.log10(max(area_m2, 1.0))


def score_of(odds: Floats, area_m2: float) -> float:
    """Return the score of a region, 0 to 1, from the log-odds of its pixels and its area.

    A large region is right more often than a small one that is as sure.
    """
    slope, intercept = calibration()
    logit = slope * strength_of(odds, area_m2) + intercept
    return round(1 / (1 + math.exp(-min(max(logit, -30), 30))), 4)
