"""Stored objects that no row names, in the database."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Engine, select
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import reads
from chalicelib.application.ports.orphans import Orphans


class SqlOrphans(Orphans):
    """The port `Orphans`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @reads
    def unreferenced(self, connection: Connection, keys: Sequence[str]) -> list[str]:
        named: set[str] = set()
        for column in (t.image_tiles.c.object_key, t.alert_details.c.mask_key, t.alert_details.c.overlay_key):
            for start in range(0, len(keys), 500):
                part = keys[start : start + 500]
                named.update(connection.execute(select(column).where(column.in_(part))).scalars())
        return [key for key in keys if key not in named]
