"""Who waits for an answer, in the database: a row for each place."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import writes
from chalicelib.application.ports.waits import Waits

WAIT = t.waits


class SqlWaits(Waits):
    """The port `Waits`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def begin(
        self,
        connection: Connection,
        user_id: int,
        *,
        now: datetime,
        ends_at: datetime,
        places: int,
        places_a_user: int,
    ) -> int | None:
        rows = {row.slot: row for row in connection.execute(select(WAIT))}
        held = [slot for slot, row in rows.items() if row.ends_at > now]
        if sum(rows[slot].user_id == user_id for slot in held) >= places_a_user:
            return None
        for slot in range(1, places + 1):
            if slot not in held and self._take(connection, slot, user_id, ends_at, now):
                return slot
        return None

    @staticmethod
    def _take(connection: Connection, slot: int, user_id: int, ends_at: datetime, now: datetime) -> bool:
        # Conditional: of two requests at once one takes the place, the other looks at the next.
        is_free = (WAIT.c.slot == slot) & (WAIT.c.ends_at <= now)
        if connection.execute(update(WAIT).where(is_free).values(user_id=user_id, ends_at=ends_at)).rowcount:
            return True
        try:
            with connection.begin_nested():
                connection.execute(insert(WAIT).values(slot=slot, user_id=user_id, ends_at=ends_at))
        except IntegrityError:
            return False
        return True

    @override
    @writes
    def end(self, connection: Connection, place: int, *, ends_at: datetime) -> None:
        connection.execute(delete(WAIT).where(WAIT.c.slot == place, WAIT.c.ends_at == ends_at))
