"""References of tiles, in the database: which image is the newest, what it is compared with, what came before."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import (
    JSON,
    CompoundSelect,
    Connection,
    Row,
    Select,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal,
    null,
    or_,
    select,
    type_coerce,
    union_all,
)

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.rows import image_of, tile_of
from chalicelib.domain.areas import Area
from chalicelib.domain.choosing import MOST_OLDEST
from chalicelib.domain.images import ImageStatus, StoredImage
from chalicelib.domain.references import CLEAR_SHARE, Candidate, Pair, choose_reference, newest_pair
from chalicelib.domain.scenes import Grid
from chalicelib.domain.tile_runs import CaptureClaim, Verdict
from chalicelib.domain.tiles import Tile, View

IMAGE, RUN, DONE = t.image_tiles, t.session_tiles, t.comparisons
MOST_NEWEST = 8  # of a tile's images, of those that a session may look at
MOST_REFUSED = 16  # images that did not fit, of which each session that looks again adds one
MOST_LOOKED_THROUGH = 800  # of a tile's older images: two years of daily ones
_NEWEST_FIRST = (IMAGE.c.taken_at.desc(), IMAGE.c.id.desc())

# The statements of each tile are built once: building one cost more than running it.
# Another provider, another zoom or another margin shows other ground: never compared with each other.
_IS_OF_AREA = and_(*(IMAGE.c[name] == bindparam(name) for name in ("area_id", "provider", "tile_px", "margin_px")))
_IS_COMPARABLE = _IS_OF_AREA & IMAGE.c.is_usable.is_(True)
# What shows too little is known as such; what is lost is not known any more.
_IS_KNOWN = _IS_OF_AREA & (IMAGE.c.is_usable.is_(True) | (IMAGE.c.status != ImageStatus.ERROR))
_IS_OF_TILE = and_(*(IMAGE.c[name] == bindparam(name) for name in ("z", "x", "y")))
_OLDEST = IMAGE.alias("oldest")
_SAME_GROUND = ("area_id", "provider", "tile_px", "margin_px", "z", "x", "y")
_IS_SETTLED = or_(  # it was compared, or the run that captured it took it as the baseline, alone or of another one
    IMAGE.c.is_baseline.is_(True),
    exists().where(DONE.c.image_id == IMAGE.c.id),
    and_(
        exists().where(RUN.c.id == IMAGE.c.tile_run_id, RUN.c.verdict == Verdict.BASELINE),
        # Stored to compare it with, by a worker that came no further.
        ~exists().where(
            *(_OLDEST.c[name] == IMAGE.c[name] for name in _SAME_GROUND),
            _OLDEST.c.is_baseline.is_(True),
            _OLDEST.c.is_usable.is_(True),
            _OLDEST.c.taken_at < IMAGE.c.taken_at,
        ),
    ),
)


def _ground(area_id: int, provider: str, grid: Grid | View, tile: Tile | None = None) -> dict[str, Any]:
    """Return what the statements about an area, or about one tile of it, are run with."""
    ground = {"area_id": area_id, "provider": provider, "tile_px": grid.tile_px, "margin_px": grid.margin_px}
    return ground if tile is None else ground | {"z": tile.z, "x": tile.x, "y": tile.y}


def _stored_images() -> CompoundSelect[Any]:
    of_tile = select(IMAGE, _IS_SETTLED.label("is_settled")).where(_IS_OF_TILE)
    # By the index: the tile's other images are not read.
    usable = of_tile.where(_IS_COMPARABLE).order_by(*_NEWEST_FIRST).limit(1)
    clear = IMAGE.c.clear_share >= CLEAR_SHARE
    known = of_tile.where(_IS_KNOWN)
    newest = known.order_by(*_NEWEST_FIRST).limit(MOST_NEWEST)
    oldest = known.order_by(IMAGE.c.taken_at, IMAGE.c.id).limit(MOST_OLDEST + 1)
    wanted = (newest, oldest, usable, usable.where(_IS_SETTLED, clear), usable.where(_IS_SETTLED))
    return union_all(*(select(query.subquery()) for query in wanted))


_STORED_IMAGES = _stored_images()
_OLDER = (
    select(IMAGE, _IS_SETTLED.label("is_settled"))
    .where(_IS_COMPARABLE, _IS_OF_TILE, IMAGE.c.taken_at <= bindparam("taken_before"))
    .order_by(*_NEWEST_FIRST)
    .limit(MOST_LOOKED_THROUGH)
)


def stored_images(connection: Connection, area: Area, tile: Tile) -> tuple[StoredImage, ...]:
    """Return a tile's newest and oldest images, and those that a newer one is most likely to be compared with."""
    ground = _ground(area.area_id, area.plan.provider, area.plan.grid, tile)
    rows = {row.id: row for row in connection.execute(_STORED_IMAGES, ground)}
    return tuple(image_of(row) for row in rows.values())


