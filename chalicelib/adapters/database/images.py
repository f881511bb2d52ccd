"""The rows of stored images, in the database: kept, listed, and found as references."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, case, func, select
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import insert_row, reads
from chalicelib.adapters.database.owned import owned_area
from chalicelib.adapters.database.rows import image_of, tile_image_of, tile_of
from chalicelib.application.ports.image_rows import ImageRows
from chalicelib.domain.areas import Area
from chalicelib.domain.errors import NotFound
from chalicelib.domain.images import ImageStatus, StoredImage, TileImage
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.references import CLEAR_SHARE, Candidate, Pair, choose_reference, newest_pair
from chalicelib.domain.tile_runs import CaptureClaim, Captured
from chalicelib.domain.tiles import Tile

IMAGE = t.image_tiles
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
        total = connection.execute(select(func.count()).select_from(IMAGE).where(here)).scalar_one()
        query = select(IMAGE).where(here)
        if page.after is not None:
            last = connection.execute(select(IMAGE.c.taken_at).where(here, IMAGE.c.id == page.after)).scalar()
            last = last or _END_OF_TIME
            query = query.where((IMAGE.c.taken_at < last) | ((IMAGE.c.taken_at == last) & (IMAGE.c.id < page.after)))
        rows = connection.execute(query.order_by(*_NEWEST_FIRST).limit(page.limit + 1)).all()
        items = [tile_image_of(row) for row in rows[: page.limit]]
        return Page(items, total, items[-1].image.image_id if len(rows) > page.limit else None)


def _comparable(area: Area) -> ColumnElement[bool]:
    # Another provider, another zoom or another margin shows other ground: never compared with each other.
    return (
        (IMAGE.c.area_id == area.area_id)
        & (IMAGE.c.provider == area.plan.provider)
        & (IMAGE.c.tile_px == area.plan.grid.tile_px)
        & (IMAGE.c.margin_px == area.plan.grid.margin_px)
        & IMAGE.c.is_usable.is_(True)
    )


def _is_of(tile: Tile) -> ColumnElement[bool]:
    return (IMAGE.c.z == tile.z) & (IMAGE.c.x == tile.x) & (IMAGE.c.y == tile.y)


def newest_image(connection: Connection, area: Area, tile: Tile) -> StoredImage | None:
    """Return the newest usable image of a tile."""
    query = select(IMAGE).where(_comparable(area), _is_of(tile)).order_by(*_NEWEST_FIRST).limit(1)
    row = connection.execute(query).one_or_none()
    return None if row is None else image_of(row)


def older_images(connection: Connection, area: Area, reference: StoredImage) -> list[StoredImage]:
    """Return the clear images of a tile from before a reference that may be compared with it, newest first."""
    query = (
        select(IMAGE)
        .where(
            _comparable(area),
            _is_of(reference.view.tile),
            IMAGE.c.clear_share >= CLEAR_SHARE,
            IMAGE.c.taken_at < reference.taken_at,
        )
        .order_by(*_NEWEST_FIRST)
        .limit(MOST_LOOKED_THROUGH)
    )
    return [image_of(row) for row in connection.execute(query)]


def reference_for(connection: Connection, area: Area, tile: Tile, *, taken_before: datetime) -> StoredImage | None:
    """Return what an image taken at a time is to be compared with, by the rule `choose_reference`."""
    earlier = select(IMAGE).where(_comparable(area), _is_of(tile), IMAGE.c.taken_at < taken_before)
    newest = earlier.order_by(*_NEWEST_FIRST).limit(1)  # by the index: the tile's other images are not read
    queries = (newest.where(IMAGE.c.clear_share >= CLEAR_SHARE), newest)
    rows = {row.id: row for query in queries for row in connection.execute(query)}
    chosen = choose_reference(map(_candidate_of, rows.values()), taken_before=taken_before)
    return None if chosen is None else image_of(rows[chosen.image_id])


def newest_pairs(connection: Connection, area: Area) -> Iterator[tuple[Tile, Pair]]:
    """Yield each tile's newest image with its reference, by the rule `newest_pair`."""
    for tile, rows in groupby(_newest_of_each_kind(connection, area), tile_of):
        pair = newest_pair([_candidate_of(row) for row in rows])
        if pair is not None:
            yield tile, pair


def _newest_of_each_kind(connection: Connection, area: Area) -> list[Row[Any]]:
    """Read each tile's newest clear and newest other images, of two times each: all that `newest_pair` can choose."""
    tile = (IMAGE.c.z, IMAGE.c.x, IMAGE.c.y)
    kind = case((IMAGE.c.clear_share >= CLEAR_SHARE, 0), else_=1)
    place = func.dense_rank().over(partition_by=(*tile, kind), order_by=IMAGE.c.taken_at.desc()).label("place")
    ranked = (
        select(IMAGE.c.id, *tile, IMAGE.c.taken_at, IMAGE.c.clear_share, place)
        .where(_comparable(area))
        .subquery("ranked")
    )
    query = select(ranked).where(ranked.c.place <= 2).order_by(ranked.c.z, ranked.c.x, ranked.c.y)
    return list(connection.execute(query))


def _candidate_of(row: Row[Any]) -> Candidate:
    return Candidate(image_id=row.id, taken_at=row.taken_at, clear_share=row.clear_share)


def insert_image(connection: Connection, claim: CaptureClaim, captured: Captured) -> int:
    """Keep a captured image's row and return its id."""
    view = claim.view
    return insert_row(
        connection,
        IMAGE,
        area_id=claim.area_id,
        session_id=claim.session_id,
        tile_run_id=claim.tile_run_id,
        z=view.tile.z,
        x=view.tile.x,
        y=view.tile.y,
        tile_px=view.tile_px,
        margin_px=view.margin_px,
        provider=claim.provider,
        scene_id=captured.scene.scene_id[:255],
        captured_at=captured.scene.captured_at,
        fetched_at=captured.fetched_at,
        taken_at=captured.taken_at,
        object_key=captured.key,
        sha256=captured.sha256,
        size_bytes=captured.size_bytes,
        attribution=captured.attribution[:500],
        clear_share=captured.clear_share,
        is_usable=captured.is_usable,
        status=ImageStatus.CAPTURED,
    )
