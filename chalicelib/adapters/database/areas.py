"""Areas, in the database."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Unpack

from sqlalchemy import Connection, Engine, func, select, update
from typing_extensions import override

from chalicelib.adapters.database import audit
from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_changes import change_area
from chalicelib.adapters.database.area_land import columns_of_land
from chalicelib.adapters.database.area_shapes import keep_shape, shape_of
from chalicelib.adapters.database.area_states import standings_of
from chalicelib.adapters.database.engine import insert_row, reads, writes
from chalicelib.adapters.database.holds import standing_on
from chalicelib.adapters.database.owned import ONE_AREA, owned_area
from chalicelib.adapters.database.paging import counted
from chalicelib.adapters.database.purging import purge_part
from chalicelib.adapters.database.rows import alert_kinds_kept, area_of, readable
from chalicelib.application.ports.areas import Areas
from chalicelib.domain.area_changes import Changes
from chalicelib.domain.area_states import AreaStanding
from chalicelib.domain.areas import Area, Land, NewArea
from chalicelib.domain.audit import Deed
from chalicelib.domain.errors import Conflict, NotFound
from chalicelib.domain.holds import check_free
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.sessions import SessionStatus
from chalicelib.domain.shapes import Shape

AREA = t.area_configs


class SqlAreas(Areas):
    """The port `Areas`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def add(self, connection: Connection, new: NewArea, *, now: datetime, most_areas: int) -> Area:
        # Under the user's lock: of several at once none passes the limit.
        connection.execute(select(t.users.c.id).where(t.users.c.id == new.user_id).with_for_update())
        watched = select(func.count()).where(AREA.c.user_id == new.user_id, AREA.c.deleted_at.is_(None))
        if connection.execute(watched).scalar_one() >= most_areas:
            raise Conflict(f"you watch {most_areas} areas already: delete one first")
        plan = new.plan
        area_id = insert_row(
            connection,
            AREA,
            user_id=new.user_id,
            name=new.name,
            provider=plan.provider,
            cadence_hours=plan.cadence_hours,
            min_changed_area_m2=plan.thresholds.min_changed_area_m2,
            min_clear_share=plan.thresholds.min_clear_share,
            sensitivity=plan.thresholds.sensitivity,
            alert_kinds=alert_kinds_kept(plan.thresholds.alert_kinds),
            unseen_tolerance=plan.unseen_tolerance,
            compare_since=plan.compare_since,
            looks_on_arrival=plan.looks_on_arrival,
            schedule=plan.schedule and plan.schedule.counted_from(now).to_json(),
            is_confirmed_twice=plan.thresholds.is_confirmed_twice,
            tags=list(new.tags) or None,
            next_due_at=now,
            created_at=now,
            is_told_to_operator=new.is_told_to_operator,
            **columns_of_land(Land(new.extent, plan.grid, new.laid)),
        )
        if new.laid is not None:
            keep_shape(connection, area_id, new.laid)
        return area_of(connection.execute(owned_area(area_id, new.user_id)).one())

    @override
    @reads
    def get(self, connection: Connection, area_id: int, *, user_id: int) -> Area:
        row = connection.execute(ONE_AREA, {"wanted": area_id, "owner": user_id}).one_or_none()
        if row is None:
            raise NotFound(f"there is no area {area_id}")
        return area_of(row)

    @override
    @reads
    def shape_of(self, connection: Connection, area: Area) -> Shape | None:
        return shape_of(connection, area)

    @override
    @reads
    def of_user(self, connection: Connection, user_id: int, *, page: PageRequest) -> Page[Area]:
        mine = (AREA.c.user_id == user_id) & AREA.c.deleted_at.is_(None)
        query = select(AREA).where(mine, AREA.c.id > (page.after or 0)).order_by(AREA.c.id).limit(page.limit + 1)
        rows = connection.execute(query).all()
        total = counted(connection, select(AREA).where(mine), page, rows)
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
        version: int | None = None,
        now: datetime,
        **changes: Unpack[Changes],
    ) -> Area:
        return change_area(connection, area_id, changes, user_id=user_id, version=version, now=now)

    @override
    @reads
    def due(self, connection: Connection, *, now: datetime, limit: int) -> list[int]:
        query = (
            select(AREA.c.id)
            .outerjoin(t.alert_sessions, t.alert_sessions.c.open_area_id == AREA.c.id)
            .where(AREA.c.next_due_at <= now, AREA.c.deleted_at.is_(None), AREA.c.is_paused.is_(False))
            .where(t.alert_sessions.c.id.is_(None))
            .order_by(AREA.c.next_due_at, AREA.c.id)
            .limit(limit)
        )
        return list(connection.execute(query).scalars())

    @override
    @writes
    def mark_deleted(self, connection: Connection, area_id: int, *, user_id: int, now: datetime) -> list[int]:
        if connection.execute(owned_area(area_id, user_id).with_for_update()).one_or_none() is None:
            raise NotFound(f"there is no area {area_id}")
        check_free(f"area {area_id}", standing_on(connection, area_id))
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
    is_here = t.alert_sessions.c.area_id == area_id
    query = select(t.alert_sessions.c.id).where(is_here, t.alert_sessions.c.status == SessionStatus.IN_PROGRESS)
    return list(connection.execute(query).scalars())
