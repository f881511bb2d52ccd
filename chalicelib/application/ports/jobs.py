"""The way to the queues."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Protocol

from chalicelib.domain.diagnostics import Finding
from chalicelib.domain.jobs import DeadLetter, Message, Queue


class Jobs(Protocol):
    """The way to the queues.

    The database is the truth, the queue is a hint: `send` never raises for a queue that is away, reconcile sends again.
    """

    def send(self, messages: Sequence[Message]) -> None:
        """Hand committed outbox messages to their queues, as far as they take them."""
        ...

    def send_next(self) -> None:
        """Hand over the message whose turn it is, of each queue, in the place of one whose work has just been done."""
        ...

    def send_overdue(self) -> int:
        """Hand over what was committed but not sent in time; return how many that were."""
        ...

    def backlog_age_s(self) -> float:
        """Return the seconds that the oldest committed job has waited to be taken; 0 if none waits."""
        ...

    def dead_letters(self) -> list[DeadLetter]:
        """Return some of the messages that were given up on; each comes again until it is deleted."""
        ...

    def dead_letters_waiting(self) -> dict[Queue, int]:
        """Count the messages that were given up on, by queue. Raises Unavailable."""
        ...

    def redrive(self, dead_letter: DeadLetter) -> None:
        """Put a dead letter back on its queue, as new. Raises Unavailable; it is then a dead letter still."""
        ...

    def delete_dead_letter(self, dead_letter: DeadLetter) -> None:
        """Delete a dead letter that has been dealt with."""
        ...

    def check(self, timeouts: Mapping[str, float]) -> Iterator[Finding]:
        """Look at the queues, given the seconds that the function behind each, by name, may run. Raises Unavailable."""
        ...
