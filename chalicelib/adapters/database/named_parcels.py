"""The parcels that a change touches, found among those of its area's owner's layers."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Connection, Integer, Row, bindparam, exists, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.cells import cells_over
from chalicelib.adapters.database.layer_rows import parcel_of
from chalicelib.adapters.database.paging import AnyRow
from chalicelib.domain.layers import LayerKind
from chalicelib.domain.parcels import LaidParcel, Touched, touched
from chalicelib.domain.places import bounds_around
from chalicelib.domain.tiles import M_PER_DEGREE, Bounds, Outline, overlap

AREA, LAYER, VERSION, PARCEL, CELL = t.area_configs, t.layers, t.layer_versions, t.parcels, t.parcel_cells
MOST_CELLS = 4000  # of one look-up; what is spread wider is looked for among all parcels
MOST_NEAR = 5000  # parcels that one change is held against
_IS_THERE = (LAYER.c.user_id == AREA.c.user_id) & LAYER.c.deleted_at.is_(None) & LAYER.c.current_version_id.is_not(None)
HAS_LAYERS = exists().where(_IS_THERE).correlate(AREA).label("has_layers")
"""Whether the owner of an area has layers."""
_OF_OWNER = (
    select(
        *(LAYER.c[name] for name in ("id", "name", "kind", "current_version_id")),
        *(VERSION.c[name] for name in ("number", "accuracy_m", "levels")),
    )
    .select_from(AREA)
    .join(LAYER, _IS_THERE)
    .join(VERSION, VERSION.c.id == LAYER.c.current_version_id)
    .where(AREA.c.id == bindparam("area_id"))
)

_OVER = (
    select(PARCEL)
    .where(PARCEL.c.layer_version_id.in_(bindparam("versions", expanding=True)))
    .where(PARCEL.c.west < bindparam("east"), PARCEL.c.east > bindparam("west"))
    .where(PARCEL.c.south < bindparam("north"), PARCEL.c.north > bindparam("south"))
    .limit(bindparam("most", type_=Integer))
)
# The cells one by one: of ranges that are joined by OR, SQLite reads all of a version.
# Each parcel once, however many of them it is in: else one large parcel would take the places of others.
_OF_CELLS = (
    select(CELL.c.parcel_id)
    .where(CELL.c.layer_version_id.in_(bindparam("versions", expanding=True)))
    .where(CELL.c.cell.in_(bindparam("cells", expanding=True)))
    .distinct()
    .subquery()
)
_IN_CELLS = _OVER.join(_OF_CELLS, _OF_CELLS.c.parcel_id == PARCEL.c.id)


def layers_of_owner(connection: Connection, area_id: int) -> Sequence[AnyRow]:
    """Return the layers of an area's owner as they stand now, for `touched_by`."""
    return connection.execute(_OF_OWNER, {"area_id": area_id}).all()


def touched_by(
    connection: Connection,
    layers: Sequence[AnyRow],
    outlines: Sequence[Outline],
    *,
    day: date,
    smallest_m2: float = 0.0,
) -> Touched:
    """Return the parcels of layers that a change of that day touches: its regions' outlines.

    `smallest_m2` is what its area alerts on; without it nothing is allowed by permits.
    """
    reach_m = max((layer.accuracy_m or 0.0 for layer in layers), default=0.0)
    boxes = [_widened(bounds_around([outline]), reach_m) for outline in outlines]
    whole = _widened(bounds_around(outlines), reach_m)
    # Permits on their own: whatever else lies there, none of them is left out for it.
    permits = _over(connection, [layer for layer in layers if layer.kind == LayerKind.PERMITS], boxes, whole)
    others = _over(connection, [layer for layer in layers if layer.kind != LayerKind.PERMITS], boxes, whole)
    versions = {layer.current_version_id: layer for layer in layers}
    near = (row for row in (*permits, *others) if any(overlap(Bounds(*_box(row)), box) for box in boxes))
    return touched(
        outlines,
        [_laid(versions[row.layer_version_id], row) for row in near],
        day=day,
        smallest_m2=smallest_m2,
        are_permits_all=len(permits) < MOST_NEAR,
    )


def _over(
    connection: Connection, layers: Sequence[AnyRow], boxes: Iterable[Bounds], whole: Bounds
) -> Sequence[Row[Any]]:
    """Return the parcels of layers near some boxes, at most MOST_NEAR."""
    if not layers:
        return []
    levels = 0
    for layer in layers:
        levels |= layer.levels
    asked = {"versions": [layer.current_version_id for layer in layers], "most": MOST_NEAR, **whole._asdict()}
    cells = _cells(boxes, levels)
    query = _OVER if cells is None else _IN_CELLS
    return connection.execute(query, asked if cells is None else asked | {"cells": cells}).all()


def _cells(boxes: Iterable[Bounds], levels: int) -> list[int] | None:
    """Return the cells in which all lies that overlaps some boxes; None where they are too many."""
    found: set[int] = set()
    for box in boxes:
        for cells in cells_over(box, levels):
            if len(found) + cells.last - cells.first > MOST_CELLS:
                return None
            found.update(range(cells.first, cells.last + 1))
    return sorted(found)


def _widened(bounds: Bounds, metres: float) -> Bounds:
    north = metres / M_PER_DEGREE
    east = north / max(0.01, math.cos(math.radians(bounds.north)))
    return Bounds(bounds.west - east, bounds.south - north, bounds.east + east, bounds.north + north)


def _box(row: Row[Any]) -> tuple[float, float, float, float]:
    return row.west, row.south, row.east, row.north


def _laid(layer: AnyRow, row: Row[Any]) -> LaidParcel:
    return LaidParcel(
        layer_id=layer.id,
        layer_name=layer.name,
        kind=LayerKind(layer.kind),
        accuracy_m=layer.accuracy_m or 0.0,
        parcel=parcel_of(row),
        version=layer.number,
    )
