"""One comparison of a tile on a change map that is given: squares of known log-odds where houses were built."""

from dataclasses import replace

import numpy as np
import pytest

from chalicelib.domain.changes import Reason
from chalicelib.domain.evidence import Persistence
from chalicelib.domain.kinds import WORKS, Kind
from chalicelib.domain.thresholds import SCORE_SHIFTS, Sensitivity, Thresholds
from chalicelib.domain.tiles import Bounds, Tile
from chalicelib.vision.change_map import ChangeMap, WorkingPair, map_change
from chalicelib.vision.comparison import Comparison
from chalicelib.vision.drawn_over import Uncovered
from chalicelib.vision.features import normalised_greys
from chalicelib.vision.kinds import COARSEST_GSD_M
from chalicelib.vision.pixels import to_pixels, watched_mask
from tests.support.builders.land import EVERYWHERE, VIEW, house, land

SIDE = VIEW.size_px  # 320; the tile's own ground is pixel 32 to 287
LARGE, SMALL = (140, 200, 40, 30), (90, 80, 24, 18)  # left, top, width, height
M2 = VIEW.gsd_m**2


class Older:
    """What older images say of a region is given: nothing, if nobody is to ask. What was asked is kept."""

    def __init__(self, rejects=None, confirms=None, count=2, before_doubt=None):
        self.rejects, self.confirms, self.count, self.asked = rejects, confirms, count, []
        self.before_doubt = before_doubt

    def test(self, region, _change_map):
        self.asked.append((region.left, region.top))
        return Persistence(self.rejects, region.score, self.count, min(self.count, 1))

    def confirm(self, _region, _change_map, min_score):
        self.least = min_score
        return self.confirms

    def map_before_doubt(self):
        return self.before_doubt


def compared(
    *squares, odds=5.0, older=None, area=EVERYWHERE, least_m2=25, doubted=(), unseen=0, view=VIEW, **thresholds
):
    """Compare land with the same land where houses stand, the change map saying `odds` of each."""
    before = land(SIDE)
    after, values, clear = before, np.full((SIDE, SIDE), -5, np.float32), np.ones((SIDE, SIDE), np.bool_)
    for left, top, width, height in squares:
        after = house(after, left, top, width=width, height=height)
        values[top : top + height, left : left + width] = odds
    clear[:, :unseen] = False
    one, two = before.astype(np.float32), after.astype(np.float32)
    pair = WorkingPair(one, two, *normalised_greys(one, two), clear)
    comparison = Comparison(
        seen=Uncovered(to_pixels(before), to_pixels(after), ChangeMap(values, clear, pair), ()),
        persistence=older or Older(),
        view=view,
        watched=watched_mask(view, area),
        thresholds=Thresholds(min_changed_area_m2=least_m2, **thresholds),
    )
    return comparison.find(doubted)


def outline(left, top, width, height):
    """Give a square of the image as an outline in degrees."""
    corners = [(left, top), (left + width, top), (left + width, top + height), (left, top + height), (left, top)]
    return [[VIEW.lonlat(*corner) for corner in corners]]


def test_a_house_counts_with_its_ground_its_size_and_its_place():
    found = compared(LARGE)
    ((region, drawing),) = found.kept
    assert region.area_m2 == pytest.approx(40 * 30 * M2)
    assert (found.counted.sum(), found.counted[200:230, 140:180].all()) == (40 * 30, True)
    assert VIEW.pixel(*region.centroid) == pytest.approx((160, 215), abs=0.1)
    assert VIEW.pixel(region.bounds.west, region.bounds.north) == pytest.approx((140, 200), abs=0.1)
    assert VIEW.pixel(region.bounds.east, region.bounds.south) == pytest.approx((180, 230), abs=0.1)
    assert region.outline[0][0] == region.outline[0][-1]
    assert (drawing.area_m2, drawing.is_alert) == (region.area_m2, True)
    assert (region.reason, region.is_confirmed, region.older, region.held_against) == (None, False, 2, 1)
    assert found.ignored == []


