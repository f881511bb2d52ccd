"""What was left to be done about places, by a release that knew none or a session's end, in the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Engine, Row, bindparam, exists, func, insert, or_, select
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import reads, writes
from chalicelib.adapters.database.place_joining import join_places
from chalicelib.adapters.database.purging import PART, delete_some
from chalicelib.application.ports.place_upkeep import PlaceUpkeep
from chalicelib.domain.sessions import SessionStatus

PLACE, SIGHTING, AREA, SESSION = t.places, t.place_sightings, t.area_configs, t.alert_sessions
ALERT, RUN, IMAGE = t.alert_details, t.session_tiles, t.image_tiles
MOST_SESSIONS, MOST_TILES = 2_000, 20_000  # of one part: what is known of them is read in some tenths of a second
_IS_OF_OLD = (
    (SESSION.c.status == SessionStatus.CHANGES_DETECTED)
    & SESSION.c.two_dates.is_(None)
    & ~exists().where(SIGHTING.c.session_id == SESSION.c.id)
    & exists().where(ALERT.c.session_id == SESSION.c.id)
)
# Joining tells a sighting how large its place is; an old alert without outlines has no ground, and is never joined.
_IS_LEFT = (SESSION.c.status != SessionStatus.IN_PROGRESS) & exists().where(
    SIGHTING.c.session_id == SESSION.c.id, SIGHTING.c.place_m2.is_(None), SIGHTING.c.area_m2 > 0
)


class SqlPlaceUpkeep(PlaceUpkeep):
    """The port `PlaceUpkeep`."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @override
    @reads
    def part_after(self, connection: Connection, session_id: int) -> int | None:
        query = select(SESSION.c.id, SESSION.c.tiles_planned).where(SESSION.c.id > session_id)
        last, tiles = None, 0
        for row in connection.execute(query.order_by(SESSION.c.id).limit(MOST_SESSIONS)):
            tiles += row.tiles_planned
            if last is not None and tiles > MOST_TILES:
                break
            last = row.id
        return last

    @override
    @reads
    def waiting(self, connection: Connection, *, after: int, until: int, limit: int) -> list[int]:
        other = SESSION.alias("other")
        query = (
            select(SESSION.c.id)
            .join(AREA, AREA.c.id == SESSION.c.area_id)
            .where(SESSION.c.id > after, SESSION.c.id <= until, or_(_IS_OF_OLD, _IS_LEFT), AREA.c.deleted_at.is_(None))
            .where(~exists().where(other.c.open_area_id == SESSION.c.area_id))
            .order_by(SESSION.c.id)
            .limit(limit)
        )
        return list(connection.execute(query).scalars())

    @override
    @writes
    def join(self, connection: Connection, session_id: int) -> bool:
        of_session = select(SESSION.c.area_id).where(SESSION.c.id == session_id)
        # The area's lock while no session of it is open: nobody else joins places of it.
        area = connection.execute(select(AREA).where(AREA.c.id.in_(of_session)).with_for_update()).one_or_none()
        if area is None:
            return False
        is_open = select(SESSION.c.id).where(SESSION.c.open_area_id == area.id)
        still = select(_IS_OF_OLD.label("is_of_old")).where(SESSION.c.id == session_id, or_(_IS_OF_OLD, _IS_LEFT))
        is_of_old = connection.execute(still).scalar()
        if connection.execute(is_open).first() is not None or is_of_old is None:
            return False
        if is_of_old:
            self._insert_sightings(connection, session_id, area_id=area.id)
        join_places(connection, session_id, area_id=area.id)
        return True

    @staticmethod
    def _insert_sightings(connection: Connection, session_id: int, *, area_id: int) -> None:
        query = (
            select(ALERT, RUN.c.z, RUN.c.x, RUN.c.y, IMAGE.c.taken_at)
            .join(RUN, RUN.c.id == ALERT.c.tile_run_id)
            .join(IMAGE, IMAGE.c.id == ALERT.c.image_id)
            .where(ALERT.c.session_id == session_id)
            .order_by(ALERT.c.id)
        )
        rows = [values for row in connection.execute(query) for values in _sightings_of(row, area_id=area_id)]
        connection.execute(insert(SIGHTING), rows)

    @override
    @writes
    def delete_left_over(self, connection: Connection, *, after: int, limit: int) -> int | None:
        area_ids = _areas_with_places(connection, after, limit)
        known = set(connection.execute(select(AREA.c.id).where(AREA.c.id.in_(area_ids))).scalars())
        left = PART
        for area_id in area_ids:
            for table in () if area_id in known else (SIGHTING, PLACE):
                left -= delete_some(connection, table, table.c.area_id == area_id, left)
            if left <= 0:
                return area_id - 1  # there may be more of it
        return area_ids[-1] if len(area_ids) == limit else None


def _areas_with_places(connection: Connection, after: int, limit: int) -> list[int]:
    """Return the next areas that have places, or had, from one to the next by the index: the places are not read."""
    following = select(func.min(PLACE.c.area_id)).where(PLACE.c.area_id > bindparam("after"))
    found: list[int] = []
    while len(found) < limit:
        area_id = connection.execute(following, {"after": found[-1] if found else after}).scalar()
        if area_id is None:
            break
        found.append(area_id)
    return found


def _sightings_of(alert: Row[Any], *, area_id: int) -> list[dict[str, Any]]:
    """Return the rows of an alert's regions; of one without outlines a single row, by which it is known to be done."""
    of_alert = {
        "area_id": area_id,
        "session_id": alert.session_id,
        "tile_run_id": alert.tile_run_id,
        "image_id": alert.image_id,
        "z": alert.z,
        "x": alert.x,
        "y": alert.y,
        "is_told": True,
        "is_latest": False,
        "seen_at": alert.taken_at,
    }
    regions = [region for region in alert.change_log.get("regions") or [] if region.get("outline")]
    if not regions:
        return [
            of_alert
            | {"outlines": [], "area_m2": 0.0, "told_m2": 0.0, "severity": None, "kind": None, "kind_probability": None}
        ]
    return [
        of_alert
        | {
            "outlines": [region["outline"]["coordinates"]],
            "area_m2": region["area_m2"],
            "told_m2": region["area_m2"],
            "severity": region.get("severity"),
            "kind": region.get("kind"),
            "kind_probability": region.get("kind_probability"),
        }
        for region in regions
    ]
