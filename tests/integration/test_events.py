"""What is counted is what was committed, each once: on both databases, with everybody at the same gate."""

import json
import logging
from collections import Counter

import pytest
from sqlalchemy import select

from chalicelib.adapters.database.tables import session_tiles
from chalicelib.application import events as recording
from chalicelib.domain import events
from chalicelib.domain.errors import NoCoverage, Unavailable
from chalicelib.domain.jobs import Queue, TileJob
from chalicelib.domain.pushes import DeliveryStatus, Target, TargetKind
from chalicelib.domain.tile_runs import Outcome, Verdict
from tests.support.builders.domain import a_change
from tests.support.timing import at_once
from tests.support.trip import LEASE_S, Trip, jobs_of

ROUNDS = 8
PHONES = [Target(kind=TargetKind.TOKEN, address=f"phone {number}") for number in range(3)]


@pytest.fixture
def trip(engine):
    return Trip(engine, targets=PHONES)


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.INFO, recording.log.name)
    return lambda name: [
        record for record in caplog.records if record.name == recording.log.name and record.message == name
    ]


def verdicts_in(engine):
    with engine.connect() as connection:
        rows = connection.execute(select(session_tiles.c.verdict).where(session_tiles.c.verdict.is_not(None)))
        return Counter(rows.scalars())


def test_one_sweep_is_told_from_end_to_end(trip, said):
    area = trip.add_area(tiles=2)
    first = trip.run_session(area, "march", days=-1)
    trip.show("april", days=30, change=a_change(m2=900))
    session = trip.capture_now(area)
    trip.wait(seconds=40)
    trip.work()
    assert [record.session_id for record in said(events.SESSION_OPENED)] == [first.session_id, session.session_id]
    assert [record.verdict for record in said(events.TILE_RUN_ENDED)] == ["BASELINE"] * 2 + ["CHANGED"] * 2
    assert {record.tile for record in said(events.TILE_RUN_ENDED)} == {
        str(tile.image.view.tile) for tile in trip.tiles(area)
    }
    assert [record.seconds for record in said(events.SESSION_ENDED)] == [0.0, 40.0]
    assert [(record.outcome, record.pushes) for record in said(events.PUSHES_RECORDED)] == [("SENT", 3)]
    assert not [record for record in said(events.TILE_RUN_ENDED) if hasattr(record, "provider")]


def test_a_providers_failure_is_counted_with_its_name(trip, said):
    area = trip.add_area(tiles=2)
    trip.show("march")
    trip.imagery.fail(None, NoCoverage("nothing there"))
    trip.capture_now(area)
    trip.work()
    assert [(record.verdict, record.provider) for record in said(events.TILE_RUN_ENDED)] == [("FAILED", "scripted")] * 2


def test_a_worker_that_was_overtaken_counts_nothing(trip, said):
    trip.add_area(tiles=1)
    trip.tick()
    (job,) = jobs_of(trip, Queue.CAPTURES)
    late = trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S)
    trip.wait(seconds=LEASE_S + 1)
    trip.show("march")
    trip.capture_tile(job)
    trip.runs.end(late, Outcome(verdict=Verdict.FAILED, reason="too late", failed_provider="scripted"), now=trip.now)
    assert [record.verdict for record in said(events.TILE_RUN_ENDED)] == ["BASELINE"]
    assert len(said(events.SESSION_ENDED)) == 1


def test_verdicts_at_once_are_counted_once_each(trip, said, engine):
    for number in range(ROUNDS):
        area = trip.add_area(tiles=3, name=f"Race {number}")
        trip.show(f"scene {number}", days=number)
        session = trip.capture_now(area)
        jobs = jobs_of(trip, Queue.CAPTURES)
        lost = Outcome(verdict=Verdict.FAILED, reason="given up")
        deeds = [lambda job=job: trip.capture_tile(job) for job in jobs]
        deeds += [lambda job=job: trip.runs.end_lost(job, lost, now=trip.now) for job in jobs]
        at_once(*deeds, lambda session=session: trip.cancel(session))
    assert Counter(record.verdict for record in said(events.TILE_RUN_ENDED)) == verdicts_in(engine)
    assert len(said(events.TILE_RUN_ENDED)) == 3 * ROUNDS
    assert (
        len({record.session_id for record in said(events.SESSION_ENDED)}) == len(said(events.SESSION_ENDED)) == ROUNDS
    )


def test_what_is_rolled_back_is_not_told(trip, said, engine):
    from chalicelib.adapters.database.engine import record_after_commit, writes

    class Failing:
        def __init__(self):
            self.engine = engine

        @writes
        def end(self, connection):
            record_after_commit(connection, events.SESSION_ENDED, seconds=1.0)
            raise Unavailable("it broke")

    for _ in range(2):
        with pytest.raises(Unavailable):
            Failing().end()
    assert said(events.SESSION_ENDED) == []
    trip.add_area()
    trip.tick()
    assert len(said(events.SESSION_OPENED)) == 1, "and a connection that is used again has forgotten it"
    assert said(events.SESSION_ENDED) == []


def test_pushes_at_once_are_counted_once_each(trip, said):
    area = trip.add_area()
    trip.run_session(area, "march", days=-1)
    trip.push.script = {"phone 0": DeliveryStatus.FAILED, "phone 1": DeliveryStatus.PENDING}
    session = trip.run_session(area, "april", days=30, change=a_change(m2=900))
    from chalicelib.domain.jobs import SessionJob

    at_once(*[lambda: trip.notify(SessionJob(session_id=session.session_id))] * 4)
    trip.wait(hours=25)
    at_once(*[trip.reconcile] * 3)
    counted = Counter()
    for record in said(events.PUSHES_RECORDED):
        counted[record.outcome] += record.pushes
    assert counted == {"SENT": 1, "FAILED": 2, "PENDING": 1}
    assert len(said(events.RECONCILE_DONE)) == 3


def test_the_backlog_is_as_old_as_its_oldest_job(trip, said):
    trip.add_area(tiles=2)
    trip.tick()
    trip.wait(seconds=90)
    trip.reconcile()
    trip.show("march")
    trip.work()
    trip.reconcile()
    assert [record.backlog_age_s for record in said(events.RECONCILE_DONE)] == [90.0, 0.0]


def test_jobs_name_their_tile_and_the_request_that_began_them(trip):
    area = trip.add_area(tiles=1)
    trip.capture_now(area, request_id="a-request")
    received = trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=1)
    job = TileJob.from_json(received.message.body)
    assert (job.request_id, job.tile.count("/")) == ("a-request", 2)


def test_the_request_travels_with_every_job_of_its_trip(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=-1)
    trip.show("april", days=30, change=a_change(m2=900))
    trip.capture_now(area, request_id="a-tap")
    carried = []
    for queue in (Queue.CAPTURES, Queue.COMPARISONS, Queue.NOTIFICATIONS):
        received = trip.outbox.receive([queue], now=trip.now, lease_s=0)
        carried.append(json.loads(received.message.body)["request_id"])
        trip.work_once()
    assert carried == ["a-tap"] * 3


def test_areas_that_wait_for_two_hours_are_counted(trip, said):
    """The look for due areas fails, or does not come: `reconcile` is another function, and sees it."""
    for _ in range(2):
        trip.add_area(tiles=1)
    trip.wait(minutes=110)
    trip.reconcile()
    trip.wait(minutes=20)
    trip.reconcile()
    trip.tick()
    trip.reconcile()
    assert [record.overdue_areas for record in said(events.RECONCILE_DONE)] == [0, 2, 0]
