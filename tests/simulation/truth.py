"""What only the simulation knows: the land's truth, whose work took its worker with it, and what phones have shown."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from itertools import combinations
from typing import TYPE_CHECKING, NamedTuple

from chalicelib.domain.captures import SHARED
from chalicelib.domain.tiles import Tile
from tests.simulation import telling
from tests.simulation.land import Shown
from tests.simulation.push import Shown as Pushed
from tests.simulation.world import LEASE_S, Violation

if TYPE_CHECKING:
    from tests.simulation.history import History

TRANSIENT = ("answered 503", "did not answer within", "answered 429", "does not answer", "no space left", "is away")
TOOK_ITS_WORKER = ("kill", "poison", "restart")
MOST_TRIES = 5  # the settings' max_receives


class _Image(NamedTuple):
    image_id: int
    keys: tuple[str, ...]
    shown: Shown  # the item that it shows


ITEMS = (
    "SELECT id, object_key, COALESCE(bands_key, object_key), scene_items FROM image_tiles"
    " WHERE area_id = ? AND z = ? AND x = ? AND y = ?"
)
BEFORE_THE_WATCH = """
SELECT i.id FROM image_tiles i JOIN area_configs a ON a.id = i.area_id
JOIN image_tiles o ON o.area_id = i.area_id AND o.z = i.z AND o.x = i.x AND o.y = i.y
WHERE i.area_id = ? AND i.z = ? AND i.x = ? AND i.y = ?
 AND (o.is_baseline OR EXISTS (SELECT 1 FROM session_tiles b WHERE b.id = o.tile_run_id AND b.verdict = 'BASELINE'))
 AND o.taken_at > i.taken_at
 AND o.session_id <= a.old_land_session_id AND i.session_id > o.session_id"""
"""Images of a tile that are older than the baseline of a land before, and came after it."""


def check(history: History) -> Iterator[Violation]:
    """Return what does not hold."""
    for area in history.areas:
        for tile in history.tiles_of(area.area_id):
            yield from _changes(history, area.area_id, tile)
        yield from _land(history, area.area_id)
    yield from _two_dates(history)
    yield from _objects_of_deleted(history)
    yield from _pushes(history)
    yield from _untold(history)
    yield from telling.check(history)
    yield from _transients(history)
    for (run_id, who), tries in history.world.begun.items():
        if tries > MOST_TRIES:
            yield Violation("given up after five tries", f"tile run {run_id} took its {who} with it {tries} times")
    for run_id, verdict in history.database.rows("SELECT run_id, verdict FROM sim_mixed"):
        yield Violation("a session is of one land", f"tile run {run_id} is {verdict} after its land was changed")
    for run_id, was, now in history.database.rows("SELECT run_id, was, now FROM sim_held"):
        yield Violation("one worker a tile run", f"tile run {run_id}, held until {was}, was claimed until {now}")
    for run_id, was, now in history.database.rows("SELECT run_id, was, now FROM sim_rewritten"):
        yield Violation("one verdict", f"the verdict of tile run {run_id} was {was} and became {now}")


def hidden_share(history: History, session_id: int) -> float:
    """Return how much of a session's ground the land's scenes hid from the images that it answers with.

    The tiles of a history are all of a size.
    """
    query = (
        "SELECT r.z, r.x, r.y, (SELECT n.scene_items FROM image_tiles n WHERE n.id = COALESCE(r.image_id,"
        "  (SELECT u.id FROM image_tiles u WHERE u.area_id = s.area_id AND u.z = r.z"
        "   AND u.x = r.x AND u.y = r.y AND u.is_usable ORDER BY u.taken_at DESC, u.id DESC LIMIT 1)))"
        " FROM session_tiles r JOIN alert_sessions s ON s.id = r.session_id WHERE r.session_id = ?"
    )
    hidden = []
    for z, x, y, items in history.database.rows(query, session_id):
        tile = Tile(z, x, y)
        shown = history.land.on_top([item[0] for item in json.loads(items)], tile) if items else None
        hidden.append(1.0 - shown.clear.get(tile, 1.0) if shown else 1.0)
    return sum(hidden) / len(hidden)


def _changes(history: History, area_id: int, tile: Tile) -> Iterator[Violation]:
    """Each planted change between two images that were not taken from the product is alerted, and the last is there.

    Where the later one of a day's items is gone, an earlier one is a new version: the ground is as before once more.
    """
    where = (area_id, *tile)
    images = _images(history, f"{ITEMS} AND is_usable ORDER BY taken_at, id", where, tile)
    last, dropped = history.land.last_clear, _images(history, f"{ITEMS} AND dropped_at IS NOT NULL", where, tile)
    if last not in [image.shown for image in (*images, *dropped)]:
        yield Violation("nothing is missed", f"area {area_id}: no image of {tile} from {last.item_id}")

    def state_of(image: _Image) -> int:
        return image.shown.states.get(tile, 0)

    unusable = _images(history, f"{ITEMS} AND NOT is_usable", where, tile)
    states = {image.image_id: state_of(image) for image in (*images, *unusable)}
    alerts = history.database.rows(
        "SELECT a.reference_id, a.image_id FROM alert_details a JOIN image_tiles i ON i.id = a.image_id"
        " WHERE i.is_apart IS NULL AND i.area_id = ? AND i.z = ? AND i.x = ? AND i.y = ?",
        *where,
    )
    before_the_watch = {row[0] for row in history.database.rows(BEFORE_THE_WATCH, area_id, *tile)}
    watched = [image for image in images if image.image_id not in before_the_watch]
    kept = [state_of(image) for image in watched if history.images.lost.keys().isdisjoint(image.keys)]
    for state in range(min(kept, default=0) + 1, max(kept, default=0) + 1):
        if any(before >= state > after for before, after in combinations(kept, 2)):
            continue
        if not any(states[before] < state <= states[after] for before, after in alerts):
            yield Violation("a planted change is alerted", f"area {area_id}: change {state} of {tile} has no alert")


def _land(history: History, area_id: int) -> Iterator[Violation]:
    """Sessions on an area's land as it is are of its tiles alone, and answer by what was looked at on that land."""
    old = history.database.value("SELECT old_land_session_id FROM area_configs WHERE id = ?", area_id)
    if old is None:
        return
    history.world.counts["land changed in a session's course"] += history.database.value(
        "SELECT COUNT(*) FROM alert_sessions WHERE area_id = ? AND reason LIKE '%the land was changed%'", area_id
    )
    tiles = set(history.tiles_of(area_id))
    of_land = "FROM session_tiles r JOIN alert_sessions s ON s.id = r.session_id WHERE s.area_id = ? AND s.id > ?"
    for run_id, *place in history.database.rows(f"SELECT r.id, r.z, r.x, r.y {of_land}", area_id, old):
        if Tile(*place) not in tiles:
            yield Violation("a session is of one land", f"tile run {run_id} of area {area_id} is of {place}")
    by_old = (
        f"SELECT r.id, r.image_id {of_land} AND r.verdict = 'NO_NEW_IMAGERY'"
        " AND EXISTS (SELECT 1 FROM image_tiles o WHERE o.id = r.image_id AND o.session_id <= ?)"
    )
    for run_id, image_id in history.database.rows(by_old, area_id, old, old):
        says = f"tile run {run_id} of area {area_id} rests on image {image_id}, looked at on other land"
        yield Violation("new ground was looked at", says)


