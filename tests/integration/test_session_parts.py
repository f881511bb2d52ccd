"""A session of many tiles is planned in parts: it ends after the last one, and each tile has its one verdict."""

from itertools import pairwise

import pytest
from sqlalchemy import func, select

from chalicelib.adapters.database import session_ending, session_parts
from chalicelib.adapters.database import tables as t
from chalicelib.application import change_area, reconcile
from chalicelib.domain.areas import Land
from chalicelib.domain.jobs import Queue, TileJob
from chalicelib.domain.sessions import SessionStatus
from tests.support.builders.domain import GRID, a_change, a_new_area
from tests.support.tile_runs import runs_of
from tests.support.timing import at_once
from tests.support.trip import LEASE_S, Trip, jobs_of

TILES, AT_FIRST, AT_ONCE = 9, 4, 2
ROUNDS = 5


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    """Let nine tiles be many: four at first, and three parts."""
    monkeypatch.setattr(session_parts, "AT_FIRST", AT_FIRST)
    monkeypatch.setattr(session_parts, "AT_ONCE", AT_ONCE)
    monkeypatch.setattr(session_ending, "PART", 3)


@pytest.fixture
def area(trip):
    return trip.add_area(tiles=TILES)


def parts_left(trip):
    with trip.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(t.session_parts)).scalar_one()


def jobs_waiting(trip):
    """Give the tile jobs in the order in which they are taken."""
    with trip.engine.connect() as connection:
        rows = connection.execute(select(t.outbox.c.body).order_by(t.outbox.c.turn, t.outbox.c.id)).scalars()
        return [TileJob.from_json(body) for body in rows]


def tiles_of(trip, session):
    return [(run.x, run.y) for run in runs_of(trip, session)]


def settle(trip):
    """Work and reconcile, as time goes by, until nothing is left to do."""
    for _ in range(9):
        trip.work()
        trip.wait(minutes=1)
        trip.reconcile()
    trip.work()


def test_what_is_planned_so_far_is_worked_on_and_the_session_ends_after_the_rest(trip, area):
    trip.show("march")
    session = trip.capture_now(area)
    assert session.tiles_planned == TILES
    assert (len(runs_of(trip, session)), parts_left(trip)) == (AT_FIRST, 3)
    trip.work()
    shown = trip.session(session)
    assert (shown.status, shown.tiles_done, shown.tiles_planned) == (SessionStatus.IN_PROGRESS, AT_FIRST, TILES)
    trip.reconcile()
    assert (len(runs_of(trip, session)), parts_left(trip)) == (TILES, 0)
    assert trip.session(session).status is SessionStatus.IN_PROGRESS
    trip.work()
    ended = trip.session(session)
    assert ended.counts_by_verdict == {"BASELINE": TILES}
    assert len(set(tiles_of(trip, session))) == TILES


def test_a_session_that_was_planned_as_a_whole_has_no_parts(trip):
    trip.show("march")
    session = trip.capture_now(trip.add_area(tiles=AT_FIRST))
    assert (len(runs_of(trip, session)), parts_left(trip)) == (AT_FIRST, 0)
    assert trip.plans.unplanned(limit=9) == []
    assert trip.plans.plan_part(session.session_id, now=trip.now) is None


def test_changes_on_later_tiles_alert_as_those_on_the_first(trip, area):
    trip.show("march")
    trip.capture_now(area)
    settle(trip)
    trip.show("april", days=30, change=a_change(900))
    session = trip.capture_now(area)
    settle(trip)
    assert trip.session(session).counts_by_verdict == {"CHANGED": TILES}
    assert len(trip.alerts_of(session)) == TILES


def test_a_comparison_of_many_stored_pairs_is_planned_in_parts_as_well(trip, area):
    """They end obscured, as stored pairs that were never compared: the comparison's own pairs are kept in its parts."""
    trip.show("march")
    trip.capture_now(area)
    settle(trip)
    trip.show("april", days=30, change=a_change(900))
    trip.capture_now(area)
    for _ in range(4):
        for job in jobs_of(trip, Queue.CAPTURES):
            trip.capture_tile(job)
        trip.reconcile()
    trip.cancel(trip.all_sessions()[0])
    session = trip.compare_now(area)
    assert (session.tiles_planned, len(runs_of(trip, session)), parts_left(trip)) == (TILES, AT_FIRST, 3)
    settle(trip)
    assert trip.session(session).counts_by_verdict == {"CHANGED": TILES}


