"""What has to hold of a database and its image store once nothing is on its way any more.

`verify` looks at rows, at the store's listing and at nothing else of the product: an operator's command could do the
same. What only a simulation knows (the land's truth, the objects it has deleted, the pushes it has shown) is in
`truth.py`, and comes in by `State`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.domain.sessions import ending_of
from chalicelib.domain.tile_runs import Verdict
from chalicelib.domain.unseen import Unseen
from tests.simulation import truth
from tests.simulation.looking import GRACE, time_of
from tests.simulation.world import Violation

if TYPE_CHECKING:
    from tests.simulation.history import History

Rows = Callable[..., list[tuple[Any, ...]]]
ORPHAN_AGE = timedelta(hours=24 + 2 * 6)  # the settings' orphan_age_s, and two rounds of reconcile's walk

OWN = "s.ended_at IS NOT NULL AND s.two_dates IS NULL"
"""Of an area's own sessions: one that compares two dates says nothing of it as it is now."""
SAME = (
    "({0}.object_key = i.object_key OR i.is_baseline AND {0}.sha256 = i.sha256"
    " AND ({0}.bands_sha256 IS i.bands_sha256 OR {0}.dropped_at IS NOT NULL))"
)
"""Whether an image is the picture of image `i`: of a baseline, also if an item that was touched gave it once more.

Of the bands of an image that retention has dropped nothing is known any more.
"""
NEWEST = """
SELECT r.z, r.x, r.y, r.verdict, i.id, i.object_key, i.bands_key,
 (SELECT COUNT(*) FROM image_tiles o WHERE o.area_id = i.area_id AND o.z = i.z AND o.x = i.x AND o.y = i.y
   AND o.is_usable AND (o.taken_at, o.id) < (i.taken_at, i.id) AND NOT {same_as_o}),
 (SELECT COUNT(*) FROM comparisons c JOIN image_tiles p ON p.id = c.image_id WHERE p.area_id = i.area_id
   AND p.z = i.z AND p.x = i.x AND p.y = i.y AND {same_as_p})
FROM session_tiles r JOIN alert_sessions s ON s.id = r.session_id JOIN area_configs a ON a.id = s.area_id
LEFT JOIN image_tiles i ON i.id = (
 SELECT n.id FROM image_tiles n WHERE n.area_id = s.area_id AND n.z = r.z AND n.x = r.x AND n.y = r.y AND n.is_usable
  AND (n.session_id > COALESCE(a.old_land_session_id, 0) OR s.id <= a.old_land_session_id)
 ORDER BY n.taken_at DESC, n.id DESC LIMIT 1)
WHERE r.session_id = ?""".format(same_as_o=SAME.format("o"), same_as_p=SAME.format("p"))
"""Each tile of a session with its area's newest usable image, how many are older, and how often it was compared.

On other land the same picture is looked at anew: it was compared if it was on the land before. What has not come again
since then, for its item is gone, is no picture of this land.
"""


IN_USE = """
SELECT i.id, i.scene_id FROM image_tiles i WHERE i.dropped_at IS NOT NULL AND (
 i.is_baseline OR i.pinned_at IS NOT NULL OR i.object_key <> '' OR i.capture_id IS NOT NULL
 OR EXISTS (SELECT 1 FROM alert_details a WHERE i.id IN (a.image_id, a.reference_id))
 OR EXISTS (SELECT 1 FROM alert_details a
  WHERE instr(replace(replace(json_extract(a.change_log, '$.judged_with'), '[', ','), ']', ','), ',' || i.id || ','))
 OR EXISTS (SELECT 1 FROM place_sightings p WHERE p.image_id = i.id)
 OR EXISTS (SELECT 1 FROM session_tiles r WHERE r.verdict IS NULL AND i.id IN (r.image_id, r.reference_id)))"""
"""Images that retention has dropped, and that something uses."""


@dataclass
class State:
    """What `verify` looks at."""

    rows: Rows
    now: datetime
    objects: Mapping[str, datetime]  # key: when it was stored
    lost: Mapping[str, int] = field(default_factory=dict)  # keys that were deleted behind the product's back
    truths: Callable[[], Iterator[Violation]] = lambda: iter(())

    @classmethod
    def of(cls, history: History) -> State:
        """Return a history's state."""
        return cls(
            rows=history.database.rows,
            now=history.world.clock(),
            objects=history.images.modified_at,
            lost=history.images.lost,
            truths=lambda: truth.check(history),
        )


def verify(state: State) -> list[Violation]:
    """Return every invariant that does not hold."""
    checks = (_verdicts, _counts, _all_clears, _objects, _captures, _open, _left, _alerts, _places, _deleted, _in_use)
    return [*(violation for check in checks for violation in check(state)), *state.truths()]


