"""The one way to open a session: its row, and what it plans, in the caller's transaction.

The caller holds the area's lock and knows that no session of it is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_shapes import watched_m2
from chalicelib.adapters.database.area_states import put_state, standings_of
from chalicelib.adapters.database.engine import insert_row, record_after_commit
from chalicelib.adapters.database.rows import past_session_of
from chalicelib.adapters.database.session_parts import plan_first
from chalicelib.domain import events
from chalicelib.domain.area_states import AreaState
from chalicelib.domain.areas import Area
from chalicelib.domain.budgets import start_of_day
from chalicelib.domain.jobs import Message
from chalicelib.domain.sessions import Cause, SessionStatus, answers_first_request
from chalicelib.domain.tile_runs import TileState
from chalicelib.domain.tiles import Tile

SESSION = t.alert_sessions


class Waits(NamedTuple):
    """How long a session may be open, and a job untaken until it is written anew."""

    deadline: timedelta
    retry: timedelta


def open_session(
    connection: Connection,
    area: Area,
    cause: Cause,
    tiles: Sequence[dict[str, Any]],
    *,
    slot_at: datetime | None,
    waits: Waits,
    now: datetime,
    request_id: str,
    two_dates: dict[str, Any] | None = None,
) -> tuple[int, list[Message]]:
    """Open a session on tiles given as columns of their runs, PLANNED or CAPTURED; return its id and its messages.

    One that compares two dates is beside the area's own, of which one at most is open.
    """
    row = {
        "area_id": area.area_id,
        "open_area_id": None if two_dates else area.area_id,
        "two_dates": two_dates,
        "slot_at": slot_at,
        "cause": cause,
        "status": SessionStatus.IN_PROGRESS,
        "started_at": now,
        "deadline_at": now + waits.deadline,
        "tiles_planned": len(tiles),
    }
    session_id = insert_row(connection, SESSION, **row)
    messages = plan_first(
        connection, session_id, tiles, user_id=area.user_id, retry=waits.retry, now=now, request_id=request_id
    )
    record_after_commit(
        connection,
        events.SESSION_OPENED,
        session_id=session_id,
        area_id=area.area_id,
        cause=cause.value,
        tiles=len(tiles),
    )
    return session_id, messages


def refuse_session(connection: Connection, area: Area, reason: str, *, slot_at: datetime, now: datetime) -> None:
    """Keep, once a day, that a session was due and was not opened: as one that ended with an error.

    Nobody looks at the area: it fails until a session of it has been, and its owner is told so as of any other.
    """
    of_today = (SESSION.c.area_id == area.area_id) & (SESSION.c.started_at >= start_of_day(now))
    of_today &= (SESSION.c.tiles_planned == 0) & (SESSION.c.id > (area.old_land_session_id or 0))
    session_id = connection.execute(select(func.max(SESSION.c.id)).where(of_today)).scalar_one()
    if session_id is None:
        session_id = _add_refused(connection, area.area_id, reason, slot_at=slot_at, now=now)
    before = standings_of(connection, [area.area_id]).get(area.area_id)
    put_state(
        connection,
        area.area_id,
        AreaState.FAILING,
        session_id=session_id,
        unseen=None if before is None else before.unseen,
        clearly_seen_at=None if before is None else before.clearly_seen_at,
        tolerance=area.plan.unseen_tolerance,
        now=now,
    )


def _add_refused(connection: Connection, area_id: int, reason: str, *, slot_at: datetime, now: datetime) -> int:
    summary: dict[str, Any] = {"counts": {}, "severity": None, "clear_share": None, "newest_captured_at": None}
    row = {
        "area_id": area_id,
        "slot_at": slot_at,
        "cause": Cause.SCHEDULED,
        "status": SessionStatus.ERROR,
        "reason": reason,
        "started_at": now,
        "deadline_at": now,
        "ended_at": now,
        "tiles_planned": 0,
        "summary": summary | {"unseen": None, "failures": []},
    }
    session_id = insert_row(connection, SESSION, **row)
    record_after_commit(connection, events.SESSION_REFUSED, area_id=area_id, reason=reason)
    return session_id


def answering_first(connection: Connection, area: Area, now: datetime) -> int | None:
    """Return the session that answers an area's first request, and mark it as requested: it does so once.

    The first request of other land is a first one too.
    """
    own = (SESSION.c.area_id == area.area_id) & SESSION.c.two_dates.is_(None)
    own &= SESSION.c.id > (area.old_land_session_id or 0)
    rows = connection.execute(select(SESSION).where(own).limit(2)).all()
    if not answers_first_request([past_session_of(row) for row in rows], now=now):
        return None
    mark_requested(connection, rows[0].id)
    return int(rows[0].id)


def mark_requested(connection: Connection, session_id: int) -> None:
    """Keep that a session answers somebody's request."""
    connection.execute(update(SESSION).where(SESSION.c.id == session_id).values(cause=Cause.REQUESTED))


def planned(connection: Connection, area: Area) -> list[dict[str, object]]:
    """Return the columns of the runs of all of an area's tiles, to be captured."""
    tiles = watched_m2(connection, area)
    return [columns_of(tile, m2) | {"state": TileState.PLANNED} for tile, m2 in tiles.items()]


def columns_of(tile: Tile, m2: float) -> dict[str, object]:
    """Return the columns of a tile's run that say which ground it is, and how much of it is the area's."""
    return {"z": tile.z, "x": tile.x, "y": tile.y, "watched_m2": m2}
