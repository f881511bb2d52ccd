"""The engine, and what a transaction is on each of the two databases.

SQLite: WAL, and every writing transaction begins with BEGIN IMMEDIATE; the default silently loses updates. MySQL:
READ COMMITTED, row locks by FOR UPDATE, and the whole transaction again after a deadlock (`mysql_transactions.py`).
"""

from __future__ import annotations

import functools
import logging
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from sqlalchemy import Connection, CursorResult, Engine, Table, create_engine, event, insert, text
from sqlalchemy.engine import Dialect, make_url
from sqlalchemy.exc import (
    DBAPIError,
    InterfaceError,
    InternalError,
    OperationalError,
    ProgrammingError,
    SQLAlchemyError,
)
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.types import DateTime, TypeDecorator

from chalicelib.adapters.database.timeouts import BUSY_S, PatientPool, keep_time_on_mysql, keep_time_on_sqlite
from chalicelib.application.events import record
from chalicelib.application.patience import is_awaited
from chalicelib.application.ports.clock import Jitter, Sleep
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.events import Event

P = ParamSpec("P")
R = TypeVar("R")
log = logging.getLogger(__name__)

TRIES = 8
# 1213 deadlock, 1205 lock wait timeout, 1020 the row changed since it was read (innodb_snapshot_isolation)
_AGAIN = frozenset({1213, 1205, 1020})
# 1054 unknown column, 1146 no such table: the code and the schema are of different releases
_OTHER_SCHEMA = frozenset({1054, 1146})
# An error's text never carries what a statement was run with: e-mail addresses, hashes of passwords.
_POOL: dict[str, Any] = {"poolclass": PatientPool, "hide_parameters": True}
# The database's own trouble: the whole transaction has met it, whatever savepoint it is in. InternalError is PyMySQL's
# for what a server could not do with its files (below 1000: "3 Error writing file", without space), and for an answer
# that is not the next one. What is wrong with a statement is of the other kinds.
OWN_TROUBLE = (OperationalError, InterfaceError, InternalError, PoolExhausted)
_TROUBLE = (*OWN_TROUBLE, ProgrammingError)
_READ_ONLY = "is_read_only"
_EVENTS = "events"


class UtcDateTime(TypeDecorator[datetime]):
    """Aware UTC in Python, naive UTC with microseconds in the database. A naive time is refused."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:  # noqa: ANN401 (SQLAlchemy's own signature)
        """Keep microseconds on MySQL."""
        if dialect.name in ("mysql", "mariadb"):
            from sqlalchemy.dialects.mysql import DATETIME  # noqa: PLC0415

            return dialect.type_descriptor(DATETIME(fsp=6))
        return dialect.type_descriptor(DateTime())

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Convert to naive UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a time without a time zone")
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Convert to aware UTC."""
        return None if value is None else value.replace(tzinfo=UTC)


def full_jitter(most_s: float) -> float:
    """Draw a wait between 0 and that many seconds."""
    return random.uniform(0, most_s)


def make_engine(url: str, *, connections: int = 16, sleep: Sleep = time.sleep, jitter: Jitter = full_jitter) -> Engine:
    """Make the engine for a URL: `sqlite:///file`, or `mysql+pymysql://user:password@host/name`.

    `sleep` and `jitter` space the tries of a transaction that met a deadlock.
    """
    return _make(url, connections).execution_options(sleep=sleep, jitter=jitter)


def _make(url: str, connections: int) -> Engine:
    if make_url(url).get_backend_name() == "sqlite":
        engine = create_engine(url, **_POOL, pool_size=connections, connect_args={"timeout": BUSY_S})
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    from chalicelib.adapters.database import mysql_transactions as mysql  # noqa: PLC0415 (not all have the driver)

    pool = _POOL | {"pool_size": connections, "max_overflow": 0, "pool_recycle": 240}
    engine = create_engine(url, **pool, connect_args=mysql.HOW_TO_CONNECT)
    keep_time_on_mysql(engine)
    mysql.begin_what_writes(engine, read_only=_READ_ONLY)
    return engine


def _set_up_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 (a DBAPI connection)
    connection.isolation_level = None  # the driver must not begin transactions by itself: `_begin_sqlite` does
    for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "foreign_keys=ON"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    keep_time_on_sqlite(connection)
    is_read_only = connection.get_execution_options().get(_READ_ONLY, False)
    connection.exec_driver_sql("BEGIN" if is_read_only else "BEGIN IMMEDIATE")


class _HasEngine(Protocol):
    engine: Engine


S = TypeVar("S", bound=_HasEngine)


