"""Jobs at home: the outbox row itself is the message."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from typing_extensions import override

from chalicelib.adapters.queues.backlog import backlog_age_s
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.outbox import Outbox
from chalicelib.domain.diagnostics import Finding, ok
from chalicelib.domain.jobs import DeadLetter, Message, Queue


class OutboxJobs(Jobs):
    """At home the outbox row is the message: nothing is sent, the worker is only woken."""

    def __init__(self, outbox: Outbox, *, wake: Callable[[], None], clock: Clock) -> None:
        self._outbox = outbox
        self._wake = wake
        self._clock = clock

    @override
    def send(self, messages: Sequence[Message]) -> None:
        if messages:
            self._wake()

    @override
    def send_next(self) -> None:
        """Do nothing: the worker takes the one whose turn it is."""

    @override
    def send_overdue(self) -> int:
        return 0

    @override
    def backlog_age_s(self) -> float:
        return backlog_age_s(self._outbox, self._clock)

    @override
    def dead_letters_waiting(self) -> dict[Queue, int]:
        return self._outbox.count_dead()

    @override
    def redrive(self, dead_letter: DeadLetter) -> None:
        self._outbox.redrive(dead_letter.message.message_id, now=self._clock())
        self._wake()

    @override
    def dead_letters(self) -> list[DeadLetter]:
        return self._outbox.dead(100)

    @override
    def delete_dead_letter(self, dead_letter: DeadLetter) -> None:
        self._outbox.taken([dead_letter.message.message_id])

    @override
    def check(self, timeouts: Mapping[str, float]) -> Iterator[Finding]:
        yield ok("queues", "the database carries the jobs")
