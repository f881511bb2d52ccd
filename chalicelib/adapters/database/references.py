"""References of tiles, in the database: which image is settled, and what one is compared with."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, case, exists, func, or_, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.rows import image_of, tile_of
from chalicelib.domain.areas import Area
from chalicelib.domain.images import StoredImage
from chalicelib.domain.references import CLEAR_SHARE, HALF, Candidate, Pair, choose_reference, newest_pair
from chalicelib.domain.scenes import Grid
from chalicelib.domain.tile_runs import CaptureClaim, Verdict
from chalicelib.domain.tiles import Tile, View

IMAGE, RUN, DONE, AREA = t.image_tiles, t.session_tiles, t.comparisons, t.area_configs
MOST_LOOKED_THROUGH = 800  # of a tile's older images: two years of daily ones
_ANSWERED = func.coalesce(IMAGE.c.compared_share, IMAGE.c.clear_share)
IS_CLEAR = (IMAGE.c.clear_share >= CLEAR_SHARE) & (_ANSWERED >= HALF)
SHOWS_SOME = _ANSWERED > 0
NEWEST_FIRST = (IMAGE.c.taken_at.desc(), IMAGE.c.id.desc())
OLDEST_FIRST = (IMAGE.c.taken_at, IMAGE.c.id)

# The statements of each tile are built once: building one cost more than running it.
# Another provider, zoom or margin shows other ground, and what stands apart is of other dates: never compared.
_IS_OF_AREA = and_(
    *(IMAGE.c[name] == bindparam(name) for name in ("area_id", "provider", "tile_px", "margin_px")),
    IMAGE.c.is_apart.is_(None),
)
_IS_COMPARABLE = _IS_OF_AREA & IMAGE.c.is_usable.is_(True)
_IS_OF_TILE = and_(*(IMAGE.c[name] == bindparam(name) for name in ("z", "x", "y")))
_OLDEST = IMAGE.alias("oldest")
SAME_GROUND = ("area_id", "provider", "tile_px", "margin_px", "z", "x", "y")
IS_SETTLED = or_(  # it was compared, or the run that captured it took it as the baseline, alone or of another one
    IMAGE.c.is_baseline.is_(True),
    exists().where(DONE.c.image_id == IMAGE.c.id),
    and_(
        exists().where(RUN.c.id == IMAGE.c.tile_run_id, RUN.c.verdict == Verdict.BASELINE),
        # Stored to compare it with, by a worker that came no further.
        ~exists().where(
            *(_OLDEST.c[name] == IMAGE.c[name] for name in SAME_GROUND),
            _OLDEST.c.is_baseline.is_(True),
            _OLDEST.c.is_usable.is_(True),
            _OLDEST.c.taken_at < IMAGE.c.taken_at,
        ),
    ),
)


def most_compared(share: float) -> ColumnElement[Any]:
    """Return what of an image's ground has been compared, now that a comparison of it saw a share."""
    return case((IMAGE.c.compared_share > share, IMAGE.c.compared_share), else_=share)


def _ground(area_id: int, provider: str, grid: Grid | View, tile: Tile | None = None) -> dict[str, Any]:
    """Return what the statements about an area, or about one tile of it, are run with."""
    ground = {"area_id": area_id, "provider": provider, "tile_px": grid.tile_px, "margin_px": grid.margin_px}
    return ground if tile is None else ground | {"z": tile.z, "x": tile.x, "y": tile.y}


_OLDER = (
    select(IMAGE, IS_SETTLED.label("is_settled"))
    .where(_IS_COMPARABLE, _IS_OF_TILE, IMAGE.c.taken_at <= bindparam("taken_before"))
    .order_by(*NEWEST_FIRST)
    .limit(MOST_LOOKED_THROUGH)
)


