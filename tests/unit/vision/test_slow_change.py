"""The slow-change test, on change maps that are given: no detector between."""

from functools import partial

import numpy as np
import pytest

from chalicelib.domain.changes import Reason
from chalicelib.vision.change_map import ChangeMap
from chalicelib.vision.persistence import read_witnesses
from chalicelib.vision.pixels import to_pixels
from chalicelib.vision.regions import PixelRegion
from chalicelib.vision.slow_change import SlowChangeTest
from tests.support.builders.land import VIEW, png

SIZE = (VIEW.size_px, VIEW.size_px)
BASELINE, NEWER = 200, 250  # grey levels that tell the images apart; those between are 0, 10, 20...
REGION = PixelRegion(120, 120, np.ones((40, 40), bool), 0.8)


def flat(level):
    return np.full((*SIZE, 3), level, np.uint8)


def mapped(spot, *, is_clear=True):
    odds, clear = np.full(SIZE, -5.0, np.float32), np.ones(SIZE, bool)
    odds[REGION.box] = spot
    clear[REGION.box] = is_clear
    return ChangeMap(odds, clear, None)


def reason_of(to_newer, from_baseline, *, hidden=(), lost=()):
    """Test a region whose images between, newest first, differ by so much from the newer one and from the baseline."""

    def map_change(older, newer, _metres_per_pixel):
        is_to_newer = newer.bgr[0, 0, 0] == NEWER
        place = older.bgr[0, 0, 0] // 10
        return mapped((to_newer if is_to_newer else from_baseline)[place], is_clear=place not in hidden)

    between = [
        lambda level=10 * place: None if level // 10 in lost else png(flat(level)) for place in range(len(to_newer))
    ]
    ends = {"baseline": to_pixels(flat(BASELINE)), "newer": to_pixels(flat(NEWER))}
    read = partial(read_witnesses, between, VIEW, *ends.values())
    return SlowChangeTest(read, **ends, view=VIEW, map_change=map_change).test(REGION, mapped(5)).reason


@pytest.mark.parametrize(
    ("to_newer", "from_baseline", "reason"),
    [
        ([-3, 2, 4], [4, 0, -3], None),  # it went from one to the other
        ([-3, -3, 4], [4, 4, -3], None),
        ([-2, 2], [4, 0.3], None),
        ([2, 2, 4], [2, 0, -3], Reason.NOT_YET_SURE),  # the image before does not show it yet
        ([-3, 2, 4], [0, 0, -3], Reason.NOT_YET_SURE),  # the image before is like the baseline as well
        ([-3, -3, -3], [4, 4, 4], Reason.NOT_YET_SURE),  # the baseline alone is other: it may be the odd one
        ([-3, 2, 4], [4, 3, 2], Reason.NOT_YET_SURE),  # it was other right after the baseline
        ([-3, 4, -3, 4], [4, -3, 4, -3], Reason.COMES_BACK),  # it was like now, and like the baseline again
        ([-3, 4, 4, 4], [4, -3, 4, -3], Reason.COMES_BACK),
        ([-3], [4], Reason.NOT_YET_SURE),  # one witness is none
        ([], [], Reason.NOT_YET_SURE),
    ],
)
def test_the_ground_has_to_turn_once_and_stay(to_newer, from_baseline, reason):
    assert reason_of(to_newer, from_baseline) == reason


def test_an_image_under_cloud_there_is_no_witness():
    told = ([-3, 4, -3, 4], [4, -3, 4, -3])
    assert reason_of(*told) is Reason.COMES_BACK
    assert reason_of(*told, hidden=[2]) is None


def test_what_the_image_before_does_not_show_is_left_to_the_next():
    assert reason_of([-3, -3, 4], [4, 4, -3], hidden=[0]) is Reason.NOT_YET_SURE


def test_a_lost_image_is_one_witness_less():
    assert reason_of([-3, 4, 4], [4, -3, -3], lost=[1]) is None
