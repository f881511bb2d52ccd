"""Which stored objects rows name, and the chores that come round again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, insert, select, update
from sqlalchemy.exc import IntegrityError

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import reads, writes

CHORE = t.chores


class SqlObjects:
    """The port `Objects`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @reads
    def unreferenced(self, connection: Connection, keys: Sequence[str]) -> list[str]:
        """Give those of the keys that no row names."""
        named: set[str] = set()
        for column in (t.image_tiles.c.object_key, t.alert_details.c.mask_key, t.alert_details.c.overlay_key):
            for start in range(0, len(keys), 500):
                part = keys[start : start + 500]
                named.update(connection.execute(select(column).where(column.in_(part))).scalars())
        return [key for key in keys if key not in named]

    @writes
    def take_chore(self, connection: Connection, name: str, *, now: datetime, every_s: float) -> str | None:
        """Take a recurring chore if its time has come: its cursor, or None. One caller wins."""
        row = connection.execute(select(CHORE).where(CHORE.c.name == name)).one_or_none()
        next_due_at = now + timedelta(seconds=every_s)
        if row is None:
            try:
                with connection.begin_nested():
                    connection.execute(insert(CHORE).values(name=name, next_due_at=next_due_at, cursor=""))
            except IntegrityError:
                return None  # somebody else was first
            return ""
        is_due = (CHORE.c.name == name) & (CHORE.c.next_due_at <= now) & (CHORE.c.next_due_at == row.next_due_at)
        # The cursor is used up by taking it: a chore that dies begins anew, it never skips.
        taken = connection.execute(update(CHORE).where(is_due).values(next_due_at=next_due_at, cursor=""))
        return str(row.cursor) if taken.rowcount else None

    @writes
    def leave_chore(self, connection: Connection, name: str, *, now: datetime, cursor: str) -> None:
        """Say where a chore that is not finished goes on: it is due again at once."""
        connection.execute(update(CHORE).where(CHORE.c.name == name).values(next_due_at=now, cursor=cursor))
