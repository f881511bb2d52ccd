"""Sessions: who opens them, how they end and what they leave, on both databases."""

from datetime import timedelta

import pytest

from chalicelib.domain.errors import BadImage, Conflict, LimitReached, NotFound
from chalicelib.domain.pushes import Target, TargetKind
from chalicelib.domain.sessions import Cause, SessionStatus
from tests.support.builders.domain import NOON, a_change
from tests.support.trip import ALL, Trip

TOPIC = Target(kind=TargetKind.TOPIC, address="bhuprahari")


@pytest.fixture
def trip(engine):
    return Trip(engine, targets=[TOPIC])


def test_one_tap_is_one_session(trip):
    area = trip.add_area()
    trip.show("march")
    first, second = trip.capture_now(area), trip.capture_now(area)
    compared = trip.compare_now(area)
    assert first.session_id == second.session_id == compared.session_id
    trip.work()
    assert trip.compare_now(area).session_id == first.session_id, "its pictures are compared: no second session"
    assert len(trip.all_sessions()) == 1


def test_the_first_tap_is_answered_with_the_sweep_that_the_clock_has_just_made(trip):
    area = trip.add_area()
    trip.show("march")
    trip.tick()
    trip.work()
    trip.wait(minutes=2)
    first = trip.capture_now(area)
    assert first.counts_by_verdict == {"BASELINE": 2}
    assert trip.compare_now(area).session_id == first.session_id
    assert trip.capture_now(area).session_id != first.session_id, "the second tap looks anew"


def test_a_tap_long_after_the_first_sweep_looks_anew(trip):
    area = trip.add_area()
    trip.show("march")
    trip.tick()
    trip.work()
    trip.wait(minutes=11)
    assert trip.capture_now(area).is_open


def test_compare_waits_for_the_session_to_end(trip):
    area = trip.add_area()
    trip.show("march")
    trip.capture_now(area)
    session = trip.compare_now(area, sleep=lambda _s: trip.work_once(), wait_s=5)
    assert not session.is_open


def test_compare_waits_no_longer_than_it_is_told(trip):
    area = trip.add_area()
    trip.capture_now(area)
    pauses = []
    assert trip.compare_now(area, sleep=pauses.append, wait_s=5).is_open
    assert sum(pauses) == 5


def test_only_a_few_requests_wait_and_one_of_each_user(trip):
    area = trip.add_area()
    trip.capture_now(area)
    strangers = [trip.add_area(user=trip.add_user()) for _ in range(5)]
    for other in strangers:
        trip.capture_now(other)
    waiting = []

    def ask(which):
        """Ask, and let the next one ask while this one waits."""
        waiting.append(which.area_id)
        following = [other for other in (area, *strangers) if other.area_id not in waiting]

        def sleep(_s):
            if following and len(slept) < 10:
                slept.append(which.area_id)
                assert trip.compare_now(which, sleep=unwelcome, wait_s=5).is_open, "the same user's second one"
                ask(following[0])

        trip.compare_now(which, sleep=sleep, wait_s=0.1)

    def unwelcome(_s):
        raise AssertionError("nobody waits beyond the places that there are")

    slept = []
    ask(area)
    assert len(slept) == 4, "as many as there are places"
    assert trip.compare_now(area, sleep=lambda _s: trip.work(), wait_s=5).is_open is False, "all were given back"


def test_compare_before_any_capture_says_so(trip):
    with pytest.raises(Conflict, match="nothing of this area has been captured yet"):
        trip.compare_now(trip.add_area())


def test_a_failed_comparison_is_made_again_on_request(trip):
    area = trip.add_area(tiles=2)
    trip.run_session(area, "march", days=-1)
    assert trip.run_session(area, "april", days=30, change=BadImage("it broke")).counts_by_verdict == {"FAILED": 2}
    trip.change = a_change()
    session = trip.compare_now(area)
    trip.work()
    assert trip.session(session).counts_by_verdict == {"NO_CHANGE": 2}