def test_the_largest_comes_first():
    assert [round(region.area_m2 / M2) for region, _ in compared(SMALL, LARGE).kept] == [40 * 30, 24 * 18]


def test_nothing_changed_is_nothing_found():
    found = compared()
    assert (found.kept, found.ignored, found.counted.any()) == ([], [], False)


def test_what_is_too_small_for_the_owner_is_kept_and_is_no_alert_and_no_older_image_is_asked():
    older = Older()
    found = compared(SMALL, LARGE, least_m2=40 * 30 * M2 - 1, older=older)
    assert [drawing.is_alert for _, drawing in found.kept] == [True, False]
    assert older.asked == [LARGE[:2]]


def test_what_older_images_reject_is_ignored_with_the_reason():
    found = compared(LARGE, older=Older(rejects=Reason.COMES_BACK))
    (region,) = found.ignored
    assert (region.reason, round(region.area_m2 / M2)) == (Reason.COMES_BACK, 40 * 30)
    assert (found.kept, found.counted.any()) == ([], False)


def test_what_the_pair_itself_rules_out_is_ignored_and_no_older_image_is_asked():
    older = Older()
    found = compared(LARGE, odds=1.3, older=older)
    assert [region.reason for region in found.ignored] == [Reason.BELOW_SCORE]
    assert (found.kept, older.asked) == ([], [])


@pytest.mark.parametrize(("sensitivity", "counts"), [(Sensitivity.NORMAL, 0), (Sensitivity.HIGH, 1)])
def test_a_sensitive_area_counts_what_another_ignores(sensitivity, counts):
    assert len(compared(LARGE, odds=1.8, sensitivity=sensitivity).kept) == counts


@pytest.mark.parametrize("sensitivity", Sensitivity)
def test_where_no_older_image_can_say_a_region_must_be_surer(sensitivity):
    needed = 0.5 + SCORE_SHIFTS[sensitivity]
    seen = set()
    for odds in np.linspace(1.3, 5, 40):
        asked, alone = (compared(LARGE, odds=odds, older=Older(count=n), sensitivity=sensitivity) for n in (2, 0))
        ((score, reason),) = [(each.score, each.reason) for each, _ in asked.kept] or [(0, None)]
        if score:
            assert reason is None
            assert score >= needed
            held_back = [each.reason for each in alone.ignored]
            assert held_back == ([Reason.NOT_YET_SURE] if score < needed + 0.05 else [])
            assert len(alone.kept) == 1 - len(held_back)
            seen.add(len(held_back))
    assert seen == {0, 1}


def test_beside_unseen_ground_a_region_must_be_surer():
    """Unseen ground runs along the house: 0.6 of its score is left."""
    thin = (100, 60, 5, 60)
    (region,) = compared(thin, odds=4.0, unseen=99).ignored
    assert (region.reason, region.score) == (Reason.NO_DATA_EDGE, pytest.approx(0.6 * compared_score(thin), abs=0.03))
    assert [each.reason for each, _ in compared(thin, odds=9.0, unseen=99).kept] == [None]


def compared_score(square):
    """Give the score of the same region where all is seen."""
    ((region, _),) = compared(square, odds=4.0).kept
    return region.score


@pytest.mark.parametrize("odds", [1.3, 5.0])
def test_what_stands_in_the_margin_is_the_neighbours_be_it_sure_or_ignored(odds):
    found = compared((2, 200, 24, 18), odds=odds)
    assert (found.kept, found.ignored) == ([], [])


def test_what_stands_outside_of_the_area_is_nobodys_and_is_said_to_be():
    west, south, east, north = EVERYWHERE
    found = compared(LARGE, SMALL, area=Bounds(west, south, VIEW.lonlat(120, 0)[0], north))
    assert [round(region.area_m2 / M2) for region, _ in found.kept] == [24 * 18]
    assert [(round(each.area_m2 / M2), each.reason) for each in found.ignored] == [(40 * 30, Reason.OUTSIDE)]
    assert east > VIEW.lonlat(120, 0)[0]


