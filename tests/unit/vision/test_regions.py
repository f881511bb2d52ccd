"""Regions out of change maps that are given: squares of known log-odds on ground that surely did not change."""

import numpy as np
import pytest

from chalicelib.domain.changes import Reason
from chalicelib.vision.calibration import score_of
from chalicelib.vision.change_map import ChangeMap, WorkingPair
from chalicelib.vision.features import normalised_greys
from chalicelib.vision.regions import (
    MIN_SCORE,
    PixelRegion,
    candidate_regions,
    changed_mask,
    classified_regions,
    draw_mask,
    outline_rings,
    scored_regions,
    threshold_excess,
)
from tests.support.builders.land import house, land

SIDE = 100
SQUARE = (slice(40, 50), slice(30, 40))


def odds_of(*squares, side=SIDE):
    """Give log-odds: -5, but for squares of (rows, columns, value)."""
    odds = np.full((side, side), -5, np.float32)
    for rows, columns, value in squares:
        odds[rows, columns] = value
    return odds


def candidates(odds, gsd_m=1.0):
    change_map = ChangeMap(odds=odds, clear=np.ones_like(odds, np.bool_), pair=None)
    return list(candidate_regions(change_map, threshold_excess(odds), gsd_m))


def boxes(regions):
    return [(region.left, region.top, *region.mask.shape[::-1], int(region.mask.sum())) for region in regions]


def test_a_square_that_surely_changed_is_one_region_with_its_place_and_score():
    (region,) = candidates(odds_of((*SQUARE, 3.0)))
    assert boxes([region]) == [(30, 40, 10, 10, 100)]
    assert region.box == SQUARE
    assert region.centroid == (35.0, 45.0)
    assert region.area_m2(0.5) == 25
    assert region.score == score_of(np.full(100, 3.0), 100)


def test_a_regions_score_counts_its_ground_in_square_metres():
    (region,) = candidates(odds_of((*SQUARE, 3.0)), gsd_m=2.0)
    assert region.score == score_of(np.full(100, 3.0), 400) > score_of(np.full(100, 3.0), 100)


@pytest.mark.parametrize(("value", "count"), [(1.15, 0), (1.25, 1)])
def test_a_region_starts_where_the_log_odds_pass_the_high_threshold(value, count):
    assert len(candidates(odds_of((*SQUARE, value)))) == count


def test_a_region_grows_as_far_as_the_log_odds_stay_above_the_low_one():
    peak = (slice(44, 46), slice(30, 32), 1.5)
    assert boxes(candidates(odds_of((*SQUARE, 0.7), peak))) == [(30, 40, 10, 10, 100)]
    assert boxes(candidates(odds_of((*SQUARE, 0.5), (slice(42, 48), slice(30, 36), 1.5)))) == [(30, 42, 6, 6, 36)]


def test_a_regions_rim_is_a_share_of_the_peak_beside_it():
    peak = (slice(42, 48), slice(30, 36), 8.0)
    assert boxes(candidates(odds_of((*SQUARE, 0.7), peak))) == [(30, 42, 6, 6, 36)], "0.7 is the blur of 8"
    assert boxes(candidates(odds_of((*SQUARE, 4.0), peak))) == [(30, 40, 10, 10, 100)]


@pytest.mark.parametrize(
    ("side", "gsd_m", "count"),
    [(4, 1.0, 0), (5, 1.0, 1), (8, 0.5, 0), (9, 0.5, 1), (1, 10.0, 0), (2, 10.0, 1)],  # 20 m2, and four pixels
)
def test_what_is_no_larger_than_noise_is_no_region(side, gsd_m, count):
    assert len(candidates(odds_of((slice(40, 40 + side), slice(30, 30 + side), 5.0)), gsd_m)) == count


def test_squares_that_meet_at_a_corner_are_one_region_and_others_are_two():
    first = (slice(20, 30), slice(20, 30), 3.0)
    assert len(candidates(odds_of(first, (slice(30, 40), slice(30, 40), 3.0)))) == 1
    assert len(candidates(odds_of(first, (slice(32, 42), slice(32, 42), 3.0)))) == 2


def seen(odds, *, after=None, min_score=MIN_SCORE, clear=None):
    """Classify the regions of log-odds in a pair of images: land, and what it is afterwards."""
    side = odds.shape[0]
    one = land(side).astype(np.float32)
    two = one if after is None else after.astype(np.float32)
    pair = WorkingPair(one, two, *normalised_greys(one, two), np.ones((side, side), np.bool_))
    change_map = ChangeMap(odds=odds, clear=np.ones((side, side), np.bool_) if clear is None else clear, pair=pair)
    return change_map, [(reason, *boxes([each])) for each, reason in classified_regions(change_map, 1.0, min_score)]


ROOF = (30, 40, 24, 18, 24 * 18)  # left, top, width, height, pixels
BUILT = (slice(40, 58), slice(30, 54))


