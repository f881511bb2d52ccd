"""Platt scaling: from a region's log-odds and size to its score, the calibrated probability that it really changed.

`python -m tests.bench.fit_scores` fits slope and intercept, on simulated land only, and writes them into this file.
Source: Platt 1999, "Probabilistic outputs for support vector machines".
"""

from __future__ import annotations

import math

import numpy as np

from chalicelib.vision.pixels import Floats

SLOPE = 0.6460
INTERCEPT = -3.5847
SIZE_WEIGHT = 1.2  # log-odds that ten times the area are worth
_MAX_ODDS = 9.0  # log-odds: a region that is surer counts no more


def strength_of(odds: Floats, area_m2: float) -> float:
    """Return the one number that a region's score depends on: its upper decile of log-odds, and its size."""
    return min(float(np.quantile(odds, 0.9)), _MAX_ODDS) + SIZE_WEIGHT * math.log10(max(area_m2, 1.0))


def score_of(odds: Floats, area_m2: float) -> float:
    """Return the score of a region, 0 to 1, from the log-odds of its pixels and its area.

    A large region is right more often than a small one that is as sure.
    """
    logit = SLOPE * strength_of(odds, area_m2) + INTERCEPT
    return round(1 / (1 + math.exp(-min(max(logit, -30), 30))), 4)
