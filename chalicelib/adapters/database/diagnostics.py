"""What the database shows an operator: its revision, its server, and what has waited too long."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, Engine, func, select, text
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import reads
from chalicelib.adapters.database.rows import tile_of
from chalicelib.adapters.database.schema.migrate import head, revision_of
from chalicelib.application.ports.diagnostics import Diagnostics
from chalicelib.domain.diagnostics import Stuck, age
from chalicelib.domain.pushes import PUSH_TTL_S, DeliveryStatus
from chalicelib.domain.sessions import SessionStatus
from chalicelib.domain.tile_runs import TileState

SESSION, RUN, PUSH, JOB = t.alert_sessions, t.session_tiles, t.deliveries, t.outbox
A_WHILE = timedelta(seconds=30)  # a job that has waited for less is simply on its way
NEXT_RUN = "`reconcile`, within a minute,"


class SqlDiagnostics(Diagnostics):
    """The port `Diagnostics`. `carried_by` says what takes a job out of the outbox: a worker, or SQS."""

    def __init__(self, engine: Engine, *, carried_by: str) -> None:
        self.engine = engine
        self._carried_by = carried_by

    @override
    @reads
    def revision(self, connection: Connection) -> str | None:
        return revision_of(connection)

    @override
    def newest_revision(self) -> str:
        return head()

    @override
    @reads
    def server(self, connection: Connection) -> tuple[str, datetime | None, str]:
        if connection.dialect.name == "sqlite":
            return f"SQLite {connection.execute(text('SELECT sqlite_version()')).scalar_one()}", None, ""
        row = connection.execute(text("SELECT VERSION(), UTC_TIMESTAMP(6), @@SESSION.sql_mode")).one()
        product = "MariaDB" if "MariaDB" in row[0] else "MySQL"
        return f"{product} {row[0].partition('-')[0]}", row[1].replace(tzinfo=UTC), row[2]

    @override
    @reads
    def oldest_session(self, connection: Connection, *, now: datetime) -> tuple[int, float, float] | None:
        query = select(SESSION).where(SESSION.c.status == SessionStatus.IN_PROGRESS).order_by(SESSION.c.id).limit(1)
        row = connection.execute(query).one_or_none()
        if row is None:
            return None
        return row.id, (now - row.started_at).total_seconds(), (row.deadline_at - now).total_seconds()

    @override
    @reads
    def stuck(self, connection: Connection, *, now: datetime, limit: int) -> list[Stuck]:
        return [
            *_sessions(connection, now, limit),
            *_tile_runs(connection, now, limit),
            *self._jobs(connection, now),
            *_dead_letters(connection, now),
            *_pushes(connection, now, limit),
        ]

    def _jobs(self, connection: Connection, now: datetime) -> list[Stuck]:
        query = (
            select(JOB.c.queue, func.count(), func.min(JOB.c.created_at), func.max(JOB.c.receives))
            .where(JOB.c.dead_at.is_(None), JOB.c.created_at <= now - A_WHILE)
            .group_by(JOB.c.queue)
        )
        will = f"{NEXT_RUN} sends them again" if self._carried_by == "SQS" else "a worker takes them: is one running?"
        return [
            Stuck(
                what=f"{count} jobs of {queue} wait for {self._carried_by}, tried {receives} times at most",
                waits_s=(now - oldest).total_seconds(),
                next=will,
            )
            for queue, count, oldest, receives in connection.execute(query)
        ]


def _sessions(connection: Connection, now: datetime, limit: int) -> list[Stuck]:
    ended = select(func.count()).where(RUN.c.session_id == SESSION.c.id, RUN.c.verdict.is_not(None)).scalar_subquery()
    query = (
        select(SESSION.c.id, SESSION.c.area_id, SESSION.c.tiles_planned, SESSION.c.deadline_at, ended.label("ended"))
        .where(SESSION.c.status == SessionStatus.IN_PROGRESS, SESSION.c.deadline_at <= now)
        .order_by(SESSION.c.deadline_at)
        .limit(limit)
    )
    return [
        Stuck(
            what=f"session {row.id} of area {row.area_id} is past its deadline, "
            f"{row.tiles_planned - row.ended} of {row.tiles_planned} tiles open",
            waits_s=(now - row.deadline_at).total_seconds(),
            next=f"{NEXT_RUN} ends its open tiles FAILED",
        )
        for row in connection.execute(query)
    ]


def _tile_runs(connection: Connection, now: datetime, limit: int) -> list[Stuck]:
    query = (
        select(RUN)
        .where(RUN.c.state != TileState.ENDED, RUN.c.retry_at <= now)
        .order_by(RUN.c.retry_at, RUN.c.id)
        .limit(limit)
    )
    return [
        Stuck(
            what=f"tile {tile_of(row)} of session {row.session_id} is {row.state}: "
            + ("its worker's lease has ended" if row.lease_until else "nobody has taken its job"),
            waits_s=(now - row.retry_at).total_seconds(),
            next=f"{NEXT_RUN} writes its job anew",
        )
        for row in connection.execute(query)
    ]


def _dead_letters(connection: Connection, now: datetime) -> list[Stuck]:
    query = (
        select(JOB.c.queue, func.count(), func.min(JOB.c.dead_at), func.max(JOB.c.reason))
        .where(JOB.c.dead_at.is_not(None))
        .group_by(JOB.c.queue)
    )
    return [
        Stuck(
            what=f"{count} dead letters of {queue}, one because of: {reason or 'no reason kept'}",
            waits_s=max(0.0, (now - oldest).total_seconds()),
            next=f"{NEXT_RUN} ends their tiles or files FAILED; `redrive --yes` before that tries them again",
        )
        for queue, count, oldest, reason in connection.execute(query)
    ]


def _pushes(connection: Connection, now: datetime, limit: int) -> list[Stuck]:
    query = (
        select(PUSH)
        .where(PUSH.c.status == DeliveryStatus.PENDING, PUSH.c.created_at <= now - A_WHILE)
        .order_by(PUSH.c.id)
        .limit(limit)
    )
    found = []
    for row in connection.execute(query):
        again_s = max(0.0, (row.lease_until - now).total_seconds()) if row.lease_until else 0.0
        left_s = max(0.0, (row.created_at + timedelta(seconds=PUSH_TTL_S) - now).total_seconds())
        found.append(
            Stuck(
                what=f"push {row.id} of session {row.session_id} to a {row.kind}, "
                f"tried {row.attempts} times: {row.detail or 'no answer yet'}",
                waits_s=(now - row.created_at).total_seconds(),
                next=f"it is tried again in {age(again_s)} and given up in {age(left_s)}",
            )
        )
    return found
