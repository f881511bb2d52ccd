"""Older pictures as evidence, through the trip with the real comparison, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from chalicelib.adapters.database import tables as t
from chalicelib.domain.scenes import Grid
from chalicelib.domain.thresholds import Sensitivity
from chalicelib.vision.changes import compare
from tests.support.builders.domain import SPRING
from tests.support.builders.land import crop, house, land, png
from tests.support.trip import ALL, Trip

pytestmark = pytest.mark.xdist_group("time as evidence")  # in one process, which works each comparison out once
_worked_out = {}
GRID = Grid(zoom=17, tile_px=288, margin_px=36)  # about a metre a pixel


def compare_once(before, after, *, older=(), **ground):
    """Give what the real comparison says, which depends on what it is given and on nothing else."""
    question = (before, after, tuple(read() for read in older), repr(sorted(ground.items())))
    if question not in _worked_out:
        _worked_out[question] = compare(before, after, older=older, **ground)
    return _worked_out[question]


@pytest.fixture
def trip(engine):
    made = Trip(engine)
    made.compare = compare_once
    return made


@pytest.fixture
def area(trip):
    return trip.add_area(tiles=1, grid=GRID)


def look(trip, area, days, picture):
    """Run one session on a picture; give the one tile's verdict."""
    content = png(picture)
    trip.imagery.show(f"day {days}", SPRING + timedelta(days=days), lambda _view: content)
    session = trip.capture_now(area)
    trip.work()
    ended = trip.session(session)
    (verdict,) = ended.counts_by_verdict
    return verdict, ended


def reasons(trip, session):
    seen = trip.alerts.ignored(session.session_id, user_id=trip.user.user_id, page=ALL).items
    return {region["reason"] for tile in seen for region in tile.regions}


def test_after_an_odd_picture_there_is_one_alert_and_not_two(trip, area):
    plain = land(360)
    assert [look(trip, area, day, plain + day % 2)[0] for day in (0, 1)] == ["BASELINE", "NO_CHANGE"]
    assert look(trip, area, 2, house(plain, 150, 150, width=30, height=24))[0] == "CHANGED"
    verdict, session = look(trip, area, 3, plain + 1)
    assert verdict == "NO_CHANGE"
    assert "does not hold" in reasons(trip, session)
    assert trip.alerts_of(session) == []


def test_a_house_alerts_at_once_and_says_what_it_was_held_against(trip, area):
    plain = land(360)
    for day in range(3):
        look(trip, area, day, plain + day % 2)
    verdict, session = look(trip, area, 3, house(plain, 150, 150, width=30, height=24))
    assert verdict == "CHANGED"
    ((alert, _),) = trip.alerts_of(session)
    (region,) = alert.change_log["regions"]
    assert (region["older_pictures"], region["held_against"], region["confirmed"]) == (2, 2, False)
    assert session.severity == alert.change_log["severity"] == region["severity"]


def test_what_is_doubted_on_restless_ground_alerts_one_picture_later_if_it_holds(trip, area):
    plain = land(360)
    for day in range(4):
        look(trip, area, day, crop(plain, day))
    verdict, session = look(trip, area, 4, crop(plain, 4))
    assert (verdict, "season-like" in reasons(trip, session)) == ("NO_CHANGE", True)
    verdict, session = look(trip, area, 5, crop(plain, 4) + 1)
    assert verdict == "CHANGED"
    ((alert, _),) = trip.alerts_of(session)
    assert [region["confirmed"] for region in alert.change_log["regions"]] == [True]
    with trip.engine.connect() as connection:
        in_order = select(t.image_tiles.c.object_key).order_by(t.image_tiles.c.taken_at)
        keys = connection.execute(in_order).scalars().all()
    assert alert.reference_key == keys[3], "shown beside the image before the one that was doubted"
    assert look(trip, area, 6, crop(plain, 4))[0] == "NO_CHANGE", "it alerts once"


def test_a_doubt_outlives_a_change_of_the_sensitivity(trip, area):
    plain = land(360)
    for day in range(5):
        verdict, session = look(trip, area, day, crop(plain, day))
    assert (verdict, "season-like" in reasons(trip, session)) == ("NO_CHANGE", True)
    trip.areas.change(area.area_id, sensitivity=Sensitivity.LOW, user_id=trip.user.user_id, now=trip.now)
    assert look(trip, area, 5, crop(plain, 4) + 1)[0] == "CHANGED"


def test_a_field_that_goes_on_changing_does_not_alert(trip, area):
    plain = land(360)
    verdicts = [look(trip, area, day, crop(plain, day))[0] for day in range(8)]
    assert verdicts[0] == "BASELINE"
    assert set(verdicts[4:]) == {"NO_CHANGE"}


def test_a_lost_older_picture_is_one_witness_less(trip, area):
    plain = land(360)
    for day in range(3):
        look(trip, area, day, plain + day % 2)
    oldest = trip.tiles(area)[-1].image
    trip.images.delete([oldest.key])
    verdict, session = look(trip, area, 3, house(plain, 150, 150, width=30, height=24))
    assert verdict == "CHANGED"
    assert trip.alerts_of(session)[0][0].change_log["regions"][0]["older_pictures"] == 1


def test_another_sensitivity_is_another_comparison(trip, area):
    plain = land(360)
    look(trip, area, 0, plain)
    _, first = look(trip, area, 1, plain + 1)
    assert trip.compare_now(area).session_id == first.session_id
    trip.areas.change(area.area_id, sensitivity=Sensitivity.HIGH, user_id=trip.user.user_id, now=trip.now)
    again = trip.compare_now(area)
    assert again.session_id != first.session_id
    trip.work()
    assert trip.session(again).counts_by_verdict == {"NO_CHANGE": 1}
    assert trip.compare_now(area).session_id == again.session_id
