"""Live data as it is recounted, in the database."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, func, or_, select
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import reads
from chalicelib.adapters.database.limit_tables import spendings as SPENT  # noqa: N812 (as everywhere)
from chalicelib.application.ports.invariants import Invariants
from chalicelib.domain.budgets import Spending
from chalicelib.domain.invariants import LATE, SessionFacts, Spent, Violation
from chalicelib.domain.jobs import Queue
from chalicelib.domain.pushes import PUSH_TTL_S, DeliveryStatus
from chalicelib.domain.sessions import Cause, SessionStatus

SESSION, RUN, AREA, ALERT, IMAGE = t.alert_sessions, t.session_tiles, t.area_configs, t.alert_details, t.image_tiles
SIGHTING, PLACE, JOB, PUSH, HOLD = t.place_sightings, t.places, t.outbox, t.deliveries, t.holds
SESSIONS_AT_ONCE, HOLDS_AT_ONCE = 200, 200
NAMING = (IMAGE.c.object_key, IMAGE.c.bands_key, ALERT.c.mask_key, ALERT.c.overlay_key)  # each column has an index
_ENDED = (
    select(SESSION, AREA.c.user_id)
    .join(AREA, AREA.c.id == SESSION.c.area_id)
    .where(SESSION.c.status != SessionStatus.IN_PROGRESS, AREA.c.deleted_at.is_(None))
)


class SqlInvariants(Invariants):
    """The port `Invariants`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @reads
    def left_open(self, connection: Connection, *, now: datetime, limit: int) -> list[Violation]:
        late = now - LATE
        given_up = late - timedelta(seconds=PUSH_TTL_S)
        is_open = (SESSION.c.status == SessionStatus.IN_PROGRESS) & (SESSION.c.deadline_at <= late)
        is_pending = (PUSH.c.status == DeliveryStatus.PENDING) & (PUSH.c.created_at <= given_up)
        is_dead = JOB.c.queue.in_(list(Queue)) & (JOB.c.dead_at <= late)
        looks: list[tuple[str, str, Select[Any]]] = [
            ("a session ends by its deadline", "session", select(SESSION.c.id).where(is_open)),
            ("a push is made or given up", "push", select(PUSH.c.id).where(is_pending)),
            ("a dead letter is settled", "message", select(JOB.c.id).where(is_dead)),
        ]
        return [
            Violation(rule, f"{what} {row_id} is open still, {LATE.seconds // 3600} h and more after its time")
            for rule, what, query in looks
            for row_id in connection.execute(query.limit(limit)).scalars()
        ]

    @override
    @reads
    def sessions_after(
        self, connection: Connection, session_id: int, *, tiles: int
    ) -> tuple[list[SessionFacts], int | None]:
        those = select(SESSION.c.id, SESSION.c.tiles_planned).where(SESSION.c.id > session_id)
        last, left = None, tiles
        for row in connection.execute(those.order_by(SESSION.c.id).limit(SESSIONS_AT_ONCE)).all():
            last, left = row.id, left - row.tiles_planned
            if left <= 0:
                break
        if last is None:
            return [], None
        ended = _ENDED.where(SESSION.c.id > session_id, SESSION.c.id <= last).order_by(SESSION.c.id)
        return _facts(connection, connection.execute(ended).all()), last

    @override
    @reads
    def facts_of(self, connection: Connection, session_id: int) -> SessionFacts | None:
        found = _facts(connection, connection.execute(_ENDED.where(SESSION.c.id == session_id)).all())
        return found[0] if found else None

    @override
    @reads
    def spent_on(self, connection: Connection, session_ids: Sequence[int]) -> list[Spent]:
        planned: Counter[tuple[int, str]] = Counter()
        # What the clock opened was charged; what somebody asked for may have been an operator's replay, which is not.
        for row in connection.execute(_ENDED.where(SESSION.c.id.in_(session_ids), SESSION.c.cause == Cause.SCHEDULED)):
            planned[row.user_id, row.started_at.date().isoformat()] += row.tiles_planned
        found = []
        kind = Spending.TILES
        for (user_id, day), count in planned.items():
            his = select(SPENT.c.amount).where(SPENT.c.user_id == user_id, SPENT.c.day == day, SPENT.c.kind == kind)
            # A release before the ledger charged nothing, and on the day of the upgrade a part.
            before = select(SPENT.c.day).where(SPENT.c.user_id == user_id, SPENT.c.day < day).limit(1)
            if connection.execute(before).first() is not None:
                found.append(Spent(user_id, day, kind, count, connection.execute(his).scalar() or 0))
        return found

    @override
    @reads
    def holds_after(self, connection: Connection, hold_id: int) -> tuple[list[Violation], int | None]:
        those = select(HOLD.c.id).where(HOLD.c.id > hold_id).order_by(HOLD.c.id).limit(HOLDS_AT_ONCE)
        ids = list(connection.execute(those).scalars())
        is_lost = or_(
            AREA.c.id.is_(None),
            AREA.c.deleted_at.is_not(None),
            HOLD.c.session_id.is_not(None) & SESSION.c.id.is_(None),
            HOLD.c.place_id.is_not(None) & PLACE.c.id.is_(None),
        )
        standing = select(HOLD).where(HOLD.c.id.in_(ids), HOLD.c.lifted_at.is_(None))
        joined = (
            standing.add_columns(is_lost.label("is_lost"))
            .outerjoin(AREA, AREA.c.id == HOLD.c.area_id)
            .outerjoin(SESSION, SESSION.c.id == HOLD.c.session_id)
            .outerjoin(PLACE, PLACE.c.id == HOLD.c.place_id)
        )
        found = []
        for row in connection.execute(joined.order_by(HOLD.c.id)).all():
            if row.is_lost:
                found.append(
                    Violation("what is held is there", f"what hold {row.id} holds, in area {row.area_id}, is not")
                )
            elif row.session_id is None and row.place_id is None and _is_dropped(connection, row):
                found.append(
                    Violation("what is held is not dropped", f"images of area {row.area_id}, hold {row.id}, are")
                )
        return found, ids[-1] if len(ids) == HOLDS_AT_ONCE else None

    @override
    @reads
    def names_after(self, connection: Connection, key: str, *, until: str | None, limit: int) -> list[str]:
        names: set[str] = set()
        most = until
        for column in NAMING:
            query = select(column).where(column > key).distinct().order_by(column).limit(limit)
            found = list(connection.execute(query if until is None else query.where(column <= until)).scalars())
            if len(found) == limit:  # of the other columns no more than up to there
                most = found[-1] if most is None else min(most, found[-1])
            names.update(found)
        return sorted(name for name in names if most is None or name <= most)


