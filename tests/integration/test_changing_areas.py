"""Areas that are changed while they are watched: one of two changes of a version, paused ones, and schedules."""

from datetime import timedelta

import pytest

from chalicelib.adapters.database.arrivals import mark_due
from chalicelib.domain.area_states import AreaState
from chalicelib.domain.errors import BadImage, ChangedMeanwhile, NotFound
from chalicelib.domain.schedules import checked_schedule
from chalicelib.domain.sessions import Cause
from tests.support.builders.domain import NOON, a_change
from tests.support.timing import at_once
from tests.support.trip import Trip

ROUNDS = 6
WEEKLY = checked_schedule(weekdays=["mon"], every_days=None, at="06:30", zone="Asia/Kolkata")


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def area(trip):
    return trip.add_area(tiles=1)


def change(trip, area, **changes):
    return trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, **changes)


def now_of(trip, area):
    return trip.areas.get(area.area_id, user_id=area.user_id)


def test_of_changes_of_one_version_one_is_made(trip, area):
    for version in range(1, ROUNDS + 1):
        deeds = [lambda n=n, v=version: change(trip, area, version=v, name=f"{v}.{n}") for n in range(4)]
        answers = at_once(*deeds)
        late = [answer for answer in answers if isinstance(answer, ChangedMeanwhile)]
        (made,) = [answer for answer in answers if answer not in late]
        assert (len(late), {answer.version for answer in late}) == (3, {version + 1})
        assert now_of(trip, area) == made


def test_changes_of_any_version_are_all_counted(trip, area):
    at_once(*[lambda n=n: change(trip, area, name=f"{n}") for n in range(6)])
    assert now_of(trip, area).version == 7


def test_what_one_change_does_not_say_the_other_one_of_the_moment_keeps(trip, area):
    at_once(lambda: change(trip, area, name="Dale"), lambda: change(trip, area, tags=("north",)))
    changed = now_of(trip, area)
    assert (changed.name, changed.tags, changed.version) == ("Dale", ("north",), 3)


def test_another_users_area_is_not_found(trip, area):
    with pytest.raises(NotFound):
        trip.areas.change(area.area_id, user_id=trip.add_user().user_id, now=trip.now, name="Mine")
    assert now_of(trip, area).version == 1


def test_a_paused_area_is_looked_at_only_when_somebody_asks(trip, area):
    change(trip, area, is_paused=True)
    assert trip.areas.due(now=trip.now, limit=10) == []
    assert trip.tick() == 0
    assert trip.sessions.open_due(area.area_id, now=trip.now, request_id="") == []
    assert trip.run_session(area, "march", days=0).cause is Cause.REQUESTED
    trip.wait(days=3)
    assert trip.tick() == 0
    change(trip, area, is_paused=False)
    assert trip.tick() == 1, "it is overdue"


def test_a_pause_against_the_tick_opens_one_session_or_none(trip):
    for number in range(ROUNDS):
        made = trip.add_area(tiles=1, name=f"Race {number}")
        at_once(trip.tick, lambda made=made: change(trip, made, is_paused=True), trip.tick)
        assert sum(session.area_id == made.area_id for session in trip.all_sessions()) <= 1
        assert now_of(trip, made).is_paused
        trip.wait(days=2)
        opened = len(trip.all_sessions())
        trip.tick()
        assert len(trip.all_sessions()) == opened, "from then on none"


def test_nobody_is_alarmed_of_a_paused_area_and_after_that_its_days_are_counted_anew(engine):
    trip = Trip(engine)
    trip.accounts.add_device(trip.user.user_id, token="phone", platform="android", now=trip.now)
    area = trip.add_area(tiles=1)
    trip.clear_share = 0.0
    trip.run_session(area, "cloud", days=0)
    assert trip.areas.standings([area.area_id])[area.area_id].state is AreaState.BLIND
    change(trip, area, is_paused=True)
    trip.wait(days=40)
    assert trip.state_notices.due(now=trip.now, limit=10) == []
    assert trip.state_notices.decide(trip.user.user_id, now=trip.now) == []
    change(trip, area, is_paused=False)
    assert trip.state_notices.decide(trip.user.user_id, now=trip.now) == []
    assert trip.areas.standings([area.area_id])[area.area_id].since == trip.now
    trip.wait(days=40)
    assert trip.state_notices.decide(trip.user.user_id, now=trip.now) != [], "nobody has seen it since it was resumed"


def test_a_change_beside_too_much_unseen_ground_is_counted_anew_too(engine):
    trip = Trip(engine)
    trip.accounts.add_device(trip.user.user_id, token="phone", platform="android", now=trip.now)
    area = trip.add_area(tiles=2)
    trip.run_session(area, "clear", days=0)
    found = iter([a_change(900), BadImage("damaged")])

    def compare(*_images, **_ground):
        if isinstance(one := next(found), Exception):
            raise one
        return one

    trip.show("half", days=1)
    trip.compare = compare
    trip.capture_now(area)
    trip.work()
    assert trip.areas.standings([area.area_id])[area.area_id].state is AreaState.CHANGED
    change(trip, area, is_paused=True)
    trip.wait(days=40)
    change(trip, area, is_paused=False)
    assert trip.state_notices.decide(trip.user.user_id, now=trip.now) == [], "nobody looked while it was paused"
    trip.wait(days=40)
    assert trip.state_notices.decide(trip.user.user_id, now=trip.now) != []


