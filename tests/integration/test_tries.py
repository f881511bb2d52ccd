"""What counts as a try of a tile, and what does not, whoever died or went away in between. On both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from chalicelib.adapters.database.claims import CLOCKS_DIFFER
from chalicelib.domain.errors import Busy, Unavailable
from chalicelib.domain.jobs import NOT_SAID, Queue, TileJob
from chalicelib.domain.retries import Retry
from chalicelib.domain.sessions import SessionStatus
from infra.runtime.invoke import failure_of
from infra.runtime.queue_source import OutboxQueueSource
from infra.runtime.worker import bring_back
from tests.support.trip import Trip

LEASE_S, RECEIVES, NAME = 120, 5, "captures"


@pytest.fixture
def trip(engine):
    return Trip(engine)


def source_of(trip):
    """Give a worker's source on the trip's outbox."""
    return OutboxQueueSource(
        trip.outbox, queues={NAME: Queue.CAPTURES}, clock=trip.clock, lease_s=LEASE_S, max_receives=RECEIVES
    )


def one_run(trip):
    """Open a session of one tile; give its job."""
    session = trip.capture_now(trip.add_area(tiles=1))
    [message] = posted(trip)
    return session, TileJob.from_json(message.body)


def posted(trip):
    """Give what waits in the outbox, and leave it there."""
    return trip.outbox.unsent(before=trip.now + timedelta(days=1), limit=10)


def claimed(trip, job):
    return trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S)


def test_a_claim_that_nobody_heard_of_is_no_try(trip):
    _, job = one_run(trip)
    source = source_of(trip)
    for _ in range(2 * RECEIVES):
        message = source.receive(NAME)
        assert claimed(trip, job).attempts == 1, "its answer is lost on the way: the database goes away"
        source.not_tried(message, wait_s=5, is_held=False)
        trip.wait(seconds=5)


def test_a_database_without_room_for_a_while_costs_no_try(trip):
    session, job = one_run(trip)
    trip.show("march", days=-1)
    source, is_full = source_of(trip), [True]

    @event.listens_for(trip.engine, "do_execute")
    def _refuse(_cursor, statement, _parameters, _context):
        if is_full[0] and "UNION ALL" in statement and "session_tiles" in statement:  # it is sorted in a file
            raise trip.engine.dialect.dbapi.InternalError(3, "Error writing file '/tmp/MLfd=31' (Errcode: 28)")

    for _ in range(2 * RECEIVES):
        message = source.receive(NAME)
        with pytest.raises(Unavailable) as raised:
            trip.capture_tile(job)
        bring_back(source, message, failure_of(raised.value))
        trip.wait(seconds=5)
    is_full[0] = False
    trip.work()
    assert trip.session(session).counts_by_verdict == {"BASELINE": 1}


def test_a_wait_that_is_said_twice_takes_back_one_try(trip):
    """Its commit was never answered, so the worker postpones once more: the tries before it stay."""
    _, job = one_run(trip)
    claimed(trip, job)
    trip.wait(seconds=LEASE_S)  # that worker died
    claim = claimed(trip, job)
    assert claim.attempts == 2
    retry = Retry(retry_at=trip.now, reason="another tile run captures this image")
    assert len(trip.runs.postpone(claim, retry, now=trip.now)) == 1
    assert trip.runs.postpone(claim, retry, now=trip.now) == []
    assert claimed(trip, job).attempts == 2


def test_a_claim_of_somebody_else_stays_a_try(trip):
    _, job = one_run(trip)
    source = source_of(trip)
    assert claimed(trip, job).attempts == 1
    trip.wait(seconds=30)
    source.not_tried(source.receive(NAME), wait_s=5, is_held=True)
    trip.wait(seconds=LEASE_S)
    assert claimed(trip, job).attempts == 2


def test_whoever_finds_the_work_held_lets_go_of_no_claim_but_its_own(trip):
    """A worker stood still between its message and its claim: the message is another's by then, and the claim newer."""
    _, job = one_run(trip)
    source = source_of(trip)
    assert source.receive(NAME), "and it stands still"
    trip.wait(seconds=LEASE_S)
    message = source.receive(NAME)
    claim = claimed(trip, job)
    with pytest.raises(Busy):
        claimed(trip, job)
    bring_back(source, message, failure_of(Busy("another worker holds it")))
    retry = Retry(retry_at=trip.now + timedelta(minutes=10), reason="the provider answered 503")
    trip.runs.postpone(claim, retry, now=trip.now)
    assert claimed(trip, job) is None, "what it says counts: it was postponed"
    trip.wait(minutes=10)
    assert source.receive(NAME) is not None
    again = claimed(trip, job)
    assert (again.attempts, again.last_reason) == (1, "the provider answered 503")


