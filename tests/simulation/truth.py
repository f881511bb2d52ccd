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
from tests.simulation.ports import LEASE_S
from tests.simulation.push import Shown as Pushed
from tests.simulation.world import Violation

if TYPE_CHECKING:
    from tests.simulation.history import History

TRANSIENT = ("answered 503", "did not answer within", "answered 429", "does not answer", "no space left", "is away")
TOOK_ITS_WORKER = ("kill", "poison", "restart")
MOST_TRIES = 5  # the settings' max_receives


class _Image(NamedTuple):
    image_id: int
    key: str
    shown: Shown  # the item that it shows


ITEMS = "SELECT id, object_key, scene_items FROM image_tiles WHERE area_id = ? AND z = ? AND x = ? AND y = ?"


def check(history: History) -> Iterator[Violation]:
    """Return what does not hold."""
    for area in history.areas:
        if history.database.value("SELECT COUNT(*) FROM area_configs WHERE id = ?", area.area_id):
            for tile in area.tiles:
                yield from _changes(history, area.area_id, tile)
    yield from _objects_of_deleted(history)
    yield from _pushes(history)
    yield from _untold(history)
    yield from telling.check(history)
    yield from _transients(history)
    for (run_id, who), tries in history.world.begun.items():
        if tries > MOST_TRIES:
            yield Violation("given up after five tries", f"tile run {run_id} took its {who} with it {tries} times")
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
    last = history.land.last_clear
    if last not in [image.shown for image in images]:
        yield Violation("nothing is missed", f"area {area_id}: no image of {tile} from {last.item_id}")

    def state_of(image: _Image) -> int:
        return image.shown.states.get(tile, 0)

    unusable = _images(history, f"{ITEMS} AND NOT is_usable", where, tile)
    states = {image.image_id: state_of(image) for image in (*images, *unusable)}
    alerts = history.database.rows(
        "SELECT a.reference_id, a.image_id FROM alert_details a JOIN image_tiles i ON i.id = a.image_id"
        " WHERE i.area_id = ? AND i.z = ? AND i.x = ? AND i.y = ?",
        *where,
    )
    kept = [state_of(image) for image in images if image.key not in history.images.lost]
    for state in range(min(kept, default=0) + 1, max(kept, default=0) + 1):
        if any(before >= state > after for before, after in combinations(kept, 2)):
            continue
        if not any(states[before] < state <= states[after] for before, after in alerts):
            yield Violation("a planted change is alerted", f"area {area_id}: change {state} of {tile} has no alert")


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
        _Image(image_id, key, history.land.on_top([item[0] for item in json.loads(items)], tile))
        for image_id, key, items in history.database.rows(query, *where)
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
