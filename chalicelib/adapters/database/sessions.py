"""Sessions, in the database."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, func, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.areas import area_of, of_owner
from chalicelib.adapters.database.endings import count_verdicts, end_run, finish_if_done, lock_session, summarise
from chalicelib.adapters.database.engine import reads, writes
from chalicelib.adapters.database.openings import Waits, open_session
from chalicelib.adapters.database.pairs import pairs_to_compare
from chalicelib.domain.areas import Area
from chalicelib.domain.errors import Conflict, LimitReached, NotFound
from chalicelib.domain.jobs import Message
from chalicelib.domain.paging import Page, Slice
from chalicelib.domain.sessions import Cause, Failure, Outcome, Session, SessionStatus, TileState, Verdict
from chalicelib.domain.severity import highest
from chalicelib.domain.tiles import tiles_covering

SESSION, RUN, AREA = t.alert_sessions, t.session_tiles, t.area_configs
FIRST_SWEEP_COUNTS = timedelta(minutes=10)
BASELINES = {Verdict.BASELINE}


class SqlSessions:
    """The port `Sessions`."""

    def __init__(self, engine: Engine, *, deadline_s: float, retry_s: float, tiles_per_day: int) -> None:
        self.engine = engine
        self._waits = Waits(timedelta(seconds=deadline_s), timedelta(seconds=retry_s))
        self._tiles_per_day = tiles_per_day

    @writes
    def open_due(self, connection: Connection, area_id: int, *, now: datetime) -> list[Message]:
        """Open the session that an area is due for; nothing if it is not due, gone, or has one open."""
        query = select(AREA).where(AREA.c.id == area_id, AREA.c.deleted_at.is_(None)).with_for_update()
        row = connection.execute(query).one_or_none()
        if row is None or row.next_due_at > now or self._open_one(connection, area_id) is not None:
            return []
        area = area_of(row)
        try:
            self._check_budget(connection, area, now)
        except LimitReached:
            # Tried again once the day is over: planning it each minute would only burn the database.
            connection.execute(update(AREA).where(AREA.c.id == area_id).values(next_due_at=now + timedelta(hours=1)))
            return []
        _, messages = self._open_captures(connection, area, Cause.SCHEDULED, slot_at=row.next_due_at, now=now)
        return messages

    @writes
    def open_now(
        self, connection: Connection, area_id: int, cause: Cause, *, user_id: int, now: datetime
    ) -> tuple[Session, list[Message]]:
        """Open a session at a user's wish, or give the one that is open already.

        With Cause.COMPARISON and every stored pair compared already, it gives the latest session and opens none.
        Raises NotFound, LimitReached, Conflict.
        """
        row = connection.execute(of_owner(area_id, user_id).with_for_update()).one_or_none()
        if row is None:
            raise NotFound(f"there is no area {area_id}")
        open_one = self._open_one(connection, area_id)
        if open_one is not None:
            return self._read(connection, [open_one])[0], []
        area = area_of(row)
        if cause is Cause.COMPARISON:
            session_id, messages = self._open_comparisons(connection, area, now=now)
        elif (first := self._first_sweep(connection, area_id, now)) is not None:
            session_id, messages = first, []
        else:
            self._check_budget(connection, area, now)
            session_id, messages = self._open_captures(connection, area, cause, slot_at=None, now=now)
        session = connection.execute(select(SESSION).where(SESSION.c.id == session_id)).one()
        return self._read(connection, [session])[0], messages

    @staticmethod
    def _open_one(connection: Connection, area_id: int) -> Row[Any] | None:
        return connection.execute(select(SESSION).where(SESSION.c.open_area_id == area_id)).one_or_none()

    @staticmethod
    def _first_sweep(connection: Connection, area_id: int, now: datetime) -> int | None:
        """Give the sweep that the clock made of a new area just before its owner asked for the first one, once.

        A new area is due at once, so the clock may have been faster than the person who drew it: what they asked for
        is then there, and looking again would only find nothing new.
        """
        sessions = connection.execute(select(SESSION).where(SESSION.c.area_id == area_id).limit(2)).all()
        if len(sessions) != 1 or sessions[0].cause != Cause.SCHEDULED:
            return None
        (only,) = sessions
        if (
            only.ended_at is None
            or only.ended_at <= now - FIRST_SWEEP_COUNTS
            or set(only.summary["counts"]) != BASELINES
        ):
            return None
        connection.execute(update(SESSION).where(SESSION.c.id == only.id).values(cause=Cause.REQUESTED))
        return int(only.id)

    def _check_budget(self, connection: Connection, area: Area, now: datetime) -> None:
        connection.execute(select(t.users.c.id).where(t.users.c.id == area.user_id).with_for_update())
        today = now.replace(hour=0, minute=0, second=0, microsecond=0)
        spent = connection.execute(
            select(func.coalesce(func.sum(SESSION.c.tiles_planned), 0))
            .join(AREA, AREA.c.id == SESSION.c.area_id)
            .where(AREA.c.user_id == area.user_id, SESSION.c.started_at >= today, SESSION.c.cause != Cause.COMPARISON)
        ).scalar_one()
        if int(spent) + area.tiles > self._tiles_per_day:
            raise LimitReached(
                f"{spent} of today's {self._tiles_per_day} tiles are used, and this area needs {area.tiles}",
                retry_after_s=int((today + timedelta(days=1) - now).total_seconds()) + 1,
            )

    def _open_captures(
        self, connection: Connection, area: Area, cause: Cause, *, slot_at: datetime | None, now: datetime
    ) -> tuple[int, list[Message]]:
        tiles = [
            {"z": tile.z, "x": tile.x, "y": tile.y, "state": TileState.PLANNED}
            for tile in tiles_covering(area.extent.bounds, area.plan.grid.zoom)
        ]
        return self._open(connection, area, cause, tiles, slot_at=slot_at, now=now)

    def _open_comparisons(self, connection: Connection, area: Area, *, now: datetime) -> tuple[int, list[Message]]:
        pairs = pairs_to_compare(connection, area)
        if pairs:
            tiles = [pair | {"state": TileState.CAPTURED} for pair in pairs]
            return self._open(connection, area, Cause.COMPARISON, tiles, slot_at=None, now=now)
        latest = select(func.max(SESSION.c.id)).where(SESSION.c.area_id == area.area_id)
        session_id = connection.execute(latest).scalar_one()
        if session_id is None:
            raise Conflict("nothing of this area has been captured yet")
        return session_id, []

    def _open(
        self,
        connection: Connection,
        area: Area,
        cause: Cause,
        tiles: list[dict[str, object]],
        *,
        slot_at: datetime | None,
        now: datetime,
    ) -> tuple[int, list[Message]]:
        opened = open_session(connection, area, cause, tiles, slot_at=slot_at, waits=self._waits, now=now)
        due_next = now + timedelta(hours=area.plan.cadence_hours)
        connection.execute(update(AREA).where(AREA.c.id == area.area_id).values(next_due_at=due_next))
        return opened

    @reads
    def get(self, connection: Connection, session_id: int, *, user_id: int) -> Session:
        """Give a session of a user's area. Raises NotFound."""
        row = connection.execute(sessions_of(user_id).where(SESSION.c.id == session_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no session {session_id}")
        return self._read(connection, [row])[0]

    @reads
    def of_user(self, connection: Connection, user_id: int, *, page: Page) -> Slice[Session]:
        """Give the sessions of a user's areas, newest first."""
        mine = sessions_of(user_id)
        total = connection.execute(select(func.count()).select_from(mine.subquery())).scalar_one()
        if page.beyond is not None:
            mine = mine.where(SESSION.c.id < page.beyond)
        rows = connection.execute(mine.order_by(SESSION.c.id.desc()).limit(page.limit + 1)).all()
        items = self._read(connection, list(rows[: page.limit]))
        return Slice(items, total, items[-1].session_id if len(rows) > page.limit else None)

    @reads
    def overdue(self, connection: Connection, *, now: datetime, limit: int) -> list[int]:
        """Give the ids of open sessions past their deadline."""
        query = (
            select(SESSION.c.id)
            .where(SESSION.c.status == SessionStatus.IN_PROGRESS, SESSION.c.deadline_at <= now)
            .limit(limit)
        )
        return list(connection.execute(query).scalars())

    @writes
    def end_open_tiles(
        self, connection: Connection, session_id: int, outcome: Outcome, *, now: datetime
    ) -> list[Message]:
        """End every open tile run of a session alike: it was cancelled, or ran out of time."""
        session = lock_session(connection, session_id)
        if session is None:
            return []
        open_runs = select(RUN).where(RUN.c.session_id == session_id, RUN.c.verdict.is_(None)).with_for_update()
        for run in connection.execute(open_runs).all():
            end_run(connection, run, outcome, now=now)
        return finish_if_done(connection, session, now=now)

    @staticmethod
    def _read(connection: Connection, rows: list[Row[Any]]) -> list[Session]:
        running = [row.id for row in rows if row.summary is None]
        counts = count_verdicts(connection, running) if running else {}
        return [_session_of(row, row.summary or summarise(connection, row.id, counts.get(row.id, {}))) for row in rows]


def sessions_of(user_id: int) -> Select[Any]:
    """Select the sessions of a user's areas."""
    return (
        select(SESSION)
        .join(AREA, AREA.c.id == SESSION.c.area_id)
        .where(AREA.c.user_id == user_id, AREA.c.deleted_at.is_(None))
    )


def _session_of(row: Row[Any], summary: dict[str, Any]) -> Session:
    newest = summary["newest_captured_at"]
    return Session(
        session_id=row.id,
        area_id=row.area_id,
        status=SessionStatus(row.status),
        reason=row.reason,
        started_at=row.started_at,
        ended_at=row.ended_at,
        tiles_planned=row.tiles_planned,
        tiles_done=sum(summary["counts"].values()),
        counts_by_verdict=summary["counts"],
        clear_share=summary["clear_share"],
        newest_captured_at=newest and datetime.fromisoformat(newest),
        severity=highest([summary.get("severity")]),
        failures=tuple(Failure(**failure) for failure in summary["failures"]),
        is_notification_sent=row.is_notification_sent,
    )