# What a row of `images_of_comparison` is:
OF_PAIR, OLDER, ACCEPTED, FIRST, REFUSED = "pair", "older", "accepted", "first", "refused"


def _images_of_comparison() -> CompoundSelect[Any]:
    reference = IMAGE.alias("reference")
    of_pair = (
        select(
            IMAGE,
            literal(OF_PAIR).label("role"),
            DONE.c.id.label("comparison_id"),
            DONE.c.reference_id.label("compared_with"),
            DONE.c.detector,
            DONE.c.thresholds,
            DONE.c.ignored,
        )
        .outerjoin(DONE, DONE.c.image_id == IMAGE.c.id)
        .where(IMAGE.c.id.in_((bindparam("image_id"), bindparam("reference_id"))))
    )

    def clear(role: str) -> Select[Any]:
        return (
            select(
                IMAGE,
                literal(role).label("role"),
                null().label("comparison_id"),
                null().label("compared_with"),
                null().label("detector"),
                null().label("thresholds"),
                type_coerce(null(), JSON).label("ignored"),
            )
            .join(reference, and_(*(IMAGE.c[name] == reference.c[name] for name in _SAME_GROUND)))
            .where(reference.c.id == bindparam("reference_id"), IMAGE.c.clear_share >= CLEAR_SHARE)
        )

    def clear_before(role: str) -> Select[Any]:
        return clear(role).where(IMAGE.c.is_usable.is_(True), IMAGE.c.taken_at < reference.c.taken_at)

    older = clear_before(OLDER).order_by(*_NEWEST_FIRST).limit(MOST_LOOKED_THROUGH)
    was_there = IMAGE.c.fetched_at <= bindparam("accepted_at", type_=IMAGE.c.fetched_at.type)
    accepted = clear_before(ACCEPTED).where(_IS_SETTLED, was_there).order_by(*_NEWEST_FIRST).limit(1)
    first = clear_before(FIRST).where(_IS_SETTLED).order_by(IMAGE.c.taken_at, IMAGE.c.id).limit(1)
    is_refused = IMAGE.c.is_usable.is_(False) & (IMAGE.c.status == ImageStatus.ERROR)
    after = clear(REFUSED).where(is_refused, IMAGE.c.taken_at > reference.c.taken_at)
    refused = after.order_by(*_NEWEST_FIRST).limit(MOST_REFUSED)
    return union_all(*(select(part.subquery()) for part in (of_pair, older, accepted, first, refused)))


_IMAGES_OF_COMPARISON = _images_of_comparison()


def images_of_comparison(
    connection: Connection, image_id: int, reference_id: int, *, accepted_at: datetime | None
) -> Sequence[Row[Any]]:
    """Read, in one statement, a pair's two images with their comparisons, and the images before the reference.

    A row is an image, and its `role` says why it is there. Of the pair's it is one for each of their comparisons, or
    one without (`compared_with` is None). The OLDER ones are clear and may be compared with the reference, newest
    first; ACCEPTED is the newest settled one of them that was there at `accepted_at`, FIRST the oldest settled one. The
    REFUSED ones are newer than the reference, and lost or misplaced.
    """
    ids = {"image_id": image_id, "reference_id": reference_id, "accepted_at": accepted_at}
    return connection.execute(_IMAGES_OF_COMPARISON, ids).all()


