"""Many areas of one user, each looked at, written straight into the tables: how an office's list looks."""

from datetime import timedelta

from sqlalchemy import insert, select

from chalicelib.adapters.database import tables as t
from tests.support.builders.domain import NOON

# By the last digits of their number: what the last whole session of each said.
STATES = {3: "changed", 17: "failing", 29: "blind", 41: "partly blind"}
STATUSES = {"changed": "COMPLETED_CHANGES_DETECTED", "watched": "COMPLETED_NO_CHANGES"}
VERDICTS = {"changed": "CHANGED", "failing": "FAILED", "blind": "OBSCURED", "partly blind": "OBSCURED"}
EVERY = 60


def state_of(number):
    """Give the state that an area's last whole session left it in, by its number."""
    return STATES.get(number % EVERY, "watched")


def fill_areas(engine, *, user_id, areas, looks=1, names=None, tags=None, now=NOON):
    """Store that many areas of a user, the oldest first, each with `looks` sessions; the last one says its state.

    Of each sixty one has changed, one failed, one is blind, one partly; and one that changed before last still has an
    open place. Gives their ids, in order.
    """
    names = names or {}
    with engine.begin() as connection:
        connection.execute(insert(t.area_configs), [_area(user_id, n, names, tags or {}, now) for n in range(areas)])
        mine = select(t.area_configs.c.id).where(t.area_configs.c.user_id == user_id).order_by(t.area_configs.c.id)
        ids = list(connection.execute(mine).scalars())[-areas:]
        for look in range(looks):
            is_last, at = look == looks - 1, now - timedelta(days=looks - look)
            rows = [_session(area_id, state_of(n) if is_last else "watched", at) for n, area_id in enumerate(ids)]
            connection.execute(insert(t.alert_sessions), rows)
        connection.execute(insert(t.area_states), [_standing(area_id, n, now) for n, area_id in enumerate(ids)])
        places = [_place(area_id, now) for n, area_id in enumerate(ids) if n % EVERY in {3, 55}]
        if places:
            connection.execute(insert(t.places), places)
    return ids


def add_places(engine, area_id, count, now=NOON):
    """Store that many more open places of an area."""
    with engine.begin() as connection:
        connection.execute(insert(t.places), [_place(area_id, now) for _ in range(count)])


def _area(user_id, number, names, tags, now):
    north = {"center_lat": 20.0 + 0.01 * (number % 60), "center_lon": 85.0 + 0.01 * (number // 60)}
    reach = dict.fromkeys(("north_km", "south_km", "east_km", "west_km"), 0.2)
    return (
        north
        | reach
        | {
            "user_id": user_id,
            "tags": tags.get(number),
            "name": names.get(number, f"Plot {number + 1}"),
            "provider": "sample",
            "zoom": 17,
            "tile_px": 1024,
            "margin_px": 128,
            "cadence_hours": 168,
            "min_changed_area_m2": 25.0,
            "min_clear_share": 0.3,
            "next_due_at": now + timedelta(days=6),
            "created_at": now - timedelta(days=400),
        }
    )


def _session(area_id, state, at):
    summary = {"counts": {VERDICTS.get(state, "NO_CHANGE"): 4}, "severity": "high" if state == "changed" else None}
    summary |= {"clear_share": 1.0, "newest_captured_at": None, "unseen": None, "failures": []}
    return {
        "area_id": area_id,
        "cause": "SCHEDULED",
        "slot_at": at,
        "status": STATUSES.get(state, "COMPLETED_ERROR"),
        "reason": None if state in STATUSES else "4 of 4 tiles could not be captured or compared",
        "started_at": at,
        "deadline_at": at,
        "ended_at": at + timedelta(minutes=1),
        "tiles_planned": 4,
        "summary": summary,
    }


def _standing(area_id, number, now):
    state = state_of(number)
    share = {"blind": 1.0, "partly blind": 0.4}.get(state, 0.0)
    return {
        "area_id": area_id,
        "state": state,
        "since": now - timedelta(days=1),
        "unseen_m2": 160_000 * share,
        "watched_m2": 160_000.0,
        "unseen_since": now - timedelta(days=9) if share else None,
    }


def _place(area_id, now):
    box = {"west": 85.0, "south": 20.0, "east": 85.001, "north": 20.001}
    seen = {"first_seen_at": now - timedelta(days=30), "last_seen_at": now - timedelta(days=30), "area_m2": 900.0}
    return box | seen | {"area_id": area_id, "state": "open", "severity": "high"}
