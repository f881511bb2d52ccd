"""What sessions have found of scenes, in the database; and how scenes and their items are kept."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, case, literal, select, update
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_shapes import is_of_its_land, tiles_at
from chalicelib.adapters.database.engine import insert_if_new, writes
from chalicelib.application.ports.scene_searches import SceneSearches
from chalicelib.domain.scenes import Found, Grid, Item, Refused, Scene
from chalicelib.domain.tiles import Bounds

SEARCH, SESSION, AREA = t.scene_searches, t.alert_sessions, t.area_configs
_IS_OPEN = SEARCH.c.found.is_(None)


class SqlSceneSearches(SceneSearches):
    """The port `SceneSearches`. The row of a session is its search's claim and what came of it."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @writes
    def begin(self, connection: Connection, session_id: int, *, now: datetime, until: datetime) -> bool:
        if insert_if_new(connection, SEARCH, session_id=session_id, lease_until=until):
            return True
        is_free = SEARCH.c.lease_until.is_(None) | (SEARCH.c.lease_until <= now)
        taken = update(SEARCH).where(SEARCH.c.session_id == session_id, _IS_OPEN, is_free).values(lease_until=until)
        return bool(connection.execute(taken).rowcount)

    @override
    @writes
    def keep(self, connection: Connection, session_id: int, found: Found, *, finer: Grid | None) -> None:
        is_it = SEARCH.c.session_id == session_id
        connection.execute(update(SEARCH).where(is_it, _IS_OPEN).values(found=json_of(found), lease_until=None))
        if finer is not None:
            of_session = select(SESSION.c.area_id).where(SESSION.c.id == session_id).scalar_subquery()
            grid = {"zoom": finer.zoom, "tile_px": finer.tile_px, "margin_px": finer.margin_px}
            tiles = case((AREA.c.shape_m2.is_not(None), tiles_at(of_session, finer.zoom)))
            is_coarser = (AREA.c.zoom < finer.zoom) & is_of_its_land(literal(session_id))
            connection.execute(
                update(AREA).where(AREA.c.id == of_session, is_coarser).values(**grid, shape_tiles=tiles)
            )

    @override
    @writes
    def give_up(self, connection: Connection, session_id: int) -> None:
        is_it = SEARCH.c.session_id == session_id
        connection.execute(update(SEARCH).where(is_it, _IS_OPEN).values(lease_until=None))


def json_of(found: Found) -> dict[str, Any]:
    """Return what was found as it is kept."""
    return {
        "scenes": [[scene.scene_id, _text(scene.captured_at), json_of_items(scene.items)] for scene in found.scenes],
        "refused": [[_text(each.captured_at), each.bounds, each.reason] for each in found.refused],
        "says": found.says,
    }


def found_of(kept: dict[str, Any] | None) -> Found | None:
    """Return what was found, of what is kept; None before."""
    if kept is None:
        return None
    return Found(
        scenes=tuple(
            Scene(scene_id=scene_id, captured_at=at and datetime.fromisoformat(at), items=items_of(items))
            for scene_id, at, items in kept["scenes"]
        ),
        refused=tuple(
            Refused(datetime.fromisoformat(at), bounds and Bounds(*bounds), reason)
            for at, bounds, reason in kept["refused"]
        ),
        says=kept["says"],
    )


def json_of_items(items: Sequence[Item]) -> list[Any]:
    """Return items as they are kept: id, time, content, bounds, metres a pixel."""
    return [[item.item_id, _text(item.captured_at), item.content, item.bounds, item.gsd_m] for item in items]


def items_of(kept: Sequence[Any] | None) -> tuple[Item, ...]:
    """Return the items of what is kept of them."""
    return tuple(
        Item(item_id, datetime.fromisoformat(at), content, bounds and Bounds(*bounds), gsd_m)
        for item_id, at, content, bounds, gsd_m in kept or ()
    )


def _text(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
