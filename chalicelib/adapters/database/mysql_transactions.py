"""What a transaction is on MySQL: one that writes begins with a statement, one that reads is only its statements.

A driver that begins all of them by itself would have each read wait for one answer more, that of its end. Each
statement sees what was committed before it either way (READ COMMITTED).
"""

from __future__ import annotations

from typing import Any

from pymysql.connections import Connection as Driver
from pymysql.constants.SERVER_STATUS import SERVER_STATUS_IN_TRANS
from sqlalchemy import Connection, Engine, event
from typing_extensions import override

HOW_TO_CONNECT: dict[str, Any] = {
    "charset": "utf8mb4",
    "autocommit": True,
    "init_command": "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
}


def begin_what_writes(engine: Engine, *, read_only: str) -> None:
    """Begin each transaction of an engine but those with that execution option."""
    event.listen(engine, "do_connect", lambda _dialect, _record, given, parameters: _Driver(*given, **parameters))

    def begin(connection: Connection) -> None:
        if not connection.get_execution_options().get(read_only, False):
            connection.exec_driver_sql("BEGIN")

    event.listen(engine, "begin", begin)


class _Driver(Driver):
    @override
    def rollback(self) -> None:
        """Take back what was begun. The server says with each answer to a write whether something is."""
        status: int = self.server_status  # type: ignore[attr-defined]  # its stubs do not know it
        if status & SERVER_STATUS_IN_TRANS:
            super().rollback()