def test_a_stop_ends_what_was_not_planned_yet_as_well(trip, area):
    trip.show("march")
    session = trip.capture_now(area)
    trip.work_once()
    trip.cancel(session)
    settle(trip)
    ended = trip.session(session)
    assert ended.counts_by_verdict == {"BASELINE": 1, "CANCELLED": TILES - 1}
    assert ended.status is SessionStatus.ERROR
    assert parts_left(trip) == 0
    assert len(set(tiles_of(trip, session))) == TILES


def test_a_deadline_ends_what_was_not_planned_yet_as_well(trip, area, monkeypatch):
    monkeypatch.setattr(reconcile, "SESSION_PARTS_AT_ONCE", 0)
    trip.show("march")
    session = trip.capture_now(area)
    trip.work()
    trip.wait(hours=2)
    trip.reconcile()
    ended = trip.session(session)
    assert ended.counts_by_verdict == {"BASELINE": AT_FIRST, "FAILED": TILES - AT_FIRST}
    assert ended.status is SessionStatus.ERROR, "ground that nobody looked at is no all-clear"
    assert {each.reason for each in ended.failures} == {"not done by the session's deadline"}


def test_what_is_being_ended_is_planned_no_further(trip, area):
    trip.show("march")
    session = trip.capture_now(area)
    with trip.engine.begin() as connection:
        of_session = t.alert_sessions.c.id == session.session_id
        connection.execute(t.alert_sessions.update().where(of_session).values(reason="CANCELLED: by its owner"))
    assert trip.plans.unplanned(limit=9) == []
    assert trip.plans.plan_part(session.session_id, now=trip.now) is None
    assert len(jobs_waiting(trip)) == AT_FIRST


def test_other_land_in_mid_session_leaves_no_part_of_the_old_to_the_new(trip, area):
    trip.show("march")
    old = trip.capture_now(area)
    trip.work_once()
    other = a_new_area(trip.user.user_id, tiles=2)
    land = Land(other.extent, GRID, None)
    ways = {"terms": trip.imagery.terms, "areas": trip.areas, "sessions": trip.sessions, "jobs": trip.jobs}
    ways |= {"is_cadence_left": False, "is_smallest_left": False, "usual_cadence_hours": None, "version": None}
    here = trip.areas.get(area.area_id, user_id=area.user_id)
    change_area.change_area(here, {"land": land}, clock=trip.clock, request_id="", **ways)
    settle(trip)
    ended = trip.session(old)
    assert ended.counts_by_verdict == {"BASELINE": 1, "CANCELLED": TILES - 1}
    new = trip.capture_now(area)
    settle(trip)
    assert trip.session(new).tiles_planned == len(runs_of(trip, new)) == 2
    assert trip.session(new).status is not SessionStatus.ERROR


def test_a_deleted_area_leaves_no_part(trip, area):
    trip.show("march")
    trip.capture_now(area)
    trip.areas.mark_deleted(area.area_id, user_id=area.user_id, now=trip.now)  # and then the process died
    settle(trip)
    assert trip.areas.is_purged(area.area_id)
    assert parts_left(trip) == 0


def test_a_part_that_the_release_before_left_to_an_ended_session_is_purged(trip):
    trip.show("march")
    area = trip.add_area(tiles=1)
    session = trip.capture_now(area)
    trip.work()
    with trip.engine.begin() as connection:
        left = {"session_id": session.session_id, "request_id": "", "tiles": []}
        connection.execute(t.session_parts.insert().values(**left))
    assert trip.plans.unplanned(limit=9) == [], "it has ended"
    trip.delete(area)
    trip.reconcile()
    assert trip.areas.is_purged(area.area_id)
    assert parts_left(trip) == 0


