"""Areas, in the database."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, Engine, delete, func, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import insert_row, reads, writes
from chalicelib.adapters.database.owned import owned_area
from chalicelib.adapters.database.rows import EXTENT, area_of
from chalicelib.domain.areas import Area, NewArea
from chalicelib.domain.errors import NotFound
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.thresholds import Sensitivity

AREA = t.area_configs


class SqlAreas:
    """The port `Areas`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @writes
    def add(self, connection: Connection, new: NewArea, *, now: datetime) -> Area:
        """Keep a new area; it is due at once."""
        plan = new.plan
        area_id = insert_row(
            connection,
            AREA,
            user_id=new.user_id,
            name=new.name,
            **{name: getattr(new.extent, name) for name in EXTENT},
            provider=plan.provider,
            zoom=plan.grid.zoom,
            tile_px=plan.grid.tile_px,
            margin_px=plan.grid.margin_px,
            cadence_hours=plan.cadence_hours,
            min_changed_area_m2=plan.thresholds.min_changed_area_m2,
            min_clear_share=plan.thresholds.min_clear_share,
            sensitivity=plan.thresholds.sensitivity,
            next_due_at=now,
            created_at=now,
        )
        return area_of(connection.execute(owned_area(area_id, new.user_id)).one())

    @reads
    def get(self, connection: Connection, area_id: int, *, user_id: int) -> Area:
        """Give a user's area. Raises NotFound."""
        row = connection.execute(owned_area(area_id, user_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no area {area_id}")
        return area_of(row)

    @reads
    def of_user(self, connection: Connection, user_id: int, *, page: PageRequest) -> Page[Area]:
        """Give a user's areas, oldest first."""
        mine = (AREA.c.user_id == user_id) & AREA.c.deleted_at.is_(None)
        total = connection.execute(select(func.count()).select_from(AREA).where(mine)).scalar_one()
        query = select(AREA).where(mine, AREA.c.id > (page.after or 0)).order_by(AREA.c.id).limit(page.limit + 1)
        rows = connection.execute(query).all()
        items = [area_of(row) for row in rows[: page.limit]]
        return Page(items, total, items[-1].area_id if len(rows) > page.limit else None)

    @writes
    def set_sensitivity(self, connection: Connection, area_id: int, sensitivity: Sensitivity, *, user_id: int) -> Area:
        """Make a user's area alert more or less readily from now on. Raises NotFound."""
        if connection.execute(owned_area(area_id, user_id).with_for_update()).one_or_none() is None:
            raise NotFound(f"there is no area {area_id}")
        connection.execute(update(AREA).where(AREA.c.id == area_id).values(sensitivity=sensitivity))
        return area_of(connection.execute(owned_area(area_id, user_id)).one())

    @reads
    def due(self, connection: Connection, *, now: datetime, limit: int) -> list[int]:
        """Give the ids of areas whose time has come and that have no open session, longest overdue first."""
        query = (
            select(AREA.c.id)
            .outerjoin(t.alert_sessions, t.alert_sessions.c.open_area_id == AREA.c.id)
            .where(AREA.c.next_due_at <= now, AREA.c.deleted_at.is_(None), t.alert_sessions.c.id.is_(None))
            .order_by(AREA.c.next_due_at, AREA.c.id)
            .limit(limit)
        )
        return list(connection.execute(query).scalars())

    @writes
    def mark_deleted(self, connection: Connection, area_id: int, *, user_id: int, now: datetime) -> list[int]:
        """Delete an area, so that nothing new can begin on it; give its open sessions' ids. Raises NotFound.

        Opening a session locks the area's row first, as this does: after it, no session can be opened any more.
        """
        if connection.execute(owned_area(area_id, user_id).with_for_update()).one_or_none() is None:
            raise NotFound(f"there is no area {area_id}")
        connection.execute(update(AREA).where(AREA.c.id == area_id).values(deleted_at=now))
        return _open_sessions(connection, area_id)

    @reads
    def open_sessions(self, connection: Connection, area_id: int) -> list[int]:
        """Give the ids of an area's open sessions: at most one."""
        return _open_sessions(connection, area_id)

    @reads
    def deleted_with_rows(self, connection: Connection, limit: int) -> list[int]:
        """Give the ids of deleted areas that still have rows."""
        query = select(AREA.c.id).where(AREA.c.deleted_at.is_not(None)).order_by(AREA.c.id).limit(limit)
        return list(connection.execute(query).scalars())

    @writes
    def purge(self, connection: Connection, area_id: int) -> bool:
        """Remove a deleted area's rows, unless a session of it is still open; say whether they are gone."""
        area = connection.execute(select(AREA).where(AREA.c.id == area_id).with_for_update()).one_or_none()
        if area is None:
            return True
        if area.deleted_at is None or _open_sessions(connection, area_id):
            return False
        sessions = list(
            connection.execute(select(t.alert_sessions.c.id).where(t.alert_sessions.c.area_id == area_id)).scalars()
        )
        images = select(t.image_tiles.c.id).where(t.image_tiles.c.area_id == area_id)
        connection.execute(delete(t.comparisons).where(t.comparisons.c.image_id.in_(images)))
        for table in (t.outbox, t.deliveries, t.alert_details, t.image_tiles, t.session_tiles):
            for start in range(0, len(sessions), 500):
                connection.execute(delete(table).where(table.c.session_id.in_(sessions[start : start + 500])))
        connection.execute(delete(t.alert_sessions).where(t.alert_sessions.c.area_id == area_id))
        connection.execute(delete(AREA).where(AREA.c.id == area_id))
        return True


def _open_sessions(connection: Connection, area_id: int) -> list[int]:
    query = select(t.alert_sessions.c.id).where(t.alert_sessions.c.open_area_id == area_id)
    return list(connection.execute(query).scalars())
