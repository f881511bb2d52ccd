"""Captured images, in the database: stored once, held by one worker at a time, and gone with their last user."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, and_, delete, exists, select, update
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.clock_repairs import TOLERATED
from chalicelib.adapters.database.engine import insert_new, writes
from chalicelib.adapters.database.rows import bands_of
from chalicelib.adapters.database.scenes import items_of, json_of_items
from chalicelib.application.ports.captures import Captures
from chalicelib.domain.captures import FAILURE_HOLDS, Capture, CaptureFailed, CaptureHold
from chalicelib.domain.scenes import Item, Scene, day_of
from chalicelib.domain.tiles import View, centre_of

CAPTURE, IMAGE = t.captures, t.image_tiles
AT_ONCE = 500
MAX_REASON = 500
_IS_STORED = CAPTURE.c.object_key.is_not(None)


class SqlCaptures(Captures):
    """The port `Captures`. A row is an image, or before that the hold of the worker that captures it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def begin(
        self,
        connection: Connection,
        scene: Scene,
        view: View,
        provider: str,
        *,
        since: datetime,
        now: datetime,
        until: datetime,
    ) -> Capture | CaptureHold | CaptureFailed | None:
        of_tile = _of_tile(view, provider)
        row = of_tile | {"version": scene.version_id, "lease_until": until}
        mine = insert_new(connection, CAPTURE, **row)  # first: most images are new, and then this is all
        if not scene.version_id:
            fresh = _fresh_one(connection, of_tile, since, now)
            if fresh is not None:
                if mine is not None:
                    connection.execute(delete(CAPTURE).where(CAPTURE.c.id == mine))
                return fresh
        if mine is None:
            found = _found(connection, of_tile, scene)
            if found is None or found.object_key is not None:
                return None if found is None else _capture_of(found)
            if found.failure is not None and since < found.lease_until and now < found.lease_until + FAILURE_HOLDS:
                return CaptureFailed(found.failure)
            mine = _taken_over(connection, found, row, now)
            if mine is None:
                return None
        return CaptureHold(mine, until, _before(connection, of_tile, scene, centre_of(view.bounds)[0]))

    @override
    @writes
    def begin_again(
        self, connection: Connection, capture: Capture, *, now: datetime, until: datetime
    ) -> CaptureHold | None:
        is_free = CAPTURE.c.lease_until.is_(None) | (CAPTURE.c.lease_until <= now)
        is_it = (CAPTURE.c.id == capture.capture_id) & (CAPTURE.c.object_key == capture.key)
        taken = connection.execute(update(CAPTURE).where(is_it, is_free).values(lease_until=until))
        return CaptureHold(capture.capture_id, until, capture.scene.items) if taken.rowcount else None

    @override
    @writes
    def keep(self, connection: Connection, hold: CaptureHold, capture: Capture) -> bool:
        values: dict[str, Any] = {
            "lease_until": None,
            "failure": None,
            "scene_id": capture.scene.scene_id[:255],
            "captured_at": capture.scene.captured_at,
            "scene_items": json_of_items(capture.scene.items),
            "fetched_at": capture.fetched_at,
            "object_key": capture.key,
            "sha256": capture.sha256,
            "size_bytes": capture.size_bytes,
            "bands_key": capture.bands and capture.bands.key,
            "bands_sha256": capture.bands and capture.bands.sha256,
            "attribution": capture.attribution[:500],
        }
        if not capture.scene.version_id:  # of now: it makes room for the next one
            values["version"] = f"undated-{hold.capture_id}"
        return bool(connection.execute(update(CAPTURE).where(_is_held(hold)).values(**values)).rowcount)

    @override
    @writes
    def give_up(self, connection: Connection, hold: CaptureHold, *, reason: str | None, now: datetime) -> None:
        values = {"lease_until": now, "failure": reason and reason[:MAX_REASON]}
        connection.execute(update(CAPTURE).where(_is_held(hold)).values(**values))

    @override
    @writes
    def delete_left_over(self, connection: Connection, *, before: datetime, limit: int) -> int:
        is_left = CAPTURE.c.object_key.is_(None) & (CAPTURE.c.lease_until < before)
        ids = list(connection.execute(select(CAPTURE.c.id).where(is_left).limit(limit)).scalars())
        return connection.execute(delete(CAPTURE).where(CAPTURE.c.id.in_(ids), is_left)).rowcount


