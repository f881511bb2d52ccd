"""What people are told of areas that are not seen: once, and when it has held.

On both databases, through the whole trip: sessions end, reconcile decides, the worker pushes.
"""

from datetime import datetime, timedelta

import pytest

from chalicelib.domain.area_states import AreaState
from tests.support.builders.domain import NOON
from tests.support.notices import (
    BLIND,
    CLEAR,
    DAY,
    PARTLY,
    days,
    look,
    refuse,
    register,
    sentences,
    settle,
    told,
)
from tests.support.trip import Trip


@pytest.fixture
def trip(engine):
    made = Trip(engine)
    register(made, made.user, "phone")
    return made


def test_an_area_that_is_blind_for_fourteen_days_is_told_once(trip):
    area = trip.add_area(tiles=2)
    days(trip, [area], [CLEAR] + [BLIND] * 14)
    assert told(trip) == [], "from the second day on, it has not held for fourteen"
    days(trip, [area], [BLIND] * 20)
    assert told(trip) == ["Not seen: Hill"]
    (push,) = trip.pushes()
    session = next(session for session in reversed(trip.all_sessions()) if session.ended_at == NOON + 15 * DAY)
    assert push.notice.members == {
        "area_config_id": str(area.area_id),
        "alert_session_id": str(session.session_id),
        "changes_count": "0",
        "state": "blind",
    }
    assert push.notice.body == (
        f"All of it, {session.unseen.m2:,.0f} m2, has not been seen since 2 March 2026: "
        "clouds, or gaps in the pictures. It was last clearly seen in pictures of 31 December 2025. "
        "No message about changes can come from there until it is seen again."
    )
    assert push.sent_at == NOON + 15 * DAY + timedelta(hours=1)


def test_part_of_an_area_is_told_with_how_much(trip):
    area = trip.add_area(tiles=2)
    days(trip, [area], [PARTLY] * 16)
    assert told(trip) == ["Partly not seen: Hill"]
    (body,) = sentences(trip)
    assert body.startswith("50 % of it, ")
    assert "has not been seen since 1 March 2026" in body
    assert body.endswith("No message about changes can come from what is not seen until it is seen again.")


def test_a_provider_that_fails_is_told_after_two_days(trip):
    area = trip.add_area(tiles=2)
    days(trip, [area], [CLEAR])
    trip.imagery.scenes = refuse
    days(trip, [area], [CLEAR] * 2)
    assert told(trip) == []
    days(trip, [area], [CLEAR] * 3)
    assert told(trip) == ["Could not be looked at: Hill"]
    (body,) = sentences(trip)
    assert "could not be looked at since 2 March 2026: the source of the pictures fails." in body


def test_an_area_whose_turn_comes_after_the_days_budget_is_told_so(engine):
    trip = Trip(engine, tiles_per_day=1)
    register(trip, trip.user, "phone")
    first, _ = trip.add_area(tiles=1), trip.add_area(tiles=1, name="Lake")
    for _ in range(4):
        look(trip, first, CLEAR)
        trip.tick()
        trip.work()
        trip.wait(hours=1)
        settle(trip)
        trip.wait(hours=23)
    assert told(trip) == ["Could not be looked at: Lake"]
    assert "used up before its turn" in sentences(trip)[0]


def test_an_area_without_a_picture_is_told_so(trip):
    area = trip.add_area(tiles=2)
    for _ in range(4):
        trip.capture_now(area)
        trip.work()
        settle(trip)
        trip.wait(days=1)
    assert told(trip) == ["Could not be looked at: Hill"]
    (body,) = sentences(trip)
    assert "there is no picture of it." in body


def test_seen_again_is_told_to_who_knows_of_worse(trip):
    area = trip.add_area(tiles=2)
    days(trip, [area], [BLIND] * 15 + [CLEAR] * 2)
    assert told(trip) == ["Not seen: Hill"], "it has not held yet"
    days(trip, [area], [CLEAR] * 5)
    assert told(trip) == ["Not seen: Hill", "Seen again: Hill"]
    assert sentences(trip)[-1] == "It has been seen again since 16 March 2026: you are told of changes as before."


