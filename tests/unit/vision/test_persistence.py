"""The temporal persistence test, on change maps that are given: no detector between."""

from functools import partial

import numpy as np
import pytest

from chalicelib.domain.changes import Reason
from chalicelib.vision.change_map import ChangeMap
from chalicelib.vision.persistence import PersistenceTest, read_witnesses
from chalicelib.vision.pixels import to_pixels
from chalicelib.vision.regions import PixelRegion
from tests.support.builders.land import VIEW, png

SIZE = (VIEW.size_px, VIEW.size_px)
REFERENCE, NEWER = 200, 250  # grey levels that tell the images apart; older ones are 0, 10, 20...
REGION = PixelRegion(120, 120, np.ones((40, 40), bool), 0.8)


def flat(level):
    return np.full((*SIZE, 3), level, np.uint8)


def mapped(spot, elsewhere=-5.0):
    odds = np.full(SIZE, elsewhere, np.float32)
    odds[REGION.box] = spot
    return ChangeMap(odds, np.ones(SIZE, bool), None)


def persistence(against_newer, against_reference, elsewhere=-5.0):
    """The test of a place whose older images, newest first, differ by so much from the two that are compared."""

    def map_change(older, other, _metres_per_pixel):
        known = against_newer if other.bgr[0, 0, 0] == NEWER else against_reference
        return mapped(known[older.bgr[0, 0, 0] // 10], elsewhere)

    older = [lambda level=10 * place: png(flat(level)) for place in range(len(against_newer))]
    pair = {"reference": to_pixels(flat(REFERENCE)), "newer": to_pixels(flat(NEWER))}
    return PersistenceTest(
        partial(read_witnesses, older, VIEW, *pair.values()), **pair, view=VIEW, map_change=map_change
    )


@pytest.mark.parametrize(
    ("against_newer", "against_reference", "reason", "held_against"),
    [
        ([3, 2], [-3, -2], None, 2),
        ([3, -2], [-3, -3], Reason.COMES_BACK, 1),
        ([-2, 3], [-3, -3], Reason.DOES_NOT_HOLD, 1),
        ([3, 3], [-3, 1], Reason.SEASON_LIKE, 2),
        ([0.5, 3], [-3, -3], Reason.NOT_YET_SURE, 2),
        ([2], [-3], Reason.NOT_YET_SURE, 1),
        ([3], [-3], None, 1),
        ([], [], None, 0),
    ],
)
def test_a_region_persists_that_is_unlike_every_older_image_of_stable_ground(
    against_newer, against_reference, reason, held_against
):
    held = persistence(against_newer, against_reference).test(REGION, mapped(5))
    assert (held.reason, held.older, held.held_against) == (reason, len(against_newer), held_against)
    if reason is None:
        assert held.score >= REGION.score
    else:
        assert held.score < REGION.score / 2


@pytest.mark.parametrize(("unlike", "reason"), [(2, Reason.NOT_YET_SURE), (3, None)])
def test_an_image_that_is_an_outlier_all_over_needs_surer_changes(unlike, reason):
    outlier = persistence([unlike, unlike], [-3, -3], elsewhere=0.0)
    assert outlier.test(REGION, mapped(5, elsewhere=0.0)).reason is reason
    assert outlier.test(REGION, mapped(5)).reason is None, "the reference is like it: then it is no outlier"


@pytest.mark.parametrize(
    ("now", "against_newer", "against_reference", "is_confirmed"),
    [
        (-2, [2, 1], [1, 2], True),
        (1, [2, 1], [1, 2], False),
        (-2, [2, 0], [1, 2], False),
        (-2, [2, 1], [0, 2], False),
        (-2, [4], [4], False),
    ],
)
def test_a_doubtful_region_is_confirmed_by_two_images_that_are_unlike_all_before(
    now, against_newer, against_reference, is_confirmed
):
    held = persistence(against_newer, against_reference).confirm(REGION, mapped(now), 0.3)
    assert (held is not None) is is_confirmed
    if held is not None:
        assert (held.reason, held.older, held.held_against) == (None, 2, 2)


def test_a_confirmed_region_scores_what_the_area_asks_for():
    confirmed = persistence([2, 1], [1, 2])
    score = confirmed.confirm(REGION, mapped(-2), 0.0).score
    assert 0.3 < score < 0.9
    assert confirmed.confirm(REGION, mapped(-2), score - 0.01) is not None
    assert confirmed.confirm(REGION, mapped(-2), score + 0.01) is None


@pytest.mark.parametrize("pair_has_colour", [True, False])
def test_a_grey_image_is_no_witness_of_a_pair_in_colour(pair_has_colour):
    def coloured(level):
        return to_pixels(np.dstack([flat(level)[..., 0], *(flat(level - 40)[..., :2].transpose(2, 0, 1))]))

    def map_change(_older, _other, _metres_per_pixel):
        return mapped(0.5)

    make = coloured if pair_has_colour else lambda level: to_pixels(flat(level))
    pair = {"reference": make(REFERENCE), "newer": make(NEWER)}
    read = partial(read_witnesses, [lambda: png(flat(10))], VIEW, *pair.values())
    held = PersistenceTest(read, **pair, view=VIEW, map_change=map_change).test(REGION, mapped(5))
    assert (held.older, held.reason) == ((0, None) if pair_has_colour else (1, Reason.SEASON_LIKE))
