"""A database that is full: many sessions of one area, with all that hangs on them, written straight into the tables."""

from datetime import timedelta

from sqlalchemy import insert

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.session_summaries import summary_columns
from tests.support.builders.domain import NOON

AT_ONCE = 5_000
TILES = 2_500  # of a session
FAILURES = 100  # as many as a session's row keeps
OUTLINE = [[[85.0, 20.0], [85.001, 20.0], [85.001, 20.001], [85.0, 20.0]]]
REGION = {"area_m2": 900.0, "score": 0.9, "outline": OUTLINE, "reason": "below the area's smallest change"}


def fill(engine, *, user_id, area_id, runs, every=10):
    """Store tile runs of an area; each `every`th has an image, a comparison, an alert and a place. Gives the sessions.

    Ids count from 1: the tables of sessions and below are empty before.
    """
    sessions = max(1, runs // TILES)
    _fill_sessions(engine, area_id, sessions)
    for start in range(1, runs + 1, AT_ONCE):
        numbers = range(start, min(start + AT_ONCE, runs + 1))
        of = {number: min(sessions, 1 + (number - 1) // TILES) for number in numbers}
        _fill_tiles(engine, area_id, numbers, of, every)
    with engine.begin() as connection:
        push = {"kind": "topic", "address": "x", "status": "SENT", "attempts": 1, "detail": "", "created_at": NOON}
        rows = [push | {"session_id": 1 + n // 20, "address_hash": str(n)} for n in range(20 * sessions)]
        connection.execute(insert(t.deliveries), rows)
        ended = {"user_id": user_id, "created_at": NOON, "expires_at": NOON, "network": "192.0.2.1", "client": "c"}
        connection.execute(insert(t.sign_ins), [ended] * max(1, runs // 100))
    return sessions


def _fill_sessions(engine, area_id, sessions):
    failed = [{"tile": f"17/{n}/7", "reason": "the provider has no image of this tile"} for n in range(FAILURES)]
    summary = {"counts": {"NO_CHANGE": TILES}, "severity": None, "authorised": 0, "untold": 0, "parcels": 0}
    summary |= {"kinds": [], "clear_share": 1.0, "newest_captured_at": None, "unseen": None, "failures": failed}
    row = {"area_id": area_id, "cause": "SCHEDULED", "status": "COMPLETED_CHANGES_DETECTED", **summary_columns(summary)}
    row |= {"started_at": NOON, "deadline_at": NOON, "ended_at": NOON, "tiles_planned": TILES}
    with engine.begin() as connection:
        connection.execute(insert(t.alert_sessions), [{"id": n, **row} for n in range(1, sessions + 1)])


def _fill_tiles(engine, area_id, numbers, session_of, every):
    at = {"z": 17, "y": 7}
    run = at | {"state": "ENDED", "retry_at": NOON, "watched_m2": 1.0, "ended_at": NOON}
    image = at | {"area_id": area_id, "tile_px": 1024, "margin_px": 128, "provider": "sample", "scene_id": "s"}
    image |= {"fetched_at": NOON, "sha256": "0" * 64, "size_bytes": 1, "attribution": "a", "clear_share": 1.0}
    image |= {"is_usable": True, "status": "CHANGED"}
    log = {"changed": True, "change_percent": 1.5, "message": "m", "severity": "low", "regions": [REGION]}
    place = {"area_id": area_id, "state": "open", "first_seen_at": NOON, "last_seen_at": NOON, "area_m2": 900.0}
    place |= {"severity": "low", "west": 85.0, "south": 20.0, "east": 85.001, "north": 20.001}
    seen = at | {"area_id": area_id, "outlines": [OUTLINE], "area_m2": 900.0, "told_m2": 900.0, "place_m2": 900.0}
    seen |= {"severity": "low", "is_told": True, "is_latest": True, "seen_at": NOON}
    compared = {"detector": "d", "thresholds": "t", "verdict": "CHANGED", "ignored": [REGION], "created_at": NOON}
    told = {"change_log": log, "created_at": NOON}

    def rows():
        with_image = [n for n in numbers if n % every == 0]
        word = {n: "FAILED" if n % 50 == 1 else "CHANGED" if n % every == 0 else "NO_CHANGE" for n in numbers}
        of_run = [{"id": n, "session_id": session_of[n], "x": n, "verdict": word[n]} for n in numbers]
        rest = {"image_id": every, "reference_id": every}
        unseen = {n: {"unseen_m2": float(n % 20 == 1), "unseen_since": NOON if n % 20 == 1 else None} for n in numbers}
        yield t.session_tiles, [run | each | rest | unseen[each["id"]] for each in of_run]
        common = {n: {"session_id": session_of[n], "tile_run_id": n} for n in with_image}
        at_time = {n: NOON - timedelta(seconds=n) for n in with_image}
        keyed = {n: {"id": n, "x": n, "object_key": str(n), "taken_at": at_time[n]} for n in with_image}
        yield t.image_tiles, [image | common[n] | keyed[n] for n in with_image]
        yield t.comparisons, [compared | {"image_id": n, "reference_id": every} for n in with_image]
        drawn = {n: {"mask_key": f"mask-{n}", "overlay_key": f"overlay-{n}"} for n in with_image}
        yield (
            t.alert_details,
            [told | common[n] | drawn[n] | {"image_id": n, "reference_id": every} for n in with_image],
        )
        yield t.places, [place | {"id": n} for n in with_image]
        yield t.place_sightings, [seen | common[n] | {"place_id": n, "image_id": n, "x": n} for n in with_image]

    with engine.begin() as connection:
        for table, made in rows():
            if made:
                connection.execute(insert(table), made)
