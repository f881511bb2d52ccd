"""How sightings become places, in the database: in the transaction that ends their session, or after it for old ones.

The caller makes sure that nobody else joins places of the area: it holds the lock of the area's open session, or that
of the area while no session of it is open.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import OWN_TROUBLE, insert_row
from chalicelib.adapters.database.named_parcel_rows import forget_named, keep_of_place
from chalicelib.adapters.database.named_parcels import layers_of_owner, touched_by
from chalicelib.domain.places import PlaceState, bounds_around, groups_of, lies_on
from chalicelib.domain.scenes import day_of
from chalicelib.domain.severity import highest
from chalicelib.domain.tiles import Outline

log = logging.getLogger(__name__)
PLACE, SIGHTING = t.places, t.place_sightings
_JOINED = (
    update(SIGHTING)
    .where(SIGHTING.c.id == bindparam("sighting_id"))
    .values(place_id=bindparam("joined_id"), told_m2=bindparam("told"), place_m2=bindparam("whole"), is_latest=True)
)


@dataclass
class Group:
    """Sightings that are one place: those known as its latest, and those of the session that ends."""

    known: list[Row[Any]] = field(default_factory=list)
    new: list[Row[Any]] = field(default_factory=list)

    @property
    def place_ids(self) -> list[int]:
        """The places that they are known under, the oldest first."""
        return sorted({row.place_id for row in (*self.known, *self.new) if row.place_id is not None})

    def replaced_by(self, sighting: Row[Any]) -> list[Row[Any]]:
        """Return the known sightings that a new one takes the place of: the same ground, seen anew.

        One of a known place was held against all that is known of it on its tile, but for what the baseline holds by
        now: that is no part of what has changed since.
        """
        is_whole = sighting.place_id is not None
        return [
            row
            for row in self.known
            if (is_whole and _tile(row) == _tile(sighting) and row.area_m2) or lies_on(row.outlines, sighting.outlines)
        ]


def join_places_or_leave(connection: Connection, session_id: int, *, area_id: int) -> None:
    """Join a session's sightings as `join_places` does; where that fails they are left as they are, for the upkeep.

    Whatever a place's row says, the session must end: else it stays open for ever, and nobody is told of its alerts.
    The database's own trouble is raised, so that the whole transaction is tried again.
    """
    savepoint = connection.begin_nested()
    try:
        join_places(connection, session_id, area_id=area_id)
    except OWN_TROUBLE:  # no way back to the savepoint: MySQL forgets it with a deadlock
        raise
    except Exception:
        savepoint.rollback()
        log.exception("places not joined", extra={"session_id": session_id, "area_id": area_id})
    else:
        savepoint.commit()


def join_places(connection: Connection, session_id: int, *, area_id: int) -> None:
    """Join a session's sightings to the places that they are of, or make new ones of them."""
    of_session = select(SIGHTING).where(SIGHTING.c.session_id == session_id, SIGHTING.c.is_latest.is_(False))
    new = [row for row in connection.execute(of_session.order_by(SIGHTING.c.id)) if row.outlines]
    if not new:
        return
    layers = layers_of_owner(connection, area_id)
    for group in _groups(new, _known_around(connection, area_id, new)):
        if group.new:
            place_id, outlines = _join(connection, group, area_id=area_id)
            if layers:
                forget_named(connection, [place_id, *group.place_ids])
                day = day_of(max(row.seen_at for row in group.new), outlines[0][0][0][0])
                found = touched_by(connection, layers, outlines, day=day)
                keep_of_place(connection, found.named, area_id=area_id, place_id=place_id)


def _tile(row: Row[Any]) -> tuple[int, int, int]:
    return row.z, row.x, row.y


def _known_around(connection: Connection, area_id: int, new: Sequence[Row[Any]]) -> Sequence[Row[Any]]:
    """Read what is known on the tiles of new sightings and on those beside them."""
    zooms, xs, ys = ([row[place] for row in map(_tile, new)] for place in range(3))
    return connection.execute(
        select(SIGHTING).where(
            SIGHTING.c.area_id == area_id,
            SIGHTING.c.is_latest.is_(True),
            SIGHTING.c.z.in_(set(zooms)),
            SIGHTING.c.x.between(min(xs) - 1, max(xs) + 1),
            SIGHTING.c.y.between(min(ys) - 1, max(ys) + 1),
        )
    ).all()


