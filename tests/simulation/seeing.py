"""What a tile run could have seen: the scenes that showed its ground when its session began, and which it looked at."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING

from chalicelib.domain.references import CLEAR_SHARE
from chalicelib.domain.scenes import Scene, day_of, scene_of
from chalicelib.domain.tiles import Tile, bounds_of, centre_of
from tests.simulation.land import Shown
from tests.simulation.looking import time_of

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
        scene = self._newest_clear(session_id, tile)
        if scene is None:
            return
        lon, names = _lon(tile), {item.item_id for item in scene.items}
        day = day_of(scene.captured_at, lon)
        stored = [
            (day_of(time_of(taken_at), lon), {item[0] for item in json.loads(items or "[]")}, is_usable, share)
            for taken_at, items, is_usable, share in self._history.database.rows(STORED, *where)
        ]
        if any(names <= items for _, items, *_ in stored):
            return
        if all(each < day for each, *_ in stored):
            yield f"{scene.scene_id}, newer than all that is stored, was not used"
        is_floor = any(each > day and is_usable and share >= CLEAR_SHARE for each, _, is_usable, share in stored)
        if not is_floor and not names & self.tried[run_id]:
            yield f"{scene.scene_id} shows all of its ground, and was not looked at"

    def _newest_clear(self, session_id: int, tile: Tile) -> Scene | None:
        """Return the newest scene that was there when a session began, is as it was, and hides nothing of a tile."""
        opened_at, land = self.opened_at[session_id], self._history.land
        by_day: defaultdict[date, list[Shown]] = defaultdict(list)
        for shown in land.items:
            if max(shown.captured_at, shown.arrives_at) < opened_at:
                by_day[day_of(shown.captured_at, _lon(tile))].append(shown)
        for day in sorted(by_day, reverse=True):
            scene = scene_of([shown.item for shown in by_day[day]])
            on_top = land.on_top([item.item_id for item in scene.items], tile)
            if not any(shown.touched for shown in by_day[day]) and on_top.clear.get(tile, 1.0) == 1.0:
                return scene
        return None


def _lon(tile: Tile) -> float:
    return centre_of(bounds_of(tile))[0]