def _is_dropped(connection: Connection, hold: Row[Any]) -> bool:
    """Say whether an image of a held area was dropped since, by clocks that need not agree to the minute."""
    since = IMAGE.c.area_id == hold.area_id, IMAGE.c.dropped_at > hold.placed_at + LATE
    return connection.execute(select(IMAGE.c.id).where(*since).limit(1)).first() is not None


def _facts(connection: Connection, sessions: Sequence[Row[Any]]) -> list[SessionFacts]:
    ids = [row.id for row in sessions]
    by_verdict: dict[int, dict[str | None, int]] = {}
    counts = select(RUN.c.session_id, RUN.c.verdict, func.count()).where(RUN.c.session_id.in_(ids))
    for session_id, verdict, count in connection.execute(counts.group_by(RUN.c.session_id, RUN.c.verdict)):
        by_verdict.setdefault(session_id, {})[verdict] = count
    alerts = _counted(connection, select(ALERT.c.session_id, func.count()).where(ALERT.c.session_id.in_(ids)))
    unshown = (
        select(RUN.c.session_id, func.count())
        .outerjoin(IMAGE, IMAGE.c.id == RUN.c.image_id)
        .where(RUN.c.session_id.in_(ids), RUN.c.image_id.is_not(None), IMAGE.c.id.is_(None))
    )
    loose = (
        select(SIGHTING.c.session_id, SIGHTING.c.outlines)
        .outerjoin(PLACE, PLACE.c.id == SIGHTING.c.place_id)
        .where(SIGHTING.c.session_id.in_(ids), or_(SIGHTING.c.place_id.is_(None), PLACE.c.id.is_(None)))
    )
    without_picture: Counter[int] = Counter()
    for column in (ALERT.c.image_id, ALERT.c.reference_id, SIGHTING.c.image_id):
        gone = select(column.table.c.session_id, func.count()).join(IMAGE, IMAGE.c.id == column)
        those = column.table.c.session_id.in_(ids), IMAGE.c.dropped_at.is_not(None)
        without_picture.update(_counted(connection, gone.where(*those)))
    without_place = Counter(session_id for session_id, outlines in connection.execute(loose) if outlines)
    without_image = _counted(connection, unshown)
    return [
        SessionFacts(
            session_id=row.id,
            status=row.status,
            planned=row.tiles_planned,
            kept=None if row.summary is None else row.summary["counts"],
            counted={verdict: count for verdict, count in by_verdict.get(row.id, {}).items() if verdict is not None},
            open_runs=by_verdict.get(row.id, {}).get(None, 0),
            alerts=alerts.get(row.id, 0),
            without_image=without_image.get(row.id, 0),
            without_place=without_place[row.id],
            without_picture=without_picture[row.id],
        )
        for row in sessions
    ]


def _counted(connection: Connection, query: Select[Any]) -> dict[int, int]:
    (session_id, _) = query.selected_columns
    return {row[0]: row[1] for row in connection.execute(query.group_by(session_id))}
