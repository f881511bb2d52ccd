"""The mailbox at home: the outbox table itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from chalicelib.application.ports.outbox import Outbox
from chalicelib.domain.jobs import Queue
from infra.local.worker import Letter


class OutboxMailbox:
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

    def receive(self, queue: str) -> Letter | None:
        """Take the next message of the queue of that name."""
        received = self._outbox.receive(self._queues[queue], now=self._clock(), lease_s=self._lease_s)
        return None if received is None else Letter(received.message.body, received.receives, received)

    def done(self, letter: Letter) -> None:
        """Its handler returned."""
        self._outbox.done(letter.held)

    def failed(self, letter: Letter, *, reason: str, wait_s: float) -> None:
        """Its handler raised: it comes back after a while, or is a dead letter."""
        available_at = self._clock() + timedelta(seconds=wait_s)
        is_dead = letter.receives >= self._max_receives
        self._outbox.give_back(letter.held, available_at=available_at, reason=reason, dead=is_dead)
