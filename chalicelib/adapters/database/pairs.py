"""Which stored pictures are to be compared with which: rules that need the database to answer."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, func, select

from chalicelib.adapters.database import tables as t
from chalicelib.domain.areas import Area
from chalicelib.domain.changes import DETECTOR, may_hold_later
from chalicelib.domain.imagery import Grid, StoredImage
from chalicelib.domain.tiles import Outline, Tile

IMAGE, DONE = t.image_tiles, t.comparisons


def image_of(row: Row[Any]) -> StoredImage:
    """Make the value of an image's row."""
    grid = Grid(zoom=row.z, tile_px=row.tile_px, margin_px=row.margin_px)
    return StoredImage(
        image_id=row.id,
        area_id=row.area_id,
        session_id=row.session_id,
        view=grid.view(Tile(row.z, row.x, row.y)),
        provider=row.provider,
        scene_id=row.scene_id,
        captured_at=row.captured_at,
        fetched_at=row.fetched_at,
        key=row.object_key,
        sha256=row.sha256,
        attribution=row.attribution,
    )


CLEAR_REFERENCE = 0.9  # share of tile and area
"""A picture that shows less is compared, but no later one with it, as long as a clearer one is there: what a cloud hid
would otherwise never be compared."""


def _comparable(area_id: int, provider: str, grid: Grid) -> ColumnElement[bool]:
    # Another provider, another zoom or another margin shows other ground: never compared with each other.
    return (
        (IMAGE.c.area_id == area_id)
        & (IMAGE.c.provider == provider)
        & (IMAGE.c.tile_px == grid.tile_px)
        & (IMAGE.c.margin_px == grid.margin_px)
        & IMAGE.c.is_usable.is_(True)
    )


MOST_LOOKED_THROUGH = 800  # of a tile's older pictures: two years of daily ones


def older_images(connection: Connection, area: Area, reference: StoredImage) -> list[StoredImage]:
    """Give the clear pictures of a tile from before a reference that may be compared with it, newest first."""
    query = (
        select(IMAGE)
        .where(
            _comparable(area.area_id, area.plan.provider, area.plan.grid),
            *_is_of(reference.view.tile),
            IMAGE.c.clear_share >= CLEAR_REFERENCE,
            IMAGE.c.taken_at < reference.taken_at,
        )
        .order_by(IMAGE.c.taken_at.desc(), IMAGE.c.id.desc())
        .limit(MOST_LOOKED_THROUGH)
    )
    return [image_of(row) for row in connection.execute(query)]


def doubted_before(connection: Connection, reference_id: int) -> tuple[Outline, ...]:
    """Give what the comparison of a picture saw and doubted, so that the next one can say whether it is still there.

    Whatever it was compared by: a doubt is settled by the pictures, also after the area's sensitivity has changed.
    """
    query = select(DONE.c.ignored).where(DONE.c.image_id == reference_id).order_by(DONE.c.id.desc()).limit(1)
    regions = connection.execute(query).scalar() or []
    return tuple(
        region["outline"]["coordinates"] for region in regions if may_hold_later(region["reason"], region["score"])
    )


def _is_of(tile: Tile) -> tuple[ColumnElement[bool], ...]:
    return (IMAGE.c.z == tile.z, IMAGE.c.x == tile.x, IMAGE.c.y == tile.y)


def newest_image(
    connection: Connection, area: Area, tile: Tile, *, before: datetime | None = None
) -> StoredImage | None:
    """Give the newest usable picture of a tile; or, to compare with, the newest clear one taken before a time."""
    query = select(IMAGE).where(
        _comparable(area.area_id, area.plan.provider, area.plan.grid),
        *_is_of(tile),
    )
    if before is not None:
        query = query.where(IMAGE.c.taken_at < before).order_by(_clearest_first())
    row = connection.execute(query.order_by(IMAGE.c.taken_at.desc(), IMAGE.c.id.desc()).limit(1)).one_or_none()
    return None if row is None else image_of(row)


def pairs_to_compare(connection: Connection, area: Area) -> list[dict[str, object]]:
    """Give each tile's newest picture and its reference, where they are not compared yet, as columns of tile runs."""
    tile = (IMAGE.c.z, IMAGE.c.x, IMAGE.c.y)
    newest_first = (IMAGE.c.taken_at.desc(), IMAGE.c.id.desc())
    usable = _comparable(area.area_id, area.plan.provider, area.plan.grid)
    place = func.row_number().over(partition_by=tile, order_by=newest_first).label("place")
    newer = select(IMAGE.c.id, *tile, IMAGE.c.taken_at, place).where(usable).subquery("newer")
    # As `newest_image` chooses the reference of a new picture.
    rank = func.row_number().over(partition_by=tile, order_by=(_clearest_first(), *newest_first)).label("place")
    is_older = (
        (newer.c.place == 1)
        & (newer.c.z == IMAGE.c.z)
        & (newer.c.x == IMAGE.c.x)
        & (newer.c.y == IMAGE.c.y)
        & (newer.c.taken_at > IMAGE.c.taken_at)
    )
    older = select(IMAGE.c.id, *tile, rank).join(newer, is_older).where(usable).subquery("older")
    is_same_tile = (newer.c.z == older.c.z) & (newer.c.x == older.c.x) & (newer.c.y == older.c.y)
    is_done = (
        (DONE.c.image_id == newer.c.id)
        & (DONE.c.reference_id == older.c.id)
        & (DONE.c.detector == DETECTOR)
        & (DONE.c.thresholds == area.plan.thresholds.key)
    )
    query = (
        select(newer.c.z, newer.c.x, newer.c.y, newer.c.id.label("image_id"), older.c.id.label("reference_id"))
        .join(older, is_same_tile & (older.c.place == 1))
        .outerjoin(DONE, is_done)
        .where(newer.c.place == 1, DONE.c.id.is_(None))
        .order_by(newer.c.id)
    )
    return [dict(row) for row in connection.execute(query).mappings()]


def _clearest_first() -> ColumnElement[int]:
    return case((IMAGE.c.clear_share >= CLEAR_REFERENCE, 0), else_=1)


def is_compared(connection: Connection, image_id: int, reference_id: int, thresholds_key: str) -> bool:
    """Has this pair its comparison already, by this detector and these thresholds?"""
    query = select(DONE.c.id).where(
        DONE.c.image_id == image_id,
        DONE.c.reference_id == reference_id,
        DONE.c.detector == DETECTOR,
        DONE.c.thresholds == thresholds_key,
    )
    return connection.execute(query).first() is not None
