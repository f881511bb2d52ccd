"""Transient is not final: what was away is asked again without using up a try; what stays away says its reason."""

import pytest

from chalicelib.application.tile_work import released_on_failure
from chalicelib.domain.errors import ProviderRefused, ProviderUnavailable, Unavailable
from chalicelib.domain.jobs import Queue, TileJob
from chalicelib.domain.retries import MAX_ATTEMPTS
from tests.support.builders.domain import a_change
from tests.support.trip import Trip

CHANGE = a_change(m2=900)


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.mark.parametrize("times", [1, 4])
def test_a_provider_that_was_away_is_asked_again_in_the_same_session(trip, area, times):
    trip.show("april", days=30, change=CHANGE)
    trip.imagery.fail(None, ProviderUnavailable("busy (429)", retry_after_s=60), times=times)
    session = trip.capture_now(area)
    trip.work()
    assert trip.session(session).is_open
    assert not trip.work_once(), "nobody asks before the time that was asked for"
    for _ in range(times + 2):
        trip.wait(minutes=20)
        trip.work()
    assert trip.session(session).counts_by_verdict == {"CHANGED": 2}


def test_a_store_that_is_full_uses_up_no_try(trip, area):
    trip.show("april", days=30, change=CHANGE)
    session = trip.capture_now(area)
    trip.images.away = True
    for _ in range(3 * MAX_ATTEMPTS):
        trip.work()
        trip.wait(minutes=1)
    trip.images.away = False
    trip.wait(minutes=15)  # the wait has grown meanwhile
    trip.work()
    assert trip.session(session).counts_by_verdict == {"CHANGED": 2}


def test_what_stays_away_fails_at_the_deadline_and_says_why(trip, area):
    trip.show("april", days=30)
    trip.imagery.fail(None, ProviderUnavailable("it rains"))
    session = trip.capture_now(area)
    for _ in range(7):
        trip.work()
        trip.wait(minutes=10)
        trip.reconcile()
    ended = trip.session(session)
    assert ended.counts_by_verdict == {"FAILED": 2}
    assert ended.failures[0].reason == "not done by the session's deadline; last: it rains"


def test_a_provider_in_trouble_is_left_alone_by_all_of_its_tiles(trip):
    area = trip.add_area(tiles=9)
    trip.show("march")
    trip.imagery.fail(None, ProviderUnavailable("it rains"))
    trip.capture_now(area)
    trip.work()
    assert len(trip.imagery.fetched) == 5, "the breaker is open after five in a row"
    trip.imagery.heal()
    trip.wait(minutes=20)
    trip.work()
    assert len(trip.imagery.fetched) == 5 + 9


def test_a_refusal_is_final(trip, area):
    trip.show("april", days=30)
    trip.imagery.fail(None, ProviderRefused("the key is wrong"))
    session = trip.capture_now(area)
    trip.work()
    assert trip.session(session).counts_by_verdict == {"FAILED": 2}


def test_work_that_never_answers_is_given_up_at_the_claim(trip, area):
    """A worker that crashes, hangs or runs out of memory answers nothing: only its claims can be counted."""
    trip.show("april", days=30)
    session = trip.capture_now(area)
    received = trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=1)
    job = TileJob.from_json(received.message.body)
    for _ in range(MAX_ATTEMPTS):
        assert trip.runs.claim_capture(job, now=trip.now, lease_s=60) is not None
        trip.wait(seconds=61)
    trip.capture_tile(job)
    trip.work()
    ended = trip.session(session)
    assert ended.counts_by_verdict == {"FAILED": 1, "NO_CHANGE": 1}
    (failure,) = ended.failures
    assert failure.reason == (
        "given up after 5 tries without an answer: its worker crashed, hung or ran out of memory each time"
    )


def test_a_database_that_goes_away_uses_up_no_try(trip, area):
    session = trip.capture_now(area)
    job = TileJob.from_json(trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=1).message.body)
    for _ in range(MAX_ATTEMPTS + 1):
        claim = trip.runs.claim_capture(job, now=trip.now, lease_s=60)
        with pytest.raises(Unavailable), released_on_failure(trip.runs, claim):
            raise Unavailable("the database does not answer")
    assert claim.attempts == 1
    trip.wait(minutes=1)
    trip.work()
    assert "FAILED" not in trip.session(session).counts_by_verdict
