"""How long a connection waits: briefly for a database that may hang, briefly for a person, long for a worker.

A request that meets a database which has stopped answering ends within 5 s: POOL_S for a connection, then HELLO_S to
see that it lives, HELLO_S to open another one, or ANSWER_S for a statement.
"""

from __future__ import annotations

import time
from typing import Any

from sqlalchemy import Connection, Engine, QueuePool, event
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import ConnectionPoolEntry

from chalicelib.application.patience import ANSWER_S, is_awaited

POOL_S = 1.5  # for a connection that is free, in a request; in a worker as long as for a statement
HELLO_S = 1.0  # for each answer while a connection is opened or looked at
WORK_HELLO_S = 10.0  # the same for a worker
WORK_S = 60.0  # for a statement of a worker
BUSY_S = 30.0  # for SQLite's one writer, in a worker
FRESH_S = 0.1  # since its last use, in which a connection is not asked whether it lives: a request uses it thrice
_USED_AT = "used_at"


class PatientPool(QueuePool):
    """Connections that each user waits for as long as it may."""

    @property
    def _timeout(self) -> float:  # the pool asks for it each time; there is no public way to let it depend on who asks
        return POOL_S if is_awaited() else WORK_S

    @_timeout.setter
    def _timeout(self, _timeout: float) -> None:
        pass


def keep_time_on_mysql(engine: Engine) -> None:
    """Let each use of a connection wait as long as its user may."""
    event.listen(engine, "do_connect", _while_it_opens)
    event.listen(engine, "checkout", _for_its_user)
    event.listen(engine, "checkin", _for_hello)


def _while_it_opens(_dialect: object, _record: object, _given: object, parameters: dict[str, Any]) -> None:
    hello_s = HELLO_S if is_awaited() else WORK_HELLO_S
    parameters |= {"connect_timeout": hello_s, "read_timeout": hello_s, "write_timeout": WORK_S}


def _for_its_user(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:  # noqa: ANN401 (a DBAPI connection)
    used_at = record.info.get(_USED_AT)  # None: it was opened just now
    # By the wall's clock: the other one stands still while a function is frozen.
    if used_at is not None and not 0 <= time.time() - used_at < FRESH_S:
        _check_life(connection)
    # PyMySQL has no public name for it, and no other time limit reaches a server that has stopped.
    connection._read_timeout = ANSWER_S if is_awaited() else WORK_S  # noqa: SLF001


def _for_hello(connection: Any, record: ConnectionPoolEntry) -> None:  # noqa: ANN401 (a DBAPI connection, None if it was given up)
    if connection is not None:
        connection._read_timeout = HELLO_S  # noqa: SLF001
        record.info[_USED_AT] = time.time()


def _check_life(connection: Any) -> None:  # noqa: ANN401 (a DBAPI connection)
    """Let the pool open another connection in place of one that does not answer, and of all that are older."""
    import pymysql  # noqa: PLC0415 (whoever has no MySQL need not load it)

    try:
        connection.ping(reconnect=False)
    except (pymysql.Error, OSError) as error:
        raise InvalidatePoolError from error


def keep_time_on_sqlite(connection: Connection) -> None:
    """Say how long a transaction that begins waits for the one writer. No statement: nothing is sent anywhere."""
    wanted_s = ANSWER_S if is_awaited() else BUSY_S
    if connection.info.get("busy_s", BUSY_S) != wanted_s:
        raw: Any = connection.connection.driver_connection
        raw.execute(f"PRAGMA busy_timeout={round(1000 * wanted_s)}")
        connection.info["busy_s"] = wanted_s
