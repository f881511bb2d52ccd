"""Looks into the database beside the product: when something is due, and whether anything is left to do."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from chalicelib.adapters.database import clock_repairs
from chalicelib.domain.tiles import Tile

if TYPE_CHECKING:
    from tests.simulation.history import History

MINUTE = timedelta(minutes=1)
GRACE = timedelta(seconds=150)  # two reconciles, and some
FURTHEST_LEASE = timedelta(seconds=130)  # of a worker, and some
PUSH_TTL = timedelta(hours=24)
UNSENT = timedelta(seconds=31)  # after so long reconcile hands over what was not sent
UNREADABLE = "highest"  # the sensitivity of an area that this release cannot read

DUE = """
SELECT MIN(t) FROM (
 SELECT MIN(next_due_at) AS t FROM chores WHERE name IN ('orphans', 'retention')
 UNION ALL SELECT MIN(r.retry_at) FROM session_tiles r WHERE r.verdict IS NULL
  AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.tile_run_id = r.id AND o.dead_at IS NULL)
 UNION ALL SELECT MIN(deadline_at) FROM alert_sessions WHERE status = 'IN_PROGRESS'
 UNION ALL SELECT MIN(lease_until) FROM deliveries WHERE status = 'PENDING'
 UNION ALL SELECT MIN(s.tell_at) FROM area_states s JOIN area_configs a ON a.id = s.area_id AND a.deleted_at IS NULL
 UNION ALL SELECT MIN(dead_at) FROM outbox WHERE dead_at IS NOT NULL
 UNION ALL SELECT MIN(deleted_at) FROM area_configs WHERE deleted_at IS NOT NULL
 {areas}
)"""
IS_WATCHED = f"a.deleted_at IS NULL AND a.sensitivity <> '{UNREADABLE}'"
AREAS = f"""UNION ALL SELECT MIN(a.next_due_at) FROM area_configs a LEFT JOIN alert_sessions s ON s.open_area_id = a.id
 WHERE {IS_WATCHED} AND s.id IS NULL"""
DUE_TO_ANY, DUE_TO_RECONCILE = DUE.format(areas=AREAS), DUE.format(areas="")
PENDING = "SELECT MIN(created_at) FROM deliveries WHERE status = 'PENDING'"
WAITING = "SELECT queue, MIN(available_at) FROM outbox WHERE dead_at IS NULL GROUP BY queue"
SEEN = f"SELECT next_due_at FROM chores WHERE name = '{clock_repairs.NAME}'"
UNTAKEN = "SELECT MIN(available_at) FROM outbox WHERE dead_at IS NULL"


def time_of(text: str) -> datetime:
    """Read a time as the database keeps it."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def next_minute(now: datetime) -> datetime:
    """Return the minute that begins next."""
    return now.replace(second=0, microsecond=0) + MINUTE


def next_due(history: History) -> datetime | None:
    """Return, in true time, when a tick has something to do next."""
    database, offset = history.database, history.world.offset
    first = database.value(DUE_TO_ANY if "capture_areas" in history.ticks.functions else DUE_TO_RECONCILE)
    times = [time_of(first)] if first else []
    if pending := database.value(PENDING):
        times.append(time_of(pending) + PUSH_TTL)
    if (seen := database.value(SEEN)) and time_of(seen) > history.world.clock() + clock_repairs.TOLERATED:
        times.append(history.world.clock())  # the clock was put back, and nobody has repaired it
    if history.sqs is not None:
        if untaken := database.value(UNTAKEN):
            times.append(time_of(untaken) + UNSENT)
        dead = history.sqs.next_visible([f"{queue}-dead" for queue in history.work.queues])
        times += [at + offset for at in dead.values()]
    return min(times) - offset if times else None


def see_clock(history: History, at: datetime) -> None:
    """Keep that a reconcile saw this time, where the last on record saw an earlier one."""
    text = f"{at:%Y-%m-%d %H:%M:%S.%f}"
    history.database.raw.execute(
        "UPDATE chores SET next_due_at = ? WHERE name = ? AND next_due_at < ?", (text, clock_repairs.NAME, text)
    )
    history.database.raw.commit()


def next_messages(history: History) -> dict[str, datetime]:
    """Return, in true time, when each queue has something to take."""
    if history.sqs is not None:
        return history.sqs.next_visible(history.work.queues)
    names = {queue.value: name for queue, name in history.ports.queue_names.items()}
    offset = history.world.offset
    return {names[queue]: time_of(at) - offset for queue, at in history.database.rows(WAITING)}


