"""Deletes what is left of a deleted area, a part in each transaction: the area's row goes last, so that it goes on."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Table, delete, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_exports import purge_exports
from chalicelib.adapters.database.captures import delete_unused
from chalicelib.adapters.database.notices import forget_area

AREA, SESSION, IMAGE = t.area_configs, t.alert_sessions, t.image_tiles
PART = 500  # rows of one transaction, and those that hang on them


def purge_part(connection: Connection, area: Row[Any]) -> list[str]:
    """Delete some of a deleted area's rows, the area's own last; return the keys of objects that nobody uses any more.

    The caller holds the area's lock, and no session of it is open. What refers to a row goes before it, each by an
    index that begins with what it is found by.
    """
    here = IMAGE.c.area_id == area.id
    images = connection.execute(select(IMAGE.c.id, IMAGE.c.capture_id).where(here).limit(PART)).all()
    ids = [row.id for row in images]
    for table in (t.comparisons, t.alert_details):
        connection.execute(delete(table).where(table.c.image_id.in_(ids)))
    connection.execute(delete(IMAGE).where(IMAGE.c.id.in_(ids)))
    keys = delete_unused(connection, {row.capture_id for row in images if row.capture_id is not None})
    keys += purge_exports(connection, area.id)
    left = PART - len(images)
    if left:
        left = _purge_sessions(connection, area, left)
    of_area = (t.area_states, t.named_parcels, t.place_sightings, t.places, t.area_tiles, t.area_shapes, t.holds)
    for table in of_area:
        left -= delete_some(connection, table, table.c.area_id == area.id, left)
    if left > 0:
        connection.execute(delete(AREA).where(AREA.c.id == area.id))
    return keys


def _purge_sessions(connection: Connection, area: Row[Any], left: int) -> int:
    forget_area(connection, area.id, user_id=area.user_id)
    query = select(SESSION.c.id).where(SESSION.c.area_id == area.id).order_by(SESSION.c.id).limit(left)
    for session_id in list(connection.execute(query).scalars()):
        for table in (t.outbox, t.deliveries, t.scene_searches, t.session_parts, t.alert_details, t.session_tiles):
            left -= delete_some(connection, table, table.c.session_id == session_id, left)
        if left <= 0:
            return 0
        connection.execute(delete(SESSION).where(SESSION.c.id == session_id))
        left -= 1
    return left


def delete_some(connection: Connection, table: Table, condition: ColumnElement[bool], most: int) -> int:
    """Delete at most so many rows, by their ids: MySQL has no limit in a subquery, SQLite none in a DELETE."""
    if most <= 0:
        return 0
    (key,) = table.primary_key
    ids = list(connection.execute(select(key).where(condition).limit(most)).scalars())
    if ids:
        connection.execute(delete(table).where(key.in_(ids)))
    return len(ids)
