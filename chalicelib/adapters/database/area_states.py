"""The states of areas, in the database: written with the end of a session, read with the areas."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, case, insert, select, update
from sqlalchemy.exc import IntegrityError

from chalicelib.adapters.database import tables as t
from chalicelib.domain.area_states import AreaStanding, AreaState

STATE = t.area_states


def put_state(connection: Connection, area_id: int, state: AreaState, *, now: datetime) -> None:
    """Keep an area's state; it has been so since now, unless it was so before."""
    is_it = STATE.c.area_id == area_id
    again = update(STATE).where(is_it)
    # In this order, for MySQL sets one after the other.
    since = case((STATE.c.state == state, STATE.c.since), else_=now)
    if connection.execute(again.ordered_values((STATE.c.since, since), (STATE.c.state, state))).rowcount:
        return
    try:
        with connection.begin_nested():
            connection.execute(insert(STATE).values(area_id=area_id, state=state, since=now))
    except IntegrityError:  # of two sessions that ended at once, the other was first
        connection.execute(again.ordered_values((STATE.c.since, since), (STATE.c.state, state)))


def standings_of(connection: Connection, area_ids: Iterable[int]) -> dict[int, AreaStanding]:
    """Return how areas stand; one that no whole session has looked at yet is not among them."""
    rows = connection.execute(select(STATE).where(STATE.c.area_id.in_(list(area_ids))))
    return {row.area_id: AreaStanding(AreaState(row.state), row.since) for row in rows}