def test_later_parts_stand_behind_the_sessions_own_and_overtake_nobody(trip, area):
    trip.show("march")
    session = trip.capture_now(area, request_id="a tap")
    other = trip.add_area(user=trip.add_user(), tiles=2)
    trip.wait(days=1)
    trip.tick()
    trip.plans.plan_part(session.session_id, now=trip.now)
    jobs = jobs_waiting(trip)
    own = [job for job in jobs if job.session_id == session.session_id]
    places = [place for place, job in enumerate(jobs) if job.session_id != session.session_id]
    assert len(places) == other.tiles
    assert places[-1] < 2 * other.tiles + 1, "a small area waits for no large one"
    assert [job.tile_run_id for job in own] == sorted(job.tile_run_id for job in own)
    assert all(one.turn < next_one.turn for one, next_one in pairwise(own))
    assert {job.request_id for job in own} == {"a tap"}


def test_a_session_with_jobs_under_way_brings_on_its_later_ones_by_itself(trip, area):
    """On SQS as many messages of a session are under way as were sent at first: each brings on one."""
    trip.show("march")
    session = trip.capture_now(area)
    assert trip.plans.plan_part(session.session_id, now=trip.now) == []
    trip.work()
    messages = trip.plans.plan_part(session.session_id, now=trip.now)
    assert len(messages) == AT_ONCE, "no job waits any more: nothing else would bring these on"


def test_sessions_are_planned_on_in_turn(trip, monkeypatch):
    monkeypatch.setattr(reconcile, "SESSION_PARTS_AT_ONCE", 2)
    trip.show("march")
    sessions = [trip.capture_now(trip.add_area(tiles=TILES, name=f"Area {each}")) for each in range(2)]
    trip.reconcile()
    assert [len(runs_of(trip, session)) for session in sessions] == [AT_FIRST + AT_ONCE] * 2


def test_who_plans_at_once_plans_each_tile_once(trip):
    for number in range(ROUNDS):
        trip.show(f"scene {number}", days=number)
        session = trip.capture_now(trip.add_area(tiles=TILES, name=f"Race {number}"))

        def plan(session=session):
            while trip.plans.plan_part(session.session_id, now=trip.now) is not None:
                pass

        at_once(*[plan] * 4)
        assert len(runs_of(trip, session)) == len(set(tiles_of(trip, session))) == TILES
        own = [job for job in jobs_waiting(trip) if job.session_id == session.session_id]
        assert len({job.tile_run_id for job in own}) == len(own) == TILES
        trip.work()
        assert sum(trip.session(session).counts_by_verdict.values()) == TILES
        assert trip.session(session).status is SessionStatus.NO_CHANGES


def test_the_last_open_tile_ends_while_a_part_is_planned(trip):
    for number in range(ROUNDS):
        trip.show(f"scene {number}", days=number)
        session = trip.capture_now(trip.add_area(tiles=TILES, name=f"Race {number}"))
        jobs = jobs_of(trip, Queue.CAPTURES)
        work = [lambda job=job: trip.capture_tile(job) for job in jobs]
        at_once(*work, trip.reconcile)
        assert trip.session(session).status is SessionStatus.IN_PROGRESS
        settle(trip)
        assert sum(trip.session(session).counts_by_verdict.values()) == TILES
        assert trip.session(session).status is SessionStatus.NO_CHANGES


def test_who_stops_and_who_plans_at_once_leave_no_tile_without_its_verdict(trip):
    for number in range(ROUNDS):
        trip.show(f"scene {number}", days=number)
        session = trip.capture_now(trip.add_area(tiles=TILES, name=f"Race {number}"))
        plan = [lambda session=session: trip.plans.plan_part(session.session_id, now=trip.now)] * 2
        at_once(lambda session=session: trip.cancel(session), *plan)
        assert trip.session(session).counts_by_verdict == {"CANCELLED": TILES}
        assert parts_left(trip) == 0
        for job in jobs_of(trip, Queue.CAPTURES):
            assert trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S) is None
