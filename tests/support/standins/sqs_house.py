"""SqsJobs on the stand-in, with what a test needs to look behind it."""

from __future__ import annotations

import time
from typing import Any

from chalicelib.adapters.queues.sqs import SqsJobs
from chalicelib.domain.jobs import Message, Queue
from tests.support.fakes.clock import A_MOMENT
from tests.support.fakes.outbox import MemoryOutbox
from tests.support.standins.aws import QueueUrls, aws


class SqsHouse:
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
