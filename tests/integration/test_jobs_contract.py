"""What every way to the queues keeps to: SQS (on a stand-in), the outbox itself, and the fake."""

import logging
import time
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.adapters.queues import OutboxJobs, SqsJobs
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.jobs import Message, Queue, SessionJob, TileJob
from tests.aws_stand_in import QueueUrls, away, aws
from tests.fakes import A_MOMENT, MemoryJobs, MemoryOutbox

JOB = TileJob(session_id=1, tile_run_id=2).to_json()
BODIES = [TileJob(session_id=1, tile_run_id=number).to_json() for number in range(25)]


class Sqs:
    """SQS on the stand-in: two receives, then a dead letter, which is held for a second."""

    def __init__(self, client: Any = None, **settings: Any) -> None:
        self.outbox = MemoryOutbox()
        self.client = aws().client("sqs")
        self.made: QueueUrls = aws().make_queues(max_receives=2)
        self.now = A_MOMENT
        self.jobs = SqsJobs(
            client or self.client,
            self.outbox,
            queue_urls=self.made.urls,
            dead_letter_urls=self.made.dead_letter_urls,
            clock=lambda: self.now,
            dead_letter_hold_s=1,
            dead_letter_wait_s=0,
            **settings,
        )

    def commit(self, queue: Queue, body: str) -> Message:
        return self.outbox.add(queue, body, now=self.now)

    def waiting(self, queue: Queue) -> list[str]:
        bodies = []
        while batch := self.client.receive_message(QueueUrl=self.made.urls[queue], MaxNumberOfMessages=10).get(
            "Messages"
        ):
            bodies += [message["Body"] for message in batch]
        return bodies

    def kill(self, queue: Queue) -> None:
        for _ in range(3):  # two receives without a deletion; the third finds it gone
            self.client.receive_message(QueueUrl=self.made.urls[queue], VisibilityTimeout=0)

    def pass_hold(self) -> None:
        time.sleep(1.1)


class Home:
    """The outbox as the queue; the worker is a counter."""

    def __init__(self) -> None:
        self.outbox = MemoryOutbox()
        self.wakes = 0
        self.jobs = OutboxJobs(self.outbox, wake=self._wake)

    def _wake(self) -> None:
        self.wakes += 1

    def commit(self, queue: Queue, body: str) -> Message:
        return self.outbox.add(queue, body)

    def waiting(self, queue: Queue) -> list[str]:
        bodies = []
        while received := self.outbox.receive(queue, now=A_MOMENT, lease_s=60):
            bodies.append(received.message.body)
        return bodies

    def kill(self, queue: Queue) -> None:
        received = self.outbox.receive(queue, now=A_MOMENT, lease_s=60)
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


@pytest.fixture(params=[Sqs, Home, Fake], ids=["sqs", "outbox", "memory"])
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
    assert [house.waiting(queue) for queue in Queue] == [[], [], []]


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
    house.jobs.bury(letter)
    house.pass_hold()
    assert house.jobs.dead_letters() == []
    assert house.waiting(Queue.COMPARISONS) == []


def test_dead_letters_of_all_queues_are_given_and_buried_one_by_one(house):
    for queue in Queue:
        house.jobs.send([house.commit(queue, f"{queue} job")])
        house.kill(queue)
    letters = {letter.message.queue: letter for letter in house.jobs.dead_letters()}
    assert {queue: letter.message.body for queue, letter in letters.items()} == {q: f"{q} job" for q in Queue}
    house.jobs.bury(letters[Queue.CAPTURES])
    house.jobs.bury(letters[Queue.CAPTURES])
    house.pass_hold()
    assert {letter.message.queue for letter in house.jobs.dead_letters()} == {Queue.COMPARISONS, Queue.NOTIFICATIONS}


def test_at_home_sending_wakes_the_worker_and_leaves_the_row():
    home = Home()
    home.jobs.send([])
    assert home.wakes == 0
    home.jobs.send([home.commit(Queue.CAPTURES, JOB)])
    assert home.wakes == 1
    assert len(home.outbox.rows) == 1


def test_a_row_goes_when_sqs_has_taken_its_message():
    sqs = Sqs()
    messages = [sqs.commit(Queue.CAPTURES, body) for body in BODIES]
    kept = sqs.commit(Queue.CAPTURES, JOB)
    sqs.jobs.send(messages)
    assert list(sqs.outbox.rows) == [kept.message_id]


def test_a_message_given_twice_is_sent_once():
    sqs = Sqs()
    message = sqs.commit(Queue.CAPTURES, JOB)
    sqs.jobs.send([message, message])
    assert sqs.waiting(Queue.CAPTURES) == [JOB]


@pytest.mark.parametrize("broken", ["service", "queue"])
def test_a_queue_that_is_away_loses_nothing_and_raises_nothing(broken, caplog):
    sqs = Sqs(away("sqs") if broken == "service" else None)
    if broken == "queue":
        sqs.client.delete_queue(QueueUrl=sqs.made.urls[Queue.CAPTURES])
        sqs.client.delete_queue(QueueUrl=sqs.made.dead_letter_urls[Queue.CAPTURES])
    message = sqs.commit(Queue.CAPTURES, JOB)
    sqs.jobs.send([message])
    sqs.now += timedelta(minutes=1)
    assert sqs.jobs.send_overdue() == 0
    assert sqs.jobs.dead_letters() == []
    assert list(sqs.outbox.rows) == [message.message_id]
    events = [(record.message, record.reason) for record in caplog.records if record.name.startswith("chalicelib")]
    why = "EndpointConnectionError" if broken == "service" else "AWS.SimpleQueueService.NonExistentQueue"
    assert ("jobs not sent", why) in events
    assert ("dead letters not read", why) in events
    assert JOB not in caplog.text


