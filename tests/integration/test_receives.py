"""A message is given up after five receives without an answer, whatever became of its work; what could not be tried
does not count. On both databases."""

from datetime import timedelta

import pytest

from chalicelib.adapters.database.outbox import SqlOutbox
from chalicelib.domain.jobs import Queue
from infra.runtime.queue_source import OutboxQueueSource
from tests.support.builders.domain import NOON
from tests.support.trip import Trip

LEASE_S, RECEIVES, NAME = 120, 5, "captures"


class House:
    """One job in the outbox, and a worker's source on it, whose time moves when it is told to."""

    def __init__(self, engine, *, messages):
        self.now, self.outbox = NOON, SqlOutbox(engine)
        trip = Trip(engine)
        trip.capture_now(trip.add_area())
        first = self.outbox.unsent(before=NOON + timedelta(days=1), limit=100)
        self.outbox.taken([message.message_id for message in first[messages:]])
        self.source = OutboxQueueSource(
            self.outbox,
            queues={NAME: Queue.CAPTURES},
            clock=lambda: self.now,
            lease_s=LEASE_S,
            max_receives=RECEIVES,
        )

    def receive(self):
        return self.source.receive(NAME)

    def wait(self, seconds=LEASE_S):
        self.now += timedelta(seconds=seconds)

    def reasons(self):
        return [letter.reason for letter in self.outbox.dead(10)]


@pytest.fixture
def house(engine):
    return House(engine, messages=1)


def test_a_worker_that_dies_each_time_leaves_a_dead_letter(house):
    for receives in range(1, RECEIVES + 1):
        assert house.receive().receives == receives
        assert house.receive() is None, "hidden for its lease"
        house.wait()
    assert house.reasons() == []
    assert house.receive() is None
    assert house.reasons() == ["received 5 times without an answer"]
    house.wait(7 * 3600)
    assert house.receive() is None


def test_the_last_reason_is_kept(house):
    house.source.failed(house.receive(), reason="ValueError: x", wait_s=1)
    for _ in range(RECEIVES - 1):
        house.wait()
        assert house.receive() is not None
    house.wait()
    assert house.receive() is None
    assert house.reasons() == ["received 5 times without an answer: ValueError: x"]


def test_work_that_gave_no_answer_comes_back_when_its_lease_is_over_and_is_given_up_at_the_fifth(house):
    for _ in range(RECEIVES):
        message = house.receive()
        house.wait(1)
        house.source.unanswered(message, reason="its process was ended by SIGSEGV")
        assert house.receive() is None
        house.wait(LEASE_S - 1)
    assert house.receive() is None
    assert house.reasons() == ["received 5 times without an answer: its process was ended by SIGSEGV"]


def test_work_that_raises_is_given_up_at_the_fifth_for_its_own_reason(house):
    for _ in range(RECEIVES):
        house.source.failed(house.receive(), reason="ValueError: x", wait_s=1)
        house.wait(1)
    assert house.receive() is None
    assert house.reasons() == ["ValueError: x"]


def test_what_could_not_be_tried_uses_up_no_try(house):
    for _ in range(4 * RECEIVES):
        message = house.receive()
        assert message.receives == 1
        house.source.not_tried(message, wait_s=5, is_held=False)
        assert house.receive() is None
        house.wait(5)
    house.source.done(house.receive())
    house.wait()
    assert (house.receive(), house.reasons()) == (None, [])


def test_who_is_late_does_not_take_a_message_from_who_holds_it(house):
    late = house.receive()
    house.wait()
    held = house.receive()
    house.source.not_tried(late, wait_s=0, is_held=False)
    house.source.unanswered(late, reason="killed")
    house.source.failed(late, reason="ValueError: x", wait_s=0)
    house.source.done(late)
    assert house.receive() is None
    house.wait()
    assert house.receive().receives == held.receives + 1


def test_a_dead_letter_does_not_hide_the_message_behind_it(engine):
    house = House(engine, messages=2)
    for _ in range(RECEIVES):
        poison = house.receive()
        house.wait()
    other = house.receive()
    assert (other.receives, other.body == poison.body) == (1, False)
    assert len(house.reasons()) == 1


def test_a_dead_letter_that_is_sent_again_begins_anew(house):
    for _ in range(RECEIVES):
        house.source.unanswered(house.receive(), reason="killed")
        house.wait()
    [letter] = house.outbox.dead(1)
    house.outbox.redrive(letter.message.message_id, now=house.now)
    for _ in range(RECEIVES):
        house.receive()
        house.wait()
    assert house.receive() is None
    assert house.reasons() == ["received 5 times without an answer"]


def test_a_queue_that_nobody_fills_here_is_empty(engine):
    """The app has a handler of uploads, of which only AWS tells."""
    assert House(engine, messages=1).source.receive("bhuprahari-uploads") is None
