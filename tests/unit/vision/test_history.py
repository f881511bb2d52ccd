"""What older pictures say about a region, from log-odds that are given: no detector between."""

import numpy as np
import pytest

from chalicelib.domain.changes import Reason
from chalicelib.vision.evidence import Evidence
from chalicelib.vision.history import History
from chalicelib.vision.pixels import split
from chalicelib.vision.regions import Part
from tests.unit.vision.pictures import VIEW, png

SIZE = (VIEW.size_px, VIEW.size_px)
REFERENCE, NEWER = 200, 250  # grey levels that tell the pictures apart; older ones are 0, 10, 20...
PART = Part(120, 120, np.ones((40, 40), bool), 0.8)


def flat(level):
    return np.full((*SIZE, 3), level, np.uint8)


def weighed(spot, elsewhere=-5.0):
    odds = np.full(SIZE, elsewhere, np.float32)
    odds[PART.box] = spot
    return Evidence(odds, np.ones(SIZE, bool), None)


def history(against_newer, against_reference, elsewhere=-5.0):
    """The history of a place whose older pictures, newest first, are so unlike the two that are compared."""

    def look(older, other, _metres_per_pixel):
        known = against_newer if other.bgr[0, 0, 0] == NEWER else against_reference
        return weighed(known[older.bgr[0, 0, 0] // 10], elsewhere)

    older = [lambda level=10 * place: png(flat(level)) for place in range(len(against_newer))]
    return History(older, reference=split(flat(REFERENCE)), newer=split(flat(NEWER)), view=VIEW, look=look)


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
def test_a_region_holds_that_is_unlike_every_older_picture_of_calm_ground(
    against_newer, against_reference, reason, held_against
):
    held = history(against_newer, against_reference).hold(PART, weighed(5))
    assert (held.reason, held.older, held.held_against) == (reason, len(against_newer), held_against)
    if reason is None:
        assert held.score >= PART.score
    else:
        assert held.score < PART.score / 2


@pytest.mark.parametrize(("unlike", "reason"), [(2, Reason.NOT_YET_SURE), (3, None)])
def test_a_picture_that_is_odd_all_over_needs_surer_changes(unlike, reason):
    odd = history([unlike, unlike], [-3, -3], elsewhere=0.0)
    assert odd.hold(PART, weighed(5, elsewhere=0.0)).reason is reason
    assert odd.hold(PART, weighed(5)).reason is None, "the reference is like it: then it is not odd"


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
def test_a_doubt_is_settled_by_two_pictures_that_are_unlike_all_before(
    now, against_newer, against_reference, is_confirmed
):
    held = history(against_newer, against_reference).confirm(PART, weighed(now), 0.3)
    assert (held is not None) is is_confirmed
    if held is not None:
        assert (held.reason, held.older, held.held_against) == (None, 2, 2)


def test_a_settled_doubt_scores_what_the_area_asks_for():
    settled = history([2, 1], [1, 2])
    score = settled.confirm(PART, weighed(-2), 0.0).score
    assert 0.3 < score < 0.9
    assert settled.confirm(PART, weighed(-2), score - 0.01) is not None
    assert settled.confirm(PART, weighed(-2), score + 0.01) is None