def _verdicts(state: State) -> Iterator[Violation]:
    query = (
        "SELECT r.id, r.state, r.verdict, s.status FROM session_tiles r JOIN alert_sessions s ON s.id = r.session_id"
        " WHERE (r.state = 'ENDED') <> (r.verdict IS NOT NULL)"
        " OR (s.status <> 'IN_PROGRESS') AND r.verdict IS NULL"
        " OR s.status = 'IN_PROGRESS' AND NOT EXISTS"
        " (SELECT 1 FROM session_tiles o WHERE o.session_id = s.id AND o.verdict IS NULL)"
    )
    for run_id, of_run, verdict, status in state.rows(query):
        yield Violation("one verdict", f"tile run {run_id} is {of_run} {verdict}, its session {status}")


def _counts(state: State) -> Iterator[Violation]:
    sessions = state.rows("SELECT id, status, tiles_planned, summary FROM alert_sessions WHERE ended_at IS NOT NULL")
    runs = state.rows("SELECT session_id, verdict, COUNT(*) FROM session_tiles GROUP BY 1, 2")
    alerts = Counter(dict(state.rows("SELECT session_id, COUNT(*) FROM alert_details GROUP BY 1")))
    newer = (
        "SELECT session_id, COUNT(*) FROM session_tiles"
        " WHERE unusable IS NOT NULL AND verdict <> 'FAILED' GROUP BY session_id"
    )
    unusable = dict(state.rows(newer))
    by_session: dict[int, dict[str, int]] = {}
    for session_id, verdict, count in runs:
        by_session.setdefault(session_id, {})[verdict] = count
    for session_id, status, planned, summary in sessions:
        counts = by_session.get(session_id, {})
        kept, measured = json.loads(summary)["counts"], json.loads(summary)["unseen"]
        unseen = Unseen(m2=measured["m2"], of_m2=measured["of_m2"])
        verdicts = {Verdict(name): count for name, count in counts.items() if name}
        ending = ending_of(verdicts, unseen=unseen, unusable=unusable.get(session_id, 0))
        if kept != counts or planned != sum(counts.values()) or ending.status != status:
            says = f"session {session_id} is {status} with {kept} of {planned}, its tile runs are {counts}"
            yield Violation("counts agree", says)
        if alerts[session_id] != counts.get("CHANGED", 0):
            yield Violation("counts agree", f"session {session_id} has {alerts[session_id]} alerts: {counts}")


def not_looked_at(state: State, session_id: int, *, lost_before: int | None = None) -> Iterator[str]:
    """Say why a session may not be an all-clear: what of its ground was not compared, or is not there any more.

    An image that nothing older stands beside is a baseline. A tile that is OBSCURED says itself that it was not seen:
    the object of its last usable image is missed by the next that is. `lost_before` is the step at which the session
    began: what was lost later it could not know, nor that the product then took away what was stored beside it.
    """
    for z, x, y, verdict, image_id, key, bands_key, older, compared in state.rows(NEWEST, session_id):
        if image_id is None:
            if verdict != Verdict.OBSCURED:  # blind, and so told
                yield f"{z}/{x}/{y} is {verdict} without a usable image"
        elif older and not compared:
            yield f"image {image_id} of {z}/{x}/{y} was never compared"
        elif verdict != Verdict.OBSCURED:
            keys = {key, bands_key or key}
            first_lost = min((state.lost[each] for each in keys if each in state.lost), default=0)
            if not keys <= state.objects.keys() and (lost_before is None or first_lost < lost_before):
                yield f"an object of image {image_id} of {z}/{x}/{y} is gone"


def _all_clears(state: State) -> Iterator[Violation]:
    """Look at each area's last word, as it stands now."""
    query = (
        "SELECT id, area_id FROM alert_sessions WHERE id IN"
        " (SELECT MAX(id) FROM alert_sessions WHERE cause <> 'COMPARISON' GROUP BY area_id)"
        " AND status = 'COMPLETED_NO_CHANGES'"
    )
    for session_id, area_id in state.rows(query):
        for reason in not_looked_at(state, session_id):
            yield Violation("no all-clear unseen", f"session {session_id}, the last of area {area_id}: {reason}")


def _objects(state: State) -> Iterator[Violation]:
    """No row without its object, but for what was deleted behind the product's back and is not its newest.

    Of an image of which one object was so deleted the other one goes as well before both are fetched again.
    """
    named = state.rows(
        "SELECT object_key FROM image_tiles UNION SELECT bands_key FROM image_tiles"
        " UNION SELECT mask_key FROM alert_details UNION SELECT overlay_key FROM alert_details"
    )
    keys = {row[0] for row in named if row[0]}
    pairs = state.rows("SELECT object_key, bands_key FROM image_tiles WHERE bands_key IS NOT NULL")
    lost = state.lost.keys() | {key for pair in pairs if not state.lost.keys().isdisjoint(pair) for key in pair}
    for key in sorted(keys - state.objects.keys() - lost):
        yield Violation("no row without its object", f"{key} is named and not stored")
    for key in sorted(state.objects.keys() - keys):
        if state.objects[key] < state.now - ORPHAN_AGE:
            yield Violation("no object without its row", f"{key}, stored {state.objects[key]}, is named by no row")


