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
from chalicelib.domain.captures import capture_of_bands
from chalicelib.domain.exports import stem_in

CAPTURE, IMAGE = t.captures, t.image_tiles
AT_ONCE = 500


class SqlOrphans(Orphans):
    """The port `Orphans`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def release(self, connection: Connection, keys: Sequence[str]) -> list[str]:
        named: set[str] = set()
        alert = t.alert_details.c
        for column in (IMAGE.c.object_key, alert.mask_key, alert.overlay_key, t.layer_imports.c.object_key):
            named.update(row[0] for row in _rows(connection, [column], keys))
        stems = {key: stem for key in keys if (stem := stem_in(key)) is not None}
        exported = {row.stem for row in _rows(connection, [t.area_exports.c.stem], list(stems.values()))}
        named.update(key for key, stem in stems.items() if stem in exported)
        of_bands = {key: capture_id for key in keys if (capture_id := capture_of_bands(key)) is not None}
        uses = _rows(connection, [IMAGE.c.capture_id, IMAGE.c.bands_key], list(of_bands.values()))
        named.update(row.bands_key for row in uses if row.bands_key)
        rest = [key for key in keys if key not in named]
        captured = {row.object_key: row.id for row in _rows(connection, [CAPTURE.c.object_key, CAPTURE.c.id], rest)}
        ids = [of_bands[key] for key in rest if key in of_bands]
        for row in _rows(connection, [CAPTURE.c.id, CAPTURE.c.bands_key], ids):
            if row.bands_key is not None:
                captured[row.bands_key] = row.id
        released = set(delete_unused(connection, captured.values()))
        return [key for key in rest if key not in captured or key in released]


def _rows(connection: Connection, columns: list[Column[Any]], values: Sequence[Any]) -> Iterator[Row[Any]]:
    """Yield the rows whose first column has one of the values, which an index finds."""
    for start in range(0, len(values), AT_ONCE):
        yield from connection.execute(select(*columns).where(columns[0].in_(values[start : start + AT_ONCE])))
