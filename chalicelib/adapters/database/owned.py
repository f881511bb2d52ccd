"""Whose it is: the conditions under which a user's areas and sessions are found. Another user's do not exist."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BindParameter, Select, bindparam, select

from chalicelib.adapters.database import tables as t

AREA, SESSION = t.area_configs, t.alert_sessions
NEWEST = "FORCE INDEX (ix_alert_sessions_area_id_id)"  # without it MySQL goes down the whole table by its key
Value = int | BindParameter[Any]


def owned_area(area_id: Value, user_id: Value) -> Select[Any]:
    """Select a user's area, as long as it is not deleted."""
    return select(AREA).where(AREA.c.id == area_id, AREA.c.user_id == user_id, AREA.c.deleted_at.is_(None))


def owned_sessions(user_id: Value, area_id: Value | None = None) -> Select[Any]:
    """Select the sessions of a user's areas, or of one of them."""
    mine = (
        select(SESSION)
        .join(AREA, AREA.c.id == SESSION.c.area_id)
        .where(AREA.c.user_id == user_id, AREA.c.deleted_at.is_(None))
    )
    return mine if area_id is None else mine.where(SESSION.c.area_id == area_id).with_hint(SESSION, NEWEST, "mysql")


# One of them, to read: made once, since to make a statement takes as long as to run it. Their parameters
# are `wanted` and `owner`.
ONE_AREA = owned_area(bindparam("wanted"), bindparam("owner"))
ONE_SESSION = owned_sessions(bindparam("owner")).where(SESSION.c.id == bindparam("wanted"))
ONE_SESSION_ID = ONE_SESSION.with_only_columns(SESSION.c.id)  # without its failures, which take long to decode
# In a statement about what belongs to one of them: none of another user's has such an id.
THAT_AREA = ONE_AREA.with_only_columns(AREA.c.id).scalar_subquery()
THAT_SESSION = ONE_SESSION_ID.scalar_subquery()
