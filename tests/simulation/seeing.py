"""What a tile run could have seen: the scenes that showed its ground when its session began, and which it looked at."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from chalicelib.domain.references import CLEAR_SHARE
from chalicelib.domain.scenes import day_of
from chalicelib.domain.tiles import Tile, bounds_of, centre_of
from tests.simulation.land import Shown

if TYPE_CHECKING:
    from tests.simulation.history import History

NOTHING_NEW = (
    "SELECT e.id, r.id, r.verdict, s.id, s.area_id, r.z, r.x, r.y FROM sim_ended e"
    " JOIN session_tiles r ON r.id = e.run_id JOIN alert_sessions s ON s.id = r.session_id"
    " WHERE e.id > ? AND e.verdict IN ('NO_NEW_IMAGERY', 'OBSCURED') AND s.two_dates IS NULL"
)
STORED = (
    "SELECT taken_at, scene_items, is_usable, COALESCE(compared_share, clear_share) FROM image_tiles"
    " WHERE area_id = ? AND z = ? AND x = ? AND y = ? AND is_apart IS NULL"
)


class Seeing:
    """Finds tile runs that say there is nothing new, or that nothing is seen, past a scene that shows all of it."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._ended = 0
        self.opened_at: dict[int, datetime] = {}  # sessions, and when each was opened
        self.tried: defaultdict[int, set[str]] = defaultdict(set)  # the items that each tile run asked for

    def committed(self) -> None:
        """Judge the verdicts of what was committed just now."""
        history = self._history
        if history.world.counts["clock jump"]:
            return  # by a clock that was put back, what was taken since then is not there yet
        for ended_id, run_id, verdict, session_id, *where in history.database.rows(NOTHING_NEW, self._ended):
            self._ended = ended_id
            for says in self._passed_over(run_id, session_id, tuple(where)):
                history.world.violated("what can be seen is looked at", f"tile run {run_id} is {verdict}: {says}")

    def _passed_over(self, run_id: int, session_id: int, where: tuple[int, int, int, int]) -> Iterator[str]:
        tile = Tile(*where[1:])
        shown = self._newest_clear(session_id, tile)
        if shown is None:
            return
        stored = self._history.database.rows(STORED, *where)
        if any(shown.item_id in [item[0] for item in json.loads(items or "[]")] for _, items, *_ in stored):
            return
        lon = centre_of(bounds_of(tile))[0]
        day = day_of(shown.captured_at, lon)
        days = [day_of(datetime.fromisoformat(taken_at + "+00:00"), lon) for taken_at, *_ in stored]
        if all(each < day for each in days):
            yield f"{shown.item_id}, newer than all that is stored, was not used"
            return
        floors = [
            each
            for each, (_, _, is_usable, share) in zip(days, stored, strict=True)
            if is_usable and share >= CLEAR_SHARE
        ]
        if all(each < day for each in floors) and shown.item_id not in self.tried[run_id]:
            yield f"{shown.item_id} shows all of its ground, and was not looked at"

    def _newest_clear(self, session_id: int, tile: Tile) -> Shown | None:
        """Return the newest scene that hid nothing of a tile all through a session: the item that a mosaic shows."""
        opened_at, lon = self.opened_at[session_id], centre_of(bounds_of(tile))[0]
        by_day: defaultdict[object, list[Shown]] = defaultdict(list)
        for shown in self._history.land.items:
            by_day[day_of(shown.captured_at, lon)].append(shown)
        whole = [
            items[0]
            for items in by_day.values()
            if all(
                each.captured_at < opened_at
                and each.arrives_at < opened_at
                and not each.touched
                and each.clear.get(tile, 1.0) == 1.0
                for each in items
            )
        ]
        return max(whole, key=lambda shown: shown.captured_at, default=None)