def delete_unused(connection: Connection, capture_ids: Collection[int]) -> list[str]:
    """Delete those of the captures that no area uses, and return their objects' keys: these go after the commit.

    Under the rows' locks: a session that begins to use one at this moment has done so before, or finds it gone.
    """
    keys: list[str] = []
    ids = sorted(capture_ids)
    for start in range(0, len(ids), AT_ONCE):
        part = CAPTURE.c.id.in_(ids[start : start + AT_ONCE])
        columns = CAPTURE.c.id, CAPTURE.c.object_key, CAPTURE.c.bands_key
        locked = connection.execute(select(*columns).where(part).with_for_update()).all()
        used = select(IMAGE.c.capture_id).where(IMAGE.c.capture_id.in_([row.id for row in locked])).distinct()
        kept = set(connection.execute(used).scalars())
        unused = [row for row in locked if row.id not in kept]
        connection.execute(delete(CAPTURE).where(CAPTURE.c.id.in_([row.id for row in unused])))
        keys += [key for row in unused for key in (row.object_key, row.bands_key) if key is not None]
    return keys


def is_there(connection: Connection, capture_id: int) -> bool:
    """Whether a capture has its row still."""
    return bool(connection.execute(select(exists().where(CAPTURE.c.id == capture_id))).scalar())


def _of_tile(view: View, provider: str) -> dict[str, Any]:
    tile = view.tile
    grid = {"tile_px": view.tile_px, "margin_px": view.margin_px}
    return {"provider": provider, "z": tile.z, "x": tile.x, "y": tile.y} | grid


def _is(values: dict[str, Any]) -> ColumnElement[bool]:
    return and_(*(CAPTURE.c[name] == value for name, value in values.items()))


def _is_held(hold: CaptureHold) -> ColumnElement[bool]:
    return (CAPTURE.c.id == hold.capture_id) & (CAPTURE.c.lease_until == hold.until)


def _found(connection: Connection, of_tile: dict[str, Any], scene: Scene) -> Row[Any] | None:
    named = select(CAPTURE).where(_is(of_tile), CAPTURE.c.version == scene.version_id)
    return connection.execute(named).one_or_none()


def _fresh_one(connection: Connection, of_tile: dict[str, Any], since: datetime, now: datetime) -> Capture | None:
    """Return what was fetched since; not what a clock that ran ahead says to have fetched."""
    is_since = (CAPTURE.c.fetched_at > since) & (CAPTURE.c.fetched_at <= now + TOLERATED)
    newest = select(CAPTURE).where(_is(of_tile), _IS_STORED, is_since)
    row = connection.execute(newest.order_by(CAPTURE.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else _capture_of(row)


def _taken_over(connection: Connection, found: Row[Any], row: dict[str, Any], now: datetime) -> int | None:
    """Take the place of a hold that has ended, under another id: what that worker may still store is not this one's."""
    has_ended = (CAPTURE.c.lease_until == found.lease_until) & (CAPTURE.c.lease_until <= now)
    is_it = (CAPTURE.c.id == found.id) & CAPTURE.c.object_key.is_(None)
    if not connection.execute(delete(CAPTURE).where(is_it, has_ended)).rowcount:
        return None
    return insert_new(connection, CAPTURE, **row)


def _before(connection: Connection, of_tile: dict[str, Any], scene: Scene, lon: float) -> tuple[Item, ...]:
    """Return what the latest image of this tile and day was made of; where nothing can overlap nobody asks."""
    if len(scene.items) < 2 or scene.captured_at is None:
        return ()
    of_day = (
        select(CAPTURE.c.captured_at, CAPTURE.c.scene_items)
        .where(_is(of_tile), _IS_STORED)
        .order_by(CAPTURE.c.id.desc())
    )
    day = day_of(scene.captured_at, lon)
    dated = (row for row in connection.execute(of_day) if row.captured_at)
    return next((items_of(row.scene_items) for row in dated if day_of(row.captured_at, lon) == day), ())


def _capture_of(row: Row[Any]) -> Capture:
    return Capture(
        capture_id=row.id,
        key=row.object_key,
        sha256=row.sha256,
        size_bytes=row.size_bytes,
        bands=bands_of(row),
        scene=Scene(scene_id=row.scene_id, captured_at=row.captured_at, items=items_of(row.scene_items)),
        fetched_at=row.fetched_at,
        attribution=row.attribution,
    )
