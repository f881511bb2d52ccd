"""What SQS adds to the way to the queues: rows that go, batches, refusals, a service that is away."""

import logging
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from chalicelib.adapters.queues.sqs import OVERDUE_AT_ONCE, SqsJobs
from chalicelib.adapters.queues.sqs_addresses import QueueAddresses
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.jobs import Queue, TileJob
from tests.support.fakes.clock import A_MOMENT
from tests.support.fakes.outbox import MemoryOutbox
from tests.support.standins.aws import away, aws
from tests.support.standins.sqs_house import SqsHouse

JOB = TileJob(session_id=1, tile_run_id=2).to_json()
BODIES = [TileJob(session_id=1, tile_run_id=number).to_json() for number in range(25)]


def test_a_row_goes_when_sqs_has_taken_its_message():
    sqs = SqsHouse()
    messages = [sqs.commit(Queue.CAPTURES, body) for body in BODIES]
    kept = sqs.commit(Queue.CAPTURES, JOB)
    sqs.jobs.send(messages)
    assert list(sqs.outbox.rows) == [kept.message_id]


def test_a_message_given_twice_is_sent_once():
    sqs = SqsHouse()
    message = sqs.commit(Queue.CAPTURES, JOB)
    sqs.jobs.send([message, message])
    assert sqs.waiting(Queue.CAPTURES) == [JOB]


@pytest.mark.parametrize("broken", ["service", "queue"])
def test_a_queue_that_is_away_loses_nothing_and_raises_nothing(broken, caplog):
    sqs = SqsHouse(away("sqs") if broken == "service" else None)
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
    sqs = SqsHouse(away("sqs"))
    sqs.jobs.send([sqs.commit(Queue.CAPTURES, body) for body in BODIES])
    assert [record.message for record in caplog.records if record.name.startswith("chalicelib")] == ["jobs not sent"]
    assert len(sqs.outbox.rows) == len(BODIES)


def test_one_queue_that_is_away_does_not_stop_the_others():
    sqs = SqsHouse()
    sqs.client.delete_queue(QueueUrl=sqs.made.urls[Queue.CAPTURES])
    lost = sqs.commit(Queue.CAPTURES, JOB)
    sqs.jobs.send([lost, sqs.commit(Queue.COMPARISONS, JOB)])
    assert sqs.waiting(Queue.COMPARISONS) == [JOB]
    assert list(sqs.outbox.rows) == [lost.message_id]


@pytest.mark.parametrize("stuck", [1, OVERDUE_AT_ONCE])
def test_what_waits_for_a_queue_that_is_away_holds_up_no_other(stuck):
    sqs = SqsHouse()
    sqs.client.delete_queue(QueueUrl=sqs.made.urls[Queue.NOTIFICATIONS])
    lost = [sqs.commit(Queue.NOTIFICATIONS, JOB) for _ in range(stuck)]
    for body in BODIES:
        sqs.commit(Queue.CAPTURES, body)
    sqs.now += timedelta(minutes=1)
    for _ in range(10):
        sqs.jobs.send_next()
    assert sqs.waiting(Queue.CAPTURES) == BODIES[:10]
    assert sqs.jobs.send_overdue() == len(BODIES) - 10
    assert list(sqs.outbox.rows) == [message.message_id for message in lost]


def test_what_was_not_sent_in_time_is_sent_by_the_sweep():
    sqs = SqsHouse()
    late = sqs.commit(Queue.CAPTURES, "late")
    sqs.now += timedelta(seconds=2)
    sqs.commit(Queue.COMPARISONS, "on its way")
    sqs.now += timedelta(seconds=29)
    assert sqs.jobs.send_overdue() == 1
    assert sqs.waiting(Queue.CAPTURES) == ["late"]
    assert sqs.waiting(Queue.COMPARISONS) == []
    assert late.message_id not in sqs.outbox.rows


