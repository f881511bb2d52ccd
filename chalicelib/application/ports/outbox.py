"""The outbox table: jobs that are committed and not done, or not sent, yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from chalicelib.domain.jobs import DeadLetter, Message, Queue


class Received(NamedTuple):
    """A message that a worker at home holds; `receipt` changes with every receive."""

    message: Message
    receipt: int
    receives: int
    reason: str  # why it came back the last time; empty if it never did


class Outbox(Protocol):
    """The outbox table: what was committed and is not done, or not sent, yet."""

    def unsent(self, *, before: datetime, limit: int) -> list[Message]:
        """Return messages available before that time which no queue has taken, those whose turn it is first.

        So many of each queue: one that refuses what it is given, or is away, stands in the way of no other.
        """
        ...

    def taken(self, message_ids: Iterable[int]) -> None:
        """Forget messages: a queue has taken them, or their work is done."""
        ...

    def receive(self, queues: Sequence[Queue], *, now: datetime, lease_s: float) -> Received | None:
        """Receive the available message whose turn it is, of the first queue that has one; hide it for the lease."""
        ...

    def done(self, received: Received) -> None:
        """Forget a message whose handler returned, if this receipt is still the latest."""
        ...

    def give_back(self, received: Received, *, available_at: datetime, reason: str, dead: bool) -> None:
        """Make a message available again, or a dead letter, if this receipt is still the latest."""
        ...

    def give_back_untried(self, received: Received, *, available_at: datetime, is_held: bool) -> None:
        """Make a message available again as if it had not been received, if this receipt is still the latest.

        A claim on its tile run that was committed unheard is let go; not where the run is held by another worker.
        """
        ...

    def oldest_waiting(self, *, now: datetime) -> datetime | None:
        """Return when the oldest message was committed that is available and no dead letter; None if there is none."""
        ...

    def dead(self, limit: int) -> list[DeadLetter]:
        """Return dead letters, oldest first."""
        ...

    def count_dead(self) -> dict[Queue, int]:
        """Count the dead letters by queue."""
        ...

    def redrive(self, message_id: int, *, now: datetime) -> None:
        """Make a dead letter a message that was never received."""
        ...
