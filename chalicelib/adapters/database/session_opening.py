"""The one way to open a session: its row, a tile run and a job for each tile, in the caller's transaction.

The caller holds the area's lock and knows that no session of it is open.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, func, insert, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import insert_row, record_after_commit
from chalicelib.adapters.database.outbox import current_turn
from chalicelib.adapters.database.rows import message_of, tile_of
from chalicelib.domain import events
from chalicelib.domain.areas import Area
from chalicelib.domain.budgets import start_of_day
from chalicelib.domain.jobs import Message, TileJob, queue_for, turns
from chalicelib.domain.sessions import Cause, SessionStatus
from chalicelib.domain.tile_runs import TileState

SESSION, RUN = t.alert_sessions, t.session_tiles


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
) -> tuple[int, list[Message]]:
    """Open a session on tiles given as columns of their runs, PLANNED or CAPTURED; return its id and its messages."""
    row = {
        "area_id": area.area_id,
        "open_area_id": area.area_id,
        "slot_at": slot_at,
        "cause": cause,
        "status": SessionStatus.IN_PROGRESS,
        "started_at": now,
        "deadline_at": now + waits.deadline,
        "tiles_planned": len(tiles),
    }
    session_id = insert_row(connection, SESSION, **row)
    of_session = {"session_id": session_id, "retry_at": now + waits.retry}
    connection.execute(insert(RUN), [{"image_id": None, "reference_id": None} | tile | of_session for tile in tiles])
    runs = connection.execute(select(RUN).where(RUN.c.session_id == session_id).order_by(RUN.c.id)).all()
    fixed = {"session_id": session_id, "created_at": now, "available_at": now}
    own = select(func.count()).select_from(SESSION).join(t.area_configs, t.area_configs.c.id == SESSION.c.area_id)
    is_open = SESSION.c.open_area_id.is_not(None) & (t.area_configs.c.user_id == area.user_id)
    open_sessions = int(connection.execute(own.where(is_open)).scalar_one())  # this one included
    in_order = turns(len(runs), begin=current_turn(connection), open_sessions=open_sessions)
    jobs = [
        {
            "queue": queue_for(TileState(run.state)),
            "turn": turn,
            "tile_run_id": run.id,
            "body": TileJob(
                session_id=session_id, tile_run_id=run.id, tile=str(tile_of(run)), request_id=request_id, turn=turn
            ).to_json(),
        }
        for run, turn in zip(runs, in_order, strict=True)
    ]
    connection.execute(insert(t.outbox), [fixed | job for job in jobs])
    posted = connection.execute(select(t.outbox).where(t.outbox.c.session_id == session_id).order_by(t.outbox.c.id))
    record_after_commit(
        connection,
        events.SESSION_OPENED,
        session_id=session_id,
        area_id=area.area_id,
        cause=cause.value,
        tiles=len(tiles),
    )
    return session_id, [message_of(row) for row in posted]


def refuse_session(connection: Connection, area_id: int, reason: str, *, slot_at: datetime, now: datetime) -> None:
    """Tell an area's owner, once a day, that a session was due and was not opened: as one that ended with an error."""
    was_told = select(SESSION.c.id).where(
        SESSION.c.area_id == area_id, SESSION.c.tiles_planned == 0, SESSION.c.started_at >= start_of_day(now)
    )
    if connection.execute(was_told.limit(1)).first() is not None:
        return
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
    insert_row(connection, SESSION, **row)
    record_after_commit(connection, events.SESSION_REFUSED, area_id=area_id, reason=reason)
