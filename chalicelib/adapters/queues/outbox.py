"""Jobs at home: the outbox row itself is the message."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from chalicelib.adapters.queues.backlog import backlog_age_s
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.outbox import Outbox
from chalicelib.domain.diagnostics import Finding, ok
from chalicelib.domain.jobs import DeadLetter, Message, Queue


class OutboxJobs:
    """At home the outbox row is the message: nothing is sent, the worker is only woken."""

    def __init__(self, outbox: Outbox, *, wake: Callable[[], None], clock: Clock) -> None:
        self._outbox = outbox
        self._wake = wake
        self._clock = clock

    def send(self, messages: Sequence[Message]) -> None:
        """Wake the worker, if there is something for it."""
        if messages:
            self._wake()

    def send_overdue(self) -> int:
        """Give 0: what is committed is where the worker looks."""
        return 0

    def backlog_age_s(self) -> float:
        """Say for how many seconds the oldest job has waited for its work to be done; 0 if none waits."""
        return backlog_age_s(self._outbox, self._clock)

    def dead_letters_waiting(self) -> dict[Queue, int]:
        """Count the messages that were given up on, by queue. Raises Unavailable."""
        return self._outbox.count_dead()

    def redrive(self, dead_letter: DeadLetter) -> None:
        """Put a dead letter back on its queue, as new. Raises Unavailable; it is then a dead letter still."""
        self._outbox.redrive(dead_letter.message.message_id, now=self._clock())
        self._wake()

    def dead_letters(self) -> list[DeadLetter]:
        """Give some of the messages that were given up on, oldest first."""
        return self._outbox.dead(100)

    def delete_dead_letter(self, dead_letter: DeadLetter) -> None:
        """Forget a dead letter that has been dealt with."""
        self._outbox.taken([dead_letter.message.message_id])

    def check(self, timeouts: Mapping[str, float]) -> Iterator[Finding]:  # noqa: ARG002 (the port's)
        """X"""
        yield ok("queues", "the database carries the jobs")
