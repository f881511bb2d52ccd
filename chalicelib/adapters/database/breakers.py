"""The breakers of providers, in the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine, delete, insert, select, update
from sqlalchemy.exc import IntegrityError
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import reads, writes
from chalicelib.application.ports.breakers import Breakers
from chalicelib.domain.breakers import CLOSED, Breaker

BREAKER = t.breakers


class SqlBreakers(Breakers):
    """The port `Breakers`. A closed breaker has no row."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def put(self, connection: Connection, provider: str, breaker: Breaker) -> None:
        is_it = BREAKER.c.name == provider
        if not breaker.failures:
            connection.execute(delete(BREAKER).where(is_it))
            return
        values = {"failures": breaker.failures, "open_until": breaker.open_until}
        if breaker.open_until is None:  # a count from before another worker opened it closes nothing
            is_it &= BREAKER.c.open_until.is_(None)
        if connection.execute(update(BREAKER).where(is_it).values(**values)).rowcount:
            return
        try:
            with connection.begin_nested():
                connection.execute(insert(BREAKER).values(name=provider, **values))
        except IntegrityError:
            return  # another worker has just recorded the same trouble

    @override
    @reads
    def of(self, connection: Connection, provider: str) -> Breaker:
        row = connection.execute(select(BREAKER).where(BREAKER.c.name == provider)).one_or_none()
        return CLOSED if row is None else Breaker(failures=row.failures, open_until=row.open_until)

    @override
    @writes
    def begin_trial(self, connection: Connection, provider: str, breaker: Breaker, *, until: datetime) -> bool:
        is_it = (BREAKER.c.name == provider) & (BREAKER.c.open_until == breaker.open_until)
        return connection.execute(update(BREAKER).where(is_it).values(open_until=until)).rowcount == 1
