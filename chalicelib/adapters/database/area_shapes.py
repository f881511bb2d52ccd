"""Shapes of areas, in the database: kept with the area, and read a tile at a time."""

from __future__ import annotations

import json
from typing import Any

from sqlalchemy import ColumnElement, Connection, ScalarSelect, bindparam, delete, func, insert, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import insert_row
from chalicelib.domain.areas import Area
from chalicelib.domain.shapes import Laid, Outlines, Shape, Watched
from chalicelib.domain.tiles import Bounds, Tile, shared_m2, tile_span, tiles_covering

AREA, SHAPE, PART = t.area_configs, t.area_shapes, t.area_tiles
AT_ONCE = 500  # rows of one statement
_FINEST = select(func.max(PART.c.z)).where(PART.c.area_id == bindparam("of_area")).scalar_subquery()
_ON_TILE = select(PART.c.outlines, PART.c.watched_m2, _FINEST.label("finest_zoom")).where(
    PART.c.area_id == bindparam("of_area"),
    *(PART.c[name] == bindparam(name) for name in ("z", "x", "y")),
)


def is_of_its_land(session_id: ColumnElement[Any]) -> ColumnElement[bool]:
    """Whether a session, by its id, is of its area's land as it is now; for a statement that has the area."""
    return AREA.c.old_land_session_id.is_(None) | (session_id > AREA.c.old_land_session_id)


def forget_shape(connection: Connection, area_id: int) -> None:
    """Forget an area's shape, and what it is of each tile: its land is another."""
    for table in (SHAPE, PART):
        connection.execute(delete(table).where(table.c.area_id == area_id))


def is_kept(connection: Connection, area_id: int, laid: Laid | None) -> bool:
    """Whether an area has exactly this shape; None: it is its box."""
    row = connection.execute(select(SHAPE).where(SHAPE.c.area_id == area_id)).mappings().one_or_none()
    if row is None or laid is None:
        return row is None and laid is None
    return dict(row) == {"area_id": area_id} | _values(laid.shape)


def keep_shape(connection: Connection, area_id: int, laid: Laid) -> None:
    """Keep a new area's shape, with what it is of each tile."""
    insert_row(connection, SHAPE, area_id=area_id, **_values(laid.shape))
    rows = [
        {
            "area_id": area_id,
            **part.tile._asdict(),
            "watched_m2": part.m2,
            "outlines": None if part.outlines is None else _text(part.outlines),
        }
        for cover in laid.covers
        for part in cover
    ]
    for begin in range(0, len(rows), AT_ONCE):
        connection.execute(insert(PART), rows[begin : begin + AT_ONCE])


def _values(shape: Shape) -> dict[str, Any]:
    return {
        "geometry": _text(shape.geometry),
        "buffer_m": shape.buffer_m,
        "exclude": shape.exclude and _text(shape.exclude),
        "watched": _text(shape.watched),
    }


def shape_of(connection: Connection, area: Area) -> Shape | None:
    """Return an area's shape; None for one that is its box."""
    row = connection.execute(select(SHAPE).where(SHAPE.c.area_id == area.area_id)).one_or_none()
    if row is None:
        return None
    return Shape(
        geometry=json.loads(row.geometry),
        buffer_m=row.buffer_m,
        exclude=row.exclude and json.loads(row.exclude),
        watched=_outlines(row.watched),
        m2=area.m2,
    )


def watched_m2(connection: Connection, area: Area) -> dict[Tile, float]:
    """Return the tiles that an area touches on its grid, and how much of each it is, row by row from the north-west."""
    zoom = area.plan.grid.zoom
    if area.size is None:
        return {tile: shared_m2(tile, area.extent.bounds) for tile in tiles_covering(area.extent.bounds, zoom)}
    of_area = select(PART.c.z, PART.c.x, PART.c.y, PART.c.watched_m2)
    rows = connection.execute(of_area.where(PART.c.area_id == area.area_id, PART.c.z == zoom))
    found = {Tile(row.z, row.x, row.y): row.watched_m2 for row in rows}
    return dict(sorted(found.items(), key=lambda each: (each[0].y, each[0].x)))


def watched_on(connection: Connection, area: Area, tile: Tile) -> Watched | None:
    """Return what an area watches of a tile; None for one that is its box.

    Of a tile that it does not touch it watches nothing: the release before plans a new shape as the box around it.
    Raises NoResultFound where it is not known what the area watches on that zoom.
    """
    if area.size is None:
        return None
    row = connection.execute(_ON_TILE, {"of_area": area.area_id, **tile._asdict()}).one_or_none()
    if row is None:
        on_zoom = select(PART.c.x).where(PART.c.area_id == area.area_id, PART.c.z == tile.z).limit(1)
        connection.execute(on_zoom).one()
        return Watched((), 0.0, tile.z)
    return Watched(row.outlines and _outlines(row.outlines), row.watched_m2, row.finest_zoom)


def touches(connection: Connection, area_id: int, bounds: Bounds, zoom: int) -> bool:
    """Tell whether a box holds some of a tile that an area with a shape touches."""
    columns, rows = tile_span(bounds, zoom)
    is_there = (PART.c.area_id == area_id) & (PART.c.z == zoom)
    is_there &= PART.c.x.between(columns[0], columns[-1]) & PART.c.y.between(rows[0], rows[-1])
    return connection.execute(select(PART.c.x).where(is_there).limit(1)).first() is not None


def tiles_at(area_id: ColumnElement[Any], zoom: int) -> ScalarSelect[Any]:
    """Count the tiles of a zoom that an area with a shape touches."""
    return select(func.count()).where(PART.c.area_id == area_id, PART.c.z == zoom).scalar_subquery()


def _outlines(text: str) -> Outlines:
    return tuple([[(lon, lat) for lon, lat in ring] for ring in outline] for outline in json.loads(text))


def _text(value: object) -> str:
    return json.dumps(value, separators=(",", ":"))
