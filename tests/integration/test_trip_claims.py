"""Who works on a tile: one at a time, again after what failed, and nobody who has lost the claim, on both databases."""

import pytest

from chalicelib.domain.errors import Busy
from chalicelib.domain.jobs import Queue, SessionJob, TileJob
from chalicelib.domain.pushes import DeliveryStatus, Target, TargetKind
from chalicelib.domain.tile_runs import Outcome, Verdict
from tests.support.builders.domain import a_change
from tests.support.trip import LEASE_S, Trip

TOPIC = Target(kind=TargetKind.TOPIC, address="bhuprahari")


@pytest.fixture
def trip(engine):
    return Trip(engine, targets=[TOPIC])


def first_job(trip, queue=Queue.CAPTURES):
    received = trip.outbox.receive([queue], now=trip.now, lease_s=0)
    return TileJob.from_json(received.message.body)


def test_a_tile_delivered_twice_is_recorded_once(trip):
    trip.add_area(tiles=1)
    trip.show("march")
    trip.tick()
    job = first_job(trip)
    trip.capture_tile(job)
    trip.capture_tile(job)
    (session,) = trip.all_sessions()
    assert session.counts_by_verdict == {"BASELINE": 1}
    assert len(trip.imagery.fetched) == 1


def test_a_held_tile_is_busy_until_its_lease_ends(trip):
    trip.add_area(tiles=1)
    trip.tick()
    job = first_job(trip)
    trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S)
    with pytest.raises(Busy):
        trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S)
    trip.wait(seconds=LEASE_S)
    assert trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S).fence == 2


def fail_once(trip, handle, job):
    """Let the work raise for one delivery of a job, as a defect of ours would make it."""
    kept, trip.images = trip.images, None
    with pytest.raises(AttributeError):
        handle(job)
    trip.images = kept


def test_a_capture_that_failed_once_is_made_by_the_next_delivery(trip):
    area = trip.add_area(tiles=1)
    trip.show("march")
    session = trip.capture_now(area)
    job = first_job(trip)
    fail_once(trip, trip.capture_tile, job)
    trip.capture_tile(job)
    assert trip.session(session).counts_by_verdict == {"BASELINE": 1}


def test_a_comparison_that_failed_once_is_made_by_the_next_delivery(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=-1)
    trip.show("april", days=30, change=a_change(m2=900))
    session = trip.capture_now(area)
    trip.work_once()
    job = first_job(trip, Queue.COMPARISONS)
    fail_once(trip, trip.compare_tile, job)
    trip.compare_tile(job)
    assert trip.session(session).counts_by_verdict == {"CHANGED": 1}


def test_a_push_service_that_was_away_is_asked_again_after_a_while(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=-1)
    trip.push.away = True
    session = trip.run_session(area, "april", days=30, change=a_change(m2=900))
    assert [(push.status, push.detail) for push in trip.pushes()] == [
        (DeliveryStatus.PENDING, "the push service is away")
    ]
    trip.push.away = False
    trip.wait(seconds=30)
    trip.notify(SessionJob(session_id=session.session_id))
    assert [push.status for push in trip.pushes()] == [DeliveryStatus.SENT]


def test_a_worker_that_lost_its_claim_lets_nobody_else_go(trip):
    trip.add_area(tiles=1)
    trip.tick()
    job = first_job(trip)
    stalled = trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S)
    trip.wait(seconds=LEASE_S)
    trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S)
    trip.runs.release(stalled, reason="it broke", counts=True)
    with pytest.raises(Busy):
        trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S)


def test_a_worker_that_lost_its_claim_writes_nothing(trip):
    area = trip.add_area(tiles=1)
    trip.show("march")
    trip.tick()
    job = first_job(trip)
    stalled = trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S)
    trip.wait(seconds=LEASE_S)
    trip.capture_tile(job)
    assert trip.runs.end(stalled, Outcome(verdict=Verdict.FAILED), now=trip.now) == []
    (session,) = trip.all_sessions()
    assert session.counts_by_verdict == {"BASELINE": 1}
    assert len(trip.tiles(area)) == 1
