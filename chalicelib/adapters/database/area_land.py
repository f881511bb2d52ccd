"""The land of areas that is changed, in the database.

A change takes hold in one transaction, under the area's lock. It ends the claims of the sessions that are open, so that
each session is of one land alone; they and all before them are of the land as it was, which the area's row says by
the id of the last one.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_shapes import forget_shape, is_kept, keep_shape
from chalicelib.adapters.database.rows import EXTENT
from chalicelib.domain.area_changes import LAND_CHANGED
from chalicelib.domain.areas import Area, Land
from chalicelib.domain.sessions import SessionStatus

SESSION, RUN, STATE = t.alert_sessions, t.session_tiles, t.area_states


def is_land_of(connection: Connection, area: Area, land: Land) -> bool:
    """Whether an area has this land already."""
    is_there = (area.extent, area.plan.grid) == (land.extent, land.grid)
    return is_there and is_kept(connection, area.area_id, land.laid)


def columns_of_land(land: Land) -> dict[str, Any]:
    """Return the columns of an area that say where it lies."""
    size = land.size
    return {
        **{name: getattr(land.extent, name) for name in EXTENT},
        **asdict(land.grid),
        "shape_m2": size and size.m2,
        "shape_tiles": size and size.tiles,
    }


def change_land(connection: Connection, area: Area, land: Land, *, now: datetime) -> dict[str, Any]:
    """Keep other land of an area, and return the columns of its row that say so. The caller holds its lock.

    It is due at once, for nobody has looked at its new land.
    """
    of_area = select(SESSION.c.id).where(SESSION.c.area_id == area.area_id)
    for session_id in connection.execute(
        of_area.where(SESSION.c.status == SessionStatus.IN_PROGRESS).order_by(SESSION.c.id)
    ).scalars():
        _stop(connection, session_id, now)
    forget_shape(connection, area.area_id)
    if land.laid is not None:
        keep_shape(connection, area.area_id, land.laid)
    # What was seen of the land before says nothing of how this one stands: from now on its days are counted.
    begins = {"since": now, "side_since": now, "tell_at": None}
    connection.execute(update(STATE).where(STATE.c.area_id == area.area_id).values(**begins))
    newest, slot_at = connection.execute(
        select(func.max(SESSION.c.id), func.max(SESSION.c.slot_at)).where(SESSION.c.area_id == area.area_id)
    ).one()
    due_at = now if slot_at is None else max(now, slot_at + timedelta(microseconds=1))  # each slot has one session
    return columns_of_land(land) | {"old_land_session_id": newest, "next_due_at": min(due_at, area.next_due_at)}


def _stop(connection: Connection, session_id: int, now: datetime) -> None:
    """Let nothing more be written of a session: its claims are void, and it is claimed by nobody from now on.

    Its row first, as whoever ends a tile run. What is left of it ends as `end_part` ends what it has begun with.
    """
    is_open = (SESSION.c.id == session_id) & (SESSION.c.status == SessionStatus.IN_PROGRESS)
    if connection.execute(select(SESSION.c.id).where(is_open).with_for_update()).first() is None:
        return
    why = f"{LAND_CHANGED.verdict.value}: {LAND_CHANGED.reason}"
    stopped = {"reason": func.coalesce(SESSION.c.reason, why), "deadline_at": now}
    connection.execute(update(SESSION).where(is_open).values(**stopped))
    is_left = (RUN.c.session_id == session_id) & RUN.c.verdict.is_(None)
    connection.execute(update(RUN).where(is_left).values(fence=RUN.c.fence + 1))
