"""The rows of stored images, in the database: kept, listed, and found as references."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from sqlalchemy import (
    JSON,
    ColumnElement,
    Connection,
    Engine,
    Row,
    and_,
    case,
    exists,
    func,
    null,
    select,
    type_coerce,
    union_all,
    update,
)
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
from chalicelib.domain.scenes import Grid
from chalicelib.domain.tile_runs import CaptureClaim, Captured, Verdict
from chalicelib.domain.tiles import Tile, View

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
        total = connection.execute(select(func.count()).select_from(IMAGE).where(here)).scalar_one()
        query = select(IMAGE).where(here)
        if page.after is not None:
            last = connection.execute(select(IMAGE.c.taken_at).where(here, IMAGE.c.id == page.after)).scalar()
            last = last or _END_OF_TIME
            query = query.where((IMAGE.c.taken_at < last) | ((IMAGE.c.taken_at == last) & (IMAGE.c.id < page.after)))
        rows = connection.execute(query.order_by(*_NEWEST_FIRST).limit(page.limit + 1)).all()
        items = [tile_image_of(row) for row in rows[: page.limit]]
        return Page(items, total, items[-1].image.image_id if len(rows) > page.limit else None)


def _comparable(area_id: int, provider: str, grid: Grid | View) -> ColumnElement[bool]:
    # Another provider, another zoom or another margin shows other ground: never compared with each other.
    return (
        (IMAGE.c.area_id == area_id)
        & (IMAGE.c.provider == provider)
        & (IMAGE.c.tile_px == grid.tile_px)
        & (IMAGE.c.margin_px == grid.margin_px)
        & IMAGE.c.is_usable.is_(True)
    )


def _is_of(tile: Tile) -> ColumnElement[bool]:
    return (IMAGE.c.z == tile.z) & (IMAGE.c.x == tile.x) & (IMAGE.c.y == tile.y)


def _is_settled() -> ColumnElement[bool]:
    """Whether it was compared, or the run that captured it took it as the baseline."""
    was_compared = exists().where(DONE.c.image_id == IMAGE.c.id)
    return was_compared | exists().where(RUN.c.id == IMAGE.c.tile_run_id, RUN.c.verdict == Verdict.BASELINE)


def newest_and_references(
    connection: Connection, area: Area, tile: Tile
) -> tuple[StoredImage | None, tuple[StoredImage, ...]]:
    """Return a tile's newest usable image, and those that a newer one is most likely to be compared with."""
    usable = (
        select(IMAGE, _is_settled().label("is_settled"))
        .where(_comparable(area.area_id, area.plan.provider, area.plan.grid), _is_of(tile))
        .order_by(*_NEWEST_FIRST)
        .limit(1)  # by the index: the tile's other images are not read
    )
    clear = IMAGE.c.clear_share >= CLEAR_SHARE
    wanted = (usable, usable.where(_is_settled(), clear), usable.where(_is_settled()))
    found = connection.execute(union_all(*(select(query.subquery()) for query in wanted)))
    images = {row.id: image_of(row) for row in found}
    newest = max(images.values(), key=lambda image: (image.taken_at, image.image_id), default=None)
    return newest, tuple(images.values())


def images_of_comparison(connection: Connection, image_id: int, reference_id: int) -> Sequence[Row[Any]]:
    """Read, in one statement, a pair's two images with their comparisons, and the images before the reference.

    A row is an image; of the pair's it is one for each of their comparisons, or one without (`compared_with` is None).
    The others are clear and may be compared with the reference, newest first.
    """
    reference = IMAGE.alias("reference")
    of_pair = (
        select(
            IMAGE,
            DONE.c.id.label("comparison_id"),
            DONE.c.reference_id.label("compared_with"),
            DONE.c.detector,
            DONE.c.thresholds,
            DONE.c.ignored,
        )
        .outerjoin(DONE, DONE.c.image_id == IMAGE.c.id)
        .where(IMAGE.c.id.in_((image_id, reference_id)))
    )
    same = ("area_id", "provider", "tile_px", "margin_px", "z", "x", "y")
    older = (
        select(
            IMAGE,
            null().label("comparison_id"),
            null().label("compared_with"),
            null().label("detector"),
            null().label("thresholds"),
            type_coerce(null(), JSON).label("ignored"),
        )
        .join(reference, and_(*(IMAGE.c[name] == reference.c[name] for name in same)))
        .where(
            reference.c.id == reference_id,
            IMAGE.c.is_usable.is_(True),
            IMAGE.c.clear_share >= CLEAR_SHARE,
            IMAGE.c.taken_at < reference.c.taken_at,
        )
        .order_by(*_NEWEST_FIRST)
        .limit(MOST_LOOKED_THROUGH)
    )
    parts = union_all(*(select(part.subquery()) for part in (of_pair, older)))
    return connection.execute(parts).all()


def reference_for(connection: Connection, claim: CaptureClaim, *, taken_before: datetime) -> StoredImage | None:
    """Return what an image taken at a time is compared with, by the rule `choose_reference`.

    What the claim knows is nearly always enough; else the tile's older images are looked through.
    """
    known = choose_reference(claim.references, taken_before=taken_before)
    if claim.newest is None or (known is not None and known.is_settled):
        return known
    query = (
        select(IMAGE, _is_settled().label("is_settled"))
        .where(
            _comparable(claim.area_id, claim.provider, claim.view),
            _is_of(claim.view.tile),
            IMAGE.c.taken_at < taken_before,
        )
        .order_by(*_NEWEST_FIRST)
        .limit(MOST_LOOKED_THROUGH)
    )
    return choose_reference([image_of(row) for row in connection.execute(query)], taken_before=taken_before)


def newest_pairs(connection: Connection, area: Area) -> Iterator[tuple[Tile, Pair]]:
    """Yield each tile's newest image with its reference, by the rule `newest_pair`."""
    for tile, rows in groupby(_newest_of_each_kind(connection, area), tile_of):
        pair = newest_pair([_candidate_of(row) for row in rows])
        if pair is not None:
            yield tile, pair


def _newest_of_each_kind(connection: Connection, area: Area) -> list[Row[Any]]:
    """Read each tile's newest images of each kind, of two times each: all that `newest_pair` can choose from.

    The kinds are clear or not, settled or not.
    """
    usable = (
        select(
            IMAGE.c.id,
            *(IMAGE.c.z, IMAGE.c.x, IMAGE.c.y),
            IMAGE.c.taken_at,
            IMAGE.c.clear_share,
            case((IMAGE.c.clear_share >= CLEAR_SHARE, 1), else_=0).label("is_clear"),
            case((_is_settled(), 1), else_=0).label("is_settled"),
        )
        .where(_comparable(area.area_id, area.plan.provider, area.plan.grid))
        .subquery("usable")
    )
    c = usable.c
    place = func.dense_rank().over(partition_by=(c.z, c.x, c.y, c.is_clear, c.is_settled), order_by=c.taken_at.desc())
    ranked = select(usable, place.label("place")).subquery("ranked")
    query = select(ranked).where(ranked.c.place <= 2).order_by(ranked.c.z, ranked.c.x, ranked.c.y)
    return list(connection.execute(query))


def _candidate_of(row: Row[Any]) -> Candidate:
    return Candidate(row.id, row.taken_at, row.clear_share, bool(row.is_settled))


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


def forget_image(connection: Connection, image_id: int) -> None:
    """Never use an image again, to compare it or to compare with it: its object is gone, or is not what was stored."""
    values = {"is_usable": False, "status": ImageStatus.ERROR}
    connection.execute(update(IMAGE).where(IMAGE.c.id == image_id).values(**values))
