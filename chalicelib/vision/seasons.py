"""Are plants gone for good? NDVI of many passes, held against the same season of up to three earlier years.

Each clear pass is asked which of two stories explains it better: the ground is as it was at that time of the year, or
it has been cleared and stays bare at one level. The logarithms of their ratio are summed from when they began to speak
for the second one, and no single pass may say much: what a mask of clouds lets through looks bare too.
Source: Page 1954, "Continuous inspection schemes" (CUSUM); DIST-ALERT-HLS compares with the same season of three years.
"""

from __future__ import annotations

import numpy as np

from chalicelib.vision.pixels import Floats

YEARS = 3  # of history, at most
SEASON_DAYS = 20  # either side of the same day of an earlier year
MIN_SEEN = 3  # clear passes of the same season: with fewer nothing is said
SURE = 10.0  # of the evidence: one false alert a pixel in twenty years, by `tests/bench/season_series.py`
MOST_EVIDENCE = 60.0

_YEAR = 365.25
_BARE, _BARE_SPREAD = (0.08, 0.16), 0.04  # NDVI of bare ground, dark to light, and how it scatters
_SPREAD = 0.022  # of NDVI measured of the same ground
_ANYTHING = 0.002  # how likely any value is, whatever the ground
_MOST_OF_A_PASS, _LEAST_OF_A_PASS = 4.0, -8.0  # of evidence: three passes at least are needed to be sure


def cleared_evidence(days: Floats, ndvi: Floats, first: int = 0) -> Floats:
    """Return for each pass how sure it is by then that plants were cleared, from 0 to MOST_EVIDENCE; (pixels, passes).

    `days` are the passes' days, rising, (passes,); `ndvi` is (pixels, passes), NaN where a pass is not clear. Only what
    came before a pass, or with it, is asked. Passes before `first` are history alone.
    """
    days, ndvi = np.asarray(days, np.float64), np.asarray(ndvi, np.float32)
    sums = np.zeros((len(_BARE), len(ndvi)), np.float32)
    evidence = np.zeros_like(ndvi)
    for number in range(first, len(days)):
        ago = days[number] - days
        years = np.round(ago / _YEAR)
        same_season = (years >= 1) & (years <= YEARS) & (np.abs(ago - years * _YEAR) <= SEASON_DAYS)
        value = ndvi[:, number]
        seen, as_it_was = _density(value, ndvi[:, same_season])
        counts = ~np.isnan(value) & (seen >= MIN_SEEN)
        for total, level in zip(sums, _BARE, strict=True):
            said = np.log((_normal(value, level, _BARE_SPREAD) + _ANYTHING) / (as_it_was + _ANYTHING))
            said = np.clip(said, _LEAST_OF_A_PASS, _MOST_OF_A_PASS)
            np.copyto(total, np.clip(total + said, 0, MOST_EVIDENCE), where=counts)
        evidence[:, number] = sums.max(axis=0)
    return evidence


def _density(value: Floats, history: Floats) -> tuple[Floats, Floats]:
    """Return how many values of a season are known of each pixel, and how likely another one is by them."""
    known = ~np.isnan(history)
    seen = known.sum(axis=1)
    likely = np.where(known, _normal(value[:, None], history, _SPREAD), 0)
    return seen, likely.sum(axis=1) / np.maximum(1, seen)


def _normal(value: Floats, mean: Floats | float, spread: float) -> Floats:
    return np.asarray(np.exp(-0.5 * np.square((value - mean) / spread)) / (spread * np.sqrt(2 * np.pi)))
