"""Scenes that have come: the areas below them are due soon."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Engine, exists, func, select, update
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_shapes import touches
from chalicelib.adapters.database.engine import reads, writes
from chalicelib.adapters.database.rows import EXTENT
from chalicelib.adapters.database.scenes import found_of
from chalicelib.application.ports.arrivals import Arrivals, ToAsk
from chalicelib.domain.cadences import ARRIVAL_WAIT
from chalicelib.domain.extents import Extent
from chalicelib.domain.scenes import Found
from chalicelib.domain.tiles import Bounds, overlap

log = logging.getLogger(__name__)

AREA, SESSION, SEARCH = t.area_configs, t.alert_sessions, t.scene_searches
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


class SqlArrivals(Arrivals):
    """The port `Arrivals`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @reads
    def waiting(
        self,
        connection: Connection,
        providers: Collection[str],
        *,
        asked_before: datetime,
        looked_before: datetime,
        now: datetime,
        limit: int,
    ) -> list[ToAsk]:
        is_own = (SESSION.c.area_id == AREA.c.id) & SESSION.c.two_dates.is_(None)
        searched = select(func.max(SESSION.c.id)).select_from(SESSION).join(SEARCH, SEARCH.c.session_id == SESSION.c.id)
        last = searched.where(is_own, SEARCH.c.found.is_not(None)).correlate(AREA).scalar_subquery()
        is_looked_at = exists().where(is_own, SESSION.c.ended_at.is_(None)).correlate(AREA)
        query = (
            select(AREA.c.id, AREA.c.provider, *(AREA.c[name] for name in EXTENT), SEARCH.c.found)
            .select_from(AREA)
            .join(SESSION, SESSION.c.id == last)
            .join(SEARCH, SEARCH.c.session_id == SESSION.c.id)
            .where(AREA.c.provider.in_(sorted(providers)), AREA.c.looks_on_arrival, ~AREA.c.is_paused)
            .where(AREA.c.deleted_at.is_(None), AREA.c.next_due_at > now + ARRIVAL_WAIT)
            .where(AREA.c.arrivals_asked_at.is_(None) | (AREA.c.arrivals_asked_at < asked_before))
            .where(SESSION.c.started_at < looked_before, ~is_looked_at)
            .order_by(AREA.c.arrivals_asked_at, AREA.c.id)  # NULL is first, on both
            .limit(limit)
        )
        asked = []
        for row in connection.execute(query):
            ground = Extent(**{name: getattr(row, name) for name in EXTENT}).bounds
            asked.append(ToAsk(row.id, row.provider, ground, _known(row.id, row.found)))
        return asked

    @override
    @writes
    def take(self, connection: Connection, area_id: int, *, asked_before: datetime, now: datetime) -> bool:
        is_old = AREA.c.arrivals_asked_at.is_(None) | (AREA.c.arrivals_asked_at < asked_before)
        taken = update(AREA).where(AREA.c.id == area_id, is_old).values(arrivals_asked_at=now)
        return bool(connection.execute(taken).rowcount)

    @override
    @writes
    def has_come(self, connection: Connection, area_id: int, *, now: datetime) -> None:
        due_at = now + ARRIVAL_WAIT
        is_it = (AREA.c.id == area_id) & AREA.c.looks_on_arrival & (AREA.c.next_due_at > due_at)
        connection.execute(update(AREA).where(is_it).values(next_due_at=due_at))


def _known(area_id: int, found: dict[str, Any]) -> Found | None:
    try:
        return found_of(found)
    except (KeyError, TypeError, ValueError):  # of another release: nothing waits behind it
        log.exception("search not readable", extra={"area_id": area_id})
        return None