def baseline_in(
    rows: Sequence[Row[Any]], *, reference: StoredImage, accepted_at: datetime | None
) -> StoredImage | None:
    """Return the accepted baseline, of the rows of `images_of_comparison`; None where it is the reference itself.

    It is what the tile looked like when its area was accepted, else its oldest settled clear image.
    """
    if accepted_at is not None and reference.fetched_at <= accepted_at:
        return None
    found = {row.role: row for row in rows}
    row = found.get(ACCEPTED) or found.get(FIRST)
    return None if row is None else image_of(row)


def reference_for(
    connection: Connection, claim: CaptureClaim, *, taken_before: datetime, stored_before: int | None = None
) -> StoredImage | None:
    """Return what an image taken at a time is compared with, by the rule `choose_reference`.

    What the claim knows is nearly always enough; else the tile's older images are looked through.
    """
    known = choose_reference(claim.references, taken_before=taken_before, stored_before=stored_before)
    if claim.newest is None or (known is not None and known.is_settled):
        return known
    ground = _ground(claim.area_id, claim.provider, claim.view, claim.view.tile)
    rows = connection.execute(_OLDER, ground | {"taken_before": taken_before})
    older = [image_of(row) for row in rows]
    return choose_reference(older, taken_before=taken_before, stored_before=stored_before)


def reference_before(connection: Connection, image: StoredImage) -> StoredImage | None:
    """Return what a stored image is compared with, by the rule `choose_reference`."""
    ground = _ground(image.area_id, image.provider, image.view, image.view.tile)
    rows = connection.execute(_OLDER, ground | {"taken_before": image.taken_at})
    older = [image_of(row) for row in rows]
    return choose_reference(older, taken_before=image.taken_at, stored_before=image.image_id)


def newest_pairs(connection: Connection, area: Area) -> Iterator[tuple[Tile, Pair]]:
    """Yield each tile's newest image with its reference, by the rule `newest_pair`."""
    for tile, rows in groupby(_newest_of_each_kind(connection, area), tile_of):
        pair = newest_pair([_candidate_of(row) for row in rows])
        if pair is not None:
            yield tile, pair


def _newest_of_each_kind(connection: Connection, area: Area) -> list[Row[Any]]:
    """Read each tile's newest images of each kind, of two times each, and its oldest: all that `newest_pair` looks at.

    The kinds are clear or not, settled or not.
    """
    usable = (
        select(
            IMAGE.c.id,
            *(IMAGE.c.z, IMAGE.c.x, IMAGE.c.y),
            IMAGE.c.taken_at,
            IMAGE.c.clear_share,
            case((IMAGE.c.clear_share >= CLEAR_SHARE, 1), else_=0).label("is_clear"),
            case((_IS_SETTLED, 1), else_=0).label("is_settled"),
        )
        .where(_IS_COMPARABLE)
        .subquery("usable")
    )
    c = usable.c
    kind = (c.z, c.x, c.y, c.is_clear, c.is_settled)
    place = func.dense_rank().over(partition_by=kind, order_by=c.taken_at.desc()).label("place")
    from_oldest = func.dense_rank().over(partition_by=kind, order_by=c.taken_at).label("from_oldest")
    ranked = select(usable, place, from_oldest).subquery("ranked")
    query = (
        select(ranked)
        .where((ranked.c.place <= 2) | (ranked.c.from_oldest == 1))
        .order_by(ranked.c.z, ranked.c.x, ranked.c.y)
    )
    return list(connection.execute(query, _ground(area.area_id, area.plan.provider, area.plan.grid)))


def _candidate_of(row: Row[Any]) -> Candidate:
    return Candidate(row.id, row.taken_at, row.clear_share, bool(row.is_settled))