def test_since_when_an_area_is_seen_no_pause_moves(trip, area):
    trip.run_session(area, "march", days=0)
    since = trip.areas.standings([area.area_id])[area.area_id].since
    change(trip, area, is_paused=True)
    trip.wait(days=3)
    change(trip, area, is_paused=False)
    assert trip.areas.standings([area.area_id])[area.area_id].since == since


def test_an_area_with_a_schedule_is_due_at_its_times(trip):
    area = trip.add_area(tiles=1, schedule=WEEKLY)
    assert (area.next_due_at, trip.tick()) == (NOON, 1)  # a Sunday: a new area is looked at at once
    trip.work()
    monday = NOON + timedelta(hours=13)
    assert now_of(trip, area).next_session_at == monday
    trip.wait(hours=13)
    assert trip.tick() == 1
    trip.work()
    assert now_of(trip, area).next_session_at == monday + timedelta(days=7)


def test_a_schedule_takes_hold_at_its_next_time(trip, area):
    trip.tick()
    trip.work()
    assert change(trip, area, schedule=WEEKLY, cadence_hours=168).next_due_at == NOON + timedelta(hours=13)
    back = change(trip, area, schedule=None, cadence_hours=6)
    assert (back.plan.schedule, back.next_due_at) == (None, NOON + timedelta(hours=6))


EVERY_THREE = checked_schedule(weekdays=None, every_days=3, at="06:30", zone="UTC")


def of_three_days(engine, **plan):
    """Give a trip whose user may look at one tile a day, and an area every three days; its first look has been."""
    trip = Trip(engine, tiles_per_day=1)
    trip.show("march")
    area = trip.add_area(tiles=1, schedule=EVERY_THREE, **plan)
    assert trip.tick() == 1
    trip.work()
    assert now_of(trip, area).next_due_at == NOON + timedelta(days=2, hours=18.5)  # on the fourth of March at 06:30
    return trip, area


def test_a_refusal_of_the_budget_moves_no_schedule_of_so_many_days(engine):
    trip, area = of_three_days(engine)
    trip.wait(days=2, hours=18.5)
    other = trip.add_area(tiles=1)
    trip.capture_now(other)
    assert trip.tick() == 0
    refused = now_of(trip, area)
    assert refused.next_due_at == trip.now + timedelta(hours=1)
    trip.wait(hours=18)  # the day after
    assert trip.tick() >= 1
    assert now_of(trip, area).next_due_at == NOON + timedelta(days=5, hours=18.5), "on the seventh, as it was"


def test_a_scene_that_arrives_moves_no_schedule_of_so_many_days(engine):
    trip, area = of_three_days(engine, provider="archive", looks_on_arrival=True)
    trip.wait(days=1)
    with trip.engine.begin() as connection:
        mark_due(connection, "archive", [area.extent.bounds], now=trip.now)
    trip.wait(minutes=6)
    assert trip.tick() == 1
    assert now_of(trip, area).next_due_at == NOON + timedelta(days=2, hours=18.5)


def test_a_schedule_that_is_said_again_counts_on_and_another_one_counts_anew(engine):
    trip, area = of_three_days(engine)
    trip.wait(days=1)
    again = change(trip, area, schedule=EVERY_THREE, cadence_hours=72)
    assert again.next_due_at == NOON + timedelta(days=2, hours=18.5)
    other = checked_schedule(weekdays=None, every_days=4, at="06:30", zone="UTC")
    assert change(trip, area, schedule=other, cadence_hours=96).next_due_at == NOON + timedelta(days=1, hours=18.5)
    trip.wait(hours=18.5)
    trip.tick()
    assert now_of(trip, area).next_due_at == NOON + timedelta(days=5, hours=18.5)


def test_a_pause_moves_no_schedule_of_so_many_days(engine):
    trip, area = of_three_days(engine)
    change(trip, area, is_paused=True)
    trip.wait(days=10)
    resumed = change(trip, area, is_paused=False)
    assert resumed.next_due_at == NOON + timedelta(days=11, hours=18.5)


def test_a_clock_that_was_put_back_leaves_the_times_of_schedules(trip):
    area = trip.add_area(tiles=1, schedule=checked_schedule(weekdays=["sat"], every_days=None, at="06:30", zone="UTC"))
    trip.tick()
    due_at = now_of(trip, area).next_due_at
    trip.clock_repairs.repair(now=trip.now + timedelta(hours=5))
    assert trip.clock_repairs.repair(now=trip.now)
    assert now_of(trip, area).next_due_at == due_at
