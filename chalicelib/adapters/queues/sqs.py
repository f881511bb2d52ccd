"""Jobs through SQS."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from botocore.exceptions import BotoCoreError
from typing_extensions import override

from chalicelib.adapters.aws import AWS_ERRORS, code
from chalicelib.adapters.queues.backlog import backlog_age_s
from chalicelib.adapters.queues.sqs_checks import check_queue
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.outbox import Outbox
from chalicelib.domain.diagnostics import Finding
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.jobs import NOT_SAID, DeadLetter, Message, Queue

logger = logging.getLogger(__name__)

ENTRIES_A_BATCH = 10  # SQS's limit
BYTES_A_BATCH = 262_144  # SQS's limit for one message and for a whole batch; newer queues take more
OVERDUE_AT_ONCE = 300  # of each queue, one run's share: what waits behind them waits for seconds, not for minutes
WRITER_SENDS_S = 5.0  # a message younger than that is sent by who wrote it


class SqsJobs(Jobs):
    """Hands outbox messages to SQS. A row goes exactly when SQS has taken its message."""

    def __init__(
        self,
        client: Any,  # noqa: ANN401 (boto3 makes its clients at run time)
        outbox: Outbox,
        *,
        queue_urls: Mapping[Queue, str],
        dead_letter_urls: Mapping[Queue, str],
        clock: Clock,
        queue_names: Sequence[str] = (),
        lease_s: float = 120.0,
        max_receives: int = 5,
        overdue_after_s: float = 30,
        dead_letter_hold_s: int = 60,
        dead_letter_wait_s: int = 1,
    ) -> None:
        self._sqs = client
        self._outbox = outbox
        self._queue_urls = queue_urls
        self._dead_letter_urls = dead_letter_urls
        self._clock = clock
        self._queue_names, self._lease_s, self._max_receives = queue_names, lease_s, max_receives
        self._overdue_after = timedelta(seconds=overdue_after_s)
        self._dead_letter_hold_s = dead_letter_hold_s
        self._dead_letter_wait_s = dead_letter_wait_s  # more than 0 asks all of SQS's servers, not a sample of them

    @override
    def send(self, messages: Sequence[Message]) -> None:
        self._hand_over(messages)

    @override
    def send_next(self) -> None:
        """Keep large sessions in the outbox: each message that was worked on makes room for one more of each queue."""
        self._hand_over(self._outbox.unsent(before=self._clock() - timedelta(seconds=WRITER_SENDS_S), limit=1))

    @override
    def send_overdue(self) -> int:
        return self._hand_over(self._outbox.unsent(before=self._clock() - self._overdue_after, limit=OVERDUE_AT_ONCE))

    def _hand_over(self, messages: Sequence[Message]) -> int:
        by_queue: dict[Queue, dict[int, Message]] = defaultdict(dict)
        for message in messages:
            by_queue[message.queue][message.message_id] = message
        return sum(self._hand_to(queue, waiting.values()) for queue, waiting in by_queue.items())

    def _hand_to(self, queue: Queue, messages: Iterable[Message]) -> int:
        count = 0
        for batch in _batches(messages):
            entries = [{"Id": str(message.message_id), "MessageBody": message.body} for message in batch]
            try:
                answer = self._sqs.send_message_batch(QueueUrl=self._queue_urls[queue], Entries=entries)
            except AWS_ERRORS as error:
                logger.warning("jobs not sent", extra={"queue": queue, "count": len(batch), "reason": code(error)})
                if isinstance(error, BotoCoreError):
                    break  # nobody answers: every further batch would wait for its timeout too
                continue
            for refused in answer.get("Failed", []):
                logger.warning(
                    "job refused by its queue",
                    extra={"queue": queue, "message_id": int(refused["Id"]), "reason": refused.get("Code")},
                )
            taken = [int(entry["Id"]) for entry in answer.get("Successful", [])]
            count += len(taken)
            try:
                self._outbox.taken(taken)
            except Unavailable as error:  # sent again by reconcile: a job may come twice, never not at all
                logger.warning("sent jobs not forgotten", extra={"queue": queue, "count": len(taken), "reason": error})
        return count

    @override
    def backlog_age_s(self) -> float:
        return backlog_age_s(self._outbox, self._clock)

    @override
    def dead_letters_waiting(self) -> dict[Queue, int]:
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = {}
        for queue in self._dead_letter_urls:
            try:
                url = self._dead_letter_urls[queue]
                found = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
            except AWS_ERRORS as error:
                raise Unavailable(f"the dead letters of {queue} cannot be counted: {code(error)}") from error
            counts[queue] = sum(int(found[name]) for name in names)
        return {queue: count for queue, count in counts.items() if count}

    @override
    def redrive(self, dead_letter: DeadLetter) -> None:
        message = dead_letter.message
        try:
            self._sqs.send_message(QueueUrl=self._queue_urls[message.queue], MessageBody=message.body)
        except AWS_ERRORS as error:
            raise Unavailable(f"the queue {message.queue} takes no message: {code(error)}") from error
        self.delete_dead_letter(dead_letter)  # if that fails it comes twice: every job is safe to repeat

    @override
    def dead_letters(self) -> list[DeadLetter]:
        return [dead for queue in self._dead_letter_urls for dead in self._dead_letters_of(queue)]

    def _dead_letters_of(self, queue: Queue) -> list[DeadLetter]:
        try:
            answer = self._sqs.receive_message(
                QueueUrl=self._dead_letter_urls[queue],
                MaxNumberOfMessages=10,
                VisibilityTimeout=self._dead_letter_hold_s,
                WaitTimeSeconds=self._dead_letter_wait_s,
            )
        except AWS_ERRORS as error:
            logger.warning("dead letters not read", extra={"queue": queue, "reason": code(error)})
            return []
        return [
            DeadLetter(
                # Its outbox row went when SQS took it, so there is no number to give.
                message=Message(message_id=0, queue=queue, body=received["Body"]),
                receipt=f"{queue}/{received['ReceiptHandle']}",
                reason=NOT_SAID,
            )
            for received in answer.get("Messages", [])
        ]

    @override
    def delete_dead_letter(self, dead_letter: DeadLetter) -> None:
        queue, _, handle = dead_letter.receipt.partition("/")
        try:
            self._sqs.delete_message(QueueUrl=self._dead_letter_urls[Queue(queue)], ReceiptHandle=handle)
        except AWS_ERRORS as error:
            logger.warning("dead letter not buried", extra={"queue": queue, "reason": code(error)})

    @override
    def check(self, timeouts: Mapping[str, float]) -> Iterator[Finding]:
        for name in self._queue_names:
            timeout_s = timeouts.get(name, self._lease_s)
            yield from check_queue(self._sqs, name, timeout_s=timeout_s, max_receives=self._max_receives)


def _batches(messages: Iterable[Message]) -> Iterator[list[Message]]:
    """Cut into what SQS takes at once; a message too large for any queue stands alone, and is refused alone."""
    batch: list[Message] = []
    size = 0
    for message in messages:
        added = len(message.body.encode())
        if batch and (len(batch) == ENTRIES_A_BATCH or size + added > BYTES_A_BATCH):
            yield batch
            batch, size = [], 0
        batch.append(message)
        size += added
    if batch:
        yield batch