def test_an_oversized_message_stays_behind_alone(caplog):
    sqs = SqsHouse()
    before = sqs.commit(Queue.CAPTURES, "before")
    huge = sqs.commit(Queue.CAPTURES, "x" * 2_000_000)
    after = sqs.commit(Queue.CAPTURES, "after")
    sqs.jobs.send([before, huge, after])
    assert sorted(sqs.waiting(Queue.CAPTURES)) == ["after", "before"]
    assert list(sqs.outbox.rows) == [huge.message_id]
    assert "xxx" not in caplog.text


def test_large_messages_are_sent_in_batches_that_sqs_takes():
    sqs = SqsHouse()
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
    sqs = SqsHouse()
    sqs.jobs.send([sqs.commit(Queue.CAPTURES, JOB)])
    sqs.kill(Queue.CAPTURES)
    assert [letter.message.message_id for letter in sqs.jobs.dead_letters()] == [0]


def test_a_dead_letter_is_hidden_while_somebody_deals_with_it():
    sqs = SqsHouse()
    sqs.jobs.send([sqs.commit(Queue.CAPTURES, JOB)])
    sqs.kill(Queue.CAPTURES)
    assert len(sqs.jobs.dead_letters()) == 1
    assert sqs.jobs.dead_letters() == []


def test_burying_in_a_queue_that_is_away_raises_nothing(caplog):
    sqs = SqsHouse()
    sqs.jobs.send([sqs.commit(Queue.CAPTURES, JOB)])
    sqs.kill(Queue.CAPTURES)
    [letter] = sqs.jobs.dead_letters()
    SqsHouse(away("sqs")).jobs.delete_dead_letter(letter)
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
    sqs = SqsHouse(Partial({"2", "13"}))
    sqs.jobs.send([sqs.commit(Queue.CAPTURES, body) for body in BODIES])
    assert list(sqs.outbox.rows) == [2, 13]
    assert [(record.message, record.message_id, record.reason) for record in caplog.records] == [
        ("job refused by its queue", 2, "InternalError"),
        ("job refused by its queue", 13, "InternalError"),
    ]


class Forgetful(MemoryOutbox):
    """A database that goes away between the sending and the forgetting."""

    def taken(self, message_ids: Any) -> None:
        raise Unavailable("the database is away")


def test_a_database_that_goes_away_after_the_sending_makes_a_second_message_at_worst(caplog):
    sqs = SqsHouse()
    outbox = Forgetful()
    jobs = SqsJobs(sqs.client, outbox, queue_urls=sqs.made.urls, dead_letter_urls={}, clock=lambda: A_MOMENT)
    jobs.send([outbox.add(Queue.CAPTURES, JOB)])
    assert len(outbox.rows) == 1
    assert sqs.waiting(Queue.CAPTURES) == [JOB]
    assert "sent jobs not forgotten" in caplog.text


def test_queues_are_found_by_their_names():
    sqs = SqsHouse()
    names = {queue: url.rpartition("/")[2] for queue, url in sqs.made.urls.items()}
    addresses = QueueAddresses(sqs.client, names)
    assert dict(addresses) == sqs.made.urls
    assert len(addresses) == len(Queue)


def test_a_queue_that_is_made_late_is_found_then(caplog):
    client, name = aws().client("sqs"), uuid4().hex
    outbox = MemoryOutbox()
    urls = QueueAddresses(client, {Queue.CAPTURES: name})
    jobs = SqsJobs(client, outbox, queue_urls=urls, dead_letter_urls=urls, clock=lambda: A_MOMENT)
    message = outbox.add(Queue.CAPTURES, JOB)
    jobs.send([message])
    assert jobs.dead_letters() == []
    assert len(outbox.rows) == 1
    client.create_queue(QueueName=name)
    jobs.send([message])
    assert len(outbox.rows) == 0
    assert [record.message for record in caplog.records] == ["jobs not sent", "dead letters not read"]


def test_a_function_starts_while_sqs_is_away():
    names = {queue: str(queue) for queue in Queue}
    outbox = MemoryOutbox()
    addresses = QueueAddresses(away("sqs"), names)
    jobs = SqsJobs(away("sqs"), outbox, queue_urls=addresses, dead_letter_urls=addresses, clock=lambda: A_MOMENT)
    jobs.send([outbox.add(Queue.CAPTURES, JOB)])
    assert len(outbox.rows) == 1