CONFIRMED = Persistence(None, 0.8, 3, 3)


def test_what_was_doubted_and_is_confirmed_is_added():
    older = Older(confirms=CONFIRMED)
    found = compared(LARGE, older=older, doubted=[outline(*SMALL)])
    (_, (region, _)) = found.kept
    assert (region.is_confirmed, region.score, region.older, region.held_against) == (True, 0.8, 3, 3)
    assert region.area_m2 == pytest.approx(24 * 18 * M2, rel=0.12)
    assert VIEW.pixel(*region.centroid) == pytest.approx((102, 89), abs=0.6)
    assert found.counted[80:98, 90:114].all()
    assert older.least == 0.5


def test_a_sensitive_area_confirms_more_readily():
    older = Older(confirms=CONFIRMED)
    compared(older=older, doubted=[outline(*SMALL)], sensitivity=Sensitivity.HIGH)
    assert older.least == pytest.approx(0.35)


def test_of_a_region_its_own_pixels_count_and_not_its_box():
    triangle = [[VIEW.lonlat(*corner) for corner in ((90, 80), (150, 80), (90, 140), (90, 80))]]
    found = compared(older=Older(confirms=CONFIRMED), doubted=[triangle])
    assert found.counted.sum() == pytest.approx(60 * 60 / 2, rel=0.06)


def test_what_was_doubted_and_is_not_confirmed_is_not_added():
    assert compared(doubted=[outline(*SMALL)]).kept == []


def test_what_was_doubted_and_counts_already_is_counted_once():
    found = compared(LARGE, older=Older(confirms=CONFIRMED), doubted=[outline(150, 205, 60, 60)])
    assert [region.is_confirmed for region, _ in found.kept] == [False]


def test_what_was_doubted_outside_of_the_image_is_left_out():
    assert compared(older=Older(confirms=CONFIRMED), doubted=[outline(SIDE + 50, 10, 30, 30)]).kept == []


NO_WORKS = frozenset({Kind.WATER_GAINED})


def test_what_is_surely_of_no_kind_that_the_area_asks_for_is_ignored_and_no_older_image_is_asked():
    older = Older()
    found = compared(LARGE, older=older, alert_kinds=NO_WORKS)
    assert (found.kept, older.asked, found.counted.any()) == ([], [], False)
    (region,) = found.ignored
    assert region.reason is Reason.KIND_NOT_ASKED_FOR
    assert (region.kind in WORKS, region.kind_probability > 0.3) == (True, True)


def test_what_was_doubted_and_is_confirmed_has_the_kind_of_the_change_since_before_the_doubt():
    before, after = land(SIDE), house(land(SIDE), SMALL[0], SMALL[1], width=SMALL[2], height=SMALL[3])
    since = map_change(to_pixels(before), to_pixels(after), VIEW.gsd_m)
    doubted = {"doubted": [outline(*SMALL)]}
    ((region, _),) = compared(older=Older(confirms=CONFIRMED, before_doubt=since), **doubted).kept
    assert (region.is_confirmed, region.kind in WORKS) == (True, True)
    found = compared(older=Older(confirms=CONFIRMED, before_doubt=since), alert_kinds=NO_WORKS, **doubted)
    assert [region.reason for region in found.ignored] == [Reason.KIND_NOT_ASKED_FOR]
    ((unknown, _),) = compared(older=Older(confirms=CONFIRMED), alert_kinds=NO_WORKS, **doubted).kept
    assert (unknown.kind, unknown.kind_probability) == (None, None)


def test_on_pixels_coarser_than_the_simulated_ones_nothing_is_ignored_for_its_kind():
    coarse = replace(VIEW, tile=Tile(VIEW.tile.z - 3, VIEW.tile.x // 8, VIEW.tile.y // 8))
    assert VIEW.gsd_m < COARSEST_GSD_M < coarse.gsd_m
    ((region, _),) = compared(LARGE, view=coarse, alert_kinds=NO_WORKS).kept
    assert region.kind is not None
