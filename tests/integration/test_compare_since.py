"""Changes since a day that the owner says: the baseline is the picture near it, whenever it is said."""

from datetime import date

import pytest
from sqlalchemy import select

from chalicelib.adapters.database import tables as t
from chalicelib.domain.sessions import SessionStatus
from tests.support.builders.domain import a_change, day_after
from tests.support.trip import Trip


@pytest.fixture
def trip(engine):
    return Trip(engine)


def test_changes_since_a_day_are_told_and_no_older_ones(trip):
    made = trip.add_area(tiles=1, compare_since=day_after(-40))
    for scene, days in (("long ago", -400), ("last year", -40), ("winter", -20)):
        trip.show(scene, days=days)
    session = trip.run_session(made, "march", days=0, change=a_change(900))
    ((alert, image),) = trip.alerts_of(session)
    assert (alert.reference_captured_at.date(), image.image.captured_at.date()) == (day_after(-40), day_after(0))
    again = trip.capture_now(made)
    trip.work()
    assert trip.session(again).counts_by_verdict == {"NO_NEW_IMAGERY": 1}, "one baseline is enough"


def test_since_a_day_without_a_picture_it_is_since_the_next_one(trip):
    made = trip.add_area(tiles=1, compare_since=day_after(-200))
    for scene, days in (("long ago", -400), ("last year", -100), ("winter", -20)):
        trip.show(scene, days=days)
    session = trip.run_session(made, "march", days=0, change=a_change(900))
    assert [alert.reference_captured_at.date() for alert, _ in trip.alerts_of(session)] == [day_after(-100)]


def test_an_earlier_day_is_looked_at_from_then_on(trip):
    made = trip.add_area(tiles=1, compare_since=day_after(-40))
    for scene, days in (("long ago", -400), ("last year", -40)):
        trip.show(scene, days=days)
    trip.run_session(made, "march", days=0, change=a_change())
    trip.areas.change(made.area_id, user_id=trip.user.user_id, now=trip.now, compare_since=day_after(-400))
    trip.change = a_change(900)
    session = trip.capture_now(made)
    trip.work()
    assert [alert.reference_captured_at.date() for alert, _ in trip.alerts_of(session)] == [day_after(-400)]


def test_a_day_after_all_pictures_blinds_nobody(trip):
    made = trip.add_area(tiles=1, compare_since=date(2026, 2, 28))
    assert trip.run_session(made, "march", days=0).counts_by_verdict == {"BASELINE": 1}
    later = trip.run_session(made, "april", days=30, change=a_change(900))
    assert later.alerts == 1


def scenes_of(trip):
    with trip.engine.connect() as connection:
        return list(connection.execute(select(t.image_tiles.c.scene_id).order_by(t.image_tiles.c.id)).scalars())


def test_a_day_that_is_said_later_gets_its_baseline_once(trip):
    area = trip.add_area(tiles=1)
    for scene, days in (("years ago", -800), ("a year ago", -400)):
        trip.show(scene, days=days)
    trip.run_session(area, "march", days=0, change=a_change())
    assert scenes_of(trip).count("a year ago") == 0
    trip.areas.change(area.area_id, user_id=trip.user.user_id, now=trip.now, compare_since=day_after(-400))
    trip.capture_now(area)  # nothing new: then it is looked for
    trip.work()
    assert scenes_of(trip).count("a year ago") == 1
    trip.run_session(area, "april", days=30, change=a_change())
    trip.slow = a_change(900)
    held = trip.run_session(area, "may", days=60, change=a_change())
    assert scenes_of(trip).count("a year ago") == 1
    assert held.status is SessionStatus.CHANGES_DETECTED
    for scene, days in (("june", 90), ("july", 120)):
        trip.run_session(area, scene, days=days, change=a_change())
    assert scenes_of(trip).count("a year ago") == 1
