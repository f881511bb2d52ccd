"""The index of an archive, in the database."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Engine, Row, and_, delete, func, insert, or_, select, update
from typing_extensions import override

from chalicelib.adapters.database import archive_tables as t
from chalicelib.adapters.database.arrivals import mark_due
from chalicelib.adapters.database.cells import cells_of, cells_over, level_of
from chalicelib.adapters.database.engine import insert_if_new, reads, writes
from chalicelib.application.ports.archive_index import ArchiveIndex
from chalicelib.domain.archives import PROVIDER, Build, IndexedItem, IndexState, KeptFile
from chalicelib.domain.tiles import Bounds

FILE, ITEM, CELL, STATE = t.archive_files, t.archive_items, t.archive_cells, t.archive_states
AT_ONCE = 500
T = TypeVar("T")


class SqlArchiveIndex(ArchiveIndex):
    """The port `ArchiveIndex`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @reads
    def state(self, connection: Connection, archive: str) -> IndexState:
        row = connection.execute(select(STATE).where(STATE.c.archive == archive)).one_or_none()
        if row is None:
            return IndexState()
        names = ("listing", "fence", "lease_until", "looked_at", "usable", "bad", "unread")
        return IndexState(**{name: getattr(row, name) for name in names})

    @override
    @reads
    def over(self, connection: Connection, archive: str, ground: Bounds) -> list[IndexedItem]:
        levels = connection.execute(select(STATE.c.levels).where(STATE.c.archive == archive)).scalar() or 0
        return _items(connection.execute(over_query(archive, ground, levels)))

    @override
    @reads
    def named(self, connection: Connection, archive: str, item_ids: Collection[str]) -> list[IndexedItem]:
        found: list[IndexedItem] = []
        for part in _parts(sorted(set(item_ids) - {""})):
            found += _items(connection.execute(_of_items().where(ITEM.c.archive == archive, ITEM.c.item_id.in_(part))))
        return found

    @override
    @writes
    def begin(self, connection: Connection, archive: str, *, fence: int, now: datetime, lease_s: float) -> int | None:
        if not fence:
            counts = dict.fromkeys(("fence", "usable", "bad", "unread", "levels"), 0)
            insert_if_new(connection, STATE, archive=archive, listing="", **counts)
        is_free = STATE.c.lease_until.is_(None) | (STATE.c.lease_until <= now)
        values = {"fence": fence + 1, "lease_until": now + timedelta(seconds=lease_s)}
        taken = connection.execute(update(STATE).where(_is(archive, fence), is_free).values(**values))
        return fence + 1 if taken.rowcount else None

    @override
    @writes
    def publish(self, connection: Connection, archive: str, build: Build, *, fence: int, now: datetime) -> bool:
        values: dict[str, Any] = {"listing": build.listing, "looked_at": now, "lease_until": None}
        values |= {name: getattr(build, name) for name in ("usable", "bad", "unread")}
        levels = 0
        for item in build.items:
            levels |= 0 if item.bounds is None else 1 << level_of(item.bounds)
        # First, so that the row's lock keeps everybody else from this archive's items.
        is_mine = _is(archive, fence) & STATE.c.lease_until.is_not(None)
        if not connection.execute(update(STATE).where(is_mine).values(levels=levels, **values)).rowcount:
            return False
        wanted = {_digest_of(item): item for item in build.items}
        rows = connection.execute(select(ITEM.c.id, ITEM.c.digest).where(ITEM.c.archive == archive))
        there = {row.digest: row.id for row in rows}
        _delete_items(connection, [there[digest] for digest in there.keys() - wanted.keys()])
        come = {each: wanted[each] for each in wanted.keys() - there.keys()}
        _insert_items(connection, archive, come)
        if there:  # else the archive is read for the first time, or by other code: nothing has come
            mark_due(connection, PROVIDER, [item.bounds for item in come.values() if item.bounds], now=now)
        return True

    @override
    @writes
    def release(self, connection: Connection, archive: str, *, fence: int, now: datetime) -> None:
        is_held = STATE.c.lease_until > now
        connection.execute(update(STATE).where(_is(archive, fence), is_held).values(lease_until=now))

    @override
    @writes
    def looked(self, connection: Connection, archive: str, *, listing: str, now: datetime) -> None:
        is_it = (STATE.c.archive == archive) & (STATE.c.listing == listing)
        connection.execute(update(STATE).where(is_it).values(looked_at=now))

    @override
    @reads
    def kept(self, connection: Connection, archive: str, names: Collection[str]) -> list[KeptFile]:
        found: list[KeptFile] = []
        columns = select(FILE.c.name, FILE.c.version, FILE.c.size_bytes, FILE.c.says)
        for part in _parts(sorted(set(names))):
            rows = connection.execute(columns.where(_are_kept(archive, part)))
            found += [KeptFile(row.name, row.version, row.size_bytes, row.says) for row in rows]
        return found

    @override
    @writes
    def keep(self, connection: Connection, archive: str, files: Sequence[KeptFile]) -> None:
        for part in _parts(files):
            connection.execute(delete(FILE).where(_are_kept(archive, [file.name for file in part])))
            rows = [
                {
                    "archive": archive,
                    "name_digest": _digest(file.name),
                    "name": file.name,
                    "version": file.version,
                    "size_bytes": file.size,
                    "says": file.says,
                }
                for file in part
            ]
            connection.execute(insert(FILE), rows)

    @override
    @writes
    def forget_others(self, connection: Connection, archive: str, names: Collection[str]) -> None:
        live = {_digest(name) for name in names}
        rows = connection.execute(select(FILE.c.id, FILE.c.name_digest).where(FILE.c.archive == archive))
        _delete(connection, FILE.c.id, [row.id for row in rows if row.name_digest not in live])

    @override
    @writes
    def delete_left_over(self, connection: Connection, archive: str, *, before: datetime, limit: int) -> int:
        seen_at = func.coalesce(STATE.c.looked_at, STATE.c.lease_until)
        is_old = (STATE.c.archive != archive) & (seen_at < before)
        old = connection.execute(select(STATE.c.archive).where(is_old).limit(1)).scalar()
        if old is None:
            return 0
        items = connection.execute(select(ITEM.c.id).where(ITEM.c.archive == old).limit(limit)).scalars().all()
        files = connection.execute(select(FILE.c.id).where(FILE.c.archive == old).limit(limit)).scalars().all()
        _delete_items(connection, items)
        _delete(connection, FILE.c.id, files)
        if not items and not files:
            return connection.execute(delete(STATE).where(STATE.c.archive == old, is_old)).rowcount
        return len(items) + len(files)


