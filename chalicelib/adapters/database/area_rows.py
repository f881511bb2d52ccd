"""The rows of an area, in the database: by keys that indexes have, so many in a transaction."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine, Select, Table, or_, select

from chalicelib.adapters.database.engine import reads
from chalicelib.application.ports.area_contents import Row

PARENTS, ROWS = 100, 200


class Children(NamedTuple):
    """Rows that belong to those of another table, whose key they have in the column `by`."""

    table: Table
    by: str
    columns: Sequence[Any]


class AreaRows:
    """Reads rows of an area a part at a time, each in a transaction of its own."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def rows_of(self, table: Table, columns: Sequence[Any], area_id: int) -> Iterator[Row]:
        """Yield the rows of a table that an area has."""
        after = 0
        while part := self._part(table, columns, area_id, after):
            yield from part
            after = part[-1]["id"]

    @reads
    def _part(
        self, connection: Connection, table: Table, columns: Sequence[Any], area_id: int, after: int
    ) -> list[Row]:
        query = select(*columns).where(table.c.area_id == area_id, table.c.id > after)
        return known(connection, query.order_by(table.c.id))

    def children_of(self, parent: Table, children: Children, area_id: int) -> Iterator[Row]:
        """Yield the rows that belong to those of a table that an area has, by an index of each of the two."""
        after = 0
        while ids := self._ids(parent, area_id, after):
            yield from self.children_among(children, ids)
            after = ids[-1]

    def children_among(self, children: Children, ids: Sequence[int]) -> Iterator[Row]:
        """Yield the rows that belong to some of their parents, by a key of theirs."""
        place = (0, 0)
        while part := self._next(children, ids, place):
            yield from part
            place = (part[-1][children.by], part[-1]["id"])

    @reads
    def _ids(self, connection: Connection, table: Table, area_id: int, after: int) -> list[int]:
        query = select(table.c.id).where(table.c.area_id == area_id, table.c.id > after)
        return list(connection.execute(query.order_by(table.c.id).limit(PARENTS)).scalars())

    @reads
    def _next(
        self, connection: Connection, children: Children, ids: Sequence[int], place: tuple[int, int]
    ) -> list[Row]:
        of, own = children.table.c[children.by], children.table.c.id
        left = [each for each in ids if each >= place[0]]
        is_behind = or_(of > place[0], (of == place[0]) & (own > place[1]))
        query = select(*children.columns).where(of.in_(left), is_behind)
        return known(connection, query.order_by(of, own))


def known(connection: Connection, query: Select[Any]) -> list[Row]:
    """Read the next rows of a query."""
    return [dict(row) for row in connection.execute(query.limit(ROWS)).mappings()]
