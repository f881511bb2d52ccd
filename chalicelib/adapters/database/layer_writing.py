"""How a version of a layer is written: found by nobody until it is whole, then current in one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.cells import FINEST_OF_PARCELS, cells_of, level_of
from chalicelib.adapters.database.engine import insert_row
from chalicelib.adapters.database.layer_rows import row_of, said_of, text_of, version_of
from chalicelib.adapters.database.paging import AnyRow
from chalicelib.domain.errors import Busy, Invalid, NotFound
from chalicelib.domain.layer_imports import ImportState, LayerImport
from chalicelib.domain.layers import Extent, LayerKind, LayerSource, LayerVersion, NewParcel
from chalicelib.domain.tiles import Bounds

LAYER, VERSION, PARCEL, CELL = t.layers, t.layer_versions, t.parcels, t.parcel_cells
AT_ONCE = 500
NOWHERE = Bounds(0.0, 0.0, 0.0, 0.0)


def begin(
    connection: Connection, given: LayerImport, source: LayerSource, *, name: str, now: datetime, lease_s: float
) -> LayerVersion:
    """Begin a version, of a layer of its own or of the one that it is for. Raises NotFound, Invalid."""
    if given.layer_id is None:
        values = {
            "user_id": given.user_id,
            "name": name,
            "kind": given.options.kind or LayerKind.PARCELS,
            "created_at": now,
        }
        layer_id = insert_row(connection, LAYER, **values)
    else:
        layer_id = given.layer_id
        check_version(connection, given)
    newest = connection.execute(select(func.max(VERSION.c.number)).where(VERSION.c.layer_id == layer_id)).scalar()
    version_id = insert_row(
        connection,
        VERSION,
        layer_id=layer_id,
        number=(newest or 0) + 1,
        made_at=now,
        written_until=now + timedelta(seconds=lease_s),
        parcels=0,
        source=text_of(said_of(source)),
        **NOWHERE._asdict(),
    )
    return version_of(connection.execute(select(VERSION).where(VERSION.c.id == version_id)).one())


def add(
    connection: Connection, version: LayerVersion, parcels: Sequence[NewParcel], *, now: datetime, lease_s: float
) -> int:
    """Write parcels, and return the bits of the levels of their cells. Raises Busy where the version was given up."""
    is_written = (VERSION.c.id == version.version_id) & VERSION.c.written_until.is_not(None)
    # First, so that the row's lock keeps `purge` from what is written; it removes what was given up.
    held = update(VERSION).where(is_written, VERSION.c.written_until >= now)
    if not connection.execute(held.values(written_until=now + timedelta(seconds=lease_s))).rowcount:
        raise Busy(f"version {version.version_id} of a layer was given up")
    levels = 0
    for begin in range(0, len(parcels), AT_ONCE):
        levels |= _insert(connection, version.version_id, parcels[begin : begin + AT_ONCE])
    return levels


def end(connection: Connection, version: LayerVersion, extent: Extent, *, levels: int) -> None:
    """Make a version whole, and its layer's current one. Raises Busy, NotFound."""
    values = {"parcels": extent.parcels, "m2": extent.m2, "accuracy_m": extent.accuracy_m, "levels": levels}
    is_it = (VERSION.c.id == version.version_id) & VERSION.c.written_until.is_not(None)
    whole = update(VERSION).where(is_it).values(written_until=None, **values, **extent.bounds._asdict())
    if not connection.execute(whole).rowcount:
        raise Busy(f"version {version.version_id} of a layer was given up")
    if extent.land is not None:
        joined = None if extent.land.outlines is None else text_of(extent.land.outlines)
        land = {"corners": extent.land.corners, "geometry": joined, "filled_m": extent.land.filled_m}
        connection.execute(insert(t.layer_lands).values(layer_version_id=version.version_id, **land))
    is_there = (LAYER.c.id == version.layer_id) & LAYER.c.deleted_at.is_(None)
    current = update(LAYER).where(is_there).values(current_version_id=version.version_id)
    if not connection.execute(current).rowcount:
        raise NotFound(f"there is no layer {version.layer_id}")


def kind_for(connection: Connection, layer_id: int | None, user_id: int, said: LayerKind | None) -> LayerKind:
    """Return the kind of what a file holds, and hold the user's layer that it is for. Raises NotFound, Invalid."""
    if layer_id is None:
        return said or LayerKind.PARCELS
    kind = LayerKind(_held(connection, layer_id, user_id).kind)
    if said not in (None, kind):
        raise Invalid(
            f"this layer is of {kind}: a newer version of it is too, or make a layer of its own", pointer="/kind"
        )
    return kind


def check_version(connection: Connection, given: LayerImport) -> None:
    """Hold the layer that a file is for, and see that the file says what the layer does. Raises NotFound, Invalid.

    A permit that was revoked is not to be valid again because nobody named the column that says so.
    """
    if given.layer_id is None:
        return
    kind = kind_for(connection, given.layer_id, given.user_id, given.options.kind)
    if kind is not LayerKind.PERMITS:
        return
    of_version = PARCEL.c.layer_version_id == _held(connection, given.layer_id, given.user_id).current_version_id
    options, says = given.options, "the layer says it of its permits: name the column, or make a layer of its own"
    for column, member, is_said in (
        (options.state_column, "stateColumn", PARCEL.c.state != "approved"),
        (options.to_column, "toColumn", PARCEL.c.valid_to.is_not(None)),
        (options.from_column, "fromColumn", PARCEL.c.valid_from.is_not(None)),
    ):
        if not column and connection.execute(select(PARCEL.c.id).where(of_version, is_said).limit(1)).first():
            raise Invalid(f"no {member} is named, and {says}", pointer=f"/{member}")


def _held(connection: Connection, layer_id: int, user_id: int) -> AnyRow:
    mine = select(LAYER.c.kind, LAYER.c.current_version_id).where(LAYER.c.id == layer_id, LAYER.c.user_id == user_id)
    row = connection.execute(mine.where(LAYER.c.deleted_at.is_(None)).with_for_update()).first()
    if row is None:
        raise NotFound(f"there is no layer {layer_id}")
    return row


def _insert(connection: Connection, version_id: int, parcels: Sequence[NewParcel]) -> int:
    connection.execute(insert(PARCEL), [row_of(parcel, version_id) for parcel in parcels])
    span = PARCEL.c.number.between(parcels[0].number, parcels[-1].number)
    written = connection.execute(
        select(PARCEL.c.id, PARCEL.c.number).where(PARCEL.c.layer_version_id == version_id, span)
    )
    ids = {row.number: row.id for row in written}
    cells = [
        {"layer_version_id": version_id, "cell": cell, "parcel_id": ids[parcel.number]}
        for parcel in parcels
        for cell in cells_of(parcel.bounds, FINEST_OF_PARCELS)
    ]
    connection.execute(insert(CELL), cells)
    levels = 0
    for parcel in parcels:
        levels |= 1 << level_of(parcel.bounds, FINEST_OF_PARCELS)
    return levels


def count_layers(connection: Connection, user_id: int) -> int:
    """Count the layers of a user, with those that are being written."""
    whole = t.layers.c.deleted_at.is_(None) & t.layers.c.current_version_id.is_not(None)
    coming = (t.layer_imports.c.state == ImportState.KEEPING) & t.layer_imports.c.layer_id.is_(None)
    return sum(
        int(connection.execute(select(func.count()).where(table.c.user_id == user_id, those)).scalar_one())
        for table, those in ((t.layers, whole), (t.layer_imports, coming))
    )
