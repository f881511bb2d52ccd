"""Sessions that compare two dates, in the database. They stand beside an area's own: any number may be open.

What they store is never read by the area's own sessions: no image of theirs is a reference or the newest one, none of
their tile runs says since when ground is unseen, and no place comes of them.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.scenes import json_of
from chalicelib.adapters.database.session_opening import Waits, open_session, planned
from chalicelib.domain.areas import Area
from chalicelib.domain.comparisons import DETECTOR
from chalicelib.domain.jobs import Message
from chalicelib.domain.scenes import Found
from chalicelib.domain.sessions import Cause, SessionStatus
from chalicelib.domain.tile_runs import Verdict
from chalicelib.domain.two_dates import TwoDates

SESSION, SEARCH = t.alert_sessions, t.scene_searches
MOST_LOOKED_THROUGH = 50  # of an area's latest sessions of this kind


def answering(connection: Connection, area: Area, dates: TwoDates, found: Found) -> int | None:
    """Return the session that compares, or has compared, just that; None if there is none, or it has no whole answer.

    The caller holds the area's lock: of two who ask at once the second one finds what the first one opened.
    """
    asked = _kept(dates, found, area)
    of_area = (SESSION.c.area_id == area.area_id) & SESSION.c.two_dates.is_not(None)
    of_area &= SESSION.c.id > (area.old_land_session_id or 0)
    latest = select(SESSION.c.id, SESSION.c.status, SESSION.c.summary, SESSION.c.two_dates).where(of_area)
    for row in connection.execute(latest.order_by(SESSION.c.id.desc()).limit(MOST_LOOKED_THROUGH)):
        failed = {Verdict.FAILED, Verdict.CANCELLED} & set((row.summary or {}).get("counts", ()))
        if row.two_dates == asked and row.status != SessionStatus.ERROR and not failed:
            return int(row.id)
    return None


def open_two_dates(
    connection: Connection,
    area: Area,
    dates: TwoDates,
    found: Found,
    *,
    waits: Waits,
    now: datetime,
    request_id: str,
) -> tuple[int, list[Message]]:
    """Open a session with the scenes that it chooses from, as if its search had found them."""
    asked, tiles = _kept(dates, found, area), planned(connection, area)
    session_id, messages = open_session(
        connection,
        area,
        Cause.COMPARISON,
        tiles,
        slot_at=None,
        waits=waits,
        now=now,
        request_id=request_id,
        two_dates=asked,
    )
    connection.execute(insert(SEARCH).values(session_id=session_id, lease_until=None, found=json_of(found)))
    return session_id, messages


def _kept(dates: TwoDates, found: Found, area: Area) -> dict[str, Any]:
    """Return what a session's row keeps of the dates that it compares; `key` tells which pictures, and how."""
    plan = area.plan
    scenes = [(scene.scene_id, str(scene.captured_at), scene.version) for scene in found.scenes]
    key = hashlib.sha256(repr((str(dates), scenes, plan.provider, plan.grid, plan.thresholds.key, DETECTOR)).encode())
    return {"before": str(dates.before), "after": str(dates.after), "key": key.hexdigest()[:32]}
