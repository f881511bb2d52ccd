"""Scenes that have come: the areas below them are due soon."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_shapes import touches
from chalicelib.adapters.database.rows import EXTENT
from chalicelib.domain.cadences import ARRIVAL_WAIT
from chalicelib.domain.extents import Extent
from chalicelib.domain.tiles import Bounds, overlap

AREA = t.area_configs
AT_ONCE = 500


def mark_due(connection: Connection, provider: str, grounds: Sequence[Bounds], *, now: datetime) -> None:
    """Make those of a provider's areas due soon that are looked at on arrival, and of which some ground was shown.

    In the transaction that keeps what has come: a worker that dies after it leaves no area waiting for its cadence. A
    session that is open may have searched before, so its area is looked at once more.
    """
    if not grounds:
        return
    due_at = now + ARRIVAL_WAIT
    is_waiting = (AREA.c.provider == provider) & AREA.c.looks_on_arrival & (AREA.c.next_due_at > due_at)
    wanted = (AREA.c.id, AREA.c.zoom, AREA.c.shape_m2, *(AREA.c[name] for name in EXTENT))
    rows = connection.execute(select(*wanted).where(is_waiting)).all()
    edges = list(zip(*grounds, strict=True))
    all_of_it = Bounds(min(edges[0]), min(edges[1]), max(edges[2]), max(edges[3]))
    found = []
    for row in rows:
        area = Extent(**{name: getattr(row, name) for name in EXTENT}).bounds
        if not overlap(area, all_of_it):
            continue
        shown = [ground for ground in grounds if overlap(area, ground)]
        if row.shape_m2 is not None:
            shown = [ground for ground in shown if touches(connection, row.id, ground, row.zoom)]
        if shown:
            found.append(row.id)
    for start in range(0, len(found), AT_ONCE):
        of_part = AREA.c.id.in_(sorted(found)[start : start + AT_ONCE])
        # Once more: of two transactions the other may have looked at the area meanwhile, or moved it nearer.
        connection.execute(update(AREA).where(of_part, AREA.c.next_due_at > due_at).values(next_due_at=due_at))
