"""The rows of stored images, in the database: kept, listed, and found as references."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    bindparam,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.captures import is_there
from chalicelib.adapters.database.engine import insert_row, reads
from chalicelib.adapters.database.owned import ONE_AREA, THAT_AREA
from chalicelib.adapters.database.paging import Listing, page_of
from chalicelib.adapters.database.rows import OF_IMAGE, tile_image_of
from chalicelib.adapters.database.scenes import json_of_items
from chalicelib.application.ports.image_rows import ImageRows
from chalicelib.domain.errors import NotFound, Unavailable
from chalicelib.domain.images import ImageStatus, TileImage
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.scenes import Scene
from chalicelib.domain.tile_runs import CaptureClaim, Captured
from chalicelib.domain.two_dates import Span

IMAGE, RUN, SESSION = t.image_tiles, t.session_tiles, t.alert_sessions
MOST_LOOKED_THROUGH = 800  # of a tile's older images: two years of daily ones
_END_OF_TIME = datetime(9999, 1, 1, tzinfo=UTC)
_THEN = (
    select(IMAGE.c.id)
    .where(IMAGE.c.area_id == bindparam("area"), IMAGE.c.dropped_at.is_(None))
    .where(IMAGE.c.taken_at >= bindparam("since"), IMAGE.c.taken_at < bindparam("until"))
    .limit(1)
)
_OWN_THEN = _THEN.where(IMAGE.c.is_apart.is_(None))
_OF_DATES_THEN = _THEN.join(SESSION, SESSION.c.id == IMAGE.c.session_id).where(
    IMAGE.c.is_apart.is_(True),
    SESSION.c.two_dates.is_not(None),  # not those of the seasons
)
_LAST = bindparam("last", type_=IMAGE.c.taken_at.type)
_IS_LISTED = (IMAGE.c.area_id == THAT_AREA) & IMAGE.c.is_apart.is_(None) & IMAGE.c.dropped_at.is_(None)
_OF_AREA = Listing(
    select(*OF_IMAGE, RUN.c.clearly_seen_at).outerjoin(RUN, RUN.c.id == IMAGE.c.tile_run_id).where(_IS_LISTED),
    (IMAGE.c.taken_at.desc(), IMAGE.c.id.desc()),
    (IMAGE.c.taken_at < _LAST) | ((IMAGE.c.taken_at == _LAST) & (IMAGE.c.id < bindparam("beyond"))),
    # Without its hint MySQL takes the index whose order it would need to list, and reads each row to count it.
    counted=select(IMAGE)
    .where(_IS_LISTED)
    .with_hint(IMAGE, "FORCE INDEX (ix_image_tiles_area_id_dropped_at_is_apart_taken_at)", "mysql"),
)


class SqlImageRows(ImageRows):
    """The port `ImageRows`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @reads
    def of_area(self, connection: Connection, area_id: int, *, user_id: int, page: PageRequest) -> Page[TileImage]:
        given: dict[str, Any] = {"wanted": area_id, "owner": user_id}
        if page.after is not None:
            is_it = (IMAGE.c.area_id == area_id) & (IMAGE.c.id == page.after)  # also if it was dropped meanwhile
            given["last"] = connection.execute(select(IMAGE.c.taken_at).where(is_it)).scalar() or _END_OF_TIME
        rows, total = _OF_AREA.read(connection, page, given)
        if not rows and connection.execute(ONE_AREA, {"wanted": area_id, "owner": user_id}).first() is None:
            raise NotFound(f"there is no area {area_id}")
        return page_of(
            rows, page, total, lambda shown: [tile_image_of(row, clearly_seen_at=row.clearly_seen_at) for row in shown]
        )

    @override
    @reads
    def are_taken(self, connection: Connection, area_id: int, days: Sequence[Sequence[Span]]) -> list[bool]:
        def is_any(span: Span) -> bool:
            asked = {"area": area_id, **span._asdict()}
            return any(connection.execute(query, asked).first() is not None for query in (_OWN_THEN, _OF_DATES_THEN))

        # One after the other, each by its index: an area of years has a hundred thousand images, and a page few days.
        return [any(map(is_any, spans)) for spans in days]

    @override
    @reads
    def is_any_stored(self, connection: Connection) -> bool:
        return connection.execute(select(IMAGE.c.id).where(IMAGE.c.object_key > "").limit(1)).first() is not None


def insert_image(
    connection: Connection,
    claim: CaptureClaim,
    captured: Captured,
    *,
    is_baseline: bool | None = None,
    is_apart: bool = False,
) -> int:
    """Keep an area's use of a captured image and return its id.

    Raises Unavailable if its last other user has gone meanwhile, and the image with it: then it is captured anew.
    """
    try:
        values = _values(claim, captured, is_apart=is_apart or claim.dates is not None)
        return insert_row(connection, IMAGE, **values, is_baseline=is_baseline)
    except IntegrityError:
        if is_there(connection, captured.capture_id):
            raise
        raise Unavailable("the stored picture was deleted with its last area") from None


def _values(claim: CaptureClaim, captured: Captured, *, is_apart: bool) -> dict[str, Any]:
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
        "bands_key": captured.bands and captured.bands.key,
        "bands_sha256": captured.bands and captured.bands.sha256,
        "attribution": captured.attribution[:500],
        "clear_share": captured.clear_share,
        # The release before knows nothing of images that stand apart, and what is not usable is no truth to it.
        "is_usable": captured.is_usable and not is_apart,
        "is_apart": is_apart or None,
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