def reference_for(
    connection: Connection,
    claim: CaptureClaim,
    *,
    taken_before: datetime,
    stored_before: int | None = None,
    unlike: str | None = None,
) -> StoredImage | None:
    """Return what an image taken at a time is compared with, by the rule `choose_reference`: not with its own bytes.

    What the claim knows is nearly always enough; else the tile's older images are looked through. `unlike` is the
    digest of the image, where what was looked at on other land may be the same picture.
    """
    unlike = unlike if claim.of_other_land else None
    references = [image for image in claim.references if image.sha256 != unlike]
    known = choose_reference(references, taken_before=taken_before, stored_before=stored_before)
    if not claim.references or (known is not None and known.is_settled):
        return known
    ground = _ground(claim.area_id, claim.provider, claim.view, claim.view.tile)
    older = [
        image_of(row, is_settled=bool(row.is_settled))
        for row in connection.execute(_OLDER, ground | {"taken_before": taken_before})
    ]
    older = [image for image in older if image.sha256 != unlike]
    return choose_reference(older, taken_before=taken_before, stored_before=stored_before)


def reference_before(connection: Connection, image: StoredImage) -> StoredImage | None:
    """Return what a stored image is compared with, by the rule `choose_reference`."""
    ground = _ground(image.area_id, image.provider, image.view, image.view.tile)
    older = [
        image_of(row, is_settled=bool(row.is_settled))
        for row in connection.execute(_OLDER, ground | {"taken_before": image.taken_at})
    ]
    return choose_reference(older, taken_before=image.taken_at, stored_before=image.image_id)


def newest_pairs(connection: Connection, area: Area) -> Iterator[tuple[Tile, Pair]]:
    """Yield each tile's newest image with its reference, by the rule `newest_pair`.

    None of a tile whose newest image was looked at on other land: what that shows of this one is not known. None of
    one that was compared before its area was accepted as it looks: there is nothing to tell of that any more.
    """
    accepted_at = connection.execute(select(AREA.c.baseline_at).where(AREA.c.id == area.area_id)).scalar()
    for tile, grouped in groupby(_newest_of_each_kind(connection, area), tile_of):
        rows = list(grouped)
        sessions = {row.id: row.session_id for row in rows}
        accepted = {row.id for row in rows if accepted_at and row.compared_at and row.compared_at <= accepted_at}
        pair = newest_pair(
            [
                Candidate(
                    row.id,
                    row.taken_at,
                    row.clear_share,
                    bool(row.is_settled),
                    bool(row.is_baseline),
                    row.compared_share,
                )
                for row in rows
            ]
        )
        if pair is not None and area.is_of_its_land(sessions[pair.image_id]) and pair.image_id not in accepted:
            yield tile, pair


def _newest_of_each_kind(connection: Connection, area: Area) -> list[Row[Any]]:
    """Read each tile's newest images of each kind, of two times each, and its oldest: all that `newest_pair` looks at.

    The kinds are clear, clear in part or not at all, settled or not.
    """
    usable = (
        select(
            IMAGE.c.id,
            IMAGE.c.session_id,
            *(IMAGE.c.z, IMAGE.c.x, IMAGE.c.y),
            IMAGE.c.taken_at,
            IMAGE.c.compared_at,
            IMAGE.c.clear_share,
            IMAGE.c.is_baseline,
            IMAGE.c.compared_share,
            case((IS_CLEAR, 2), (SHOWS_SOME, 1), else_=0).label("worth"),
            case((IS_SETTLED, 1), else_=0).label("is_settled"),
        )
        .where(_IS_COMPARABLE)
        .subquery("usable")
    )
    c = usable.c
    kind = (c.z, c.x, c.y, c.worth, c.is_settled)
    place = func.dense_rank().over(partition_by=kind, order_by=c.taken_at.desc()).label("place")
    from_oldest = func.dense_rank().over(partition_by=kind, order_by=c.taken_at).label("from_oldest")
    ranked = select(usable, place, from_oldest).subquery("ranked")
    query = (
        select(ranked)
        .where((ranked.c.place <= 2) | (ranked.c.from_oldest == 1))
        .order_by(ranked.c.z, ranked.c.x, ranked.c.y)
    )
    return list(connection.execute(query, _ground(area.area_id, area.plan.provider, area.plan.grid)))
