"""Places, in the database: each only for the owner of the area."""

from __future__ import annotations

from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, func, select, update
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import reads, writes
from chalicelib.adapters.database.owned import owned_area
from chalicelib.adapters.database.paging import counted, page_of
from chalicelib.adapters.database.rows import tile_of
from chalicelib.application.ports.places import Places
from chalicelib.domain.errors import Conflict, NotFound
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.places import Place, PlaceFilter, PlaceState, Seen, SeenTile
from chalicelib.domain.severity import Severity
from chalicelib.domain.tiles import Bounds, Outline

PLACE, SIGHTING, AREA, SESSION = t.places, t.place_sightings, t.area_configs, t.alert_sessions
IMAGE, ALERT = t.image_tiles, t.alert_details


class SqlPlaces(Places):
    """The port `Places`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @reads
    def of_user(self, connection: Connection, user_id: int, *, wanted: PlaceFilter, page: PageRequest) -> Page[Place]:
        query = select(PLACE).join(AREA, AREA.c.id == PLACE.c.area_id).where(_is_owned(user_id), *_conditions(wanted))
        total = counted(connection, query, page)
        if page.after is not None:
            query = query.where(PLACE.c.id < page.after)
        rows = connection.execute(query.order_by(PLACE.c.id.desc()).limit(page.limit + 1)).all()
        return page_of(rows, page, total, lambda shown: [_place_of(row) for row in shown])

    @override
    @reads
    def get(self, connection: Connection, place_id: int, *, user_id: int) -> Place:
        whole_id = func.coalesce(PLACE.c.merged_into_id, PLACE.c.id)
        is_it = PLACE.c.id == select(whole_id).where(PLACE.c.id == place_id).scalar_subquery()
        mine = select(PLACE).join(AREA, AREA.c.id == PLACE.c.area_id).where(_is_owned(user_id), is_it)
        row = connection.execute(mine).one_or_none()
        if row is None:
            raise NotFound(f"there is no place {place_id}")
        latest = select(SIGHTING.c.outlines).where(SIGHTING.c.place_id == row.id, SIGHTING.c.is_latest.is_(True))
        parts = connection.execute(latest.order_by(SIGHTING.c.id)).scalars()
        return _place_of(row, [outline for outlines in parts for outline in outlines])

    @override
    @reads
    def history(self, connection: Connection, place_id: int, *, most: int) -> list[Seen]:
        alert = ALERT.c.id.label("alert_id")
        query = (
            select(SIGHTING, IMAGE.c.object_key, alert)
            .join(IMAGE, IMAGE.c.id == SIGHTING.c.image_id)
            .outerjoin(ALERT, (ALERT.c.tile_run_id == SIGHTING.c.tile_run_id) & SIGHTING.c.is_told.is_(True))
            .where(SIGHTING.c.place_id == place_id)
            .order_by(SIGHTING.c.id.desc())
            .limit(most)
        )
        rows = sorted(connection.execute(query), key=lambda row: (row.session_id, row.id))
        by_session = groupby(rows, key=lambda row: row.session_id)
        return [_seen_of(session_id, list(sightings)) for session_id, sightings in by_session]

    @override
    @writes
    def accept_baseline(self, connection: Connection, area_id: int, *, user_id: int, now: datetime) -> int:
        # The area's lock: no session of it opens meanwhile, so nobody joins places of it.
        if connection.execute(owned_area(area_id, user_id).with_for_update()).one_or_none() is None:
            raise NotFound(f"there is no area {area_id}")
        is_open = select(SESSION.c.id).where(SESSION.c.open_area_id == area_id)
        if connection.execute(is_open).first() is not None:
            raise Conflict("this area is being looked at right now: wait until that has ended, then accept it")
        connection.execute(update(AREA).where(AREA.c.id == area_id).values(baseline_at=now))
        open_ones = (PLACE.c.area_id == area_id) & (PLACE.c.state == PlaceState.OPEN) & PLACE.c.merged_into_id.is_(None)
        settled = connection.execute(update(PLACE).where(open_ones).values(state=PlaceState.ACCEPTED))
        latest = (SIGHTING.c.area_id == area_id) & SIGHTING.c.is_latest.is_(True)
        connection.execute(update(SIGHTING).where(latest).values(area_m2=0.0, told_m2=0.0))
        return settled.rowcount


def _is_owned(user_id: int) -> ColumnElement[bool]:
    return (AREA.c.user_id == user_id) & AREA.c.deleted_at.is_(None) & PLACE.c.merged_into_id.is_(None)


def _conditions(wanted: PlaceFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if wanted.area_id is not None:
        conditions.append(PLACE.c.area_id == wanted.area_id)
    if wanted.since is not None:
        conditions.append(PLACE.c.last_seen_at >= wanted.since)
    if wanted.is_open is not None:
        is_open = PLACE.c.state == PlaceState.OPEN
        conditions.append(is_open if wanted.is_open else ~is_open)
    return conditions


def _place_of(row: Row[Any], outlines: list[Outline] | None = None) -> Place:
    return Place(
        place_id=row.id,
        area_id=row.area_id,
        state=PlaceState(row.state),
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        area_m2=row.area_m2,
        severity=row.severity and Severity(row.severity),
        bounds=Bounds(row.west, row.south, row.east, row.north),
        outlines=tuple(outlines or ()),
    )


def _seen_of(session_id: int, sightings: list[Row[Any]]) -> Seen:
    return Seen(
        session_id=session_id,
        seen_at=max(row.seen_at for row in sightings),
        area_m2=max(row.place_m2 or row.area_m2 for row in sightings),
        is_told=any(row.is_told for row in sightings),
        tiles=tuple(
            SeenTile(tile=tile_of(row), image_id=row.image_id, image_key=row.object_key, alert_id=row.alert_id)
            for row in sightings
        ),
    )
