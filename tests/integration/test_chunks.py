"""Stopping, deleting and purging go a part at a time: killed in the middle they go on, and nobody sees the half."""

import pytest
from sqlalchemy import event, func, inspect, select

from chalicelib.adapters.database import purging, session_ending, sessions
from chalicelib.adapters.database import tables as t
from chalicelib.application import reconcile
from chalicelib.application.patience import awaited
from chalicelib.domain.errors import Conflict, NotFound
from chalicelib.domain.jobs import Queue
from chalicelib.domain.sessions import SessionStatus
from tests.support.builders.domain import a_change
from tests.support.timing import at_once
from tests.support.trip import LEASE_S, Trip, jobs_of

OF_AREAS = [t.area_configs, t.alert_sessions, t.session_tiles, t.image_tiles, t.comparisons, t.alert_details, t.outbox]
OF_AREAS += [t.deliveries, t.captures, t.places, t.place_sightings, t.area_states, t.scene_searches]


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def small_parts(monkeypatch):
    """Let a part be a handful of rows: that a land of nine tiles has many of them."""
    monkeypatch.setattr(purging, "PART", 4)
    monkeypatch.setattr(session_ending, "PART", 2)
    monkeypatch.setattr(sessions, "PARTS_IN_TIME", 2)


def counts(engine):
    with engine.connect() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one() for table in OF_AREAS
        }


def changed_area(trip, *, tiles=6, name="Pond"):
    area = trip.add_area(tiles=tiles, name=name)
    trip.run_session(area, f"{name} before", days=0)
    trip.run_session(area, f"{name} after", days=1, change=a_change(m2=900))
    return area


def test_who_ends_a_large_session_leaves_time_for_the_others(trip, small_parts, monkeypatch):
    monkeypatch.setattr(sessions, "PARTS_AT_ONCE", 3)
    trip.show("march")
    large, small = (trip.capture_now(trip.add_area(tiles=tiles, name=f"{tiles} tiles")) for tiles in (9, 1))
    trip.wait(hours=48)
    done = []
    for _ in range(2):
        trip.reconcile()
        done.append([trip.session(session).tiles_done for session in (large, small)])
    assert done == [[6, 1], [9, 1]]
    assert trip.session(large).counts_by_verdict == {"FAILED": 9}


def test_a_stop_that_is_cut_short_is_ended_by_reconcile(trip, small_parts):
    area = trip.add_area(tiles=9)
    trip.show("march")
    session = trip.capture_now(area)
    with awaited():
        shown = trip.cancel(session)
    assert (shown.status, shown.tiles_done) == (SessionStatus.IN_PROGRESS, 4)
    (job, *_others) = jobs_of(trip, Queue.CAPTURES)
    assert trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S) is None, "what is stopped is captured no more"
    trip.wait(minutes=1)
    trip.reconcile()
    ended = trip.session(session)
    assert ended.counts_by_verdict == {"CANCELLED": 9}
    assert ended.status is SessionStatus.ERROR
    assert ended.reason == "9 of 9 tiles were cancelled"
    with pytest.raises(Conflict):
        trip.cancel(session)


def test_a_deadline_ends_many_tiles_in_parts_with_their_last_reason(trip, small_parts):
    area = trip.add_area(tiles=9)
    trip.show("march")
    session = trip.capture_now(area)
    trip.wait(hours=2)
    trip.reconcile()
    assert trip.session(session).counts_by_verdict == {"FAILED": 9}
    assert {each.reason for each in trip.session(session).failures} == {"not done by the session's deadline"}


def test_who_stops_at_once_ends_each_tile_once(trip, small_parts):
    for number in range(6):
        area = trip.add_area(tiles=9, name=f"Race {number}")
        trip.show(f"scene {number}", days=number)
        session = trip.capture_now(area)
        at_once(*[lambda session=session: trip.cancel(session)] * 4)
        ended = trip.session(session)
        assert ended.counts_by_verdict == {"CANCELLED": 9}


class Killed(BaseException):
    """The process is gone, whatever it was doing."""


def killed_at(engine, number):
    """Kill whoever commits the so-many-th transaction from now on, before it does."""
    left = [number]

    def count(_connection):
        left[0] -= 1
        if left[0] == 0:
            raise Killed

    event.listen(engine, "commit", count)
    return lambda: event.remove(engine, "commit", count)


def test_a_purge_that_is_killed_anywhere_goes_on_and_leaves_nothing(trip, small_parts):
    engine, before = trip.engine, counts(trip.engine)
    other = changed_area(trip, name="Other", tiles=1)
    kept = counts(engine)
    area = changed_area(trip, tiles=6)
    trip.delete(area)
    kills = 0
    for number in range(1, 200):
        undo = killed_at(engine, number)
        try:
            trip.reconcile()
        except Killed:
            kills += 1
        else:
            break
        finally:
            undo()
        with pytest.raises(NotFound):
            trip.areas.get(area.area_id, user_id=area.user_id)
        assert {session.area_id for session in trip.all_sessions()} == {other.area_id}
        assert {push.notice.area_id for push in trip.pushes()} <= {other.area_id}
        trip.wait(minutes=1)
    assert kills > 5
    trip.reconcile()
    assert counts(engine) == kept != before
    assert len(trip.tiles(other)) == 2


def test_two_who_purge_at_once_leave_nothing_and_lose_nothing(trip, small_parts):
    other = changed_area(trip, name="Other", tiles=1)
    kept = counts(trip.engine)
    for number in range(5):
        area = changed_area(trip, tiles=3, name=f"Race {number}")
        trip.delete(area)
        at_once(*[trip.reconcile] * 3)
        assert counts(trip.engine) == kept
    assert len(trip.tiles(other)) == 2
    assert set(trip.images.contents) >= {tile.image.key for tile in trip.tiles(other)}


def test_a_purge_of_much_leaves_the_rest_to_the_next_call(trip, small_parts, monkeypatch):
    monkeypatch.setattr(reconcile, "PARTS_AT_ONCE", 2)
    area = changed_area(trip, tiles=9)
    trip.delete(area)
    trip.reconcile()
    assert not trip.areas.is_purged(area.area_id)
    for _ in range(60):
        trip.reconcile()
    assert trip.areas.is_purged(area.area_id)
    assert trip.images.contents == {}


def test_a_deleted_areas_tile_is_captured_and_compared_no_more(trip):
    area = trip.add_area(tiles=2)
    trip.show("march")
    trip.capture_now(area)
    trip.areas.mark_deleted(area.area_id, user_id=area.user_id, now=trip.now)  # and then the process died
    for job in jobs_of(trip, Queue.CAPTURES):
        assert trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S) is None
    trip.wait(minutes=1)
    trip.reconcile()
    assert trip.areas.is_purged(area.area_id)


def test_whatever_a_purge_deletes_by_begins_an_index(engine):
    """SQLite makes no index for a foreign key, and then looks through the whole table for each row that goes."""
    lacking = []
    for name in inspect(engine).get_table_names():
        found = inspect(engine)
        keys = [found.get_pk_constraint(name)["constrained_columns"]]
        keys += [each["column_names"] for each in (*found.get_indexes(name), *found.get_unique_constraints(name))]
        begins = {columns[0] for columns in keys if columns}
        refers = {foreign["constrained_columns"][0] for foreign in found.get_foreign_keys(name)}
        lacking += [f"{name}.{column}" for column in refers - begins]
    assert lacking == []
