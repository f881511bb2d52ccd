"""Where a worker's messages come from: a port, and its answer where the outbox table itself is the queue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple, Protocol

from chalicelib.application.ports.outbox import Outbox, Received
from chalicelib.domain.jobs import WITHOUT_AN_ANSWER, Queue


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

    def not_tried(self, message: QueueMessage, *, wait_s: float, is_held: bool) -> None:
        """Return a message whose work could not be tried now: it comes back after a while, and no try is used up.

        `is_held`: another worker holds the work; nothing is done to that one's claim.
        """
        ...

    def unanswered(self, message: QueueMessage, *, reason: str) -> None:
        """Leave a message whose work gave no answer where it is: it comes back when its lease is over, or is dead."""
        ...


class _Held(NamedTuple):
    received: Received
    until: datetime


class OutboxQueueSource:
    """Hands out outbox rows as a queue would: hidden for a lease, back after a failure, dead after too many receives.

    The receives are counted when a message is handed out, so one that takes its process with it each time is given up.
    """

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
        if queue not in self._queues:
            return None  # what AWS alone writes to: nobody tells of uploads here
        now = self._clock()
        while (received := self._outbox.receive([self._queues[queue]], now=now, lease_s=self._lease_s)) is not None:
            if received.receives <= self._max_receives:
                held = _Held(received, now + timedelta(seconds=self._lease_s))
                return QueueMessage(received.message.body, received.receives, held)
            reason = self._without_an_answer(received.reason)
            self._outbox.give_back(received, available_at=now, reason=reason, dead=True)
        return None

    def done(self, message: QueueMessage) -> None:
        """Delete a message whose handler returned."""
        self._outbox.done(message.held.received)

    def failed(self, message: QueueMessage, *, reason: str, wait_s: float) -> None:
        """Return a message whose handler raised: it comes back after a while, or is a dead letter."""
        back_at, is_dead = self._clock() + timedelta(seconds=wait_s), self._is_last(message)
        self._outbox.give_back(message.held.received, available_at=back_at, reason=reason, dead=is_dead)

    def not_tried(self, message: QueueMessage, *, wait_s: float, is_held: bool) -> None:
        """Return a message whose work could not be tried now: it comes back after a while, and no try is used up."""
        back_at = self._clock() + timedelta(seconds=wait_s)
        self._outbox.give_back_untried(message.held.received, available_at=back_at, is_held=is_held)

    def unanswered(self, message: QueueMessage, *, reason: str) -> None:
        """Leave a message whose work gave no answer where it is: it comes back when its lease is over, or is dead."""
        held, is_dead = message.held, self._is_last(message)
        kept = self._without_an_answer(reason) if is_dead else reason
        # Not sooner: the tile run's own lease, which nobody could release, ends no sooner either.
        self._outbox.give_back(held.received, available_at=held.until, reason=kept, dead=is_dead)

    def _is_last(self, message: QueueMessage) -> bool:
        return message.receives >= self._max_receives

    def _without_an_answer(self, reason: str) -> str:
        return f"received {self._max_receives} times {WITHOUT_AN_ANSWER}" + (f": {reason}" if reason else "")
