"""Comparisons, in the database: one for each pair, detector version and settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Row, String, cast, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import insert_if_new
from chalicelib.adapters.database.rows import image_of
from chalicelib.domain.changes import Reason, may_hold_later
from chalicelib.domain.comparisons import SLOW_DETECTOR, ComparisonKey, comparison_key
from chalicelib.domain.images import StoredImage
from chalicelib.domain.references import Pair
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tile_runs import Outcome, SlowComparison
from chalicelib.domain.tiles import Outline

DONE, IMAGE = t.comparisons, t.image_tiles
AT_ONCE = 500  # ids in one statement


def is_compared(connection: Connection, key: ComparisonKey) -> bool:
    """Whether there is a comparison of this key."""
    query = select(DONE.c.id).where(*(DONE.c[name] == value for name, value in key._asdict().items()))
    return connection.execute(query).first() is not None


def not_compared(connection: Connection, pairs: Sequence[Pair], thresholds: Thresholds) -> Iterable[Pair]:
    """Yield those of the pairs that have no comparison by today's detector and these thresholds."""
    for start in range(0, len(pairs), AT_ONCE):
        part = {pair: comparison_key(*pair, thresholds) for pair in pairs[start : start + AT_ONCE]}
        query = select(*(DONE.c[name] for name in ComparisonKey._fields)).where(
            DONE.c.image_id.in_([pair.image_id for pair in part])
        )
        done = {ComparisonKey(*row) for row in connection.execute(query)}
        yield from (pair for pair, key in part.items() if key not in done)


def add_comparison(connection: Connection, key: ComparisonKey, outcome: Outcome, *, now: datetime) -> bool:
    """Keep a comparison; return False if there is one of this key already."""
    row = key._asdict() | {"verdict": outcome.verdict, "ignored": outcome.ignored, "created_at": now}
    return insert_if_new(connection, DONE, **row)


def add_slow_comparison(
    connection: Connection, image_id: int, slow: SlowComparison, *, thresholds: str, now: datetime
) -> None:
    """Keep the comparison of an image with its baseline, unless there is one of its key already."""
    key = ComparisonKey(image_id, slow.baseline_id, SLOW_DETECTOR, thresholds)
    row = key._asdict() | {"verdict": slow.verdict, "ignored": slow.ignored, "created_at": now}
    insert_if_new(connection, DONE, **row)


def doubted_in(regions: Sequence[dict[str, Any]]) -> tuple[Outline, ...]:
    """Return the outlines, of the regions that a comparison ignored, that the next image is to settle.

    Whatever it was compared by: a doubt is settled by the images, also after the area's sensitivity has changed.
    """
    return tuple(
        region["outline"]["coordinates"] for region in regions if may_hold_later(region["reason"], region["score"])
    )


def waiting_in(before: Row[Any] | None, *, accepted_at: datetime | None) -> tuple[dict[str, Any], ...]:
    """Return the regions that the comparison before showed once, of its image; None where there is no such comparison.

    What was there when the area was accepted as it looks is no news any more.
    """
    if before is None or (accepted_at is not None and before.fetched_at <= accepted_at):
        return ()
    return tuple(region for region in before.ignored or () if region["reason"] == Reason.SEEN_ONCE)


def seen_against(connection: Connection, waiting: Sequence[dict[str, Any]]) -> StoredImage | None:
    """Return the earliest image that can still be used of those that waiting regions were seen against."""
    wanted = sorted({region["seen_against"] for region in waiting})
    query = select(IMAGE).where(IMAGE.c.id.in_(wanted), IMAGE.c.is_usable.is_(True))
    row = connection.execute(query.order_by(IMAGE.c.taken_at, IMAGE.c.id).limit(1)).one_or_none() if wanted else None
    return None if row is None else image_of(row)


def is_of_pair(made: FromClause = DONE) -> ColumnElement[bool]:
    """Whether a row of comparisons is of an image with the one before, not with a baseline."""
    return made.c.detector.not_like("% slow-%")


def shows_once(ignored: ColumnElement[Any], reason: Reason = Reason.SEEN_ONCE) -> ColumnElement[bool]:
    """Whether the regions that a comparison ignored, as they are kept, show something once."""
    return cast(ignored, String).contains(reason.value)