def test_a_new_area_is_due_at_once_and_then_by_its_cadence(trip):
    area = trip.add_area()
    trip.show("march")
    assert trip.tick() == 1
    assert trip.tick() == 0, "one is open"
    trip.work()
    assert trip.tick() == 0
    trip.wait(hours=24)
    assert trip.tick() == 1
    assert [session.area_id for session in trip.all_sessions()] == [area.area_id] * 2


def due_at(trip, area):
    return trip.areas.get(area.area_id, user_id=area.user_id).next_due_at


def test_a_session_on_request_takes_the_place_of_one_that_is_due(trip):
    area = trip.add_area()
    trip.wait(hours=2)
    trip.capture_now(area)
    assert due_at(trip, area) == NOON + timedelta(hours=24)


def test_a_session_on_request_does_not_move_the_schedule(trip):
    area = trip.add_area()
    trip.show("march")
    assert trip.tick() == 1
    trip.work()
    for hours in (3, 9):
        trip.wait(hours=hours)
        trip.capture_now(area)
        trip.work()
        assert due_at(trip, area) == NOON + timedelta(hours=24)
    trip.wait(hours=13)
    assert trip.tick() == 1
    assert due_at(trip, area) == NOON + timedelta(hours=48), "an hour late, and at its hour again"


def test_a_tick_out_of_time_leaves_the_rest_to_the_next(trip):
    for _ in range(3):
        trip.add_area()
    from chalicelib.application.open_sessions import open_due_sessions

    left = iter([True, False])
    ports = {"areas": trip.areas, "sessions": trip.sessions, "jobs": trip.jobs, "clock": trip.clock}
    assert open_due_sessions(**ports, has_time=lambda: next(left), request_id="") == 1
    assert trip.tick() == 2


def test_tiles_a_day_are_capped(engine):
    trip = Trip(engine, tiles_per_day=5)
    first, second = trip.add_area(tiles=3), trip.add_area(tiles=3)
    trip.show("march")
    trip.capture_now(first)
    with pytest.raises(LimitReached, match="3 of today's 5 tiles are used"):
        trip.capture_now(second)
    assert trip.tick() == 0
    trip.wait(days=1)
    assert trip.tick() >= 1


def test_a_cancelled_session_ends_at_once(trip):
    area = trip.add_area()
    trip.show("march")
    session = trip.cancel(trip.capture_now(area))
    assert (session.status, session.counts_by_verdict) == (SessionStatus.ERROR, {"CANCELLED": 2})
    trip.work()
    assert trip.tiles(area) == [], "its jobs find nothing to do"
    with pytest.raises(Conflict, match="has ended already"):
        trip.cancel(session)


def test_after_a_delete_nothing_new_appears_and_nothing_stays(trip):
    area = trip.add_area(tiles=2)
    trip.run_session(area, "march", days=-1)
    trip.show("april", days=30)
    trip.capture_now(area)
    trip.work_once()
    trip.delete(area)
    with pytest.raises(NotFound):
        trip.areas.get(area.area_id, user_id=area.user_id)
    assert trip.all_sessions() == []
    trip.work()
    trip.wait(days=2)
    trip.reconcile()
    assert trip.images.keys_after("") == []
    assert trip.areas.deleted_with_rows(10) == []
    with pytest.raises(NotFound):
        trip.delete(area)


def test_other_peoples_areas_and_sessions_do_not_exist(trip):
    area = trip.add_area()
    session = trip.capture_now(area)
    stranger = trip.add_user().user_id
    for ask in (
        lambda: trip.areas.get(area.area_id, user_id=stranger),
        lambda: trip.areas.mark_deleted(area.area_id, user_id=stranger, now=trip.now),
        lambda: trip.sessions.get(session.session_id, user_id=stranger),
        lambda: trip.sessions.open_now(area.area_id, Cause.REQUESTED, user_id=stranger, now=trip.now, request_id=""),
        lambda: trip.alerts.of_session(session.session_id, user_id=stranger, page=ALL),
        lambda: trip.image_rows.of_area(area.area_id, user_id=stranger, page=ALL),
    ):
        with pytest.raises(NotFound):
            ask()
