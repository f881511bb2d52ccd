"""Areas, in the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import Connection, Engine, select, update
from typing_extensions import override

from chalicelib.adapters.database import audit
from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_states import standings_of
from chalicelib.adapters.database.engine import insert_row, reads, writes
from chalicelib.adapters.database.owned import owned_area
from chalicelib.adapters.database.paging import counted
from chalicelib.adapters.database.purging import purge_part
from chalicelib.adapters.database.rows import EXTENT, area_of, readable
from chalicelib.application.ports.areas import Areas
from chalicelib.domain.area_states import AreaStanding
from chalicelib.domain.areas import Area, NewArea
from chalicelib.domain.audit import Deed
from chalicelib.domain.errors import NotFound
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.thresholds import Sensitivity

AREA = t.area_configs


class SqlAreas(Areas):
    """The port `Areas`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def add(self, connection: Connection, new: NewArea, *, now: datetime) -> Area:
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
            unseen_tolerance=plan.unseen_tolerance,
            next_due_at=now,
            created_at=now,
            is_told_to_operator=new.is_told_to_operator,
        )
        return area_of(connection.execute(owned_area(area_id, new.user_id)).one())

    @override
    @reads
    def get(self, connection: Connection, area_id: int, *, user_id: int) -> Area:
        row = connection.execute(owned_area(area_id, user_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no area {area_id}")
        return area_of(row)

    @override
    @reads
    def of_user(self, connection: Connection, user_id: int, *, page: PageRequest) -> Page[Area]:
        mine = (AREA.c.user_id == user_id) & AREA.c.deleted_at.is_(None)
        total = counted(connection, select(AREA).where(mine), page)
        query = select(AREA).where(mine, AREA.c.id > (page.after or 0)).order_by(AREA.c.id).limit(page.limit + 1)
        rows = connection.execute(query).all()
        items = readable(rows[: page.limit], area_of)
        last = rows[page.limit - 1].id if len(rows) > page.limit else None
        return Page(items, total, last, [area.area_id for area in items])

    @override
    @reads
    def standings(self, connection: Connection, area_ids: Collection[int]) -> Mapping[int, AreaStanding]:
        return standings_of(connection, area_ids)

    @override
    @writes
    def change(
        self,
        connection: Connection,
        area_id: int,
        *,
        user_id: int,
        sensitivity: Sensitivity | None = None,
        unseen_tolerance: float | None = None,
    ) -> Area:
        if connection.execute(owned_area(area_id, user_id).with_for_update()).one_or_none() is None:
            raise NotFound(f"there is no area {area_id}")
        asked = {"sensitivity": sensitivity, "unseen_tolerance": unseen_tolerance}
        changed = {name: value for name, value in asked.items() if value is not None}
        connection.execute(update(AREA).where(AREA.c.id == area_id).values(**changed))
        return area_of(connection.execute(owned_area(area_id, user_id)).one())

    @override
    @reads
    def due(self, connection: Connection, *, now: datetime, limit: int) -> list[int]:
        query = (
            select(AREA.c.id)
            .outerjoin(t.alert_sessions, t.alert_sessions.c.open_area_id == AREA.c.id)
            .where(AREA.c.next_due_at <= now, AREA.c.deleted_at.is_(None), t.alert_sessions.c.id.is_(None))
            .order_by(AREA.c.next_due_at, AREA.c.id)
            .limit(limit)
        )
        return list(connection.execute(query).scalars())

    @override
    @writes
    def mark_deleted(self, connection: Connection, area_id: int, *, user_id: int, now: datetime) -> list[int]:
        if connection.execute(owned_area(area_id, user_id).with_for_update()).one_or_none() is None:
            raise NotFound(f"there is no area {area_id}")
        connection.execute(update(AREA).where(AREA.c.id == area_id).values(deleted_at=now))
        found = _open_sessions(connection, area_id)
        audit.append(connection, Deed.AREA_DELETED, now=now, user_id=user_id, about=f"area {area_id}")
        return found

    @override
    @reads
    def open_sessions(self, connection: Connection, area_id: int) -> list[int]:
        return _open_sessions(connection, area_id)

    @override
    @reads
    def deleted_with_rows(self, connection: Connection, limit: int) -> list[int]:
        query = select(AREA.c.id).where(AREA.c.deleted_at.is_not(None)).order_by(AREA.c.id).limit(limit)
        return list(connection.execute(query).scalars())

    @override
    @writes
    def purge(self, connection: Connection, area_id: int) -> list[str] | None:
        area = connection.execute(select(AREA).where(AREA.c.id == area_id).with_for_update()).one_or_none()
        if area is None:
            return []
        if area.deleted_at is None or _open_sessions(connection, area_id):
            return None
        return purge_part(connection, area)

    @override
    @reads
    def is_purged(self, connection: Connection, area_id: int) -> bool:
        return connection.execute(select(AREA.c.id).where(AREA.c.id == area_id)).first() is None


def _open_sessions(connection: Connection, area_id: int) -> list[int]:
    query = select(t.alert_sessions.c.id).where(t.alert_sessions.c.open_area_id == area_id)
    return list(connection.execute(query).scalars())
