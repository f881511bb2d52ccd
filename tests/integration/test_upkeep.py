"""What sweep settles, on both databases."""

import pytest

from chalicelib.domain.jobs import Queue, SessionJob, TileJob
from chalicelib.domain.pushes import DeliveryStatus, Target, TargetKind
from chalicelib.domain.sessions import SessionStatus
from tests.support.builders.domain import a_change
from tests.support.trip import LEASE_S, Trip

PHONE = Target(kind=TargetKind.TOKEN, address="phone")


@pytest.fixture
def trip(engine):
    return Trip(engine, targets=[PHONE])


def lose_messages(trip, queue):
    """Take every message of a queue and forget it, as a queue that lost them would."""
    while (received := trip.outbox.receive([queue], now=trip.now, lease_s=3600)) is not None:
        trip.outbox.taken([received.message.message_id])


def test_a_tile_whose_worker_died_is_taken_up_again(trip):
    trip.add_area(tiles=1)
    trip.show("march")
    trip.tick()
    received = trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=LEASE_S)
    trip.runs.claim_capture(TileJob.from_json(received.message.body), now=trip.now, lease_s=LEASE_S)
    trip.outbox.taken([received.message.message_id])
    trip.wait(seconds=LEASE_S)
    trip.reconcile()
    trip.work()
    assert trip.all_sessions()[0].counts_by_verdict == {"BASELINE": 1}


def test_jobs_that_a_queue_lost_are_written_anew(trip):
    area = trip.add_area(tiles=2)
    trip.run_session(area, "march", days=-1)
    trip.show("april", days=30)
    session = trip.capture_now(area)
    lose_messages(trip, Queue.CAPTURES)
    trip.reconcile()
    trip.work()
    assert trip.session(session).is_open, "too early to call them lost"
    trip.wait(seconds=901)
    trip.reconcile()
    while trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=0) and trip.work_once():
        if trip.session(session).tiles_done == 0:
            lose_messages(trip, Queue.COMPARISONS)
    trip.wait(seconds=901)
    trip.reconcile()
    trip.work()
    assert trip.session(session).counts_by_verdict == {"NO_CHANGE": 2}


def test_a_session_past_its_deadline_ends_as_an_error(trip):
    trip.add_area(tiles=2)
    trip.show("march")
    trip.tick()
    trip.work_once()
    trip.wait(seconds=3601)
    trip.reconcile()
    (session,) = trip.all_sessions()
    assert session.status is SessionStatus.ERROR
    assert session.counts_by_verdict == {"BASELINE": 1, "FAILED": 1}
    assert session.failures[0].reason == "not done by the session's deadline"


def test_a_dead_letter_ends_its_tile_with_the_reason(trip):
    trip.add_area(tiles=1)
    trip.tick()
    received = trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=LEASE_S)
    trip.outbox.give_back(received, available_at=trip.now, reason="MemoryError", dead=True)
    trip.reconcile()
    (session,) = trip.all_sessions()
    assert session.counts_by_verdict == {"FAILED": 1}
    assert session.failures[0].reason == "given up after repeated failures: MemoryError"
    assert trip.outbox.dead(10) == []


def test_a_tile_whose_job_is_a_dead_letter_is_not_begun_once_more(trip):
    trip.add_area(tiles=1)
    trip.tick()
    received = trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=LEASE_S)
    trip.wait(hours=0.5)  # nobody works on it: its run counts as stalled too
    trip.outbox.give_back(received, available_at=trip.now, reason="MemoryError", dead=True)
    trip.reconcile()
    assert trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=LEASE_S) is None


def test_an_unreadable_dead_letter_is_buried(trip):
    trip.add_area(tiles=1)
    trip.tick()
    received = trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=LEASE_S)
    trip.outbox.give_back(received, available_at=trip.now, reason="x", dead=True)
    with trip.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE outbox SET body = '{'")
    trip.reconcile()
    assert trip.outbox.dead(10) == []


def changed_session(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=-1)
    return trip.run_session(area, "april", days=30, change=a_change(m2=500))