def writes(method: Callable[Concatenate[S, Connection, P], R]) -> Callable[Concatenate[S, P], R]:
    """Run a method as one writing transaction, again from its start after a deadlock. Raises Unavailable."""

    @functools.wraps(method)
    def run(self: S, /, *args: P.args, **parameters: P.kwargs) -> R:
        for attempt in range(1, TRIES + 1):
            try:
                with self.engine.begin() as connection:
                    events: list[Event] = []
                    connection.info[_EVENTS] = events
                    answer = method(self, connection, *args, **parameters)
            except _TROUBLE as error:
                if attempt == TRIES or not _is_worth_again(error):
                    raise _unavailable(error) from error
                log.info("transaction retried", extra={"attempt": attempt, "error_code": _code(error)})
                waits = self.engine.get_execution_options()
                waits["sleep"](waits["jitter"](0.01 * 2**attempt))
            else:
                for event_of_commit in events:
                    record(event_of_commit)
                return answer
        raise AssertionError("the last attempt returns or raises")

    return run


def reading(engine: Engine) -> Connection:
    """Connect to read: on MySQL nothing is begun, so that each statement is one answer to wait for."""
    return engine.connect().execution_options(**{_READ_ONLY: True})


def reads(method: Callable[Concatenate[S, Connection, P], R]) -> Callable[Concatenate[S, P], R]:
    """Run a method as one reading transaction. Raises Unavailable."""

    @functools.wraps(method)
    def run(self: S, /, *args: P.args, **parameters: P.kwargs) -> R:
        try:
            with reading(self.engine) as connection:
                connection.begin()  # ended by what gives it back: a commit would be one answer more to wait for
                return method(self, connection, *args, **parameters)
        except _TROUBLE as error:
            raise _unavailable(error) from error

    return run


def record_after_commit(connection: Connection, name: str, **about: object) -> None:
    """Record an event once this transaction is committed; a try that is rolled back records nothing."""
    connection.info[_EVENTS].append(Event(name, about))


def insert_row(connection: Connection, table: Table, **values: object) -> int:
    """Insert one row and return its id."""
    key = connection.execute(insert(table).values(**values)).inserted_primary_key
    if key is None:
        raise AssertionError(f"{table.name} gave no id")
    return int(key[0])


def insert_new(connection: Connection, table: Table, **values: object) -> int | None:
    """Insert one row, unless one with its unique key is there; return its id if it was inserted. One statement.

    MySQL's IGNORE also passes over a foreign key that has gone: to callers, that row cannot be inserted either.
    """
    done = _inserted_if_new(connection, table, values)
    key = done.inserted_primary_key
    return int(key[0]) if done.rowcount == 1 and key is not None else None


def insert_if_new(connection: Connection, table: Table, **values: object) -> bool:
    """Insert one row, unless one with its unique key is there; return whether it was inserted."""
    return _inserted_if_new(connection, table, values).rowcount == 1


def _inserted_if_new(connection: Connection, table: Table, values: dict[str, object]) -> CursorResult[Any]:
    word = "OR IGNORE" if connection.dialect.name == "sqlite" else "IGNORE"
    return connection.execute(insert(table).prefix_with(word).values(**values))


def check(engine: Engine) -> None:
    """Raise Unavailable if the database does not answer, or has no tables."""
    try:
        with reading(engine) as connection:
            connection.execute(text("SELECT COUNT(*) FROM chores"))
    except (DBAPIError, PoolExhausted) as error:
        raise _unavailable(error) from error


def _code(error: SQLAlchemyError) -> int | None:
    arguments = getattr(_original(error), "args", ())
    return arguments[0] if arguments and isinstance(arguments[0], int) else None


def _original(error: SQLAlchemyError) -> BaseException | None:
    return getattr(error, "orig", None)  # the driver's own error; a pool that is exhausted has none


def _is_worth_again(error: SQLAlchemyError) -> bool:
    # SQLite has waited for its writer already: once is as long as a person waits.
    is_locked = "database is locked" in str(_original(error))
    return _code(error) in _AGAIN or (is_locked and not is_awaited())


def _is_of_another_schema(error: SQLAlchemyError) -> bool:
    words = ("no such table", "no such column", "has no column named")  # SQLite's
    return _code(error) in _OTHER_SCHEMA or any(word in str(_original(error)) for word in words)


def _unavailable(error: SQLAlchemyError) -> Exception:
    """Return Unavailable where trying again may help; a statement that is simply wrong stays what it is."""
    if _is_of_another_schema(error):
        return Unavailable(
            "the database's tables are not those of this code: bring them to head (python -m infra.migrate, on a "
            "stage the function migrate), then it goes on by itself"
        )
    if isinstance(error, ProgrammingError):
        return error
    if isinstance(error, PoolExhausted):
        return Unavailable("too many requests at once: no connection to the database is free")
    return Unavailable(f"the database does not answer: {type(_original(error)).__name__}")
