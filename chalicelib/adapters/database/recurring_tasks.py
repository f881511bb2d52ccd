"""Tasks that come round again, in the database."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import writes
from chalicelib.application.ports.recurring_tasks import RecurringTasks

TASK = t.chores


class SqlRecurringTasks(RecurringTasks):
    """The port `RecurringTasks`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def take(self, connection: Connection, name: str, *, now: datetime, every_s: float) -> str | None:
        row = connection.execute(select(TASK).where(TASK.c.name == name)).one_or_none()
        next_due_at = now + timedelta(seconds=every_s)
        if row is None:
            try:
                with connection.begin_nested():
                    connection.execute(insert(TASK).values(name=name, next_due_at=next_due_at, cursor=""))
            except IntegrityError:
                return None  # another process was first
            return ""
        is_due = (TASK.c.name == name) & (TASK.c.next_due_at <= now) & (TASK.c.next_due_at == row.next_due_at)
        # The cursor is used up by taking it: a task that dies begins anew, it never skips.
        taken = connection.execute(update(TASK).where(is_due).values(next_due_at=next_due_at, cursor=""))
        return str(row.cursor) if taken.rowcount else None

    @override
    @writes
    def leave(self, connection: Connection, name: str, *, now: datetime, cursor: str) -> None:
        connection.execute(update(TASK).where(TASK.c.name == name).values(next_due_at=now, cursor=cursor))
