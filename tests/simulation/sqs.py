"""A simulated SQS behind the real adapter: visibility, duplicates, any order, dead letters after too many receives."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from botocore.exceptions import ClientError, EndpointConnectionError

from tests.simulation.world import World

MOST_RECEIVES = 5
ERRORS = (
    partial(EndpointConnectionError, endpoint_url="sqs"),
    partial(ClientError, {"Error": {"Code": "ServiceUnavailable"}}, "SendMessageBatch"),
)


@dataclass
class Held:
    """One message on a queue."""

    number: int
    body: str
    visible_at: datetime
    receives: int = 0


class SimSqs:
    """The client of SQS as the adapter sees it, and what Lambda's pollers take from it. A queue's URL is its name."""

    def __init__(self, world: World, *, visibility_s: float) -> None:
        self._world = world
        self._visibility = timedelta(seconds=visibility_s)
        self.queues: dict[str, dict[int, Held]] = {}
        self._last = 0
        self.troubles = 0  # calls that it did not answer

    # The client

    def get_queue_url(self, QueueName: str) -> dict[str, str]:  # noqa: N803 (boto3's words)
        """Return a queue's URL."""
        return {"QueueUrl": QueueName}

    def send_message_batch(self, *, QueueUrl: str, Entries: Sequence[Mapping[str, str]]) -> dict[str, Any]:  # noqa: N803
        """Take messages; the answer may be lost, or some refused."""
        self._before("send")
        refused = []
        for entry in Entries:
            if self._world.faults.is_on and self._world.rng.random() < self._world.faults.error["sqs"]:
                self._world.fault("error", f"{QueueUrl} refuses a message", kind="message refused")
                refused.append(entry)
            else:
                self._put(QueueUrl, entry["MessageBody"], int(entry.get("DelaySeconds", 0)))
        self._world.step("sqs", "send after", errors=ERRORS)
        return {
            "Successful": [{"Id": entry["Id"]} for entry in Entries if entry not in refused],
            "Failed": [{"Id": entry["Id"], "Code": "Throttled"} for entry in refused],
        }

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> dict[str, Any]:  # noqa: N803
        """Take a message."""
        self._before("send")
        self._put(QueueUrl, MessageBody, DelaySeconds)
        return {}

    def receive_message(self, *, QueueUrl: str, VisibilityTimeout: int = 60, **_how: object) -> dict[str, Any]:  # noqa: N803
        """Hand out some messages of a queue: the adapter asks for dead letters."""
        self._before("receive")
        now = self._world.true_now
        found = [held for held in self.queues.get(QueueUrl, {}).values() if held.visible_at <= now][:10]
        for held in found:
            held.visible_at = now + timedelta(seconds=VisibilityTimeout)
        return {"Messages": [{"Body": held.body, "ReceiptHandle": str(held.number)} for held in found]}

    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> None:  # noqa: N803
        """Delete a message."""
        self._before("delete")
        self.queues.get(QueueUrl, {}).pop(int(ReceiptHandle), None)

    def get_queue_attributes(self, *, QueueUrl: str, **_what: object) -> dict[str, Any]:  # noqa: N803
        """Count a queue's messages."""
        count = len(self.queues.get(QueueUrl, {}))
        return {"Attributes": {"ApproximateNumberOfMessages": count, "ApproximateNumberOfMessagesNotVisible": 0}}

    def _before(self, what: str) -> None:
        self.troubles += 1
        self._world.step("sqs", f"{what} before", errors=ERRORS)
        if self._world.is_away("queue away"):
            raise EndpointConnectionError(endpoint_url="sqs")
        self.troubles -= 1

    def _put(self, queue: str, body: str, delay_s: float = 0) -> None:
        self._last += 1
        visible_at = self._world.true_now + timedelta(seconds=delay_s)
        self.queues.setdefault(queue, {})[self._last] = Held(self._last, body, visible_at)

    # Lambda's pollers

    def take(self, queue: str) -> Held | None:
        """Take any visible message; one that was received too often is buried instead."""
        now, messages = self._world.true_now, self.queues.get(queue, {})
        visible = [held for held in messages.values() if held.visible_at <= now]
        if not visible:
            return None
        held = self._world.rng.choice(visible)
        if held.receives >= MOST_RECEIVES:
            del messages[held.number]
            self._put(f"{queue}-dead", held.body)
            self._world.counts["dead letter"] += 1
            return None
        held.receives += 1
        held.visible_at = now + self._visibility
        if "duplicate" in self._world.faults.events and self._world.faults.is_on and self._world.rng.random() < 0.1:
            self._world.fault("duplicate", f"{queue} delivers {held.body} twice")
            held.visible_at = now
        return held

    def done(self, queue: str, held: Held) -> None:
        """Delete a message whose handler returned."""
        self.queues.get(queue, {}).pop(held.number, None)

    def next_visible(self, queues: Sequence[str]) -> dict[str, datetime]:
        """Say when each queue has something to take."""
        return {
            queue: min(held.visible_at for held in messages.values())
            for queue in queues
            if (messages := self.queues.get(queue))
        }

    def dead_letters(self) -> list[tuple[str, int]]:
        """Return the dead letters that may be taken now: the queue and the number of each."""
        now, dead = self._world.true_now, {name: held for name, held in self.queues.items() if name.endswith("-dead")}
        return [(name, each.number) for name, held in dead.items() for each in held.values() if each.visible_at <= now]

    @property
    def is_empty(self) -> bool:
        """Whether no message is left anywhere, dead letters included."""
        return not any(self.queues.values())
