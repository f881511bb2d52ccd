"""The outbox: jobs written in the transaction that made them necessary.

On AWS a row goes when SQS has taken it. At home the row is the message: `receive` hides it for a lease, as SQS would.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Engine,
    Row,
    bindparam,
    delete,
    exists,
    func,
    select,
    union_all,
    update,
)
from typing_extensions import override

from chalicelib.adapters.database.engine import insert_row, reads, writes
from chalicelib.adapters.database.rows import message_of
from chalicelib.adapters.database.tables import (
    captures,
    deliveries,
    layer_imports,
    outbox,
    scene_searches,
    session_tiles,
)
from chalicelib.application.ports.outbox import Outbox, Received
from chalicelib.domain.jobs import DeadLetter, Job, Message, Queue

MAX_REASON = 500
NO_SESSION = 0  # of a job that is of none


def post(
    connection: Connection,
    queue: Queue,
    job: Job,
    *,
    now: datetime,
    available_at: datetime | None = None,
) -> list[Message]:
    """Write one job into the outbox, in the transaction that makes it necessary; return what may be sent at once."""
    body, available_at = job.to_json(), available_at or now
    message_id = insert_row(
        connection,
        outbox,
        queue=queue,
        body=body,
        session_id=getattr(job, "session_id", NO_SESSION),
        tile_run_id=getattr(job, "tile_run_id", None),
        created_at=now,
        available_at=available_at,
        turn=getattr(job, "turn", 0),
    )
    return [Message(message_id=message_id, queue=queue, body=body)] if available_at <= now else []


def is_posted(run_id: ColumnElement[int], session_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a job of a tile run waits in the outbox, or is held by a worker that took it from there."""
    its = (outbox.c.session_id == session_id) & (outbox.c.tile_run_id == run_id)
    return exists().where(its, outbox.c.dead_at.is_(None))


