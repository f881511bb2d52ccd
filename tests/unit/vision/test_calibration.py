"""A region's score, worked out by hand from the log-odds of its pixels and its area."""

import math

import numpy as np
import pytest

from chalicelib.vision.calibration import calibration, score_of, strength_of


def odds(value, count=50):
    return np.full(count, value, np.float32)


@pytest.mark.parametrize(
    ("value", "area_m2", "strength"),
    [
        (2.0, 1.0, 2.0),
        (2.0, 100.0, 2.0 + 2 * 1.2),  # 1.2 for each ten times of the area
        (2.0, 1000.0, 2.0 + 3 * 1.2),
        (2.0, 0.25, 2.0),  # less than a square metre takes nothing away
        (9.0, 1.0, 9.0),
        (25.0, 1.0, 9.0),  # surer than sure counts no more
        (-3.0, 10.0, -3.0 + 1.2),
    ],
)
def test_a_regions_strength_is_its_log_odds_and_what_its_size_is_worth(value, area_m2, strength):
    assert strength_of(odds(value), area_m2) == pytest.approx(strength)


def test_of_a_regions_log_odds_the_upper_decile_counts():
    assert strength_of(np.linspace(-5, 5, 101), 1.0) == pytest.approx(4.0)


def test_the_score_is_the_logistic_function_of_the_fitted_line():
    slope, intercept = calibration()
    by_hand = 1 / (1 + math.exp(-(slope * (3.0 + 2 * 1.2) + intercept)))
    assert 0.1 < by_hand < 0.9
    assert score_of(odds(3.0), 100.0) == pytest.approx(by_hand, abs=5e-5)


def test_surer_and_larger_is_a_higher_score():
    assert score_of(odds(1.0), 100) < score_of(odds(2.0), 100) < score_of(odds(2.0), 1000)


@pytest.mark.parametrize(("value", "score"), [(-1e9, 0.0), (1e9, 1.0)])
def test_no_log_odds_leave_the_range_of_a_probability(value, score):
    assert score_of(odds(value), 1e9) == pytest.approx(score, abs=1e-3)