def test_a_push_that_is_refused_for_now_is_made_later(trip):
    trip.push.script["phone"] = DeliveryStatus.PENDING
    session = changed_session(trip)
    assert trip.pushes()[0].status is DeliveryStatus.PENDING
    assert not session.is_notification_sent
    trip.push.script.clear()
    trip.reconcile()
    trip.work()
    assert trip.pushes()[0].status is DeliveryStatus.PENDING, "it waits a little before it asks again"
    trip.wait(seconds=30)
    trip.reconcile()
    trip.work()
    assert trip.pushes()[0].status is DeliveryStatus.SENT
    assert trip.session(session).is_notification_sent
    assert len(trip.push.pushes) == 1


def test_a_push_service_that_is_away_for_hours_loses_no_alert(trip):
    trip.push.away = True
    session = changed_session(trip)
    for _ in range(20):
        trip.wait(minutes=15)
        trip.reconcile()
        trip.work()
    trip.push.away = False
    trip.wait(minutes=15)
    trip.reconcile()
    trip.work()
    assert trip.session(session).is_notification_sent
    assert len(trip.push.pushes) == 1


def test_a_push_that_is_refused_for_too_long_is_given_up(trip):
    trip.push.script["phone"] = DeliveryStatus.PENDING
    changed_session(trip)
    for _ in range(25):
        trip.wait(hours=1)
        trip.reconcile()
        trip.work()
    assert trip.pushes()[0].status is DeliveryStatus.FAILED
    trip.push.script.clear()
    trip.reconcile()
    trip.work()
    assert trip.push.pushes == []


def test_a_notifier_that_died_in_the_middle_is_followed_by_another(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=-1)
    trip.show("april", days=30, change=a_change(m2=500))
    session = trip.capture_now(area)
    trip.work_once()
    trip.work_once()
    received = trip.outbox.receive([Queue.NOTIFICATIONS], now=trip.now, lease_s=LEASE_S)
    trip.deliveries.prepare(session.session_id, extra=[PHONE], now=trip.now)
    trip.deliveries.claim(session.session_id, now=trip.now, lease_s=LEASE_S, limit=10)
    trip.outbox.taken([received.message.message_id])
    trip.wait(seconds=LEASE_S)
    trip.reconcile()
    trip.work()
    assert trip.session(session).is_notification_sent


def test_a_notification_that_was_given_up_on_is_tried_again(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=-1)
    trip.show("april", days=30, change=a_change(m2=500))
    session = trip.capture_now(area)
    trip.work_once()
    trip.work_once()
    received = trip.outbox.receive([Queue.NOTIFICATIONS], now=trip.now, lease_s=LEASE_S)
    trip.outbox.give_back(received, available_at=trip.now, reason="MemoryError", dead=True)
    trip.reconcile()
    trip.work()
    assert trip.session(session).is_notification_sent
    assert trip.outbox.dead(10) == []


def test_a_dead_device_is_dropped(engine):
    trip = Trip(engine)
    trip.accounts.add_device(trip.user.user_id, token="old-phone", platform="android", now=trip.now)
    trip.accounts.add_device(trip.user.user_id, token="new-phone", platform="android", now=trip.now)
    trip.push.script["old-phone"] = DeliveryStatus.DEAD_TARGET
    session = changed_session(trip)
    assert [device.token for device in trip.accounts.devices(trip.user.user_id)] == ["new-phone"]
    assert session.is_notification_sent


def test_a_notification_asked_for_again_pushes_nothing(trip):
    session = changed_session(trip)
    trip.notify(SessionJob(session_id=session.session_id))
    assert len(trip.push.pushes) == 1


def test_orphan_objects_go_after_a_day_and_others_stay(trip):
    changed_session(trip)
    kept = {item.key for item in trip.images.keys_after("")}
    trip.images.put("1/9-17-1-1-image-orphan.png", b"orphan")
    trip.reconcile()
    assert len(trip.images.keys_after("")) == len(kept) + 1, "it may belong to a worker that is still at it"
    trip.wait(days=2)
    trip.reconcile()
    assert {item.key for item in trip.images.keys_after("")} == kept


def test_a_clock_that_ran_ahead_between_two_reconciles_hides_no_job(trip):
    trip.reconcile()
    trip.add_area(tiles=1)
    trip.show("march")
    trip.tick()
    trip.wait(hours=8)
    assert trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=LEASE_S) is not None
    trip.wait(hours=-8)
    trip.reconcile()
    assert trip.work_once()