def is_to_notify(session_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether a job that tells people of a session, or of a notice that has its session, waits in the outbox."""
    its = (outbox.c.session_id == session_id) & (outbox.c.queue == Queue.NOTIFICATIONS)
    return exists().where(its, outbox.c.dead_at.is_(None))


def current_turn(connection: Connection) -> int:
    """Return the turn that is being served: that of the first job that waits."""
    waiting = select(func.min(outbox.c.turn)).where(outbox.c.dead_at.is_(None), outbox.c.turn > 0)
    return connection.execute(waiting).scalar_one_or_none() or 1


@cache
def _first_of_each(queues: tuple[Queue, ...], limit: int) -> CompoundSelect[Any]:
    """Return the statement that reads so many messages of each queue, whose turn it is, by its index."""
    is_waiting = outbox.c.dead_at.is_(None) & (outbox.c.available_at <= bindparam("now"))
    return union_all(
        *(
            select(
                select(outbox)
                .where(outbox.c.queue == queue, is_waiting)
                .order_by(outbox.c.turn, outbox.c.id)
                .limit(limit)
                .subquery()
            )
            for queue in queues
        )
    )


class SqlOutbox(Outbox):
    """The port `Outbox`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @reads
    def unsent(self, connection: Connection, *, before: datetime, limit: int) -> list[Message]:
        rows = connection.execute(_first_of_each(tuple(Queue), limit), {"now": before - timedelta.resolution})
        return [message_of(row) for row in sorted(rows, key=lambda row: (row.turn, row.id))]

    @override
    @writes
    def taken(self, connection: Connection, message_ids: Iterable[int]) -> None:
        ids = sorted(message_ids)
        for start in range(0, len(ids), 500):
            connection.execute(delete(outbox).where(outbox.c.id.in_(ids[start : start + 500])))

    @reads
    def _next(self, connection: Connection, queues: Sequence[Queue], now: datetime) -> Row[Any] | None:
        """Read the message whose turn it is of each queue, and return that of the first queue."""
        rows = {row.queue: row for row in connection.execute(_first_of_each(tuple(queues), 1), {"now": now})}
        return next((rows[queue] for queue in queues if queue in rows), None)

    @writes
    def _take(self, connection: Connection, row: Row[Any], hidden_until: datetime) -> bool:
        # Conditional on the count of receives: of two workers at once, one wins.
        is_still_there = (outbox.c.id == row.id) & (outbox.c.receives == row.receives) & outbox.c.dead_at.is_(None)
        values = {"receives": row.receives + 1, "available_at": hidden_until}
        return connection.execute(update(outbox).where(is_still_there).values(**values)).rowcount == 1

    @override
    def receive(self, queues: Sequence[Queue], *, now: datetime, lease_s: float) -> Received | None:
        while (row := self._next(queues, now)) is not None:
            if self._take(row, now + timedelta(seconds=lease_s)):
                return Received(message_of(row), row.receives + 1, row.receives + 1, row.reason)
        return None

    @override
    @writes
    def done(self, connection: Connection, received: Received) -> None:
        is_mine = (outbox.c.id == received.message.message_id) & (outbox.c.receives == received.receipt)
        connection.execute(delete(outbox).where(is_mine))

    @override
    @writes
    def give_back(
        self, connection: Connection, received: Received, *, available_at: datetime, reason: str, dead: bool
    ) -> None:
        is_mine = (outbox.c.id == received.message.message_id) & (outbox.c.receives == received.receipt)
        values = {"available_at": available_at, "reason": reason[:MAX_REASON]}
        if dead:
            values["dead_at"] = available_at
        connection.execute(update(outbox).where(is_mine).values(**values))

    @override
    @writes
    def give_back_untried(
        self, connection: Connection, received: Received, *, available_at: datetime, is_held: bool
    ) -> None:
        is_mine = (outbox.c.id == received.message.message_id) & (outbox.c.receives == received.receipt)
        held = connection.execute(select(outbox.c.tile_run_id, outbox.c.available_at).where(is_mine)).one_or_none()
        if held is None:
            return
        if not is_held:
            # The claim of who took this message, recognised by a lease that ends no sooner, may have been committed
            # without its hearing of it: that was no try either.
            run = session_tiles.c
            is_its = (run.id == held.tile_run_id) & (run.lease_until >= held.available_at) & (run.attempts > 0)
            free = update(session_tiles).where(is_its, run.verdict.is_(None))
            connection.execute(free.values(attempts=run.attempts - 1, lease_until=None))
        values = {"available_at": available_at, "receives": received.receives - 1}
        connection.execute(update(outbox).where(is_mine).values(**values))

    @override
    @reads
    def dead(self, connection: Connection, limit: int) -> list[DeadLetter]:
        query = select(outbox).where(outbox.c.dead_at.is_not(None)).order_by(outbox.c.id).limit(limit)
        return [
            DeadLetter(message=message_of(row), receipt=str(row.id), reason=row.reason)
            for row in connection.execute(query)
        ]

    @override
    @reads
    def oldest_waiting(self, connection: Connection, *, now: datetime) -> datetime | None:
        is_waiting = outbox.c.dead_at.is_(None) & (outbox.c.available_at <= now)
        oldest = select(outbox.c.created_at).where(is_waiting).order_by(outbox.c.id).limit(1)
        return connection.execute(oldest).scalar_one_or_none()

    @override
    @reads
    def count_dead(self, connection: Connection) -> dict[Queue, int]:
        query = select(outbox.c.queue, func.count()).where(outbox.c.dead_at.is_not(None)).group_by(outbox.c.queue)
        return {Queue(queue): count for queue, count in connection.execute(query)}

    @override
    @writes
    def redrive(self, connection: Connection, message_id: int, *, now: datetime) -> None:
        is_it = (outbox.c.id == message_id) & outbox.c.dead_at.is_not(None)
        anew = {"dead_at": None, "receives": 0, "reason": "", "available_at": now}
        connection.execute(update(outbox).where(is_it).values(**anew))

    @writes
    def release_all(self, connection: Connection, *, now: datetime) -> None:
        """Release every lease: the only worker of this database starts, so every earlier holder is dead.

        A job that was postponed and never taken keeps its time: sooner, it would be passed over.
        """
        is_held = outbox.c.dead_at.is_(None) & (outbox.c.receives > 0)
        connection.execute(update(outbox).where(is_held).values(available_at=now))
        # What was said before of a tile run is not why the worker that held it died: see `claims.claim_run`.
        run, push = session_tiles.c, deliveries.c
        held = update(session_tiles).where(run.lease_until.is_not(None))
        connection.execute(held.values(lease_until=None, reason=None))
        connection.execute(update(deliveries).where(push.lease_until.is_not(None)).values(lease_until=None))
        for table in (scene_searches, captures, layer_imports):
            connection.execute(update(table).where(table.c.lease_until > now).values(lease_until=now))
