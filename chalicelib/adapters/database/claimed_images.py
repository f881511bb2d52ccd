"""The images that the work on a claimed tile run needs, in the database: what is known of its tile.

They are selects of one tile run, `run_id`, so that a claim reads them in one statement with the run itself. What they
need of it is looked up, not joined: joined, MariaDB takes the index by area and time, and reads all tiles of the area.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, bindparam, literal, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.comparisons import is_of_pair
from chalicelib.adapters.database.references import (
    IS_CLEAR,
    IS_SETTLED,
    MOST_LOOKED_THROUGH,
    NEWEST_FIRST,
    OLDEST_FIRST,
    SAME_GROUND,
    SHOWS_SOME,
)
from chalicelib.adapters.database.rows import image_of
from chalicelib.domain.choosing import MOST_OLDEST, earliest_baseline
from chalicelib.domain.images import ImageStatus, StoredImage
from chalicelib.domain.references import CLEAR_SHARE

IMAGE, DONE = t.image_tiles, t.comparisons
MOST_NEWEST = 8  # of a tile's images, of those that a session may look at
MOST_REFUSED = 16  # images that did not fit: each session that looks again adds one
# Not the product's own names of the tables: `IS_SETTLED` asks for other tile runs.
RUN, SESSION, AREA = (
    t.session_tiles.alias("its_run"),
    t.alert_sessions.alias("its_session"),
    t.area_configs.alias("its_area"),
)
REFERENCE, NEW = IMAGE.alias("reference"), IMAGE.alias("new")
MADE = DONE.alias("made")  # `IS_SETTLED` asks for other comparisons
# What a row is, by its `role`:
STORED, OF_PAIR, OLDER, ACCEPTED, FIRST, REFUSED = "stored", "pair", "older", "accepted", "first", "refused"
BEFORE = "before"

_IS_IT = RUN.c.id == bindparam("run_id")
# What shows too little is known as such; what is lost is not known any more.
_IS_KNOWN = IMAGE.c.is_usable.is_(True) | (IMAGE.c.status != ImageStatus.ERROR)
_IS_SINCE = IMAGE.c.taken_at >= bindparam("since")


def _of_area(name: str) -> ColumnElement[Any]:
    """Look up a column of a tile run's area."""
    of_run = select(AREA.c[name]).select_from(RUN).join(SESSION, SESSION.c.id == RUN.c.session_id)
    return of_run.join(AREA, AREA.c.id == SESSION.c.area_id).where(_IS_IT).scalar_subquery()


def _of_reference(name: str) -> ColumnElement[Any]:
    """Look up a column of a tile run's reference."""
    of_run = select(REFERENCE.c[name]).select_from(RUN).join(REFERENCE, REFERENCE.c.id == RUN.c.reference_id)
    return of_run.where(_IS_IT).scalar_subquery()


def _of_tile(role: str = STORED) -> Select[Any]:
    """Select a tile's images. What another provider, zoom or margin shows, and what stands apart, is none of them."""
    on_grid = [IMAGE.c[name] == _of_area(name) for name in ("provider", "tile_px", "margin_px")]
    on_tile = [IMAGE.c[name] == select(RUN.c[name]).where(_IS_IT).scalar_subquery() for name in ("z", "x", "y")]
    images = select(IMAGE, IS_SETTLED.label("is_settled"), literal(role).label("role"))
    return images.where(IMAGE.c.area_id == _of_area("id"), *on_tile, *on_grid, IMAGE.c.is_apart.is_(None))


def _stored() -> tuple[Select[Any], ...]:
    # By the index: the tile's other images are not read.
    usable = _of_tile().where(IMAGE.c.is_usable.is_(True)).order_by(*NEWEST_FIRST).limit(1)
    newest = _of_tile().where(_IS_KNOWN).order_by(*NEWEST_FIRST).limit(MOST_NEWEST)
    return newest, _oldest(), usable, usable.where(IS_SETTLED, IS_CLEAR), usable.where(IS_SETTLED, SHOWS_SOME)


def _oldest() -> Select[Any]:
    return _of_tile().where(_IS_KNOWN).order_by(*OLDEST_FIRST).limit(MOST_OLDEST + 1)


STORED_IMAGES = _stored()
"""A tile's newest and oldest images, and those that a newer one is most likely to be compared with. Some are twice."""
_OLDEST_SINCE = _oldest().where(_IS_SINCE)
_HIDDEN = _of_tile().where(_IS_KNOWN, IMAGE.c.is_usable.is_(False)).order_by(*NEWEST_FIRST).limit(MOST_LOOKED_THROUGH)


