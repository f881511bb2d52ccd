"""Messages about areas that are not seen: decided once by whoever comes first, and not about what is deleted.

On both databases.
"""

import pytest
from sqlalchemy import func, select, text

from chalicelib.adapters.database.area_state_table import area_states, state_notices
from chalicelib.adapters.database.tables import deliveries, outbox
from chalicelib.domain.jobs import Queue
from chalicelib.domain.pushes import DeliveryStatus
from tests.support.notices import BLIND, CLEAR, days, due, look, refuse, register, sentences, settle, told, value
from tests.support.timing import at_once
from tests.support.trip import Trip


@pytest.fixture
def trip(engine):
    made = Trip(engine)
    register(made, made.user, "phone")
    return made


def test_ten_that_decide_at_once_write_one_message(trip):
    for number in range(4):
        user = trip.add_user()
        register(trip, user, f"phone {number}")
        area = trip.add_area(tiles=1, user=user)
        look(trip, area, BLIND)
    trip.wait(days=14)
    at_once(*[trip.reconcile] * 10)
    at_once(*[trip.work] * 4)
    assert [told(trip, f"phone {number}") for number in range(4)] == [["Not seen: Hill"]] * 4
    assert value(trip, select(func.count()).select_from(state_notices)) == 4


def test_a_process_that_dies_before_it_sends_loses_nothing(trip):
    due(trip)
    (user_id,) = trip.state_notices.due(now=trip.now, limit=10)
    assert trip.state_notices.decide(user_id, now=trip.now) != [], "and its messages go nowhere"
    assert trip.state_notices.decide(user_id, now=trip.now) == []
    settle(trip)
    assert told(trip) == ["Not seen: Area 0"]


def test_a_job_that_a_worker_of_the_release_before_took_is_written_anew(trip):
    due(trip)
    trip.reconcile()
    received = trip.outbox.receive([Queue.NOTIFICATIONS], now=trip.now, lease_s=60)
    trip.outbox.done(received)
    for _ in range(3):
        trip.wait(minutes=10)
        settle(trip)
    assert told(trip) == ["Not seen: Area 0"]


def test_a_job_that_waits_is_not_written_twice(trip):
    due(trip)
    for _ in range(5):
        trip.reconcile()
        trip.wait(minutes=10)
    assert value(trip, select(func.count()).select_from(outbox)) == 1


def test_a_dead_letter_is_begun_anew(trip):
    due(trip)
    trip.reconcile()
    received = trip.outbox.receive([Queue.NOTIFICATIONS], now=trip.now, lease_s=60)
    trip.outbox.give_back(received, available_at=trip.now, reason="MemoryError", dead=True)
    settle(trip)
    assert told(trip) == ["Not seen: Area 0"]


def test_a_clock_that_is_put_back_tells_nothing_twice_and_stops_nothing(trip):
    area = trip.add_area(tiles=1)
    days(trip, [area], [BLIND] * 16)
    assert len(told(trip)) == 1
    trip.wait(days=-200)
    days(trip, [area], [BLIND] * 16)
    assert len(told(trip)) == 1
    days(trip, [area], [CLEAR] * 3)
    assert told(trip) == ["Not seen: Hill", "Seen again: Hill"]


def test_a_deleted_area_is_not_named(trip):
    kept, dropped = due(trip, areas=2)
    trip.delete(dropped)
    settle(trip)
    assert told(trip) == [f"Not seen: {kept.name}"]


def test_an_area_that_is_deleted_after_it_was_decided_is_not_named(trip):
    dropped, kept = due(trip, areas=2)
    trip.push.away = True
    settle(trip)
    trip.delete(dropped)
    settle(trip)
    trip.push.away = False
    trip.wait(minutes=15)
    settle(trip)
    assert told(trip) == [f"Not seen: {kept.name}"]
    (push,) = trip.pushes()
    assert (push.notice.area_id, push.status) == (kept.area_id, DeliveryStatus.SENT)


@pytest.mark.parametrize("is_sent", [True, False])
def test_nothing_is_left_of_an_area_that_is_purged(trip, is_sent):
    (area,) = due(trip)
    trip.push.away = not is_sent
    settle(trip)
    trip.delete(area)
    for _ in range(3):
        settle(trip)
        trip.wait(minutes=15)
    for table in (area_states, deliveries, outbox):
        assert value(trip, select(func.count()).select_from(table)) == 0, table.name
    assert value(trip, select(state_notices.c.areas)) == [], "that there was a message today, and of nothing"


def test_who_deletes_an_area_has_no_second_message_that_day(trip):
    (area,) = due(trip)
    settle(trip)
    other = trip.add_area(tiles=1, name="Lake")
    trip.imagery.scenes = refuse
    look(trip, other, CLEAR)
    trip.delete(area)
    with trip.engine.begin() as connection:
        connection.execute(text("UPDATE area_states SET since = '2026-01-01', side_since = '2026-01-01'"))
    for _ in range(3):
        settle(trip)
        trip.wait(hours=7)
    assert told(trip) == ["Not seen: Area 0"]
    trip.wait(hours=7)
    settle(trip)
    assert told(trip) == ["Not seen: Area 0", "Could not be looked at: Lake"]


def test_a_state_that_a_release_before_wrote_is_told(trip):
    area = trip.add_area(tiles=1)
    look(trip, area, BLIND)
    with trip.engine.begin() as connection:
        columns = [c.name for c in area_states.columns if c.name not in ("area_id", "state", "since")]
        connection.execute(text(f"UPDATE area_states SET {', '.join(f'{name} = NULL' for name in columns)}"))
    days(trip, [area], [BLIND] * 16)
    assert told(trip) == ["Not seen: Hill"]


def test_it_is_looked_up_by_an_index(trip):
    for _ in range(30):
        look(trip, trip.add_area(tiles=1), CLEAR)
    plan = "EXPLAIN QUERY PLAN" if trip.engine.dialect.name == "sqlite" else "EXPLAIN"
    query = "SELECT area_id FROM area_states WHERE tell_at <= '2026-03-01'"
    with trip.engine.connect() as connection:
        says = " ".join(map(str, connection.execute(text(f"{plan} {query}")).all()))
        waiting = connection.execute(text("SELECT COUNT(*) FROM area_states WHERE tell_at IS NOT NULL")).scalar_one()
    assert "ix_area_states_tell_at" in says
    assert waiting == 0, "an area that is seen is not among them"


def test_many_areas_are_decided_in_one_message_that_fits(trip):
    due_areas = [trip.add_area(tiles=1, name="ग्राम " * 30 + str(number)) for number in range(30)]
    for area in due_areas:
        look(trip, area, BLIND)
    trip.wait(days=14)
    settle(trip)
    assert told(trip) == ["Not seen: 30 areas"]
    (body,) = sentences(trip)
    assert "and 27 more" in body
    assert len(body.encode()) < 2000
