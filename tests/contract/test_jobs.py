"""What every way to the queues keeps to: SQS (on a stand-in), the outbox itself, and the fake."""

from typing import Any

import pytest

from chalicelib.adapters.queues.outbox import OutboxJobs
from chalicelib.domain.jobs import Message, Queue, SessionJob, TileJob
from tests.support.fakes.clock import A_MOMENT
from tests.support.fakes.jobs import MemoryJobs
from tests.support.fakes.outbox import MemoryOutbox
from tests.support.standins.sqs_house import SqsHouse

JOB = TileJob(session_id=1, tile_run_id=2).to_json()
BODIES = [TileJob(session_id=1, tile_run_id=number).to_json() for number in range(25)]


class Home:
    """The outbox as the queue; the worker is a counter."""

    def __init__(self) -> None:
        self.outbox = MemoryOutbox()
        self.wakes = 0
        self.jobs = OutboxJobs(self.outbox, wake=self._wake, clock=lambda: A_MOMENT)

    def _wake(self) -> None:
        self.wakes += 1

    def commit(self, queue: Queue, body: str) -> Message:
        return self.outbox.add(queue, body)

    def waiting(self, queue: Queue) -> list[str]:
        bodies = []
        while received := self.outbox.receive([queue], now=A_MOMENT, lease_s=60):
            bodies.append(received.message.body)
        return bodies

    def kill(self, queue: Queue) -> None:
        received = self.outbox.receive([queue], now=A_MOMENT, lease_s=60)
        assert received is not None
        self.outbox.give_back(received, available_at=A_MOMENT, reason="it failed five times", dead=True)

    def pass_hold(self) -> None:
        pass


class Fake:
    def __init__(self) -> None:
        self.jobs = MemoryJobs()
        self.rows = MemoryOutbox()

    def commit(self, queue: Queue, body: str) -> Message:
        return self.rows.add(queue, body)

    def waiting(self, queue: Queue) -> list[str]:
        return [message.body for message in self.jobs.sent if message.queue is queue]

    def kill(self, queue: Queue) -> None:
        self.jobs.kill(queue, self.waiting(queue)[0])

    def pass_hold(self) -> None:
        pass


@pytest.fixture(params=[SqsHouse, Home, Fake], ids=["sqs", "outbox", "memory"])
def house(request) -> Any:
    return request.param()


def test_a_sent_message_waits_in_its_own_queue_with_its_body_and_no_more(house):
    notify = SessionJob(session_id=9).to_json()
    house.jobs.send([house.commit(Queue.CAPTURES, JOB), house.commit(Queue.NOTIFICATIONS, notify)])
    assert house.waiting(Queue.CAPTURES) == [JOB]
    assert house.waiting(Queue.NOTIFICATIONS) == [notify]
    assert house.waiting(Queue.COMPARISONS) == []


def test_any_number_of_messages_arrives_once_each(house):
    house.jobs.send([house.commit(Queue.COMPARISONS, body) for body in BODIES])
    assert sorted(house.waiting(Queue.COMPARISONS)) == sorted(BODIES)


def test_sending_nothing_does_nothing(house):
    house.jobs.send([])
    assert [house.waiting(queue) for queue in Queue] == [[] for _ in Queue]


def test_nothing_is_overdue_that_was_just_sent(house):
    house.jobs.send([house.commit(Queue.CAPTURES, JOB)])
    assert house.jobs.send_overdue() == 0
    assert house.waiting(Queue.CAPTURES) == [JOB]


def test_a_dead_letter_comes_again_until_it_is_buried(house):
    house.jobs.send([house.commit(Queue.COMPARISONS, JOB)])
    assert house.jobs.dead_letters() == []
    house.kill(Queue.COMPARISONS)
    [letter] = house.jobs.dead_letters()
    assert (letter.message.queue, letter.message.body) == (Queue.COMPARISONS, JOB)
    assert letter.reason
    house.pass_hold()
    [letter] = house.jobs.dead_letters()
    house.jobs.delete_dead_letter(letter)
    house.pass_hold()
    assert house.jobs.dead_letters() == []
    assert house.waiting(Queue.COMPARISONS) == []


def test_dead_letters_of_all_queues_are_given_and_buried_one_by_one(house):
    for queue in Queue:
        house.jobs.send([house.commit(queue, f"{queue} job")])
        house.kill(queue)
    letters = {letter.message.queue: letter for letter in house.jobs.dead_letters()}
    assert {queue: letter.message.body for queue, letter in letters.items()} == {q: f"{q} job" for q in Queue}
    house.jobs.delete_dead_letter(letters[Queue.CAPTURES])
    house.jobs.delete_dead_letter(letters[Queue.CAPTURES])
    house.pass_hold()
    assert {letter.message.queue for letter in house.jobs.dead_letters()} == set(Queue) - {Queue.CAPTURES}


def test_at_home_sending_wakes_the_worker_and_leaves_the_row():
    home = Home()
    home.jobs.send([])
    assert home.wakes == 0
    home.jobs.send([home.commit(Queue.CAPTURES, JOB)])
    assert home.wakes == 1
    assert len(home.outbox.rows) == 1


def test_dead_letters_are_counted_and_put_back_as_new(house):
    house.jobs.send([house.commit(Queue.COMPARISONS, JOB)])
    assert house.jobs.dead_letters_waiting() == {}
    house.kill(Queue.COMPARISONS)
    assert house.jobs.dead_letters_waiting() == {Queue.COMPARISONS: 1}
    (letter,) = house.jobs.dead_letters()
    house.jobs.redrive(letter)
    assert house.jobs.dead_letters_waiting() == {}
    assert house.waiting(Queue.COMPARISONS) == [JOB]


def test_nothing_waits_where_nothing_was_committed(house):
    assert house.jobs.backlog_age_s() == 0
