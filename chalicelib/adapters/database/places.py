"""Places, in the database: each only for the owner of the area."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, Engine, Row, bindparam, func, select, update
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import reads, writes
from chalicelib.adapters.database.named_parcel_rows import named_by_places
from chalicelib.adapters.database.owned import owned_area
from chalicelib.adapters.database.paging import Listing, page_of
from chalicelib.adapters.database.rows import tile_of
from chalicelib.application.ports.places import Places
from chalicelib.domain.errors import Conflict, NotFound
from chalicelib.domain.kinds import Kind
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.parcels import NamedParcel
from chalicelib.domain.place_files import NamedPlace
from chalicelib.domain.places import Place, PlaceFilter, PlaceState, Seen, SeenTile
from chalicelib.domain.severity import Severity
from chalicelib.domain.tiles import Bounds, Outline

PLACE, SIGHTING, AREA, SESSION = t.places, t.place_sightings, t.area_configs, t.alert_sessions
IMAGE, ALERT = t.image_tiles, t.alert_details
AT_ONCE = 500  # ids in one statement

# Made once, since to make a statement takes as long as to run it.
_WANTED: BindParameter[Any] = bindparam("wanted")
_IS_OWNED = (AREA.c.user_id == bindparam("owner")) & AREA.c.deleted_at.is_(None) & PLACE.c.merged_into_id.is_(None)
_WHOLE_ID = select(func.coalesce(PLACE.c.merged_into_id, PLACE.c.id)).where(PLACE.c.id == _WANTED).scalar_subquery()
_ONE = select(PLACE).join(AREA, AREA.c.id == PLACE.c.area_id).where(_IS_OWNED, PLACE.c.id == _WHOLE_ID)
_OUTLINES = (
    select(SIGHTING.c.outlines)
    .where(SIGHTING.c.place_id == _WANTED, SIGHTING.c.is_latest.is_(True))
    .order_by(SIGHTING.c.id)
)
_HISTORY = (
    select(SIGHTING, IMAGE.c.object_key, ALERT.c.id.label("alert_id"))
    .join(IMAGE, IMAGE.c.id == SIGHTING.c.image_id)
    .outerjoin(ALERT, (ALERT.c.tile_run_id == SIGHTING.c.tile_run_id) & SIGHTING.c.is_told.is_(True))
    .where(SIGHTING.c.place_id == _WANTED)
    .order_by(SIGHTING.c.id.desc())
    .limit(bindparam("most"))
)
_AREAS = select(AREA.c.id).where(AREA.c.user_id == bindparam("owner"), AREA.c.deleted_at.is_(None))


@cache
def _listing(is_of_one_area: bool, has_since: bool, is_open: bool | None) -> Listing:  # noqa: FBT001
    """Make the statements of a list of places. Of one area the index gives them in their order."""
    of_areas = PLACE.c.area_id.in_(bindparam("areas", expanding=True))
    is_mine = PLACE.c.area_id == bindparam("area") if is_of_one_area else of_areas
    conditions = _conditions(bindparam("since") if has_since else None, is_open)
    query = select(PLACE.c.id).where(is_mine, PLACE.c.merged_into_id.is_(None), *conditions)
    return Listing.newest_first(query, PLACE.c.id, shown=select(PLACE))


class SqlPlaces(Places):
    """The port `Places`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @reads
    def of_user(self, connection: Connection, user_id: int, *, wanted: PlaceFilter, page: PageRequest) -> Page[Place]:
        mine = connection.execute(_AREAS, {"owner": user_id}).scalars()
        areas = [area_id for area_id in mine if wanted.area_id in (None, area_id)]
        listing = _listing(len(areas) == 1, wanted.since is not None, wanted.is_open)
        given = {"area": next(iter(areas), None), "areas": areas, "since": wanted.since}
        rows, total = listing.read(connection, page, given)
        return page_of(rows, page, total, lambda shown: [_place_of(row) for row in shown])

    @override
    @reads
    def whole(self, connection: Connection, user_id: int, *, wanted: PlaceFilter, most: int) -> list[NamedPlace] | None:
        mine = (AREA.c.user_id == user_id) & AREA.c.deleted_at.is_(None)
        of_area = () if wanted.area_id is None else (PLACE.c.area_id == wanted.area_id,)
        conditions = (mine, *of_area, *_conditions(wanted.since, wanted.is_open))
        ids = select(PLACE.c.id).join(AREA, AREA.c.id == PLACE.c.area_id)
        ids = ids.where(*conditions, PLACE.c.merged_into_id.is_(None)).limit(most + 1)
        if len(connection.execute(ids).all()) > most:
            return None
        return whole_places(connection, *conditions, most=most)

    @override
    @reads
    def get(self, connection: Connection, place_id: int, *, user_id: int) -> Place:
        row = connection.execute(_ONE, {"wanted": place_id, "owner": user_id}).one_or_none()
        if row is None:
            raise NotFound(f"there is no place {place_id}")
        parts = connection.execute(_OUTLINES, {"wanted": row.id}).scalars()
        named = named_by_places(connection, [row.id]).get(row.id, [])
        return _place_of(row, [outline for outlines in parts for outline in outlines], named)

    @override
    @reads
    def history(self, connection: Connection, place_id: int, *, most: int) -> list[Seen]:
        found = connection.execute(_HISTORY, {"wanted": place_id, "most": most})
        rows = sorted(found, key=lambda row: (row.session_id, row.id))
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
        # In this order: MySQL sets one column after the other, and what was seen is kept before it counts as 0.
        connection.execute(
            update(SIGHTING)
            .where(latest, SIGHTING.c.accepted_m2.is_(None))
            .ordered_values(
                (SIGHTING.c.accepted_m2, SIGHTING.c.area_m2),
                (SIGHTING.c.accepted_told_m2, SIGHTING.c.told_m2),
                (SIGHTING.c.area_m2, 0.0),
                (SIGHTING.c.told_m2, 0.0),
            )
        )
        return settled.rowcount


