"""Layers, in the database: each only for its owner, each version found once it is whole."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, Row, Select, bindparam, delete, or_, select, update
from typing_extensions import override

from chalicelib.adapters.database import audit
from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.cells import ANYWHERE, cells_over
from chalicelib.adapters.database.engine import reads, writes
from chalicelib.adapters.database.held_layers import holds_on_layers, lock_user
from chalicelib.adapters.database.layer_rows import layer_of, parcel_of, version_of
from chalicelib.adapters.database.paging import counted, page_of
from chalicelib.adapters.database.purging import delete_some
from chalicelib.application.ports.layers import Layers
from chalicelib.domain.audit import Deed
from chalicelib.domain.errors import NotFound
from chalicelib.domain.holds import check_free
from chalicelib.domain.layers import Layer, LayerVersion, Parcel
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.tiles import Bounds

LAYER, VERSION, PARCEL, CELL, IMPORT = t.layers, t.layer_versions, t.parcels, t.parcel_cells, t.layer_imports
MOST_CELLS = 200  # columns of cells of one look-up; wider ground is looked up by its bounds alone


class SqlLayers(Layers):
    """The port `Layers`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @reads
    def get(self, connection: Connection, layer_id: int, *, user_id: int) -> Layer:
        row = connection.execute(_owned(user_id).where(LAYER.c.id == layer_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no layer {layer_id}")
        return _with_versions(connection, [row])[0]

    @override
    @reads
    def of_user(self, connection: Connection, user_id: int, *, page: PageRequest) -> Page[Layer]:
        query = _owned(user_id)
        behind = query if page.after is None else query.where(LAYER.c.id > page.after)
        rows = connection.execute(behind.order_by(LAYER.c.id).limit(page.limit + 1)).all()
        total = counted(connection, query, page, rows)
        return page_of(rows, page, total, lambda shown: _with_versions(connection, shown))

    @override
    @reads
    def version(self, connection: Connection, version_id: int) -> LayerVersion:
        row = connection.execute(_whole().where(VERSION.c.id == version_id)).one_or_none()
        if row is None:
            raise NotFound(f"there is no version {version_id} of a layer")
        return version_of(row)

    @override
    @reads
    def versions(self, connection: Connection, layer_id: int, *, page: PageRequest) -> Page[LayerVersion]:
        query = _whole().where(VERSION.c.layer_id == layer_id)
        behind = query if page.after is None else query.where(VERSION.c.id > page.after)
        rows = connection.execute(behind.order_by(VERSION.c.id).limit(page.limit + 1)).all()
        total = counted(connection, query, page, rows)
        return page_of(rows, page, total, lambda shown: [version_of(row) for row in shown])

    @override
    @reads
    def parcels(self, connection: Connection, version_id: int, *, page: PageRequest) -> Page[Parcel]:
        query = select(PARCEL).where(PARCEL.c.layer_version_id == version_id)
        behind = query if page.after is None else query.where(PARCEL.c.id > page.after)
        # Written in the order of the file, so the order of their ids is that of their numbers.
        rows = connection.execute(behind.order_by(PARCEL.c.id).limit(page.limit + 1)).all()
        total = counted(connection, query, page, rows)
        return page_of(rows, page, total, lambda shown: [parcel_of(row) for row in shown])

    @override
    @reads
    def parcels_over(self, connection: Connection, version_id: int, bounds: Bounds) -> list[Parcel]:
        return parcels_over(connection, version_id, bounds)

    @override
    @writes
    def rename(self, connection: Connection, layer_id: int, name: str, *, user_id: int, now: datetime) -> Layer:
        mine = _owned(user_id).where(LAYER.c.id == layer_id)
        before = connection.execute(mine.with_for_update()).first()
        if before is None:
            raise NotFound(f"there is no layer {layer_id}")
        connection.execute(update(LAYER).where(LAYER.c.id == layer_id).values(name=name))
        renamed = _with_versions(connection, connection.execute(mine).all())[0]
        if before.name != name:
            audit.append(connection, Deed.LAYER_CHANGED, now=now, user_id=user_id, about=f"layer {layer_id}: name")
        return renamed

    @override
    @writes
    def delete(self, connection: Connection, layer_id: int, *, user_id: int, now: datetime) -> None:
        mine = (LAYER.c.id == layer_id) & (LAYER.c.user_id == user_id) & LAYER.c.deleted_at.is_(None)
        is_found = mine & LAYER.c.current_version_id.is_not(None)
        if connection.execute(select(LAYER.c.id).where(is_found)).first() is None:
            raise NotFound(f"there is no layer {layer_id}")
        lock_user(connection, user_id)
        check_free(f"layer {layer_id}, named by what is held,", holds_on_layers(connection, user_id).get(layer_id, []))
        if not connection.execute(update(LAYER).where(is_found).values(deleted_at=now)).rowcount:
            raise NotFound(f"there is no layer {layer_id}")
        audit.append(connection, Deed.LAYER_DELETED, now=now, user_id=user_id, about=f"layer {layer_id}")

    @override
    @writes
    def purge(self, connection: Connection, *, now: datetime, limit: int) -> int:
        left = limit
        # Under its row's lock: who writes it still then finds it gone, or has made it longer its own.
        given_up = select(VERSION.c.id).where(VERSION.c.written_until < now).order_by(VERSION.c.written_until)
        for version_id in connection.execute(given_up.limit(1).with_for_update()).scalars().all():
            left = _purge_version(connection, version_id, left)
        if left <= 0:
            return limit
        layer_id = _free_to_go(connection)
        return limit - (left if layer_id is None else purge_layer(connection, layer_id, left))


def _free_to_go(connection: Connection) -> int | None:
    """Return the layer that was deleted first of those that may go, under its lock; None where there is none.

    What is left of a layer stays as long as something that names parcels of it is held, though it was deleted before.
    """
    query = select(LAYER.c.id, LAYER.c.user_id).where(LAYER.c.deleted_at.is_not(None))
    held: dict[int, Collection[int]] = {}
    for row in connection.execute(query.order_by(LAYER.c.deleted_at, LAYER.c.id)).all():
        if row.user_id not in held:
            lock_user(connection, row.user_id)
            held[row.user_id] = holds_on_layers(connection, row.user_id).keys()
        if row.id not in held[row.user_id]:
            is_it = select(LAYER.c.id).where(LAYER.c.id == row.id).with_for_update()
            return connection.execute(is_it).scalar()  # None: somebody else was faster, the next call goes on
    return None


def parcels_over(connection: Connection, version_id: int, bounds: Bounds) -> list[Parcel]:
    """Return the parcels whose box overlaps a box, by their numbers."""
    levels = connection.execute(_LEVELS, {"version": version_id}).scalar() or 0
    rows = connection.execute(over_query(version_id, bounds, levels))
    once = {row.number: row for row in rows}  # one that lies in several cells is found in each
    return [parcel_of(once[number]) for number in sorted(once)]


def over_query(version_id: int, bounds: Bounds, levels: int) -> Select[Any]:
    """Return the query for the parcels over some ground: by their cells, then by their bounds."""
    columns = [cells for cells in cells_over(bounds, levels) if cells.first != ANYWHERE]
    is_over = (PARCEL.c.west < bounds.east) & (PARCEL.c.east > bounds.west)
    is_over &= (PARCEL.c.south < bounds.north) & (PARCEL.c.north > bounds.south)
    if len(columns) > MOST_CELLS:
        return select(PARCEL).where(PARCEL.c.layer_version_id == version_id, is_over)
    is_near = or_(*(CELL.c.cell.between(cells.first, cells.last) for cells in columns)) if columns else CELL.c.cell < 0
    joined = CELL.join(PARCEL, PARCEL.c.id == CELL.c.parcel_id)
    return select(PARCEL).select_from(joined).where(CELL.c.layer_version_id == version_id, is_near, is_over)


def purge_layer(connection: Connection, layer_id: int, left: int) -> int:
    """Delete a layer's rows, its own last; return how many more rows may go in this transaction."""
    versions = select(VERSION.c.id).where(VERSION.c.layer_id == layer_id).order_by(VERSION.c.id)
    for version_id in connection.execute(versions).scalars().all():
        left = _purge_version(connection, version_id, left)
        if left <= 0:
            return 0
    connection.execute(delete(LAYER).where(LAYER.c.id == layer_id))
    return left - 1


def _purge_version(connection: Connection, version_id: int, left: int) -> int:
    for table in (CELL, PARCEL):
        left -= delete_some(connection, table, table.c.layer_version_id == version_id, left)
    if left <= 0:
        return 0
    layer_id = connection.execute(select(VERSION.c.layer_id).where(VERSION.c.id == version_id)).scalar()
    connection.execute(delete(t.layer_lands).where(t.layer_lands.c.layer_version_id == version_id))
    connection.execute(delete(VERSION).where(VERSION.c.id == version_id))
    # Of a layer that was never whole nothing is left to be found.
    others = select(VERSION.c.id).where(VERSION.c.layer_id == layer_id).limit(1)
    if connection.execute(others).first() is None:
        is_empty = (LAYER.c.id == layer_id) & LAYER.c.current_version_id.is_(None)
        connection.execute(delete(LAYER).where(is_empty))
    return left - 1


def _owned(user_id: int) -> Select[Any]:
    is_found = LAYER.c.deleted_at.is_(None) & LAYER.c.current_version_id.is_not(None)
    return select(LAYER).where(LAYER.c.user_id == user_id, is_found)


def _whole() -> Select[Any]:
    return select(VERSION).where(VERSION.c.written_until.is_(None))


def _with_versions(connection: Connection, rows: Sequence[Row[Any]]) -> list[Layer]:
    ids = [row.current_version_id for row in rows]
    found = {row.id: version_of(row) for row in connection.execute(select(VERSION).where(VERSION.c.id.in_(ids)))}
    return [layer_of(row, found[row.current_version_id]) for row in rows]


_LEVELS = select(VERSION.c.levels).where(VERSION.c.id == bindparam("version"))