def test_a_service_that_is_away_is_asked_once_for_each_queue(caplog):
    sqs = Sqs(away("sqs"))
    sqs.jobs.send([sqs.commit(Queue.CAPTURES, body) for body in BODIES])
    assert [record.message for record in caplog.records if record.name.startswith("chalicelib")] == ["jobs not sent"]
    assert len(sqs.outbox.rows) == len(BODIES)


def test_one_queue_that_is_away_does_not_stop_the_others():
    sqs = Sqs()
    sqs.client.delete_queue(QueueUrl=sqs.made.urls[Queue.CAPTURES])
    lost = sqs.commit(Queue.CAPTURES, JOB)
    sqs.jobs.send([lost, sqs.commit(Queue.COMPARISONS, JOB)])
    assert sqs.waiting(Queue.COMPARISONS) == [JOB]
    assert list(sqs.outbox.rows) == [lost.message_id]


def test_what_was_not_sent_in_time_is_sent_by_the_sweep():
    sqs = Sqs()
    late = sqs.commit(Queue.CAPTURES, "late")
    sqs.now += timedelta(seconds=31)
    sqs.commit(Queue.COMPARISONS, "on its way")
    assert sqs.jobs.send_overdue() == 1
    assert sqs.waiting(Queue.CAPTURES) == ["late"]
    assert sqs.waiting(Queue.COMPARISONS) == []
    assert late.message_id not in sqs.outbox.rows


def test_an_oversized_message_stays_behind_alone(caplog):
    sqs = Sqs()
    before = sqs.commit(Queue.CAPTURES, "before")
    huge = sqs.commit(Queue.CAPTURES, "x" * 2_000_000)
    after = sqs.commit(Queue.CAPTURES, "after")
    sqs.jobs.send([before, huge, after])
    assert sorted(sqs.waiting(Queue.CAPTURES)) == ["after", "before"]
    assert list(sqs.outbox.rows) == [huge.message_id]
    assert "xxx" not in caplog.text


def test_large_messages_are_sent_in_batches_that_sqs_takes():
    sqs = Sqs()
    sizes: list[int] = []
    client = aws().own_client("sqs")
    client.meta.events.register(
        "provide-client-params.sqs.SendMessageBatch", lambda params, **_: sizes.append(size(params))
    )
    bodies = [str(number) * 100_000 for number in range(5)]
    jobs = SqsJobs(client, sqs.outbox, queue_urls=sqs.made.urls, dead_letter_urls={}, clock=lambda: sqs.now)
    jobs.send([sqs.commit(Queue.CAPTURES, body) for body in bodies])
    assert sizes == [200_000, 200_000, 100_000]
    assert sorted(sqs.waiting(Queue.CAPTURES)) == bodies


def size(params: dict[str, Any]) -> int:
    return sum(len(entry["MessageBody"].encode()) for entry in params["Entries"])


def test_a_dead_letter_from_sqs_has_no_number():
    sqs = Sqs()
    sqs.jobs.send([sqs.commit(Queue.CAPTURES, JOB)])
    sqs.kill(Queue.CAPTURES)
    assert [letter.message.message_id for letter in sqs.jobs.dead_letters()] == [0]


def test_a_dead_letter_is_hidden_while_somebody_deals_with_it():
    sqs = Sqs()
    sqs.jobs.send([sqs.commit(Queue.CAPTURES, JOB)])
    sqs.kill(Queue.CAPTURES)
    assert len(sqs.jobs.dead_letters()) == 1
    assert sqs.jobs.dead_letters() == []


def test_burying_in_a_queue_that_is_away_raises_nothing(caplog):
    sqs = Sqs()
    sqs.jobs.send([sqs.commit(Queue.CAPTURES, JOB)])
    sqs.kill(Queue.CAPTURES)
    [letter] = sqs.jobs.dead_letters()
    Sqs(away("sqs")).jobs.bury(letter)
    assert [record.message for record in caplog.records if record.name.startswith("chalicelib")] == [
        "dead letter not buried"
    ]


class Partial:
    """An SQS client that refuses some entries, as the service may."""

    def __init__(self, refused: set[str]) -> None:
        self.refused = refused

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        ids = [entry["Id"] for entry in request["Entries"]]
        return {
            "Successful": [{"Id": name} for name in ids if name not in self.refused],
            "Failed": [{"Id": name, "Code": "InternalError"} for name in ids if name in self.refused],
        }


def test_the_rows_of_a_batch_that_was_taken_in_part_go_in_part(caplog):
    caplog.set_level(logging.INFO)
    sqs = Sqs(Partial({"2", "13"}))
    sqs.jobs.send([sqs.commit(Queue.CAPTURES, body) for body in BODIES])
    assert list(sqs.outbox.rows) == [2, 13]
    assert [(record.message, record.message_id, record.reason) for record in caplog.records] == [
        ("job refused by its queue", 2, "InternalError"),
        ("job refused by its queue", 13, "InternalError"),
    ]


class Forgetful(MemoryOutbox):
    """A database that goes away between the sending and the forgetting."""

    def taken(self, message_ids: Any) -> None:  # noqa: ARG002 (the port's)
        raise Unavailable("the database is away")


def test_a_database_that_goes_away_after_the_sending_makes_a_second_message_at_worst(caplog):
    sqs = Sqs()
    outbox = Forgetful()
    jobs = SqsJobs(sqs.client, outbox, queue_urls=sqs.made.urls, dead_letter_urls={}, clock=lambda: A_MOMENT)
    jobs.send([outbox.add(Queue.CAPTURES, JOB)])
    assert len(outbox.rows) == 1
    assert sqs.waiting(Queue.CAPTURES) == [JOB]
    assert "sent jobs not forgotten" in caplog.text
