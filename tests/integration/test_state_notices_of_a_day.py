"""One message a person and day about areas that are not seen, and what comes of it where it cannot be pushed.

On both databases.
"""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from chalicelib.adapters.database.area_state_table import state_notices
from chalicelib.domain.pushes import DeliveryStatus, Target, TargetKind
from tests.support.builders.domain import NOON
from tests.support.notices import BLIND, CLEAR, DAY, days, look, refuse, register, sentences, settle, told, value
from tests.support.trip import Trip


@pytest.fixture
def trip(engine):
    made = Trip(engine)
    register(made, made.user, "phone")
    return made


def test_areas_that_turn_on_one_day_are_one_message(trip):
    areas = [trip.add_area(tiles=1, name=name) for name in ("Lake", "Hill", "Grove", "Field", "Pond")]
    for area in areas:
        look(trip, area, BLIND)
        trip.wait(hours=3)
    trip.wait(days=13)
    for _ in range(48):
        settle(trip)
        trip.wait(hours=1)
    assert told(trip) == ["Not seen: 5 areas"]
    (body,) = sentences(trip)
    assert body.startswith("Not seen since 1 March 2026 or later, ")
    assert ": Lake, Hill, Grove and 2 more (clouds, or gaps in the pictures)." in body
    at = value(trip, select(state_notices.c.created_at))
    assert at <= NOON + 14 * DAY + timedelta(hours=13), "as soon as the last has held"


def test_what_could_not_be_said_today_is_said_tomorrow(trip):
    lake, hill = trip.add_area(tiles=1, name="Lake"), trip.add_area(tiles=1, name="Hill")
    look(trip, lake, BLIND)
    trip.wait(days=12, hours=5)
    trip.imagery.scenes = refuse
    look(trip, hill, CLEAR)
    shown = []
    for _ in range(24 * 4):
        trip.wait(hours=1)
        settle(trip)
        shown += [(trip.now, notice.title) for notice, _ in trip.push.pushes[len(shown) :]]
    assert shown == [
        (NOON + 14 * DAY, "Not seen: Lake"),
        (NOON + 15 * DAY, "Could not be looked at: Hill"),
    ], "the second has held since five hours after the first was told"


def test_each_person_has_a_message_of_his_own(trip):
    other = trip.add_user()
    register(trip, other, "other phone")
    mine, theirs = trip.add_area(tiles=1), trip.add_area(tiles=1, user=other, name="Lake")
    days(trip, [mine, theirs], [BLIND] * 16)
    assert (told(trip), told(trip, "other phone")) == (["Not seen: Hill"], ["Not seen: Lake"])
    (push,) = trip.pushes()
    assert push.notice.title == "Not seen: Hill"


def test_the_operators_topic_is_told_too(engine):
    trip = Trip(engine, targets=[Target(kind=TargetKind.TOPIC, address="operators")])
    days(trip, [trip.add_area(tiles=1)], [BLIND] * 16)
    assert told(trip, "operators") == ["Not seen: Hill"]


def test_who_has_no_device_is_told_once_there_is_one(engine):
    trip = Trip(engine)
    area = trip.add_area(tiles=1)
    days(trip, [area], [BLIND] * 20)
    assert value(trip, select(func.count()).select_from(state_notices)) == 0
    register(trip, trip.user, "phone")
    trip.wait(hours=1)
    settle(trip)
    assert told(trip) == ["Not seen: Hill"]


def test_a_push_service_that_is_away_for_days_delays_it_and_loses_nothing(trip):
    area = trip.add_area(tiles=1)
    trip.push.away = True
    days(trip, [area], [BLIND] * 15)
    for _ in range(40):
        settle(trip)
        trip.wait(hours=3)
    trip.push.away = False
    for _ in range(8):
        settle(trip)
        trip.wait(hours=3)
    assert told(trip) == ["Not seen: Hill"]


def test_what_was_given_up_is_not_told_where_it_is_no_longer_so(trip):
    area = trip.add_area(tiles=1)
    trip.push.away = True
    days(trip, [area], [BLIND] * 15 + [CLEAR] * 3)
    trip.push.away = False
    days(trip, [area], [CLEAR] * 5)
    assert told(trip) == [], "and so nobody has to be told that it is seen again"


def test_a_device_that_is_gone_is_dropped_and_the_next_one_is_told(trip):
    area = trip.add_area(tiles=1)
    trip.push.script["phone"] = DeliveryStatus.DEAD_TARGET
    days(trip, [area], [BLIND] * 16)
    assert trip.accounts.devices(trip.user.user_id) == []
    register(trip, trip.user, "new phone")
    days(trip, [area], [BLIND] * 2)
    assert told(trip, "new phone") == ["Not seen: Hill"]
