"""Locks of the database server, for what one process of several may do."""

from __future__ import annotations

import logging
from collections.abc import Callable
from hashlib import sha256

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

log = logging.getLogger(__name__)


class ClockTurn:
    """Whose turn it is to tick: a named lock of the MySQL server, gone with the connection that holds it.

    A process that is killed gives it up at once, one whose machine is cut off after the server's TCP keepalive. Two
    that tick at once would be no harm beyond needless work: what may happen once is decided by a row.
    """

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def is_mine(self) -> bool:
        """Whether it is this process's turn. Takes it if it is free; False while the database is away."""
        try:
            if self._connection is None:
                self._connection = self._engine().connect()
            mine = self._asked(self._connection)
        except SQLAlchemyError:
            log.warning("the clock waits for the database", exc_info=True)
            if self._connection is not None:
                self._connection.invalidate()
                self._connection.close()
                self._connection = None
            return False
        return mine

    @staticmethod
    def name_for(database: str) -> str:
        """Name the lock after its database: a server's locks are common to all its databases, and short."""
        return f"bhuprahari-clock-{sha256(database.encode()).hexdigest()[:32]}"

    def _asked(self, connection: Connection) -> bool:
        name = self.name_for(str(connection.execute(text("SELECT DATABASE()")).scalar_one()))
        held = connection.execute(text("SELECT IS_USED_LOCK(:name) = CONNECTION_ID()"), {"name": name}).scalar()
        taken = held or connection.execute(text("SELECT GET_LOCK(:name, 0)"), {"name": name}).scalar()
        connection.commit()
        return bool(taken)