def test_a_worker_that_died_does_not_die_of_what_the_one_before_it_waited_for(trip):
    _, job = one_run(trip)
    claim = claimed(trip, job)
    trip.runs.postpone(claim, Retry(retry_at=trip.now, reason="the provider answered 503"), now=trip.now)
    assert claimed(trip, job).last_reason == "the provider answered 503"
    trip.wait(seconds=LEASE_S)
    assert claimed(trip, job).last_reason is None


def test_a_job_left_over_from_before_a_wait_does_not_cut_it_short(trip):
    _, job = one_run(trip)
    later = trip.now + timedelta(minutes=10)
    trip.runs.postpone(claimed(trip, job), Retry(retry_at=later, reason="the disk is full"), now=trip.now)
    assert claimed(trip, job) is None
    trip.wait(minutes=10)
    assert claimed(trip, job).attempts == 1


def test_a_job_that_comes_a_moment_early_by_another_clock_is_not_passed_over(trip):
    _, job = one_run(trip)
    at = trip.now + timedelta(seconds=5)
    trip.runs.postpone(claimed(trip, job), Retry(retry_at=at, reason="the disk is full"), now=trip.now)
    trip.wait(seconds=5 - CLOCKS_DIFFER.total_seconds())
    assert claimed(trip, job).attempts == 1


def test_a_restart_gives_back_what_was_held_and_does_not_hurry_what_was_postponed(trip):
    _, job = one_run(trip)
    source = source_of(trip)
    assert source.receive(NAME), "and its worker dies with the machine"
    trip.outbox.release_all(now=trip.now)
    message = source.receive(NAME)
    later = trip.now + timedelta(minutes=10)
    trip.runs.postpone(claimed(trip, job), Retry(retry_at=later, reason="the disk is full"), now=trip.now)
    source.done(message)
    trip.outbox.release_all(now=trip.now)
    assert source.receive(NAME) is None
    trip.wait(minutes=10)
    assert TileJob.from_json(source.receive(NAME).body) == job
    assert claimed(trip, job).attempts == 1


def test_why_a_worker_died_with_its_machine_is_not_what_an_earlier_one_waited_for(trip):
    _, job = one_run(trip)
    at = trip.now + timedelta(minutes=10)
    trip.runs.postpone(claimed(trip, job), Retry(retry_at=at, reason="the disk is full"), now=trip.now)
    trip.outbox.release_all(now=trip.now)
    trip.wait(minutes=10)
    assert claimed(trip, job).last_reason == "the disk is full", "nobody held it as the machine restarted"
    trip.outbox.release_all(now=trip.now)
    assert claimed(trip, job).last_reason is None


def test_a_job_that_waits_its_turn_is_not_written_again(trip):
    _, job = one_run(trip)
    trip.wait(hours=1)
    assert trip.runs.retry_stalled(now=trip.now, limit=10) == []
    [message] = posted(trip)
    trip.outbox.taken([message.message_id])
    [again] = trip.runs.retry_stalled(now=trip.now, limit=10)
    assert TileJob.from_json(again.body) == job
    assert trip.runs.retry_stalled(now=trip.now + timedelta(hours=1), limit=10) == []


def test_a_letter_that_nobody_can_explain_is_begun_anew_until_its_work_was_begun_too_often(trip):
    session, job = one_run(trip)
    source = source_of(trip)
    for lives in range(3):
        for _ in range(RECEIVES):
            assert source.receive(NAME), "and nobody hears of its worker again"
            if lives == 2:
                claimed(trip, job)
            trip.wait(seconds=LEASE_S)
        assert source.receive(NAME) is None
        assert trip.session(session).status is SessionStatus.IN_PROGRESS
        trip.reconcile()
    assert trip.session(session).failures[0].reason == (
        "given up after repeated failures: received 5 times without an answer"
    )


def test_a_wait_whose_answer_was_lost_is_taken_back_once(trip):
    _, job = one_run(trip)
    first = claimed(trip, job)
    trip.wait(seconds=LEASE_S)
    claim = claimed(trip, job)
    assert (first.attempts, claim.attempts) == (1, 2)
    trip.runs.postpone(claim, Retry(retry_at=trip.now, reason="the disk is full"), now=trip.now)
    trip.runs.release(claim, reason="the database went away", counts=False)
    assert claimed(trip, job).attempts == 2, "the first one died"


def test_a_database_that_was_away_for_as_long_as_a_letter_lived_on_sqs_ends_no_tile(trip):
    session, job = one_run(trip)
    received = trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=LEASE_S)
    trip.outbox.give_back(received, available_at=trip.now, reason=NOT_SAID, dead=True)  # as SQS hands it over
    trip.show("march")
    trip.reconcile()
    assert [TileJob.from_json(message.body) for message in posted(trip)] == [job]
    trip.work()
    assert trip.session(session).counts_by_verdict == {"BASELINE": 1}