def whole_places(connection: Connection, *conditions: ColumnElement[bool], most: int) -> list[NamedPlace]:
    """Return the first places with their outlines, as they were seen last; none that is part of another."""
    query = select(PLACE, AREA.c.name.label("area_name")).join(AREA, AREA.c.id == PLACE.c.area_id)
    query = query.where(*conditions, PLACE.c.merged_into_id.is_(None)).order_by(PLACE.c.id).limit(most)
    rows = connection.execute(query).all()
    outlines: dict[int, list[Outline]] = {}
    for start in range(0, len(rows), AT_ONCE):
        ids = [row.id for row in rows[start : start + AT_ONCE]]
        latest = select(SIGHTING.c.place_id, SIGHTING.c.outlines).where(
            SIGHTING.c.place_id.in_(ids), SIGHTING.c.is_latest.is_(True)
        )
        for place_id, several in connection.execute(latest.order_by(SIGHTING.c.id)):
            outlines.setdefault(place_id, []).extend(several)
    return [NamedPlace(_place_of(row, outlines.get(row.id)), row.area_name) for row in rows]


def _conditions(  # None: whatever it is
    since: datetime | BindParameter[Any] | None,
    is_open: bool | None,  # noqa: FBT001
) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if since is not None:
        conditions.append(PLACE.c.last_seen_at >= since)
    if is_open is not None:
        is_state = PLACE.c.state == PlaceState.OPEN
        conditions.append(is_state if is_open else ~is_state)
    return conditions


def _place_of(row: Row[Any], outlines: list[Outline] | None = None, parcels: list[NamedParcel] | None = None) -> Place:
    return Place(
        place_id=row.id,
        area_id=row.area_id,
        state=PlaceState(row.state),
        first_seen_at=row.first_seen_at,
        last_seen_at=row.last_seen_at,
        area_m2=row.area_m2,
        severity=row.severity and Severity(row.severity),
        kind=Kind(row.kind or Kind.OTHER),
        kind_probability=row.kind_probability,
        bounds=Bounds(row.west, row.south, row.east, row.north),
        outlines=tuple(outlines or ()),
        parcels=tuple(parcels or ()),
    )


def _seen_of(session_id: int, sightings: list[Row[Any]]) -> Seen:
    return Seen(
        session_id=session_id,
        seen_at=max(row.seen_at for row in sightings),
        area_m2=max(row.place_m2 or row.accepted_m2 or row.area_m2 for row in sightings),
        is_told=any(row.is_told for row in sightings),
        tiles=tuple(
            SeenTile(tile=tile_of(row), image_id=row.image_id, image_key=row.object_key, alert_id=row.alert_id)
            for row in sightings
        ),
    )
