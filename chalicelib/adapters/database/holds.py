"""Legal holds, in the database.

A hold is placed under its area's lock, and its user's. So is the deletion of an area, each part of retention, and the
removal of a user: of two that meet, one is first, and the other finds what it did. Lock order: area, user, audit log.

What was placed on a place that turned out to be part of another one is read as a hold on that whole one. The row says
what it was placed on: places are joined without the area's lock, so it may be written of a part at any time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, func, null, select, update
from typing_extensions import override

from chalicelib.adapters.database import audit
from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import insert_row, reads, writes
from chalicelib.adapters.database.owned import owned_area
from chalicelib.adapters.database.paging import counted, newest, page_of
from chalicelib.adapters.database.whole_places import whole_places_of
from chalicelib.application.ports.holds import Holds
from chalicelib.domain.audit import Deed
from chalicelib.domain.errors import Conflict, NotFound
from chalicelib.domain.holds import Held, Hold
from chalicelib.domain.paging import Page, PageRequest

HOLD, AREA, PLACE, SESSION, USER = t.holds, t.area_configs, t.places, t.alert_sessions, t.users


class SqlHolds(Holds):
    """The port `Holds`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def place(
        self, connection: Connection, held: Held, *, user_id: int, reason: str, now: datetime, most_holds: int
    ) -> Hold:
        row = connection.execute(_wanted(connection, held)).one_or_none()
        if row is None or connection.execute(owned_area(row.area_id, user_id).with_for_update()).one_or_none() is None:
            raise NotFound("there is no such area, place or session")
        # A user who is removed meanwhile has no password any more.
        is_there = (USER.c.id == user_id) & (USER.c.password_hash != "")
        if connection.execute(select(USER.c.id).where(is_there).with_for_update()).first() is None:
            raise NotFound("there is no such area, place or session")
        same = (row.place_id, row.session_id)
        for hold in standing_on(connection, row.area_id):
            if (hold.place_id, hold.session_id) == same:
                raise Conflict(f"{hold.holds} is held already, by hold {hold.hold_id}")
        # Under the user's lock: of several at once none passes the limit.
        standing = select(func.count()).where(HOLD.c.user_id == user_id, HOLD.c.lifted_at.is_(None))
        if connection.execute(standing).scalar_one() >= most_holds:
            raise Conflict(f"{most_holds} holds of yours stand already: lift one first, or hold a whole area")
        values = {"area_id": row.area_id, "place_id": row.place_id, "session_id": row.session_id}
        hold_id = insert_row(connection, HOLD, user_id=user_id, reason=reason, placed_at=now, **values)
        hold = _one(connection, hold_id)
        about = f"hold {hold_id} on {hold.holds} of area {hold.area_id}"
        audit.append(connection, Deed.HOLD_PLACED, now=now, user_id=user_id, about=about)
        return hold

    @override
    @writes
    def lift(self, connection: Connection, hold_id: int, *, user_id: int, reason: str, now: datetime) -> Hold:
        row = connection.execute(_of(user_id).where(HOLD.c.id == hold_id).with_for_update()).one_or_none()
        if row is None:
            raise NotFound(f"there is no hold {hold_id}")
        if row.lifted_at is not None:
            raise Conflict(f"hold {hold_id} was lifted before")
        lifted = {"lifted_at": now, "lift_reason": reason}
        connection.execute(update(HOLD).where(HOLD.c.id == hold_id).values(**lifted))
        hold = _one(connection, hold_id)
        about = f"hold {hold_id} on {hold.holds} of area {hold.area_id}"
        audit.append(connection, Deed.HOLD_LIFTED, now=now, user_id=user_id, about=about)
        return hold

    @override
    @reads
    def of_user(self, connection: Connection, user_id: int, *, page: PageRequest) -> Page[Hold]:
        query = _of(user_id)
        behind = query if page.after is None else query.where(HOLD.c.id < page.after)
        rows = newest(connection, behind, HOLD.c.id, page)
        total = counted(connection, query, page, rows)
        return page_of(rows, page, total, lambda shown: _holds_of(connection, shown))


def _of(user_id: int) -> Select[Any]:
    """Select a user's holds. Those of an area that was deleted since they were lifted are gone with it."""
    query = select(HOLD).join(AREA, AREA.c.id == HOLD.c.area_id)
    return query.where(HOLD.c.user_id == user_id, AREA.c.deleted_at.is_(None))


def standing_on(connection: Connection, area_id: int) -> list[Hold]:
    """Return the holds that stand on an area, its places and its sessions. To rely on it, hold the area's lock."""
    return _standing(connection, select(HOLD).where(HOLD.c.area_id == area_id))


def standing_of(connection: Connection, user_id: int) -> list[Hold]:
    """Return the holds that stand on anything of a user's. To rely on it, hold the lock of the user's row."""
    return _standing(connection, select(HOLD).where(HOLD.c.user_id == user_id))


def _standing(connection: Connection, query: Select[Any]) -> list[Hold]:
    rows: Sequence[Row[Any]] = connection.execute(query.where(HOLD.c.lifted_at.is_(None)).order_by(HOLD.c.id)).all()
    return _holds_of(connection, rows)


def _wanted(connection: Connection, held: Held) -> Select[Any]:
    """Select the area, the place and the session that are meant. A place that was merged is the whole one."""
    if held.place_id is not None:
        is_it = PLACE.c.id == whole_places_of(connection, [held.place_id])[held.place_id]
        return select(PLACE.c.area_id, PLACE.c.id.label("place_id"), _nothing("session_id")).where(is_it)
    if held.session_id is not None:
        is_session = SESSION.c.id == held.session_id
        return select(SESSION.c.area_id, _nothing("place_id"), SESSION.c.id.label("session_id")).where(is_session)
    return select(AREA.c.id.label("area_id"), _nothing("place_id"), _nothing("session_id")).where(
        AREA.c.id == held.area_id
    )


def _nothing(name: str) -> Any:  # noqa: ANN401 (a column of a statement)
    return null().label(name)


def _one(connection: Connection, hold_id: int) -> Hold:
    (hold,) = _holds_of(connection, connection.execute(select(HOLD).where(HOLD.c.id == hold_id)).all())
    return hold


def _holds_of(connection: Connection, rows: Sequence[Row[Any]]) -> list[Hold]:
    whole = whole_places_of(connection, {row.place_id for row in rows if row.place_id is not None})
    return [_hold_of(row, whole) for row in rows]


def _hold_of(row: Row[Any], whole: Mapping[int, int]) -> Hold:
    return Hold(
        hold_id=row.id,
        area_id=row.area_id,
        place_id=row.place_id and whole[row.place_id],
        session_id=row.session_id,
        reason=row.reason,
        placed_at=row.placed_at,
        lifted_at=row.lifted_at,
        lift_reason=row.lift_reason,
    )
