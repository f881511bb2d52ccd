"""What grows a little from image to image, through the trip with the real comparison, on both databases."""

from datetime import timedelta
from functools import cache
from itertools import pairwise

import cv2
import numpy as np
import pytest

from chalicelib.domain.scenes import Grid
from chalicelib.vision.changes import compare, compare_with_baseline
from tests.support.builders.domain import SPRING
from tests.support.builders.land import crop, house, land, png
from tests.support.trip import Trip

pytestmark = pytest.mark.xdist_group("slow change")  # in one process, which works each comparison out once
GRID = Grid(zoom=18, tile_px=256, margin_px=32)  # about 0.56 m a pixel
SIDE = 320
STEP_M2 = 12.0
_worked_out = {}


def once(function, before, after, *, readers, **ground):
    """Give what the real comparison says, which depends on what it is given and on nothing else."""
    question = (function.__name__, before, after, tuple(read() for read in readers), repr(sorted(ground.items())))
    if question not in _worked_out:
        named = {"compare": "older", "compare_with_baseline": "between"}[function.__name__]
        _worked_out[question] = function(before, after, **{named: readers}, **ground)
    return _worked_out[question]


@pytest.fixture
def trip(engine):
    made = Trip(engine)
    made.compare = lambda *pair, older=(), **ground: once(compare, *pair, readers=older, **ground)
    made.compare_with_baseline = lambda *pair, between=(), **ground: once(
        compare_with_baseline, *pair, readers=between, **ground
    )
    return made


@pytest.fixture
def area(trip):
    return trip.add_area(tiles=1, grid=GRID)


@cache
def noisy(number):
    """What the sensor adds to an image, three levels of it."""
    return np.random.default_rng(number).normal(0, 3, (SIDE, SIDE, 3))


def seen(picture, number):
    return np.clip(picture + noisy(number), 0, 255).astype(np.uint8)


def creeping(number, *, step_m2=STEP_M2):
    """Give meadow on which a flat concrete slab of six metres' width has grown by so many steps."""
    gsd_m = 0.56
    picture = land(SIDE, seed=3)
    length = round(number * step_m2 / 6 / gsd_m)
    cv2.rectangle(picture, (150, 150), (150 + round(6 / gsd_m) - 1, 150 + length - 1), (175, 180, 185), -1)
    return picture if length > 0 else land(SIDE, seed=3)


def look(trip, area, number, picture):
    """Run one session on a picture, which every tile shows; give the regions of one tile's alert."""
    content = png(seen(picture, number))
    trip.imagery.show(f"month {number}", SPRING + timedelta(days=number), lambda _view: content)
    session = trip.capture_now(area)
    trip.work()
    return [region for alert, _ in trip.alerts_of(session)[:1] for region in alert.change_log["regions"]]


def test_twelve_square_metres_a_month_are_found(trip, area):
    told = [look(trip, area, number, creeping(number)) for number in range(9)]
    first = next(number for number, regions in enumerate(told) if regions)
    assert first <= 4, told
    assert {region["compared_with"] for regions in told for region in regions} == {"baseline"}


def test_what_was_told_once_is_not_told_again_until_it_has_grown(trip, area):
    told = [[region["area_m2"] for region in look(trip, area, n, creeping(min(n, 4)))] for n in range(9)]
    assert [len(several) for several in told] == [0, 0, 0, 0, 1, 0, 0, 0, 0], told


def test_a_house_that_grows_after_its_alert_is_told_with_what_it_was_before(trip, area):
    plain = land(SIDE, seed=3)
    pictures = [plain, plain] + [house(plain, 150, 150, width=14 + 2 * max(0, n - 1), height=18) for n in range(9)]
    told = [look(trip, area, number, picture) for number, picture in enumerate(pictures)]
    assert [len(regions) for regions in told[:4]] == [0, 0, 1, 0], told
    alerts = [region for regions in told for region in regions]
    assert [region["compared_with"] for region in alerts] == ["previous", "baseline", "baseline"]
    for before, after in pairwise(alerts):
        assert after["grew_from_m2"] == pytest.approx(before["area_m2"], rel=0.05)
        assert after["area_m2"] >= 1.2 * after["grew_from_m2"]


def test_fields_that_go_on_changing_are_not_told_by_the_baseline(trip, area):
    plain = land(SIDE)
    told = [look(trip, area, day, crop(plain, day)) for day in range(10)]
    assert [region for regions in told[4:] for region in regions] == []
