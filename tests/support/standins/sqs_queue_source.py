"""The source of a worker that takes its messages from SQS, as Lambda's pollers would."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

from infra.runtime.queue_source import QueueMessage

NOT_TRIED = "not tried"


class SqsQueueSource:
    """Receives by queue name. What failed is left to its visibility; after too many receives SQS buries it."""

    def __init__(self, client: Any, *, visibility_s: int = 60) -> None:
        self._sqs = client
        self._urls: dict[str, str] = {}
        self._lock = threading.Lock()
        self.visibility_s = visibility_s
        self.delivered: list[tuple[str, str]] = []  # queue name and body, in order
        self.failures: Counter[str] = Counter()  # reasons
        self.held = 0

    def receive(self, queue: str) -> QueueMessage | None:
        """Take the next message of the queue of that name."""
        with self._lock:
            self.held += 1
        answer = self._sqs.receive_message(
            QueueUrl=self._url(queue),
            MaxNumberOfMessages=1,
            VisibilityTimeout=self.visibility_s,
            AttributeNames=["ApproximateReceiveCount"],
        )
        with self._lock:
            for message in answer.get("Messages", []):
                self.delivered.append((queue, message["Body"]))
                receives = int(message["Attributes"]["ApproximateReceiveCount"])
                return QueueMessage(message["Body"], receives, (queue, message["ReceiptHandle"]))
            self.held -= 1
        return None

    def done(self, message: QueueMessage) -> None:
        """Delete a message whose handler returned."""
        queue, handle = message.held
        self._sqs.delete_message(QueueUrl=self._url(queue), ReceiptHandle=handle)
        with self._lock:
            self.held -= 1

    def failed(self, message: QueueMessage, *, reason: str, wait_s: float) -> None:
        """Count a message whose handler raised: it comes back, or SQS moves it to the dead letters."""
        with self._lock:
            self.failures[reason] += 1
            self.held -= 1

    def not_tried(self, message: QueueMessage, *, wait_s: float, is_held: bool) -> None:
        """Count a message whose work could not be tried: SQS counts its receive all the same."""
        self.failed(message, reason=NOT_TRIED, wait_s=wait_s)

    def unanswered(self, message: QueueMessage, *, reason: str) -> None:
        """Count a message whose work gave no answer: it comes back when its visibility is over."""
        self.failed(message, reason=reason, wait_s=0)

    def send_again(self) -> int:
        """Put every message that was delivered so far on its queue once more; return how many."""
        bodies = list(dict.fromkeys(self.delivered))
        for queue, body in bodies:
            self._sqs.send_message(QueueUrl=self._url(queue), MessageBody=body)
        return len(bodies)

    def waiting(self, queue: str) -> int:
        """Count the messages of a queue, those in somebody's hands included."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        counts = self._sqs.get_queue_attributes(QueueUrl=self._url(queue), AttributeNames=names)["Attributes"]
        return sum(int(counts[name]) for name in names)

    def _url(self, queue: str) -> str:
        if queue not in self._urls:
            self._urls[queue] = self._sqs.get_queue_url(QueueName=queue)["QueueUrl"]
        return self._urls[queue]
