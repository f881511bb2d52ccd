"""The outbox in memory."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from chalicelib.application.ports.outbox import Received
from chalicelib.domain.jobs import DeadLetter, Message, Queue
from tests.support.fakes.clock import A_MOMENT


@dataclass
class _Row:
    message: Message
    created_at: datetime
    available_at: datetime
    turn: int
    receives: int = 0
    reason: str = ""
    is_dead: bool = False


@dataclass
class MemoryOutbox:
    """The outbox table in a dictionary; `add` is the transaction that made a message necessary."""

    rows: dict[int, _Row] = field(default_factory=dict)
    _last_id: int = 0

    def add(self, queue: Queue, body: str, *, now: datetime = A_MOMENT, turn: int = 0) -> Message:
        self._last_id += 1
        message = Message(message_id=self._last_id, queue=queue, body=body)
        self.rows[self._last_id] = _Row(message, created_at=now, available_at=now, turn=turn)
        return message

    def unsent(self, *, before: datetime, limit: int) -> list[Message]:
        counts, messages = Counter(), []
        for row in self._in_turn():
            if row.available_at < before and not row.is_dead and counts[row.message.queue] < limit:
                counts[row.message.queue] += 1
                messages.append(row.message)
        return messages

    def taken(self, message_ids: Iterable[int]) -> None:
        for message_id in message_ids:
            self.rows.pop(message_id, None)

    def receive(self, queues: Sequence[Queue], *, now: datetime, lease_s: float) -> Received | None:
        for queue in queues:
            for row in self._in_turn():
                if row.message.queue is queue and row.available_at <= now and not row.is_dead:
                    row.receives += 1
                    row.available_at = now + timedelta(seconds=lease_s)
                    return Received(row.message, receipt=row.receives, receives=row.receives, reason=row.reason)
        return None

    def done(self, received: Received) -> None:
        if self._held(received):
            self.taken([received.message.message_id])

    def give_back(self, received: Received, *, available_at: datetime, reason: str, dead: bool) -> None:
        if row := self._held(received):
            row.available_at, row.reason, row.is_dead = available_at, reason, dead

    def give_back_untried(self, received: Received, *, available_at: datetime, is_held: bool) -> None:
        if row := self._held(received):
            row.available_at, row.receives = available_at, received.receives - 1

    def oldest_waiting(self, *, now: datetime) -> datetime | None:
        waiting = [row for row in self.rows.values() if not row.is_dead and row.available_at <= now]
        return min((row.created_at for row in waiting), default=None)

    def count_dead(self) -> dict[Queue, int]:
        return dict(Counter(row.message.queue for row in self.rows.values() if row.is_dead))

    def redrive(self, message_id: int, *, now: datetime) -> None:
        row = self.rows.get(message_id)
        if row and row.is_dead:
            row.is_dead, row.receives, row.reason, row.available_at = False, 0, "", now

    def dead(self, limit: int) -> list[DeadLetter]:
        letters = [
            DeadLetter(message=row.message, receipt=str(row.message.message_id), reason=row.reason)
            for row in self.rows.values()
            if row.is_dead
        ]
        return letters[:limit]

    def _in_turn(self) -> list[_Row]:
        return sorted(self.rows.values(), key=lambda row: (row.turn, row.message.message_id))

    def _held(self, received: Received) -> _Row | None:
        row = self.rows.get(received.message.message_id)
        return row if row and row.receives == received.receipt else None
