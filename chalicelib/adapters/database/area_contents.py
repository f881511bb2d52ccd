"""What is known of an area, in the database: by keys that indexes have, so many rows in a transaction."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, Engine, Row, or_, select
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_looks import SqlAreaLooks
from chalicelib.adapters.database.area_rows import ROWS, Children, known
from chalicelib.adapters.database.area_shapes import shape_of
from chalicelib.adapters.database.engine import reads
from chalicelib.adapters.database.kept_images import on_tiles, standings_on
from chalicelib.adapters.database.places import whole_places
from chalicelib.adapters.database.retention import tiles_after
from chalicelib.adapters.database.rows import area_of
from chalicelib.adapters.database.whole_places import whole_places_of
from chalicelib.application.ports.area_contents import AreaContents, ImageRow
from chalicelib.application.ports.area_contents import Row as Known
from chalicelib.domain.errors import NotFound
from chalicelib.domain.place_files import NamedPlace, oriented
from chalicelib.domain.retention import Policy, Standing
from chalicelib.domain.tiles import Tile

AREA, SESSION, ALERT, IMAGE = t.area_configs, t.alert_sessions, t.alert_details, t.image_tiles
PLACE, SIGHTING, PARCEL, HOLD, ENTRY = t.places, t.place_sightings, t.named_parcels, t.holds, t.audit_entries
OF_AREA = tuple(c for c in AREA.c if c.name not in ("user_id", "deleted_at", "is_told_to_operator", "next_due_at"))
_SESSION = ("id", "cause", "status", "reason", "started_at", "ended_at", "tiles_planned", "summary", "two_dates")
OF_SESSION = tuple(SESSION.c[name] for name in (*_SESSION, "further_failures"))
OF_ALERT = tuple(ALERT.c)
OF_SIGHTING = tuple(c for c in SIGHTING.c if c.name != "area_id")
OF_PARCEL = tuple(c for c in PARCEL.c if c.name != "area_id")
OF_HOLD = tuple(c for c in HOLD.c if c.name not in ("user_id", "area_id"))
OF_ENTRY = tuple(ENTRY.c[name] for name in ("number", "at", "deed", "about", "hash"))


class SqlAreaContents(SqlAreaLooks, AreaContents):
    """The port `AreaContents`. `policy` says how long images are kept."""

    def __init__(self, engine: Engine, *, policy: Policy) -> None:
        super().__init__(engine)
        self._policy = policy

    @override
    @reads
    def area(self, connection: Connection, area_id: int) -> Known:
        row = _area(connection, area_id)
        known: Known = dict(connection.execute(select(*OF_AREA).where(AREA.c.id == area_id)).mappings().one())
        shape = shape_of(connection, area_of(row))
        west, south, east, north = area_of(row).extent.bounds
        known |= {"bounds": [west, south, east, north], "geometry": None, "buffer_m": None, "exclude": None}
        if shape is not None:
            said = {"geometry": shape.geometry, "buffer_m": shape.buffer_m, "exclude": shape.exclude}
            known |= said | {"watched": shape.watched_geojson}
        return known

    @override
    def sessions(self, area_id: int) -> Iterator[Known]:
        for row in self.rows_of(SESSION, OF_SESSION, area_id):
            further = row.pop("further_failures")
            if further:
                row["summary"] = {**row["summary"], "failures": row["summary"]["failures"] + further}
            yield row

    @override
    def alerts(self, area_id: int) -> Iterator[Known]:
        return self.children_of(SESSION, Children(ALERT, "session_id", OF_ALERT), area_id)

    @override
    def places(self, area_id: int) -> Iterator[NamedPlace]:
        after = 0
        while part := self._places(area_id, after):
            yield from part
            after = part[-1].place.place_id

    @override
    def sightings(self, area_id: int) -> Iterator[Known]:
        for row in self.children_of(PLACE, Children(SIGHTING, "place_id", OF_SIGHTING), area_id):
            outlines = row.pop("outlines")
            geometry = {"type": "MultiPolygon", "coordinates": oriented(outlines)} if outlines else None
            accepted = {name: row.pop(f"accepted_{name}") for name in ("m2", "told_m2")}
            was = {} if accepted["m2"] is None else {"area_m2": accepted["m2"], "told_m2": accepted["told_m2"]}
            yield row | was | {"is_accepted": bool(was), "geometry": geometry}

    @override
    def parcels(self, area_id: int) -> Iterator[Known]:
        for row in self.rows_of(PARCEL, OF_PARCEL, area_id):
            facts, land = (json.loads(row[name] or "null") for name in ("facts", "geometry"))
            geometry = None if land is None else {"type": "MultiPolygon", "coordinates": land}
            yield row | {"tags": json.loads(row["tags"]), "facts": facts, "geometry": geometry}

    @override
    def holds(self, area_id: int) -> Iterator[Known]:
        after = 0
        while part := self._holds(area_id, after):
            yield from part
            after = part[-1]["id"]

    @override
    def audit(self, area_id: int, *, user_id: int) -> Iterator[Known]:
        after = 0
        while part := self._audit(area_id, user_id, after):
            yield from part
            after = part[-1]["number"]

    @override
    def images(self, area_id: int) -> Iterator[ImageRow]:
        after: Tile | None = Tile(-1, -1, -1)
        while after is not None:
            part, after = self._images(area_id, after)
            yield from part

    @override
    @reads
    def is_dropped(self, connection: Connection, image_id: int) -> bool:
        is_gone = (IMAGE.c.id == image_id) & IMAGE.c.dropped_at.is_not(None)
        return connection.execute(select(IMAGE.c.id).where(is_gone)).first() is not None

    @reads
    def _places(self, connection: Connection, area_id: int, after: int) -> list[NamedPlace]:
        return whole_places(connection, (PLACE.c.area_id == area_id) & (PLACE.c.id > after), most=ROWS)

    @reads
    def _holds(self, connection: Connection, area_id: int, after: int) -> list[Known]:
        """Return holds on places as they stand by now: of what was placed on a part, the whole place has it."""
        query = select(*OF_HOLD).where(HOLD.c.area_id == area_id, HOLD.c.id > after)
        rows = known(connection, query.order_by(HOLD.c.id))
        whole = whole_places_of(connection, {row["place_id"] for row in rows if row["place_id"] is not None})
        return [row | {"place_id": whole.get(row["place_id"]), "placed_on_place_id": row["place_id"]} for row in rows]

    @reads
    def _audit(self, connection: Connection, area_id: int, user_id: int, after: int) -> list[Known]:
        about, name = ENTRY.c.about, f"area {area_id}"
        is_of_it = or_(about == name, about.startswith(f"{name},"), about.endswith(f" of {name}"))
        query = select(*OF_ENTRY).where(ENTRY.c.user_id == user_id, ENTRY.c.number > after, is_of_it)
        return known(connection, query.order_by(ENTRY.c.number))

    @reads
    def _images(self, connection: Connection, area_id: int, after: Tile) -> tuple[list[ImageRow], Tile | None]:
        """Return the images of an area's next tiles, and the last of these; None where there are no more."""
        area = _area(connection, area_id)
        tiles = tiles_after(connection, area_id, after)
        if not tiles:
            return [], None
        standings = standings_on(connection, area, tiles, self._policy)
        c = IMAGE.c
        query = select(IMAGE).where(on_tiles(IMAGE, area_id, tiles)).order_by(c.z, c.x, c.y, c.taken_at, c.id)
        return [_image_of(row, standings.get(row.id)) for row in connection.execute(query)], tiles[-1]


def _area(connection: Connection, area_id: int) -> Row[Any]:
    is_it = (AREA.c.id == area_id) & AREA.c.deleted_at.is_(None)
    row = connection.execute(select(AREA).where(is_it)).one_or_none()
    if row is None:
        raise NotFound(f"there is no area {area_id}")
    return row


def _image_of(row: Row[Any], standing: Standing | None) -> ImageRow:
    objects = [(row.object_key, row.sha256)] if row.object_key else []
    if row.bands_key:
        objects.append((row.bands_key, row.bands_sha256))
    return ImageRow(
        image_id=row.id,
        session_id=row.session_id,
        tile=Tile(row.z, row.x, row.y),
        taken_at=row.taken_at,
        captured_at=row.captured_at,
        stored_at=row.fetched_at,
        provider=row.provider,
        scene_id=row.scene_id,
        attribution=row.attribution,
        size_bytes=row.size_bytes,
        objects=tuple(objects),
        sha256=row.sha256,
        dropped_at=row.dropped_at,
        pinned_at=row.pinned_at,
        pin_reason=row.pin_reason,
        used_by=standing.in_order if standing else (),
    )