def over_query(archive: str, ground: Bounds, levels: int) -> Any:  # noqa: ANN401 (a statement)
    """Return the query for what shows some of the ground: by its cells, then by its bounds."""
    rows = [CELL.c.cell.between(row.first, row.last) for row in cells_over(ground, levels)]
    columns = ITEM.c
    is_over = and_(
        columns.west < ground.east,
        columns.east > ground.west,
        columns.south < ground.north,
        columns.north > ground.south,
    )
    joined = CELL.join(ITEM, ITEM.c.id == CELL.c.archive_item_id)
    # Hidden from SQLite's planner, which would read all items of the archive by their index instead.
    is_its = func.coalesce(ITEM.c.archive, "") == archive
    wanted = or_(*rows), is_its, or_(ITEM.c.west.is_(None), is_over)
    return _of_items().select_from(joined).where(*wanted)


def _of_items() -> Any:  # noqa: ANN401 (a statement)
    return select(*(ITEM.c[name] for name in ("id", "item_id", "west", "south", "east", "north", "says")))


def _items(rows: Iterable[Row[Any]]) -> list[IndexedItem]:
    once = {row.id: row for row in rows}  # one that lies in several cells is found in each
    return [IndexedItem(row.item_id, _bounds_of(row), row.says) for row in once.values()]


def _bounds_of(row: Row[Any]) -> Bounds | None:
    return None if row.west is None else Bounds(row.west, row.south, row.east, row.north)


def _insert_items(connection: Connection, archive: str, items: dict[str, IndexedItem]) -> None:
    for part in _parts(list(items)):
        rows = [_row_of(items[digest]) | {"archive": archive, "digest": digest} for digest in part]
        connection.execute(insert(ITEM), rows)
        query = select(ITEM.c.id, ITEM.c.digest).where(ITEM.c.archive == archive, ITEM.c.digest.in_(part))
        cells = [
            {"cell": cell, "archive_item_id": row.id}
            for row in connection.execute(query)
            for cell in cells_of(items[row.digest].bounds)
        ]
        connection.execute(insert(CELL), cells)


def _row_of(item: IndexedItem) -> dict[str, Any]:
    bounds = dict(zip(("west", "south", "east", "north"), item.bounds or (None,) * 4, strict=True))
    return {"item_id": item.item_id, "says": item.says} | bounds


def _delete_items(connection: Connection, ids: Sequence[int]) -> None:
    _delete(connection, CELL.c.archive_item_id, ids)
    _delete(connection, ITEM.c.id, ids)


def _delete(connection: Connection, column: Column[Any], ids: Sequence[int]) -> None:
    for part in _parts(ids):
        connection.execute(delete(column.table).where(column.in_(part)))


def _is(archive: str, fence: int) -> ColumnElement[bool]:
    return (STATE.c.archive == archive) & (STATE.c.fence == fence)


def _are_kept(archive: str, names: Iterable[str]) -> ColumnElement[bool]:
    digests = [_digest(name) for name in names]
    return and_(FILE.c.archive == archive, FILE.c.name_digest.in_(digests))


def _digest_of(item: IndexedItem) -> str:
    return _digest(repr((item.item_id, item.bounds and tuple(item.bounds), item.says)))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _parts(items: Sequence[T]) -> Iterable[list[T]]:
    return (list(items[start : start + AT_ONCE]) for start in range(0, len(items), AT_ONCE))
