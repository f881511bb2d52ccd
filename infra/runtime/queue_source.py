"""Where a worker's messages come from: a port, and its answer where the outbox table itself is the queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from chalicelib.application.ports.outbox import Outbox
from chalicelib.domain.jobs import Queue


class QueueMessage(NamedTuple):
    """A message as a source hands it out; `held` is what the source wants back."""

    body: str
    receives: int
    held: Any


class QueueSource(Protocol):
    """The source of the messages of the app's queues."""

    def receive(self, queue: str) -> QueueMessage | None:
        """Take the next message of the queue of that name."""
        ...

    def done(self, message: QueueMessage) -> None:
        """Delete a message whose handler returned."""
        ...

    def failed(self, message: QueueMessage, *, reason: str, wait_s: float) -> None:
        """Return a message whose handler raised: it comes back after a while, or is a dead letter."""
        ...


class OutboxQueueSource:
    """Hands out outbox rows as a queue would: hidden for a lease, back after a failure, dead after too many."""

    def __init__(
        self,
        outbox: Outbox,
        *,
        queues: Mapping[str, Queue],
        clock: Callable[[], datetime],
        lease_s: float,
        max_receives: int,
    ) -> None:
        self._outbox, self._queues, self._clock = outbox, queues, clock
        self._lease_s, self._max_receives = lease_s, max_receives

    def receive(self, queue: str) -> QueueMessage | None:
        """Take the next message of the queue of that name."""
        received = self._outbox.receive([self._queues[queue]], now=self._clock(), lease_s=self._lease_s)
        return None if received is None else QueueMessage(received.message.body, received.receives, received)

    def done(self, message: QueueMessage) -> None:
        """Delete a message whose handler returned."""
        self._outbox.done(message.held)

    def failed(self, message: QueueMessage, *, reason: str, wait_s: float) -> None:
        """Return a message whose handler raised: it comes back after a while, or is a dead letter."""
        available_at = self._clock() + timedelta(seconds=wait_s)
        is_dead = message.receives >= self._max_receives
        self._outbox.give_back(message.held, available_at=available_at, reason=reason, dead=is_dead)
