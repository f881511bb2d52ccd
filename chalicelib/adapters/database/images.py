"""The rows of stored images, in the database: kept, listed, and found as references."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.captures import is_there
from chalicelib.adapters.database.engine import insert_row, reads
from chalicelib.adapters.database.owned import owned_area
from chalicelib.adapters.database.paging import counted, page_of
from chalicelib.adapters.database.rows import tile_image_of
from chalicelib.adapters.database.scenes import json_of_items
from chalicelib.application.ports.image_rows import ImageRows
from chalicelib.domain.errors import NotFound, Unavailable
from chalicelib.domain.images import ImageStatus, TileImage
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.scenes import Scene
from chalicelib.domain.tile_runs import CaptureClaim, Captured

IMAGE, RUN, DONE = t.image_tiles, t.session_tiles, t.comparisons
MOST_LOOKED_THROUGH = 800  # of a tile's older images: two years of daily ones
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
_NEWEST_FIRST = (IMAGE.c.taken_at.desc(), IMAGE.c.id.desc())


class SqlImageRows(ImageRows):
    """The port `ImageRows`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @reads
    def of_area(self, connection: Connection, area_id: int, *, user_id: int, page: PageRequest) -> Page[TileImage]:
        if connection.execute(owned_area(area_id, user_id)).first() is None:
            raise NotFound(f"there is no area {area_id}")
        here = IMAGE.c.area_id == area_id
        query = select(IMAGE).where(here)
        total = counted(connection, query, page)
        if page.after is not None:
            last = connection.execute(select(IMAGE.c.taken_at).where(here, IMAGE.c.id == page.after)).scalar()
            last = last or _END_OF_TIME
            query = query.where((IMAGE.c.taken_at < last) | ((IMAGE.c.taken_at == last) & (IMAGE.c.id < page.after)))
        rows = connection.execute(query.order_by(*_NEWEST_FIRST).limit(page.limit + 1)).all()
        return page_of(rows, page, total, lambda shown: [tile_image_of(row) for row in shown])


def insert_image(
    connection: Connection, claim: CaptureClaim, captured: Captured, *, is_baseline: bool | None = None
) -> int:
    """Keep an area's use of a captured image and return its id.

    Raises Unavailable if its last other user has gone meanwhile, and the image with it: then it is captured anew.
    """
    try:
        return insert_row(connection, IMAGE, **_values(claim, captured), is_baseline=is_baseline)
    except IntegrityError:
        if is_there(connection, captured.capture_id):
            raise
        raise Unavailable("the stored picture was deleted with its last area") from None


def _values(claim: CaptureClaim, captured: Captured) -> dict[str, Any]:
    view = claim.view
    return {
        "area_id": claim.area_id,
        "session_id": claim.session_id,
        "tile_run_id": claim.tile_run_id,
        "z": view.tile.z,
        "x": view.tile.x,
        "y": view.tile.y,
        "tile_px": view.tile_px,
        "margin_px": view.margin_px,
        "provider": claim.provider,
        "scene_id": captured.scene.scene_id[:255],
        "captured_at": captured.scene.captured_at,
        "fetched_at": captured.fetched_at,
        "taken_at": captured.taken_at,
        "capture_id": captured.capture_id,
        "object_key": captured.key,
        "sha256": captured.sha256,
        "size_bytes": captured.size_bytes,
        "attribution": captured.attribution[:500],
        "clear_share": captured.clear_share,
        "is_usable": captured.is_usable,
        "status": ImageStatus.CAPTURED,
        "scene_version": captured.scene.version,
        "scene_items": json_of_items(captured.scene.items),
    }


def confirm_image(connection: Connection, image_id: int, scene: Scene) -> None:
    """Keep that an image shows this version of a scene as well: the bytes are the same."""
    values = {"scene_version": scene.version, "scene_items": json_of_items(scene.items)}
    connection.execute(update(IMAGE).where(IMAGE.c.id == image_id).values(**values))


def exchange_baseline(connection: Connection, odd_id: int, good_id: int) -> None:
    """Set a misplaced image aside, known as one that shows nothing, so that its scene is not captured anew.

    What was refused for its sake is the baseline.
    """
    aside = {"is_usable": False, "status": ImageStatus.CAPTURED}
    good = {"is_usable": True, "status": ImageStatus.CAPTURED, "is_baseline": True}
    for image_id, values in ((odd_id, aside), (good_id, good)):
        connection.execute(update(IMAGE).where(IMAGE.c.id == image_id).values(**values))


def forget_image(connection: Connection, image_id: int) -> None:
    """Never use an image again, to compare it or to compare with it: its object is gone, or is not what was stored."""
    values = {"is_usable": False, "status": ImageStatus.ERROR}
    connection.execute(update(IMAGE).where(IMAGE.c.id == image_id).values(**values))
