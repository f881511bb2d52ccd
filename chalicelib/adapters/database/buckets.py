"""Buckets in the database, shared by all processes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine, case, delete, select, update
from typing_extensions import override

from chalicelib.adapters.buckets import microseconds
from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import insert_if_new, writes
from chalicelib.application.ports.buckets import Buckets
from chalicelib.domain.admission import SECOND_US, Bucket, Limit

BUCKET = t.buckets


class SqlBuckets(Buckets):
    """The port `Buckets`. A row is a bucket that is not full; one conditional statement takes from it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def take(self, connection: Connection, key: str, units: int, limit: Limit, *, now: datetime) -> float:
        now_us = microseconds(now)
        most_us = now_us + limit.period_us
        full_at, cost_us = BUCKET.c.full_at_us, limit.cost(units)
        # As in Bucket.taken: from now where it is full by now, from empty where it is emptier than that.
        begins_at = case((full_at < now_us, now_us), (full_at > most_us, most_us), else_=full_at)
        has_enough = (BUCKET.c.name == key) & (begins_at + cost_us <= most_us)
        if connection.execute(update(BUCKET).where(has_enough).values(full_at_us=begins_at + cost_us)).rowcount:
            return 0.0
        if insert_if_new(connection, BUCKET, name=key, full_at_us=now_us + cost_us):
            return 0.0
        # It was there, and did not have enough; or another request made it just now.
        if connection.execute(update(BUCKET).where(has_enough).values(full_at_us=begins_at + cost_us)).rowcount:
            return 0.0
        row = connection.execute(select(BUCKET).where(BUCKET.c.name == key)).one_or_none()
        _, wait_s = Bucket(row.full_at_us if row else now_us).taken(units, limit, now_us=now_us)
        return wait_s or limit.unit_us / SECOND_US  # it has changed since: worth another try soon

    @override
    @writes
    def give_back(self, connection: Connection, key: str, units: int, limit: Limit) -> None:
        back = BUCKET.c.full_at_us - limit.cost(units)
        connection.execute(update(BUCKET).where(BUCKET.c.name == key).values(full_at_us=back))

    @override
    @writes
    def fill(self, connection: Connection, key: str) -> None:
        connection.execute(delete(BUCKET).where(BUCKET.c.name == key))

    @override
    @writes
    def delete_full(self, connection: Connection, *, now: datetime, limit: int) -> int:
        is_full = BUCKET.c.full_at_us <= microseconds(now)
        names = connection.execute(select(BUCKET.c.name).where(is_full).limit(limit)).scalars().all()
        if not names:
            return 0
        return connection.execute(delete(BUCKET).where(BUCKET.c.name.in_(names), is_full)).rowcount
