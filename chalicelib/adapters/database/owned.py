"""Whose it is: the conditions under which a user's areas and sessions are found. Another user's do not exist."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select

from chalicelib.adapters.database import tables as t

AREA, SESSION = t.area_configs, t.alert_sessions


def owned_area(area_id: int, user_id: int) -> Select[Any]:
    """Select a user's area, as long as it is not deleted."""
    return select(AREA).where(AREA.c.id == area_id, AREA.c.user_id == user_id, AREA.c.deleted_at.is_(None))


def owned_sessions(user_id: int) -> Select[Any]:
    """Select the sessions of a user's areas."""
    return (
        select(SESSION)
        .join(AREA, AREA.c.id == SESSION.c.area_id)
        .where(AREA.c.user_id == user_id, AREA.c.deleted_at.is_(None))
    )
