"""Stored objects that nobody uses, in the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Engine, Row, select
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.captures import delete_unused
from chalicelib.adapters.database.engine import writes
from chalicelib.application.ports.orphans import Orphans

CAPTURE = t.captures
AT_ONCE = 500


class SqlOrphans(Orphans):
    """The port `Orphans`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def release(self, connection: Connection, keys: Sequence[str]) -> list[str]:
        named: set[str] = set()
        for column in (t.image_tiles.c.object_key, t.alert_details.c.mask_key, t.alert_details.c.overlay_key):
            named.update(row[0] for row in _rows(connection, [column], keys))
        rest = [key for key in keys if key not in named]
        captured = {row.object_key: row.id for row in _rows(connection, [CAPTURE.c.object_key, CAPTURE.c.id], rest)}
        released = set(delete_unused(connection, captured.values()))
        return [key for key in rest if key not in captured or key in released]


def _rows(connection: Connection, columns: list[Column[Any]], keys: Sequence[str]) -> Iterator[Row[Any]]:
    for start in range(0, len(keys), AT_ONCE):
        yield from connection.execute(select(*columns).where(columns[0].in_(keys[start : start + AT_ONCE])))