def is_still(history: History) -> bool:
    """Whether nothing is open, on its way or waiting."""
    return not what_is_left(history)


def what_is_left(history: History) -> str:
    """Say what is open, on its way or waiting."""
    value = history.database.value
    left = {
        "open sessions": value("SELECT COUNT(*) FROM alert_sessions WHERE status = 'IN_PROGRESS'"),
        "messages": value("SELECT COUNT(*) FROM outbox"),
        "pushes": value("SELECT COUNT(*) FROM deliveries WHERE status = 'PENDING'"),
        "deleted areas": value("SELECT COUNT(*) FROM area_configs WHERE deleted_at IS NOT NULL"),
        "on SQS": 0 if history.sqs is None or history.sqs.is_empty else 1,
    }
    return ", ".join(f"{count} {what}" for what, count in left.items() if count)


def is_stored(history: History, tile: Tile, version: str) -> bool:
    """Whether the image of a tile and a version of its scene is stored, with its objects."""
    query = "SELECT object_key, bands_key FROM captures WHERE (z, x, y, version) = (?, ?, ?, ?)"
    named = history.database.rows(query, *tile, version)
    there = history.images.contents
    return any(key in there and (bands is None or bands in there) for key, bands in named)


def last_session(history: History) -> int:
    """Return the session that was opened last: what comes after it is told by its id, for a clock may have jumped."""
    return history.database.value("SELECT MAX(id) FROM alert_sessions") or 0


def sessions_after(history: History, session_id: int) -> int:
    """Return how many sessions each area that is watched has run after one, at least."""
    counts = history.database.rows(
        "SELECT (SELECT COUNT(*) FROM alert_sessions s WHERE s.area_id = a.id AND s.id > ?"
        f" AND s.cause <> 'COMPARISON' AND s.ended_at IS NOT NULL) FROM area_configs a WHERE {IS_WATCHED}",
        session_id,
    )
    return min((row[0] for row in counts), default=99)


def failing(history: History) -> list[tuple[int, int]]:
    """Return the areas whose last session had a tile run that FAILED, and how many."""
    return history.database.rows(
        "SELECT s.area_id, COUNT(*) FROM alert_sessions s JOIN session_tiles r ON r.session_id = s.id"
        " WHERE s.id IN (SELECT MAX(id) FROM alert_sessions WHERE cause <> 'COMPARISON' GROUP BY area_id)"
        " AND r.verdict = 'FAILED' GROUP BY 1"
    )


def check_deadlines(history: History) -> None:
    """Find sessions that are open past their deadline, in the quiet and two reconciles later."""
    world = history.world
    if world.true_now < history.quiet_at + GRACE:
        return
    late = f"{world.clock() - GRACE:%Y-%m-%d %H:%M:%S.%f}"
    query = "SELECT id, deadline_at FROM alert_sessions WHERE status = 'IN_PROGRESS' AND deadline_at < ?"
    for session_id, deadline_at in history.database.rows(query, late):
        world.violated("open past its deadline", f"session {session_id} should have ended by {deadline_at}")
    far = f"{world.clock() + FURTHEST_LEASE:%Y-%m-%d %H:%M:%S.%f}"
    for run_id, lease in history.database.rows("SELECT id, lease_until FROM session_tiles WHERE lease_until > ?", far):
        world.violated("a clock put back stops nothing", f"tile run {run_id} is leased until {lease}, after {far}")
    query = "SELECT id, available_at FROM outbox WHERE receives > 0 AND available_at > ?"
    for message_id, at in history.database.rows(query, far):
        world.violated("a clock put back stops nothing", f"message {message_id} is hidden until {at}, after {far}")


def check_carried_on(history: History, body: str) -> None:
    """Find a tile run whose job was answered, and that nobody works on and no other job carries on.

    After a clock was put back, a job that was to come later is passed over until reconcile has repaired it.
    """
    if history.world.counts["clock jump"]:
        return
    run_id = json.loads(body).get("tile_run_id")
    waits = "SELECT 1 FROM outbox o WHERE o.tile_run_id = r.id AND o.session_id = r.session_id"
    query = (
        "SELECT state, retry_at FROM session_tiles r WHERE id = ? AND verdict IS NULL AND lease_until IS NULL"
        f" AND NOT EXISTS ({waits})"
    )
    for state, retry_at in history.database.rows(query, run_id):
        history.world.violated(
            "a job is never passed over", f"tile run {run_id} is {state}, and waits until {retry_at}"
        )