def _two_dates(history: History) -> Iterator[Violation]:
    """Sessions of two dates tell what changed between them, and others neither use nor know anything of theirs."""
    query = (
        "SELECT r.id, r.verdict, r.z, r.x, r.y, s.two_dates, b.is_apart, a.is_apart, b.scene_items, a.scene_items,"
        " b.taken_at < a.taken_at FROM session_tiles r JOIN alert_sessions s ON s.id = r.session_id"
        " JOIN image_tiles b ON b.id = r.reference_id JOIN image_tiles a ON a.id = r.image_id"
    )
    for run_id, verdict, z, x, y, dates, *apart, before, after, is_in_order in history.database.rows(query):
        tile = Tile(z, x, y)
        if {bool(each) for each in apart} != {dates is not None}:
            yield Violation("two dates stand apart", f"tile run {run_id} of {dates} has images that are {apart}")
        elif dates is not None:
            states = [
                history.land.on_top([item[0] for item in json.loads(items)], tile).states.get(tile, 0)
                for items in (before, after)
            ]
            is_right = verdict not in ("CHANGED", "NO_CHANGE") or (verdict == "CHANGED") == (states[0] != states[1])
            if not is_in_order or not is_right:
                says = f"tile run {run_id} of {dates} is {verdict} with states {states}"
                yield Violation("two dates are compared", says)
            history.world.counts[f"two dates {verdict}"] += 1
    seen = (
        "SELECT p.id FROM place_sightings p JOIN alert_sessions s ON s.id = p.session_id WHERE s.two_dates IS NOT NULL"
    )
    for (sighting_id,) in history.database.rows(seen):
        yield Violation("two dates stand apart", f"sighting {sighting_id} is of one of theirs")


