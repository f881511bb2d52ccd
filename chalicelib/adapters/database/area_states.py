"""The states of areas, in the database: written with the end of a session, read with the areas."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, bindparam, case, func, insert, null, select, update
from sqlalchemy.exc import IntegrityError

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_shapes import is_of_its_land
from chalicelib.domain.area_states import SEEN, AreaStanding, AreaState, as_it_is_told
from chalicelib.domain.unseen import Unseen

STATE, AREA = t.area_states, t.area_configs


def put_state(
    connection: Connection,
    area_id: int,
    state: AreaState,
    *,
    session_id: int,
    unseen: Unseen | None,
    clearly_seen_at: datetime | None,
    tolerance: float,
    now: datetime,
) -> None:
    """Keep an area's state, and what its session did not see; it has been so since now, unless it was so before."""
    is_it, is_seen = STATE.c.area_id == area_id, as_it_is_told(state, unseen, tolerance=tolerance) in SEEN
    said = {
        "session_id": session_id,
        "unseen_m2": unseen and unseen.m2,
        "watched_m2": unseen and unseen.of_m2,
        "unseen_since": unseen and unseen.since,
        "clearly_seen_at": clearly_seen_at,
    }
    bore = STATE.c.watched_m2.is_(None) | (STATE.c.unseen_m2 <= tolerance * STATE.c.watched_m2)
    was_seen = STATE.c.state.in_(SEEN) & bore
    was_on_this_side = was_seen if is_seen else ~was_seen
    knows_of_worse = STATE.c.told_state.is_not(None) & STATE.c.told_state.not_in(SEEN)
    again = (
        update(STATE)
        .where(is_it)
        # In this order, for MySQL sets one after the other.
        .ordered_values(
            (STATE.c.side_since, case((was_on_this_side, func.coalesce(STATE.c.side_since, STATE.c.since)), else_=now)),
            (STATE.c.since, case((STATE.c.state == state, STATE.c.since), else_=now)),
            (STATE.c.state, state),
            (STATE.c.tell_at, case((knows_of_worse, now), else_=null()) if is_seen else now),
            *((STATE.c[name], value) for name, value in said.items()),
        )
    )
    if connection.execute(again).rowcount:
        return
    first = {"since": now, "side_since": now, "tell_at": None if is_seen else now}
    try:
        with connection.begin_nested():
            connection.execute(insert(STATE).values(area_id=area_id, state=state, **first, **said))
    except IntegrityError:  # of two sessions that ended at once, the other was first
        connection.execute(again)


OF_ITS_LAND = (STATE.c.area_id == AREA.c.id) & is_of_its_land(STATE.c.session_id)
"""A state that was said of an area's land as it is now."""
_STANDINGS = (  # made once, as in `owned`
    select(STATE).join(AREA, OF_ITS_LAND).where(AREA.c.id.in_(bindparam("areas", expanding=True)))
)


def standings_of(connection: Connection, area_ids: Iterable[int]) -> dict[int, AreaStanding]:
    """Return how areas stand; one whose land no whole session has looked at yet is not among them."""
    rows = connection.execute(_STANDINGS, {"areas": list(area_ids)})
    return {row.area_id: standing_of(row) for row in rows}


def standing_of(row: Row[Any]) -> AreaStanding:
    """Return how an area stands, of a row of `area_states`."""
    return AreaStanding(AreaState(row.state), row.since, unseen_of(row), row.clearly_seen_at)


def unseen_of(row: Row[Any]) -> Unseen | None:
    """Return what an area's last whole session did not see; None where the release that wrote it did not measure it."""
    if row.watched_m2 is None:
        return None
    return Unseen(m2=row.unseen_m2 or 0.0, of_m2=row.watched_m2, since=row.unseen_since)
