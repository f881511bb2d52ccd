"""What everybody may expect of the outbox: the table, on both engines, and the fake that stands for it."""

from datetime import timedelta

import pytest

from chalicelib.adapters.database.outbox import SqlOutbox, post
from chalicelib.domain.jobs import Queue, TileJob
from tests.support.fakes.clock import A_MOMENT
from tests.support.fakes.outbox import MemoryOutbox

LEASE_S = 60
LATER = A_MOMENT + timedelta(hours=1)


def job(number):
    return TileJob(session_id=1, tile_run_id=number)


def at(seconds):
    return A_MOMENT + timedelta(seconds=seconds)


class OutboxContract:
    """The suite; `add(job, queue=, now=)` is the transaction that makes a message necessary, and gives it."""

    def receive(self, outbox, *, now=A_MOMENT, queue=Queue.CAPTURES):
        return outbox.receive([queue], now=now, lease_s=LEASE_S)

    def kill(self, outbox, reason="it failed", *, now=A_MOMENT, queue=Queue.CAPTURES):
        received = self.receive(outbox, now=now, queue=queue)
        outbox.give_back(received, available_at=now, reason=reason, dead=True)
        return received.message

    def test_an_empty_one_has_nothing(self, outbox):
        assert self.receive(outbox) is None
        assert outbox.unsent(before=LATER, limit=10) == []
        assert outbox.dead(10) == []
        assert outbox.count_dead() == {}
        assert outbox.oldest_waiting(now=LATER) is None

    def test_what_no_queue_has_taken_is_unsent_oldest_first(self, outbox, add):
        messages = [add(job(number), now=at(number)) for number in range(4)]
        assert outbox.unsent(before=at(3), limit=10) == messages[:3]
        assert outbox.unsent(before=LATER, limit=2) == messages[:2]
        assert outbox.oldest_waiting(now=at(0)) == at(0)
        assert outbox.oldest_waiting(now=at(-1)) is None, "what comes later does not wait"

    def test_so_many_of_each_queue_are_unsent(self, outbox, add):
        captures = [add(job(number)) for number in range(3)]
        comparisons = [add(job(number), queue=Queue.COMPARISONS) for number in range(3)]
        assert outbox.unsent(before=LATER, limit=2) == [*captures[:2], *comparisons[:2]]

    def test_what_was_taken_is_forgotten_as_often_as_it_is_said(self, outbox, add):
        first, second, third = (add(job(number)) for number in range(3))
        for _ in range(2):
            outbox.taken([first.message_id, third.message_id])
        assert outbox.unsent(before=LATER, limit=10) == [second]
        outbox.taken([])
        assert outbox.unsent(before=LATER, limit=10) == [second]

    def test_a_message_is_received_from_its_queue_with_its_body(self, outbox, add):
        message = add(job(7), queue=Queue.COMPARISONS)
        assert self.receive(outbox) is None
        received = self.receive(outbox, queue=Queue.COMPARISONS)
        assert received.message == message
        assert received.receives == 1
        assert TileJob.from_json(received.message.body) == job(7)

    def test_each_is_received_once_in_the_order_it_was_committed(self, outbox, add):
        messages = [add(job(number), now=at(second)) for number, second in enumerate((20, 10, 10))]
        received = [self.receive(outbox, now=at(20)) for _ in range(4)]
        assert [each and each.message for each in received] == [*messages, None]

    def test_whose_turn_it_is_goes_first(self, outbox, add):
        turns = (3, 1, 2, 1)
        messages = [add(TileJob(session_id=1, tile_run_id=number, turn=turn)) for number, turn in enumerate(turns)]
        in_turn = [messages[index] for index in (1, 3, 2, 0)]
        assert outbox.unsent(before=LATER, limit=10) == in_turn
        assert [self.receive(outbox).message for _ in turns] == in_turn

    def test_of_several_queues_the_first_that_has_one_is_served(self, outbox, add):
        capture, comparison = add(job(1)), add(job(2), queue=Queue.COMPARISONS)
        queues = [Queue.COMPARISONS, Queue.CAPTURES]
        received = [outbox.receive(queues, now=A_MOMENT, lease_s=LEASE_S) for _ in range(3)]
        assert [each and each.message for each in received] == [comparison, capture, None]

    def test_what_is_received_is_hidden_for_its_lease_and_comes_again(self, outbox, add):
        add(job(1))
        first = self.receive(outbox)
        assert self.receive(outbox, now=at(LEASE_S - 1)) is None
        again = self.receive(outbox, now=at(LEASE_S))
        assert again.message == first.message
        assert again.receives == 2
        assert again.receipt != first.receipt

    def test_what_is_done_is_forgotten_by_its_last_holder_only(self, outbox, add):
        add(job(1))
        first = self.receive(outbox)
        second = self.receive(outbox, now=at(LEASE_S))
        outbox.done(first)
        assert len(outbox.unsent(before=LATER, limit=10)) == 1, "somebody else holds it"
        outbox.done(second)
        assert outbox.unsent(before=LATER, limit=10) == []

    def test_what_is_given_back_waits_until_it_is_available(self, outbox, add):
        add(job(1))
        outbox.give_back(self.receive(outbox), available_at=at(5), reason="busy", dead=False)
        assert self.receive(outbox, now=at(4)) is None
        assert self.receive(outbox, now=at(5)).receives == 2

    def test_what_was_not_tried_comes_back_as_if_it_had_not_been_received(self, outbox, add):
        add(job(1))
        outbox.give_back_untried(self.receive(outbox), available_at=at(5), is_held=False)
        assert self.receive(outbox, now=at(4)) is None
        again = self.receive(outbox, now=at(5))
        assert (again.receives, again.reason) == (1, "")

    def test_only_the_last_holder_gives_back(self, outbox, add):
        add(job(1))
        first = self.receive(outbox)
        self.receive(outbox, now=at(LEASE_S))
        outbox.give_back(first, available_at=A_MOMENT, reason="late", dead=True)
        assert outbox.dead(10) == []
        assert self.receive(outbox, now=at(LEASE_S + 1)) is None, "it is hidden still"

    def test_a_dead_letter_says_why_and_waits_for_nobody(self, outbox, add):
        message = add(job(1))
        self.kill(outbox, "it failed five times")
        (letter,) = outbox.dead(10)
        assert (letter.message, letter.reason) == (message, "it failed five times")
        assert letter.receipt == str(message.message_id)
        assert self.receive(outbox, now=LATER) is None
        assert outbox.unsent(before=LATER, limit=10) == []
        assert outbox.oldest_waiting(now=LATER) is None

    def test_dead_letters_are_counted_by_queue_and_given_oldest_first(self, outbox, add):
        for number, queue in enumerate((Queue.CAPTURES, Queue.COMPARISONS, Queue.CAPTURES)):
            add(job(number), queue=queue)
            self.kill(outbox, queue=queue)
        assert outbox.count_dead() == {Queue.CAPTURES: 2, Queue.COMPARISONS: 1}
        assert [TileJob.from_json(letter.message.body) for letter in outbox.dead(2)] == [job(0), job(1)]

    def test_who_let_it_die_may_still_be_done_with_it(self, outbox, add):
        add(job(1))
        received = self.receive(outbox)
        outbox.give_back(received, available_at=A_MOMENT, reason="it failed", dead=True)
        outbox.done(received)
        assert outbox.dead(10) == []

    def test_a_dead_letter_that_is_put_back_was_never_received(self, outbox, add):
        add(job(1))
        message = self.kill(outbox)
        outbox.redrive(message.message_id, now=at(30))
        assert outbox.dead(10) == []
        assert self.receive(outbox, now=at(29)) is None
        received = self.receive(outbox, now=at(30))
        assert (received.message, received.receives) == (message, 1)

    def test_what_is_alive_or_gone_cannot_be_put_back(self, outbox, add):
        message = add(job(1))
        self.receive(outbox)
        outbox.redrive(message.message_id, now=A_MOMENT)
        outbox.redrive(message.message_id + 1, now=A_MOMENT)
        assert self.receive(outbox, now=at(1)) is None, "its holder has it still"


class TestMemoryOutbox(OutboxContract):
    @pytest.fixture
    def outbox(self):
        return MemoryOutbox()

    @pytest.fixture
    def add(self, outbox):
        def add(job, *, queue=Queue.CAPTURES, now=A_MOMENT):
            return outbox.add(queue, job.to_json(), now=now, turn=job.turn)

        return add


class TestSqlOutbox(OutboxContract):
    @pytest.fixture
    def outbox(self, engine):
        return SqlOutbox(engine)

    @pytest.fixture
    def add(self, engine):
        def add(job, *, queue=Queue.CAPTURES, now=A_MOMENT):
            with engine.begin() as connection:
                (message,) = post(connection, queue, job, now=now)
                return message

        return add
