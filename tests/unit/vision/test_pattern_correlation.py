"""How well two patterns correlate. A window is 15 px wide, and so is the period of these stripes: it holds one whole
period wherever it lies, and stripes moved by d px correlate by cos(360 degrees * d / 15). Two pixels are searched.
"""

import math

import numpy as np
import pytest

from chalicelib.vision.pattern_correlation import SAME_GROUND, pattern_correlation

REGION = np.ones((30, 30), np.bool_)
AT = (20, 25)


def stripes(moved_px=0.0):
    columns = np.arange(80, dtype=np.float32)
    return np.tile(np.sin(2 * np.pi * (columns - moved_px) / 15), (80, 1)).astype(np.float32)


def noise(seed):
    return np.random.default_rng(seed).normal(0, 1, (80, 80)).astype(np.float32)


@pytest.mark.parametrize(
    ("moved_px", "degrees"), [(0, 0), (1, 0), (-2, 0), (3, 24), (5, 72), (-5, 72), (7.5, 132), (10, 72)]
)
def test_a_pattern_that_moved_farther_than_two_pixels_correlates_less(moved_px, degrees):
    found = pattern_correlation(REGION, *AT, stripes(), stripes(moved_px))
    assert found == pytest.approx(math.cos(math.radians(degrees)), abs=0.02)


def test_contrast_and_brightness_do_not_count():
    assert pattern_correlation(REGION, *AT, noise(1), 0.3 * noise(1) + 2) == pytest.approx(1, abs=1e-3)


def test_another_pattern_does_not_correlate():
    assert pattern_correlation(REGION, *AT, noise(1), noise(2)) < 0.4


def test_what_lies_beside_the_region_does_not_count():
    top, left = AT
    inside = np.s_[top - 1 : top + 31, left - 1 : left + 31]  # the region and the one pixel around it
    other_beside, other_inside = noise(2), noise(1)
    other_beside[inside] = noise(1)[inside]
    other_inside[inside] = noise(2)[inside]
    assert pattern_correlation(REGION, *AT, noise(1), other_beside) > SAME_GROUND
    assert pattern_correlation(REGION, *AT, noise(1), other_inside) < 0.4


def test_most_of_a_region_decides():
    half_new = noise(1)
    half_new[:, AT[1] + 11 :] = noise(2)[:, AT[1] + 11 :]  # 19 of its 30 columns
    assert pattern_correlation(REGION, *AT, noise(1), half_new) < SAME_GROUND
    a_third_new = noise(1)
    a_third_new[:, AT[1] + 24 :] = noise(2)[:, AT[1] + 24 :]  # 6 of 30
    assert pattern_correlation(REGION, *AT, noise(1), a_third_new) > SAME_GROUND


def test_too_little_of_a_region_correlates_with_nothing():
    assert pattern_correlation(np.ones((1, 1), np.bool_), *AT, noise(1), noise(1)) == 0


def test_a_region_in_the_corner_is_looked_at_as_far_as_there_is_room():
    corner = np.ones((12, 12), np.bool_)
    assert pattern_correlation(corner, 0, 0, noise(1), noise(1)) == pytest.approx(1, abs=1e-3)
    assert pattern_correlation(corner, 68, 68, noise(1), noise(1)) == pytest.approx(1, abs=1e-3)
