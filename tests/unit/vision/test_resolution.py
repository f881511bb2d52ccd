"""A pair of which one image was taken with much larger pixels: what it cannot show is no change."""

import cv2
import numpy as np
import pytest

from chalicelib.domain.thresholds import Thresholds, default_threshold_m2
from chalicelib.vision.changes import compare, compare_with_baseline
from chalicelib.vision.pixels import to_pixels
from chalicelib.vision.resolution import levelled
from tests.support.builders.land import EVERYWHERE, VIEW, house, png, village

SIDE = VIEW.size_px
GSD_M = VIEW.gsd_m
ANY = Thresholds(min_changed_area_m2=25)


def taken(image, times, *, seed=1, phase=0):
    """Show an image as pixels so many times as large do, resampled to its grid, with a sensor's noise."""
    framed = cv2.copyMakeBorder(image, phase, 2 * times, phase, 2 * times, cv2.BORDER_REFLECT)
    size = framed.shape[0] // times
    small = cv2.resize(framed[: size * times, : size * times], (size, size), interpolation=cv2.INTER_AREA)
    large = cv2.resize(small, (size * times,) * 2, interpolation=cv2.INTER_CUBIC)[phase:, phase:][:SIDE, :SIDE]
    noise = np.random.default_rng(seed).normal(0, 2, large.shape)
    return np.clip(large + noise, 0, 255).astype(np.uint8)


def pair(before, after, gsds_m):
    return compare(png(before), png(after), view=VIEW, area=EVERYWHERE, thresholds=ANY, gsds_m=gsds_m)


@pytest.mark.parametrize("times", [6, 10, 16])
@pytest.mark.parametrize("seed", range(3))
def test_a_much_coarser_image_of_the_same_ground_is_no_change_whichever_comes_first(times, seed):
    fine, coarse = village(SIDE, seed=seed), taken(village(SIDE, seed=seed), times, phase=times // 3)
    gsds_m = GSD_M, times * GSD_M
    assert pair(fine, coarse, gsds_m).regions == ()
    assert pair(coarse, fine, gsds_m[::-1]).regions == ()
    slow = compare_with_baseline(
        png(fine), png(coarse), view=VIEW, area=EVERYWHERE, thresholds=ANY, between=(), gsds_m=gsds_m
    )
    assert slow.regions == ()


def test_what_a_coarse_image_can_show_is_told_and_it_says_what_it_cannot():
    built = house(village(SIDE), 60, 120, width=90, height=70)
    found = pair(village(SIDE), taken(built, 10), (GSD_M, 10 * GSD_M))
    assert len(found.regions) == 1
    assert found.smallest_change_m2 >= default_threshold_m2(10 * GSD_M)
    assert found.regions[0].area_m2 > default_threshold_m2(10 * GSD_M)
    small = house(village(SIDE), 60, 120, width=14, height=12)
    assert pair(village(SIDE), taken(small, 16), (GSD_M, 16 * GSD_M)).regions == ()
    assert pair(village(SIDE), small, (GSD_M, GSD_M)).regions != ()


@pytest.mark.parametrize("gsds_m", [(None, None), (GSD_M, None), (GSD_M, 4 * GSD_M), (0.1, GSD_M)])
def test_what_is_alike_or_not_known_stays_the_very_same(gsds_m):
    one, two = to_pixels(village(SIDE)), to_pixels(village(SIDE, seed=1))
    found = levelled(one, two, gsds_m, GSD_M)
    assert found.before is one
    assert found.after is two
    assert (found.gsd_m, found.least_m2) == (GSD_M, 0)


def test_what_has_no_data_is_not_mixed_into_what_has():
    image = np.full((SIDE, SIDE, 4), (90, 120, 100, 255), np.uint8)
    image[:, :100] = 0
    found = levelled(to_pixels(image), to_pixels(image), (GSD_M, 12 * GSD_M), GSD_M).before
    assert not found.valid[:, :100].any()
    assert np.abs(found.bgr[:, 100:].astype(int) - (90, 120, 100)).max() <= 1
