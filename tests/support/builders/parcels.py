"""Layers of parcels, kept without a file: rows as an import writes them."""

import math

from sqlalchemy import insert, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.cells import FINEST_OF_PARCELS, cells_of, level_of
from chalicelib.adapters.database.engine import insert_row
from chalicelib.adapters.database.layer_rows import row_of
from chalicelib.domain.layers import LayerKind, NewParcel
from chalicelib.domain.places import bounds_around
from chalicelib.domain.tiles import M_PER_DEGREE, bounds_of
from tests.support.builders.domain import CORNER, NOON

SOURCE = '{"file_name":"plots.geojson","driver":"GeoJSON","crs":"EPSG:4326","tag_columns":[]}'
_MIDDLE = bounds_of(CORNER)
LON, LAT = (_MIDDLE.west + _MIDDLE.east) / 2, (_MIDDLE.south + _MIDDLE.north) / 2
EAST = 1 / M_PER_DEGREE / math.cos(math.radians(LAT))  # degrees a metre
NORTH = 1 / M_PER_DEGREE


def plot(west, south, east, north):
    """Give the outline of a box, in metres from the middle of the tile CORNER."""
    left, right = (LON + metres * EAST for metres in (west, east))
    bottom, top = (LAT + metres * NORTH for metres in (south, north))
    return [[(left, bottom), (right, bottom), (right, top), (left, top), (left, bottom)]]


def a_parcel(name, outline, *, number=1, **said):
    """Give a row of a file."""
    tags = said.pop("tags", {"MOUZA": "Chandaka"})
    ground = {"outlines": (outline,), "bounds": bounds_around([outline]), "m2": 1.0}
    return NewParcel(number=number, name=name, tags=tags, **ground, **said)


def add_layer(engine, user_id, parcels, *, kind=LayerKind.PARCELS, name="Plots", accuracy_m=None):
    """Keep a layer; return its id."""
    with engine.begin() as connection:
        of_user = {"user_id": user_id, "name": name, "kind": kind, "created_at": NOON}
        layer_id = insert_row(connection, t.layers, **of_user)
    add_version(engine, layer_id, parcels, accuracy_m=accuracy_m)
    return layer_id


def add_version(engine, layer_id, parcels, *, accuracy_m=None, number=1):
    """Keep a version of a layer, and make it the current one; return its id."""
    rows = list(parcels)
    levels = 0
    for parcel in rows:
        levels |= 1 << level_of(parcel.bounds, FINEST_OF_PARCELS)
    with engine.begin() as connection:
        version_id = insert_row(
            connection,
            t.layer_versions,
            layer_id=layer_id,
            number=number,
            made_at=NOON,
            parcels=len(rows),
            m2=sum(parcel.m2 for parcel in rows),
            accuracy_m=accuracy_m,
            levels=levels,
            source=SOURCE,
            **bounds_around([outline for parcel in rows for outline in parcel.outlines])._asdict(),
        )
        for begin in range(0, len(rows), 1000):
            some = rows[begin : begin + 1000]
            connection.execute(insert(t.parcels), [row_of(parcel, version_id) for parcel in some])
        found = connection.execute(
            t.parcels.select()
            .with_only_columns(t.parcels.c.id, t.parcels.c.number)
            .where(t.parcels.c.layer_version_id == version_id)
        )
        ids = {number: parcel_id for parcel_id, number in found}
        cells = [
            {"layer_version_id": version_id, "cell": cell, "parcel_id": ids[parcel.number]}
            for parcel in rows
            for cell in cells_of(parcel.bounds, FINEST_OF_PARCELS)
        ]
        for begin in range(0, len(cells), 2000):
            connection.execute(insert(t.parcel_cells), cells[begin : begin + 2000])
        connection.execute(update(t.layers).where(t.layers.c.id == layer_id).values(current_version_id=version_id))
    return version_id


def adjoining(columns, rows, *, side_m=45.0):
    """Give plots that adjoin, row by row from the middle of the tile CORNER: the n-th is called by its place."""
    return [
        a_parcel(
            f"{row}/{column}",
            plot(column * side_m, row * side_m, (column + 1) * side_m, (row + 1) * side_m),
            number=1 + row * columns + column,
        )
        for row in range(rows)
        for column in range(columns)
    ]