def _transients(history: History) -> Iterator[Violation]:
    """What passes by itself ends no tile run before its session's deadline, however often it happens."""
    query = (
        "SELECT r.id, r.reason, s.deadline_at <= r.ended_at FROM session_tiles r JOIN alert_sessions s"
        " ON s.id = r.session_id WHERE r.verdict = 'FAILED'"
    )
    any_died = any(history.world.counts[fault] for fault in TOOK_ITS_WORKER)
    any_jumped = bool(history.world.counts["clock jump"])
    for run_id, reason, is_late in history.database.rows(query):
        is_transient = any(words in reason for words in TRANSIENT)
        is_mystery = "every time the queue delivered it" in reason and not any_died
        # A clock that is put back in the middle of a tick ends what was overdue by it before its deadline.
        is_late_by_it = any_jumped and reason.startswith("not done by the session's deadline")
        if not is_late and not is_late_by_it and (is_transient or is_mystery):
            yield Violation("transient is not final", f"tile run {run_id} FAILED: {reason}")


def _images(history: History, query: str, where: tuple[int, ...], tile: Tile) -> list[_Image]:
    return [
        _Image(image_id, (key, bands_key), history.land.on_top([item[0] for item in json.loads(items)], tile))
        for image_id, key, bands_key, items in history.database.rows(query, *where)
    ]


def _objects_of_deleted(history: History) -> Iterator[Violation]:
    alive = {str(row[0]) for row in history.database.rows("SELECT id FROM area_configs")} | {str(SHARED)}
    for key in history.images.contents:
        if key.partition("/")[0] not in alive:
            yield Violation("deleted areas leave nothing", f"object {key} is of no area")


def _pushes(history: History) -> Iterator[Violation]:
    of_phone: dict[tuple[int, int | None, str], list[Pushed]] = {}
    for shown in history.push.shown:
        about = shown.session_id if shown.notice_id is None else 0  # a notice's session is another if its area goes
        of_phone.setdefault((about, shown.notice_id, shown.address), []).append(shown)
    for (session_id, notice_id, address), several in of_phone.items():
        for first, second in combinations(several, 2):
            window = _window(history, first, second)
            if window is None:
                says = f"session {session_id}, notice {notice_id} to {address} at steps {first.step} and {second.step}"
                yield Violation("nothing twice to one device", says)
            else:
                history.world.counts[f"push twice: {window}"] += 1


def _untold(history: History) -> Iterator[Violation]:
    """Find pushes that were given up, though the service was there all the time and no clock jumped."""
    if any(history.world.counts[fault] for fault in ("push away", "queue away", "clock jump")):
        return
    for delivery_id, address in history.database.rows("SELECT id, address FROM deliveries WHERE status = 'FAILED'"):
        yield Violation("who is to be told is told", f"push {delivery_id} to {address} was given up")


def _window(history: History, first: Pushed, second: Pushed) -> str | None:
    """Say in which window between a push and its record a second one was made; None if it should not have been."""
    if first.recorded and first.recorded < second.claimed:
        return None
    if first.by.is_doomed:
        return "its worker was killed"
    if first.is_answer_lost:
        return "its answer was lost"
    if first.is_record_lost:
        return "its record failed"
    if abs(second.claimed_at - first.claimed_at) >= timedelta(seconds=LEASE_S):
        return "its worker stood still past its lease"
    return None