def test_a_new_house_is_ruled_out_by_nothing():
    change_map, found = seen(odds_of((*BUILT, 5.0)), after=house(land(SIDE), 30, 40))
    assert found == [(None, ROOF)]
    mask = changed_mask(change_map, 1.0)
    assert (mask[BUILT].min(), np.count_nonzero(mask)) == (255, 24 * 18)


def test_where_both_images_show_the_same_nothing_changed():
    change_map, found = seen(odds_of((*BUILT, 5.0)))
    assert found == [(Reason.SAME_GROUND, ROOF)]
    assert not changed_mask(change_map, 1.0).any()


def test_an_unsure_region_is_below_the_score_and_a_shift_moves_the_line():
    unsure, after = odds_of((*BUILT, 1.5)), house(land(SIDE), 30, 40)
    assert score_of(np.full(9, 1.5), 24 * 18) == pytest.approx(0.45, abs=0.1)
    assert seen(unsure, after=after, min_score=MIN_SCORE + 0.15)[1] == [(Reason.BELOW_SCORE, ROOF)]
    assert seen(unsure, after=after, min_score=MIN_SCORE - 0.15)[1] == [(None, ROOF)]


def test_without_greys_a_region_counts_by_its_odds_alone():
    """A map of bands has no greys to look for the same ground or a shadow in."""
    mask = changed_mask(ChangeMap(odds_of((*SQUARE, 5.0)), np.ones((SIDE, SIDE), np.bool_), None), 1.0)
    assert mask[SQUARE].all()
    assert not changed_mask(ChangeMap(odds_of((*SQUARE, -30.0)), np.ones((SIDE, SIDE), np.bool_), None), 1.0).any()


def test_of_a_region_what_is_clear_in_both_counts():
    clear = np.ones((SIDE, SIDE), np.bool_)
    clear[:, :35] = False
    assert seen(odds_of((*BUILT, 5.0)), after=house(land(SIDE), 30, 40), clear=clear)[1] == [
        (None, (30, 40, 24, 18, 19 * 18))
    ]


@pytest.mark.parametrize("unseen", [0, 70])
def test_a_region_is_drawn_at_the_images_scale_and_only_where_both_are_clear(unseen):
    """The map has half the images' pixels a side: ten of its pixels are twenty of theirs."""
    clear = np.ones((2 * SIDE, 2 * SIDE), np.bool_)
    clear[:, :unseen] = False
    _, [(reason, (left, top, width, height, count))] = seen(
        odds_of((*BUILT, 5.0)), after=house(land(SIDE), 30, 40), clear=clear
    )
    assert reason is None
    first = max(60, unseen)
    assert (left, top, left + width, top + height) == pytest.approx((first, 80, 108, 116), abs=2)
    assert count == pytest.approx((108 - first) * 36, rel=0.15)


def test_components_of_a_mask_are_scored_by_the_map_under_them():
    mask = np.zeros((2 * SIDE, 2 * SIDE), np.uint8)
    mask[80:100, 60:80], mask[10:12, 10:12] = 255, 255  # the second is four pixels, and less than 20 m2
    change_map = ChangeMap(odds_of((*SQUARE, 3.0)), np.ones((2 * SIDE, 2 * SIDE), np.bool_), None)
    (region,) = scored_regions(mask, change_map, 0.5)
    assert boxes([region]) == [(60, 80, 20, 20, 400)]
    assert region.score == score_of(np.full(400, 3.0), 100)


def test_regions_are_drawn_with_255():
    one = PixelRegion(2, 1, np.array([[True, False], [True, True]]), 1.0)
    assert draw_mask([one], (4, 5)).tolist() == [[0] * 5, [0, 0, 255, 0, 0], [0, 0, 255, 255, 0], [0] * 5]


def test_an_outline_runs_along_the_rim_and_around_a_hole():
    mask = np.ones((20, 30), np.bool_)
    mask[8:12, 10:20] = False
    outer, hole = outline_rings(PixelRegion(100, 50, mask, 1.0))
    assert (*outer.min(axis=0), *outer.max(axis=0)) == pytest.approx((100, 50, 130, 70), abs=0.3)
    assert (*hole.min(axis=0), *hole.max(axis=0)) == pytest.approx((110, 58, 120, 62), abs=0.8)
    assert len(outer) == 4


@pytest.mark.parametrize(("width", "height"), [(1, 1), (5, 1), (1, 7)])
def test_the_outline_of_a_thin_region_is_an_area_too(width, height):
    (ring,) = outline_rings(PixelRegion(10, 20, np.ones((height, width), np.bool_), 1.0))
    assert len(ring) >= 3
    assert (*ring.min(axis=0), *ring.max(axis=0)) == pytest.approx((10, 20, 10 + width, 20 + height), abs=0.3)
