"""Places that turned out to be parts of others, in the database: what was said of a part is true of the whole."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection, select

from chalicelib.adapters.database import tables as t

PLACE = t.places
AT_ONCE = 500  # ids in one statement


def whole_places_of(connection: Connection, place_ids: Collection[int]) -> dict[int, int]:
    """Return the whole place of each of some places: itself, or what it is part of by now, however often in turn."""
    whole = {place_id: place_id for place_id in place_ids}
    left = set(whole)
    while left:
        larger = _merged_into(connection, sorted(left))
        whole = {place_id: larger.get(at, at) for place_id, at in whole.items()}
        left = set(larger.values())
    return whole


def _merged_into(connection: Connection, place_ids: list[int]) -> dict[int, int]:
    """Return what some places were merged into. It is an older one each time: so no chain of them is without an end."""
    found: dict[int, int] = {}
    query = select(PLACE.c.id, PLACE.c.merged_into_id).where(PLACE.c.merged_into_id < PLACE.c.id)
    for begin in range(0, len(place_ids), AT_ONCE):
        for row in connection.execute(query.where(PLACE.c.id.in_(place_ids[begin : begin + AT_ONCE]))):
            found[row.id] = row.merged_into_id
    return found
