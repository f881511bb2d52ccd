"""A pair of which one image was taken with much larger pixels: what it cannot show is no change."""

import cv2
import numpy as np
import pytest

from chalicelib.domain.thresholds import Thresholds, default_threshold_m2
from chalicelib.vision.changes import compare, compare_with_baseline, detect
from chalicelib.vision.pixels import to_pixels
from chalicelib.vision.resolution import levelled
from chalicelib.vision.sharpness import softer_by
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


def defocused(image, sigma_px):
    return cv2.GaussianBlur(image, (0, 0), sigma_px)


SOFT = {
    "defocused by 3 px": lambda image: defocused(image, 3),
    "by 6 px": lambda image: defocused(image, 6),
    "drawn finer than it was taken, 6 times": lambda image: taken(image, 6),
    "10 times": lambda image: taken(image, 10, phase=3),
}


@pytest.mark.parametrize("soften", SOFT.values(), ids=SOFT)
@pytest.mark.parametrize("seed", range(3))
def test_a_much_softer_image_of_the_same_ground_is_no_change_whatever_is_said_of_it(soften, seed):
    sharp, soft = village(SIDE, seed=seed), soften(village(SIDE, seed=seed))
    assert pair(sharp, soft, (None, None)).regions == ()
    assert pair(soft, sharp, (GSD_M, GSD_M)).regions == ()
    assert not detect(sharp, soft, GSD_M).any()


@pytest.mark.parametrize("soften", SOFT.values(), ids=SOFT)
def test_what_a_soft_image_can_show_is_told_or_not_seen(soften):
    """A bright roof out of focus may end as softly as a cloud."""
    built = house(village(SIDE), 60, 120, width=90, height=70)
    found = pair(village(SIDE), soften(built), (None, None))
    assert len(found.regions) == 1 or found.clear_share < 0.85
    assert found.smallest_change_m2 > default_threshold_m2(GSD_M)


def test_how_soft_an_image_is_is_measured():
    sharp = to_pixels(village(SIDE))
    soft = to_pixels(defocused(village(SIDE), 5))
    assert softer_by(sharp, soft, GSD_M) == (0, pytest.approx(5 * GSD_M, rel=0.15))
    assert softer_by(soft, sharp, GSD_M) == (pytest.approx(5 * GSD_M, rel=0.15), 0)
    assert softer_by(sharp, to_pixels(defocused(village(SIDE), 0.8)), GSD_M) == (0, 0)


def test_land_that_became_rougher_or_smoother_is_no_softer_image():
    meadow = np.clip(cv2.GaussianBlur(np.random.default_rng(3).normal(0, 40, (SIDE, SIDE)), (0, 0), 8) + 110, 0, 255)
    meadow = cv2.cvtColor(meadow.astype(np.uint8), cv2.COLOR_GRAY2BGR)
    before, after = to_pixels(meadow), to_pixels(village(SIDE))
    assert softer_by(before, after, GSD_M) == (0, 0)
    assert softer_by(after, before, GSD_M) == (0, 0)


@pytest.mark.parametrize("image", [np.zeros((SIDE, SIDE, 3), np.uint8), np.zeros((SIDE, SIDE, 4), np.uint8)])
def test_beside_an_image_without_contrast_or_data_nothing_is_softer(image):
    assert softer_by(to_pixels(image), to_pixels(village(SIDE)), GSD_M) == (0, 0)