def _groups(new: Sequence[Row[Any]], known: Sequence[Row[Any]]) -> list[Group]:
    rows = [*known, *new]
    by_place: dict[int, list[int]] = {}
    for index, row in enumerate(rows):
        if row.place_id is not None:
            by_place.setdefault(row.place_id, []).append(index)
    indices = groups_of([row.outlines for row in rows], same=list(by_place.values()))
    found = []
    for several in indices:
        group = Group()
        for index in several:
            (group.known if index < len(known) else group.new).append(rows[index])
        found.append(group)
    return found


def _join(connection: Connection, group: Group, *, area_id: int) -> tuple[int, list[Outline]]:
    """Join a group's new sightings; return the place that they are of, and all its outlines."""
    place_ids, new = group.place_ids, group.new
    replaced: dict[int, Row[Any]] = {}
    told: dict[int, float] = {}
    for row in new:
        before = [each for each in group.replaced_by(row) if each.id not in replaced]
        replaced |= {each.id: each for each in before}
        told[row.id] = row.told_m2 or sum(_known_m2(each, row) for each in before)  # 0: it is seen, and no news
    latest = [*(row for row in group.known if row.id not in replaced), *new]
    values = _values(latest, new)
    place_id = _kept_id(connection, place_ids, values, area_id=area_id)
    if replaced:
        connection.execute(update(SIGHTING).where(SIGHTING.c.id.in_(replaced)).values(is_latest=False))
    whole = values["area_m2"]
    joined = [{"sighting_id": row.id, "joined_id": place_id, "told": told[row.id], "whole": whole} for row in new]
    connection.execute(_JOINED, joined)
    return place_id, [outline for row in latest for outline in row.outlines]


def _known_m2(before: Row[Any], seen: Row[Any]) -> float:
    """Return what people were told of a sighting that is seen anew.

    Where an alert shows it as what they know, that is also what was told before it was accepted: it came back with an
    image from after that, and is no growth since.
    """
    return (before.told_m2 or (before.accepted_told_m2 if seen.is_told else 0.0)) or 0.0


def _values(latest: Sequence[Row[Any]], new: Sequence[Row[Any]]) -> dict[str, Any]:
    """Return what a place's row says, as far as these sightings know it."""
    told = [row for row in new if row.told_m2]
    of_kind = max((row for row in latest if row.kind), key=lambda row: row.area_m2, default=None)
    values = {
        "area_m2": round(sum(row.area_m2 for row in latest), 1),
        "first_seen_at": min(row.seen_at for row in new),
        "last_seen_at": max(row.seen_at for row in new),
        "severity": highest(row.severity for row in told),
        "kind": of_kind and of_kind.kind,
        "kind_probability": of_kind and of_kind.kind_probability,
        **bounds_around([outline for row in latest for outline in row.outlines])._asdict(),
    }
    return values | ({"state": PlaceState.OPEN} if told else {})


def _kept_id(connection: Connection, place_ids: Sequence[int], values: dict[str, Any], *, area_id: int) -> int:
    """Write a group's place and return its id: the oldest one that it is known under; the others are merged into it."""
    if not place_ids:
        return insert_row(connection, PLACE, area_id=area_id, **{"state": PlaceState.OPEN} | values)
    kept_id, *others = place_ids
    rows = connection.execute(select(PLACE).where(PLACE.c.id.in_(place_ids))).all()
    values = values | {
        "first_seen_at": min(values["first_seen_at"], *(row.first_seen_at for row in rows)),
        "last_seen_at": max(values["last_seen_at"], *(row.last_seen_at for row in rows)),
        "severity": highest([values["severity"], *(row.severity for row in rows)]),
    }
    connection.execute(update(PLACE).where(PLACE.c.id == kept_id).values(**values))
    if others:
        connection.execute(update(SIGHTING).where(SIGHTING.c.place_id.in_(others)).values(place_id=kept_id))
        is_merged = PLACE.c.id.in_(others) | PLACE.c.merged_into_id.in_(others)
        connection.execute(update(PLACE).where(is_merged).values(merged_into_id=kept_id))
    return kept_id
