"""Comparisons, in the database: one for each pair, detector version and settings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import insert_if_new
from chalicelib.domain.changes import may_hold_later
from chalicelib.domain.comparisons import SLOW_DETECTOR, ComparisonKey, comparison_key
from chalicelib.domain.references import Pair
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tile_runs import Outcome, SlowComparison
from chalicelib.domain.tiles import Outline

DONE = t.comparisons
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