def test_seen_again_is_not_told_to_who_knows_of_nothing(trip):
    days(trip, [trip.add_area(tiles=2)], [CLEAR] + [BLIND] * 10 + [CLEAR] * 10)
    assert told(trip) == []


def test_a_change_where_nothing_was_seen_is_told_at_once_and_is_seen_again(trip):
    area = trip.add_area(tiles=2)
    days(trip, [area], [CLEAR] + [BLIND] * 15)
    days(trip, [area], [CLEAR], m2=900)
    assert trip.push.pushes[-1][0].title == "Change detected: Hill"
    days(trip, [area], [CLEAR] * 3)
    assert told(trip) == ["Not seen: Hill", "Seen again: Hill"]


def test_changes_in_what_is_seen_hide_no_unseen_ground_beside_them(trip):
    area = trip.add_area(tiles=2)
    days(trip, [area], [CLEAR])
    for growing in range(8):
        days(trip, [area], [PARTLY])
        days(trip, [area], [PARTLY], m2=900 * 3**growing)
    assert trip.areas.standings([area.area_id])[area.area_id].state is AreaState.CHANGED
    assert told(trip) == ["Partly not seen: Hill"]


def test_what_flaps_tells_nothing(trip):
    days(trip, [trip.add_area(tiles=2)], [BLIND] * 13 + [CLEAR] + [BLIND] * 13 + [CLEAR] + [BLIND] * 13)
    assert told(trip) == []


def test_more_or_less_blind_is_not_seen_all_the_same(trip):
    days(trip, [trip.add_area(tiles=2)], [BLIND, PARTLY] * 10)
    assert told(trip) == ["Partly not seen: Hill"]


def test_what_flaps_after_it_was_told_does_not_ring(trip):
    area = trip.add_area(tiles=2)
    days(trip, [area], [BLIND] * 15)
    assert told(trip) == ["Not seen: Hill"]
    days(trip, [area], [CLEAR, BLIND] * 10)
    assert told(trip) == ["Not seen: Hill"], "it never was seen for two days, nor blind for fourteen"
    days(trip, [area], [CLEAR] * 4 + [BLIND] * 12)
    assert told(trip) == ["Not seen: Hill", "Seen again: Hill"]


def test_a_provider_that_fails_every_other_week_day_does_not_ring_every_other_day(trip):
    area = trip.add_area(tiles=2)
    scenes = trip.imagery.scenes
    for _ in range(8):
        trip.imagery.scenes = refuse
        days(trip, [area], [CLEAR] * 3)
        trip.imagery.scenes = scenes
        days(trip, [area], [CLEAR] * 3)
    failing, again = "Could not be looked at: Hill", "Seen again: Hill"
    assert told(trip) == [failing, again, failing], "and then it has to be seen for as long as blindness has to hold"
    days(trip, [area], [CLEAR] * 14)
    assert told(trip) == [failing, again, failing, again]


def test_a_state_that_worsens_is_told_once_more_after_its_own_period(trip):
    area = trip.add_area(tiles=2)
    days(trip, [area], [PARTLY] * 16)
    days(trip, [area], [BLIND] * 14)
    assert told(trip) == ["Partly not seen: Hill"]
    days(trip, [area], [BLIND] * 8)
    assert told(trip) == ["Partly not seen: Hill", "Not seen: Hill"]
    days(trip, [area], [PARTLY] * 20)
    assert told(trip) == ["Partly not seen: Hill", "Not seen: Hill"], "better, and not well"


@pytest.mark.parametrize(("began", "after"), [((6, 10), 30), ((5, 20), 30), ((9, 10), 21), ((10, 3), 14), ((5, 1), 14)])
def test_in_the_monsoon_it_takes_thirty_days(engine, began, after):
    trip = Trip(engine)
    register(trip, trip.user, "phone")
    trip.now = datetime(2026, *began, 0, tzinfo=NOON.tzinfo)
    area = trip.add_area(tiles=2)
    for day in range(40):
        look(trip, area, BLIND)
        settle(trip)
        trip.wait(days=1)
        if told(trip):
            assert day == after
            return
    raise AssertionError("it was never told")
