"""Layers whose parcels are named by what is under a legal hold, in the database: none of their versions is deleted.

To rely on it, hold the lock of the user's row: a hold is placed under the same one.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, Select, or_, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.holds import standing_of
from chalicelib.domain.holds import Hold

USER, NAMED, ALERT, SIGHTING = t.users, t.named_parcels, t.alert_details, t.place_sightings


def lock_user(connection: Connection, user_id: int) -> None:
    """Let no hold be placed on anything of a user's until this transaction ends."""
    connection.execute(select(USER.c.id).where(USER.c.id == user_id).with_for_update())


def holds_on_layers(connection: Connection, user_id: int) -> dict[int, list[Hold]]:
    """Return the holds that stand on a user's layers, through what names parcels of them, by layer."""
    found: dict[int, list[Hold]] = {}
    for hold in standing_of(connection, user_id):
        for layer_id in connection.execute(_layers_of(hold)).scalars():
            found.setdefault(layer_id, []).append(hold)
    return found


def _layers_of(hold: Hold) -> Select[Any]:
    """Select the layers that are named by what is held: its alerts, and the place itself or all places of the area."""
    named = select(NAMED.c.layer_id).where(NAMED.c.area_id == hold.area_id).distinct()
    if hold.session_id is not None:
        return named.where(NAMED.c.alert_id.in_(select(ALERT.c.id).where(ALERT.c.session_id == hold.session_id)))
    if hold.place_id is not None:
        told_of_it = (
            select(ALERT.c.id)
            .join(SIGHTING, SIGHTING.c.tile_run_id == ALERT.c.tile_run_id)
            .where(SIGHTING.c.place_id == hold.place_id)
        )
        return named.where(or_(NAMED.c.place_id == hold.place_id, NAMED.c.alert_id.in_(told_of_it)))
    return named
