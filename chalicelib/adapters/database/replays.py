"""A second try of what failed, in the database. Verdicts and ended sessions stay as they are: a new session tries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select, update
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.comparisons import is_compared
from chalicelib.adapters.database.engine import writes
from chalicelib.adapters.database.outbox import post
from chalicelib.adapters.database.rows import area_of, tile_of
from chalicelib.adapters.database.session_closing import lock_session
from chalicelib.adapters.database.session_opening import Waits, open_session
from chalicelib.application.ports.replays import Replays
from chalicelib.domain.areas import Area
from chalicelib.domain.comparisons import comparison_key
from chalicelib.domain.diagnostics import Replayed
from chalicelib.domain.errors import Conflict, NotFound
from chalicelib.domain.jobs import Queue, SessionJob
from chalicelib.domain.pushes import DeliveryStatus
from chalicelib.domain.sessions import Cause
from chalicelib.domain.tile_runs import TileState, Verdict
from chalicelib.domain.tiles import Tile

AREA, SESSION, RUN, PUSH = t.area_configs, t.alert_sessions, t.session_tiles, t.deliveries
_NO_ANSWER = (Verdict.FAILED, Verdict.CANCELLED)


class SqlReplays(Replays):
    """The port `Replays`."""

    def __init__(self, engine: Engine, *, deadline_s: float, retry_s: float) -> None:
        self.engine = engine
        self._waits = Waits(timedelta(seconds=deadline_s), timedelta(seconds=retry_s))

    @override
    @writes
    def replay(
        self, connection: Connection, session_id: int, *, tile: Tile | None, now: datetime, request_id: str
    ) -> Replayed:
        area_id = connection.execute(select(SESSION.c.area_id).where(SESSION.c.id == session_id)).scalar_one_or_none()
        if area_id is None:
            raise NotFound(f"there is no session {session_id}")
        # The area's lock first, as opening a session takes it: of two replays at once one opens.
        row = connection.execute(select(AREA).where(AREA.c.id == area_id).with_for_update()).one()
        if row.deleted_at is not None:
            raise Conflict(f"area {area_id} was deleted: nothing begins on it any more")
        if not area_of(row).is_of_its_land(session_id):
            raise Conflict(f"the land of area {area_id} was changed since session {session_id}: look at it anew")
        open_id = connection.execute(select(SESSION.c.id).where(SESSION.c.open_area_id == area_id)).scalar_one_or_none()
        if open_id is not None:
            raise Conflict(
                f"session {open_id} of this area is open: wait for its end, then look what is left to replay"
            )
        failed = _failed(connection, session_id, tile)
        of_dates = select(SESSION.c.id).where(SESSION.c.id == session_id, SESSION.c.two_dates.is_not(None))
        if failed and connection.execute(of_dates).first() is not None:  # its images stand apart from the area's own
            raise Conflict(f"session {session_id} compares two dates: ask for them again, and it is tried anew")
        if failed:
            return self._try_tiles(connection, session_id, area_of(row), failed, now=now, request_id=request_id)
        if tile is not None:
            raise Conflict(f"tile {tile} did not fail in session {session_id}: there is nothing to replay")
        return _push_again(connection, session_id, now=now, request_id=request_id)

    def _try_tiles(
        self,
        connection: Connection,
        session_id: int,
        area: Area,
        failed: Sequence[Row[Any]],
        *,
        now: datetime,
        request_id: str,
    ) -> Replayed:
        answered = _answered_since(connection, area.area_id, failed)
        captures, comparisons = [], []
        for run in failed:
            tile = {"z": run.z, "x": run.x, "y": run.y, "watched_m2": run.watched_m2}
            if run.reference_id is None:
                if tile_of(run) not in answered:
                    captures.append(tile | {"state": TileState.PLANNED})
            elif not is_compared(connection, comparison_key(run.image_id, run.reference_id, area.plan.thresholds)):
                pair = {"image_id": run.image_id, "reference_id": run.reference_id}
                comparisons.append(tile | pair | {"state": TileState.CAPTURED})
        if not captures and not comparisons:
            return Replayed(
                says=f"every tile that failed in session {session_id} has its answer since: nothing to replay"
            )
        new_id, messages = open_session(
            connection,
            area,
            Cause.COMPARISON,  # of some of the tiles: no all-clear, and no state of the area as a whole
            [*captures, *comparisons],
            slot_at=None,
            waits=self._waits,
            now=now,
            request_id=request_id,
        )
        says = f"session {new_id} opened: {len(captures)} tiles to capture, {len(comparisons)} to compare"
        return Replayed(says=says, messages=tuple(messages))


def _failed(connection: Connection, session_id: int, tile: Tile | None) -> Sequence[Row[Any]]:
    query = select(RUN).where(RUN.c.session_id == session_id, RUN.c.verdict == Verdict.FAILED)
    if tile is not None:
        query = query.where(RUN.c.z == tile.z, RUN.c.x == tile.x, RUN.c.y == tile.y)
    return connection.execute(query.order_by(RUN.c.id)).all()


def _answered_since(connection: Connection, area_id: int, failed: Sequence[Row[Any]]) -> set[Tile]:
    """Return the tiles of the area that a later session has captured, or found nothing new of."""
    later = (
        select(RUN.c.z, RUN.c.x, RUN.c.y)
        .join(SESSION, SESSION.c.id == RUN.c.session_id)
        .where(SESSION.c.area_id == area_id, SESSION.c.two_dates.is_(None), RUN.c.id > failed[0].id)
        .where(RUN.c.verdict.is_not(None), RUN.c.verdict.not_in(_NO_ANSWER))
    )
    return {tile_of(row) for row in connection.execute(later)}


def _push_again(connection: Connection, session_id: int, *, now: datetime, request_id: str) -> Replayed:
    session = lock_session(connection, session_id)
    if session is None or not session.summary["counts"].get(Verdict.CHANGED):
        raise Conflict(
            f"nothing failed in session {session_id}, and it has no alert to push: there is nothing to replay"
        )
    of_session = (PUSH.c.session_id == session_id) & PUSH.c.notice_id.is_(None)
    # As if made now: what waits longer than a push lives is given up. What was taken once is never pushed again.
    connection.execute(
        update(PUSH)
        .where(of_session, PUSH.c.status == DeliveryStatus.FAILED)
        .values(status=DeliveryStatus.PENDING, lease_until=None, created_at=now)
    )
    counted = select(PUSH.c.status, func.count()).where(of_session).group_by(PUSH.c.status)
    by_status = {row[0]: int(row[1]) for row in connection.execute(counted)}
    waiting = by_status.get(DeliveryStatus.PENDING, 0)
    if by_status and not waiting:
        return Replayed(says=f"every push of session {session_id} was made already: nothing to replay")
    job = SessionJob(session_id=session_id, request_id=request_id)
    messages = post(connection, Queue.NOTIFICATIONS, job, now=now)
    return Replayed(
        says=f"session {session_id}: {waiting or 'all'} pushes are asked for again", messages=tuple(messages)
    )