def _captures(state: State) -> Iterator[Violation]:
    """No image that no area uses, nor one that is named by an area and was never stored."""
    query = (
        "SELECT id, object_key, lease_until FROM captures c"
        " WHERE object_key IS NULL OR NOT EXISTS (SELECT 1 FROM image_tiles i WHERE i.capture_id = c.id)"
    )
    for capture_id, key, lease in state.rows(query):
        at = state.objects.get(key) if key else time_of(lease)  # one whose object is lost is restored when it is wanted
        if at is not None and at < state.now - ORPHAN_AGE:
            yield Violation("no image without a user", f"capture {capture_id}, {key}, of {at}")
    other = (
        "SELECT i.id, c.id FROM image_tiles i JOIN captures c ON c.id = i.capture_id"
        " WHERE (i.z, i.x, i.y, i.provider) <> (c.z, c.x, c.y, c.provider) OR c.object_key IS NULL"
        " OR (i.object_key = c.object_key AND COALESCE(i.bands_key, '') <> COALESCE(c.bands_key, ''))"
    )
    for image_id, capture_id in state.rows(other):
        yield Violation("no image without a user", f"image {image_id} uses capture {capture_id}, which is not it")


def _open(state: State) -> Iterator[Violation]:
    query = "SELECT id, deadline_at FROM alert_sessions WHERE status = 'IN_PROGRESS'"
    for session_id, deadline_at in state.rows(query):
        if time_of(deadline_at) < state.now - GRACE:
            yield Violation("open past its deadline", f"session {session_id} should have ended by {deadline_at}")


def _left(state: State) -> Iterator[Violation]:
    for message_id, queue, receives in state.rows("SELECT id, queue, receives FROM outbox"):
        yield Violation("nothing is left", f"message {message_id} of {queue}, received {receives} times")
    for run_id, lease in state.rows("SELECT id, lease_until FROM session_tiles WHERE lease_until IS NOT NULL"):
        yield Violation("nothing is left", f"tile run {run_id} is leased until {lease}")
    for delivery_id, status in state.rows("SELECT id, status FROM deliveries WHERE status = 'PENDING'"):
        yield Violation("nothing is left", f"push {delivery_id} is {status}")


def _alerts(state: State) -> Iterator[Violation]:
    """No image is told of twice, whatever it is compared with and by which settings: each planted change is one."""
    is_news = "json_extract(change_log, '$.told_before') IS NULL"
    query = f"SELECT image_id, COUNT(*) FROM alert_details WHERE {is_news} GROUP BY image_id HAVING COUNT(*) > 1"
    for image_id, count in state.rows(query):
        yield Violation("no image told of twice", f"{count} alerts of image {image_id}")


def _places(state: State) -> Iterator[Violation]:
    """Look whether each planted change is one place: a strip over every tile in a row that has an alert."""
    query = "SELECT DISTINCT s.area_id, r.z, r.x, r.y FROM alert_details a JOIN session_tiles r ON r.id = a.tile_run_id"
    changed = set(state.rows(f"{query} JOIN alert_sessions s ON s.id = a.session_id WHERE {OWN}"))
    begins = Counter(area_id for area_id, z, x, y in changed if (area_id, z, x - 1, y) not in changed)
    kept = dict(state.rows("SELECT area_id, COUNT(*) FROM places WHERE merged_into_id IS NULL GROUP BY 1"))
    if dict(begins) != kept:
        yield Violation("a planted change is one place", f"areas have {dict(begins)} changes, and {kept} places")
    loose = (
        "SELECT p.id FROM place_sightings p JOIN alert_sessions s ON s.id = p.session_id WHERE s.ended_at IS NOT NULL"
    )
    for (sighting_id,) in state.rows(f"{loose} AND p.place_id IS NULL"):
        yield Violation("a planted change is one place", f"sighting {sighting_id} is of none")
    unseen = f"SELECT a.id FROM alert_details a JOIN alert_sessions s ON s.id = a.session_id WHERE {OWN}"
    told = "SELECT tile_run_id FROM place_sightings WHERE is_told"
    for (alert_id,) in state.rows(f"{unseen} AND a.tile_run_id NOT IN ({told})"):
        yield Violation("a planted change is one place", f"alert {alert_id} is of none")


def _deleted(state: State) -> Iterator[Violation]:
    for area_id, deleted_at in state.rows("SELECT id, deleted_at FROM area_configs WHERE deleted_at IS NOT NULL"):
        yield Violation("deleted areas leave nothing", f"area {area_id}, deleted {deleted_at}, has its row still")
    for table in ("alert_sessions", "image_tiles", "places", "place_sightings"):
        orphans = state.rows(f"SELECT id FROM {table} WHERE area_id NOT IN (SELECT id FROM area_configs)")
        for (row_id,) in orphans:
            yield Violation("deleted areas leave nothing", f"{table} {row_id} is of no area")


def _in_use(state: State) -> Iterator[Violation]:
    for image_id, scene_id in state.rows(IN_USE):
        yield Violation("what is in use is not dropped", f"image {image_id} of {scene_id}")