def stored_images(
    connection: Connection, rows: Iterable[Row[Any]], run_id: int, *, compare_since: date | None
) -> tuple[StoredImage, ...]:
    """Return the images of the rows of `STORED_IMAGES`; with the oldest since a day, where changes since it count.

    Where the newest show too little, all of those do that are known, else they would be looked at, and kept, anew.
    """
    found = {row.id: row for row in rows if row.role == STORED}
    newest = sorted(found.values(), key=lambda row: (row.taken_at, row.id))[-MOST_NEWEST:]
    if len(newest) == MOST_NEWEST and not any(row.is_usable for row in newest):
        found |= {row.id: row for row in connection.execute(_HIDDEN, {"run_id": run_id})}
    if compare_since is not None:
        since = {"run_id": run_id, "since": earliest_baseline(compare_since)}
        found |= {row.id: row for row in connection.execute(_OLDEST_SINCE, since)}
    return tuple(image_of(row, is_settled=bool(row.is_settled)) for row in found.values())


def _clear(role: str) -> Select[Any]:
    """Select the clear images of a reference's ground."""
    on_its_ground = and_(*(IMAGE.c[name] == _of_reference(name) for name in SAME_GROUND))
    images = select(IMAGE, literal(role).label("role")).where(on_its_ground, IMAGE.c.clear_share >= CLEAR_SHARE)
    return images.where(IMAGE.c.is_apart.is_(None), _of_reference("is_apart").is_(None))


def _clear_before(role: str) -> Select[Any]:
    return _clear(role).where(IMAGE.c.is_usable.is_(True), IMAGE.c.taken_at < _of_reference("taken_at"))


def _of_pair() -> Select[Any]:
    made = (DONE.c.detector, DONE.c.thresholds, DONE.c.ignored)
    ids = DONE.c.id.label("comparison_id"), DONE.c.reference_id.label("compared_with")
    return (
        select(IMAGE, literal(OF_PAIR).label("role"), *ids, *made)
        .select_from(RUN)
        .join(IMAGE, IMAGE.c.id.in_((RUN.c.image_id, RUN.c.reference_id)))
        .outerjoin(DONE, DONE.c.image_id == IMAGE.c.id)
        .where(_IS_IT)
    )


def _accepted() -> Select[Any]:
    was_there = IMAGE.c.fetched_at <= _of_area("baseline_at")
    return _clear_before(ACCEPTED).where(IS_SETTLED, was_there).order_by(*NEWEST_FIRST).limit(1)


def _first() -> Select[Any]:
    return _clear_before(FIRST).where(IS_SETTLED).order_by(*OLDEST_FIRST).limit(1)


def _refused() -> Select[Any]:
    is_refused = IMAGE.c.is_usable.is_(False) & (IMAGE.c.status == ImageStatus.ERROR) & IMAGE.c.dropped_at.is_(None)
    after = _clear(REFUSED).where(is_refused, IMAGE.c.taken_at > _of_reference("taken_at"))
    return after.order_by(*NEWEST_FIRST).limit(MOST_REFUSED)


def _older() -> Select[Any]:
    return _clear_before(OLDER).order_by(*NEWEST_FIRST).limit(MOST_LOOKED_THROUGH)


def _before() -> Select[Any]:
    new = select(NEW.c.taken_at).select_from(RUN).join(NEW, NEW.c.id == RUN.c.image_id).where(_IS_IT)
    compared = _of_tile(BEFORE).add_columns(MADE.c.ignored).join(MADE, MADE.c.image_id == IMAGE.c.id)
    is_before = IMAGE.c.taken_at < new.scalar_subquery()
    return compared.where(is_before, is_of_pair(MADE)).order_by(*NEWEST_FIRST, MADE.c.id.desc()).limit(1)


IMAGES_OF_COMPARISON = _of_pair(), _older(), _accepted(), _first(), _refused(), _before()
"""A pair's two images with their comparisons, and the images before the reference.

A row is an image. Of the pair's it is one for each of their comparisons, or one without (`compared_with` is None). The
OLDER ones are clear and may be compared with the reference, newest first; ACCEPTED is the newest settled one of them
that was there when the area was accepted, FIRST the oldest settled one; the REFUSED ones are newer than it, and lost or
misplaced. BEFORE is the newest image before the new one that was compared, whether or not it is a reference, with what
that ignored. What stands apart has its pair alone.
"""
_FIRST_SINCE = _first().where(_IS_SINCE)


def baseline_in(
    connection: Connection,
    rows: Sequence[Row[Any]],
    run_id: int,
    *,
    reference: StoredImage,
    accepted_at: datetime | None,
    compare_since: date | None,
) -> StoredImage | None:
    """Return the accepted baseline, of the rows of `IMAGES_OF_COMPARISON`; None where it is the reference itself.

    It is what the tile looked like when its area was accepted, else its oldest settled clear image: since a day, where
    changes since it count.
    """
    if accepted_at is not None and reference.fetched_at <= accepted_at:
        return None
    found = {row.role: row for row in rows}
    row = found.get(ACCEPTED) or found.get(FIRST)
    if ACCEPTED not in found and row is not None and compare_since is not None:
        since = {"run_id": run_id, "since": earliest_baseline(compare_since)}
        row = connection.execute(_FIRST_SINCE, since).one_or_none()
    return None if row is None else image_of(row)
