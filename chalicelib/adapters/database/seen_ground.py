"""What was known of a tile's ground before a session: since when it was not seen, and when it was, clearly."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, ScalarSelect, select

from chalicelib.adapters.database import tables as t
from chalicelib.domain.tiles import Tile

RUN, SESSION, IMAGE, AREA = t.session_tiles, t.alert_sessions, t.image_tiles, t.area_configs


class Before(NamedTuple):
    """What was known of a tile before its session, and how much of it may stay unseen."""

    unseen_since: datetime | None = None  # in each session in a row
    clearly_seen_at: datetime | None = None
    tolerance: float = 0.0


def known_before(connection: Connection, session_id: int, tile: Tile) -> Before:
    """Return what the area's session before this one knew of a tile."""
    this_one, earlier = SESSION.alias(), SESSION.alias()
    z, x, y = tile
    of_area = (
        select(this_one.c.area_id, AREA.c.unseen_tolerance, this_one.c.two_dates, AREA.c.old_land_session_id)
        .join(AREA, AREA.c.id == this_one.c.area_id)
        .where(this_one.c.id == session_id)
    )
    area_id, tolerance, dates, old_land = connection.execute(of_area).one()
    if dates is not None:
        return Before(tolerance=tolerance)  # it is of other days
    query = (
        select(RUN.c.unseen_since, RUN.c.clearly_seen_at)
        .join(earlier, earlier.c.id == RUN.c.session_id)
        .where(earlier.c.area_id == area_id, earlier.c.id < session_id, RUN.c.z == z, RUN.c.x == x, RUN.c.y == y)
        .where(earlier.c.two_dates.is_(None))  # those too
        .where(earlier.c.id > (old_land or 0))  # and those of the land before, where that was another
        .order_by(earlier.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return Before(tolerance=tolerance) if row is None else Before(*row, tolerance)


def taken_at(image_id: int | None) -> ScalarSelect[Any]:
    """Return, for a statement, when an image was taken: of an undated provider that is not known."""
    return select(IMAGE.c.captured_at).where(IMAGE.c.id == image_id).scalar_subquery()
