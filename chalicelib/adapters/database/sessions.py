"""Sessions, in the database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select, update
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_shapes import watched_m2
from chalicelib.adapters.database.comparisons import not_compared
from chalicelib.adapters.database.engine import reads, writes
from chalicelib.adapters.database.ledger import charge
from chalicelib.adapters.database.owned import ONE_SESSION, owned_area
from chalicelib.adapters.database.references import newest_pairs
from chalicelib.adapters.database.rows import area_of, session_of
from chalicelib.adapters.database.session_closing import lock_session
from chalicelib.adapters.database.session_ending import end_part
from chalicelib.adapters.database.session_lists import sessions_of_user
from chalicelib.adapters.database.session_opening import (
    Waits,
    answering_first,
    columns_of,
    mark_requested,
    open_session,
    planned,
    refuse_session,
)
from chalicelib.adapters.database.session_summaries import count_verdicts, kept_summary, summarise
from chalicelib.adapters.database.two_dates import answering, open_two_dates
from chalicelib.application.patience import is_awaited
from chalicelib.application.ports.sessions import Sessions
from chalicelib.domain.areas import Area
from chalicelib.domain.budgets import Spending, of_tiles
from chalicelib.domain.cadences import next_due
from chalicelib.domain.errors import Conflict, LimitReached, NotFound
from chalicelib.domain.jobs import Message
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.scenes import Found
from chalicelib.domain.sessions import Cause, Session, SessionStatus
from chalicelib.domain.tile_runs import Outcome, TileState
from chalicelib.domain.two_dates import TwoDates

SESSION, AREA = t.alert_sessions, t.area_configs
PARTS_IN_TIME = 6  # of a session that ends, while a person waits
PARTS_AT_ONCE = 40  # of one that ends while nobody does, ten thousand tiles: the next minute goes on


class SqlSessions(Sessions):
    """The port `Sessions`."""

    def __init__(
        self,
        engine: Engine,
        *,
        deadline_s: float,
        retry_s: float,
        tiles_per_day: int,
        cost_of: Callable[[str], float] = lambda _provider: 0.0,
    ) -> None:
        self.engine = engine
        self._waits = Waits(timedelta(seconds=deadline_s), timedelta(seconds=retry_s))
        self._budgets = {Spending.TILES: tiles_per_day, Spending.COMPARISONS: tiles_per_day}
        self._cost_of = cost_of  # USD for a request to a provider

    @override
    @writes
    def open_due(self, connection: Connection, area_id: int, *, now: datetime, request_id: str) -> list[Message]:
        query = select(AREA).where(AREA.c.id == area_id, AREA.c.deleted_at.is_(None)).with_for_update()
        row = connection.execute(query).one_or_none()
        if row is None or row.is_paused or row.next_due_at > now or self._open_one(connection, area_id) is not None:
            return []
        area = area_of(row)
        try:
            self._charge(connection, area, now)
        except LimitReached as refused:
            # Tried again each hour: planning it each minute would only burn the database.
            connection.execute(update(AREA).where(AREA.c.id == area_id).values(next_due_at=now + timedelta(hours=1)))
            refuse_session(connection, area, refused.reason, slot_at=row.next_due_at, now=now)
            return []
        tiles, slot_at = planned(connection, area), row.next_due_at
        _, messages = self._open(
            connection, area, Cause.SCHEDULED, tiles, slot_at=slot_at, now=now, request_id=request_id
        )
        return messages

    @override
    @writes
    def open_now(
        self, connection: Connection, area_id: int, cause: Cause, *, user_id: int, now: datetime, request_id: str
    ) -> tuple[Session, list[Message]]:
        area = self._locked(connection, area_id, user_id)
        open_one = self._open_one(connection, area_id)
        if open_one is not None:
            if cause is Cause.REQUESTED and open_one.cause == Cause.SCHEDULED:
                mark_requested(connection, open_one.id)  # it answers this request, and not the next one as well
            return self._read(connection, [open_one])[0], []
        if cause is Cause.COMPARISON:
            session_id, messages = self._open_comparisons(connection, area, now=now, request_id=request_id)
        elif (first := answering_first(connection, area, now)) is not None:
            session_id, messages = first, []
        else:
            self._charge(connection, area, now)
            session_id, messages = self._open(
                connection, area, cause, planned(connection, area), slot_at=None, now=now, request_id=request_id
            )
        return self._one(connection, session_id), messages

    @override
    @writes
    def open_two_dates(
        self,
        connection: Connection,
        area_id: int,
        dates: TwoDates,
        found: Found,
        *,
        user_id: int,
        now: datetime,
        request_id: str,
    ) -> tuple[Session, list[Message]]:
        area = self._locked(connection, area_id, user_id)
        answer = answering(connection, area, dates, found)
        if answer is not None:
            return self._one(connection, answer), []
        self._charge(connection, area, now, images=2)
        session_id, messages = open_two_dates(
            connection, area, dates, found, waits=self._waits, now=now, request_id=request_id
        )
        return self._one(connection, session_id), messages

    @staticmethod
    def _locked(connection: Connection, area_id: int, user_id: int) -> Area:
        row = connection.execute(owned_area(area_id, user_id).with_for_update()).one_or_none()
        if row is None:
            raise NotFound(f"there is no area {area_id}")
        return area_of(row)

    @staticmethod
    def _open_one(connection: Connection, area_id: int) -> Row[Any] | None:
        return connection.execute(select(SESSION).where(SESSION.c.open_area_id == area_id)).one_or_none()

    def _charge(self, connection: Connection, area: Area, now: datetime, *, images: int = 1) -> None:
        needed = of_tiles(images * area.tiles, cost_usd=self._cost_of(area.plan.provider))
        charge(connection, area.user_id, needed, budgets=self._budgets, now=now)

    def _open_comparisons(
        self, connection: Connection, area: Area, *, now: datetime, request_id: str
    ) -> tuple[int, list[Message]]:
        m2 = watched_m2(connection, area)
        by_pair = {pair: tile for tile, pair in newest_pairs(connection, area) if tile in m2}
        pairs = sorted(not_compared(connection, list(by_pair), area.plan.thresholds))
        captured = {"state": TileState.CAPTURED}
        if pairs:
            needed = {Spending.COMPARISONS: len(pairs)}
            charge(connection, area.user_id, needed, budgets=self._budgets, now=now)
            tiles = [columns_of(by_pair[pair], m2[by_pair[pair]]) | pair._asdict() | captured for pair in pairs]
            return self._open(connection, area, Cause.COMPARISON, tiles, slot_at=None, now=now, request_id=request_id)
        latest = select(func.max(SESSION.c.id)).where(SESSION.c.area_id == area.area_id, SESSION.c.two_dates.is_(None))
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
        request_id: str,
    ) -> tuple[int, list[Message]]:
        opened = open_session(
            connection, area, cause, tiles, slot_at=slot_at, waits=self._waits, now=now, request_id=request_id
        )
        if cause is not Cause.COMPARISON:
            due_at = next_due(area.next_due_at, area.plan.cadence, now=now)
            connection.execute(update(AREA).where(AREA.c.id == area.area_id).values(next_due_at=due_at))
        return opened

    @override
    @reads
    def get(self, connection: Connection, session_id: int, *, user_id: int) -> Session:
        row = connection.execute(ONE_SESSION, {"wanted": session_id, "owner": user_id}).one_or_none()
        if row is None:
            raise NotFound(f"there is no session {session_id}")
        return self._read(connection, [row])[0]

    @override
    @reads
    def is_open(self, connection: Connection, session_id: int) -> bool:
        query = select(SESSION.c.status).where(SESSION.c.id == session_id)
        return connection.execute(query).scalar_one_or_none() == SessionStatus.IN_PROGRESS

    @override
    @reads
    def of_user(
        self, connection: Connection, user_id: int, *, page: PageRequest, area_id: int | None = None
    ) -> Page[Session]:
        return sessions_of_user(connection, user_id, page=page, area_id=area_id)

    @override
    @reads
    def overdue(self, connection: Connection, *, now: datetime, limit: int) -> list[tuple[int, bool]]:
        query = (
            select(SESSION.c.id, SESSION.c.reason)
            .where(SESSION.c.status == SessionStatus.IN_PROGRESS, SESSION.c.deadline_at <= now)
            .limit(limit)
        )
        return [(row.id, row.reason is not None) for row in connection.execute(query)]

    @override
    def end_open_tiles(
        self, session_id: int, outcome: Outcome, *, now: datetime, request_id: str = ""
    ) -> list[Message]:
        parts = PARTS_IN_TIME if is_awaited() else PARTS_AT_ONCE
        while (messages := self._end_part(session_id, outcome, now=now, request_id=request_id)) is None and parts > 1:
            parts -= 1
        return messages or []

    @writes
    def _end_part(
        self, connection: Connection, session_id: int, outcome: Outcome, *, now: datetime, request_id: str
    ) -> list[Message] | None:
        session = lock_session(connection, session_id)
        return [] if session is None else end_part(connection, session, outcome, now=now, request_id=request_id)

    @classmethod
    def _one(cls, connection: Connection, session_id: int) -> Session:
        return cls._read(connection, [connection.execute(select(SESSION).where(SESSION.c.id == session_id)).one()])[0]

    @staticmethod
    def _read(connection: Connection, rows: list[Row[Any]]) -> list[Session]:
        running = [row.id for row in rows if row.summary is None]
        counts = count_verdicts(connection, running) if running else {}
        return [
            session_of(row, kept_summary(row) or summarise(connection, row.id, counts.get(row.id, {}))) for row in rows
        ]
