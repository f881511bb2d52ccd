"""What people are told of areas that are not seen: never before it has held, once a day at most, and never lost.

Judged by an account of its own: which state each area was in and since when, commit by commit, and what phones showed.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from chalicelib.domain.state_notices import Periods
from tests.simulation.push import Shown
from tests.simulation.world import CLOCK_ERROR, Violation

if TYPE_CHECKING:
    from tests.simulation.history import History

BLIND, FAILING = timedelta(hours=6), timedelta(hours=2)
PERIODS = Periods(blind=BLIND, blind_in_monsoon=BLIND, monsoon_months=frozenset(), failing=FAILING)
A_DAY = timedelta(hours=24)
A_MOMENT = timedelta(seconds=5)  # between what a transaction takes for now and its commit
SEEN, UNSEEN = ("watched", "changed"), ("partly blind", "blind", "failing")
RANK = {"watched": 0, "changed": 0, "partly blind": 1, "blind": 2, "failing": 3}
HOLDS = {"watched": (SEEN, FAILING), "partly blind": (UNSEEN, BLIND), "blind": (("blind",), BLIND)}
HOLDS |= {"failing": (("failing",), FAILING)}
ARRIVED = "EXISTS (SELECT 1 FROM deliveries d WHERE d.notice_id = n.id AND d.status = 'SENT')"


class Telling:
    """The account of areas' states, and the judge of each notice when it is committed."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._courses: dict[int, list[tuple[datetime, str]]] = {}
        self._states = self._notices = 0

    def committed(self) -> None:
        """Take note of the states that were written just now, and judge the notices."""
        database, now = self._history.database, self._history.world.clock()
        for number, area_id, state in database.rows(
            "SELECT id, area_id, state FROM sim_states WHERE id > ?", self._states
        ):
            self._states = number
            self._courses.setdefault(area_id, []).append((now, state))
        for notice_id, areas in database.rows("SELECT id, areas FROM state_notices WHERE id > ?", self._notices):
            self._notices = notice_id
            for entry in json.loads(areas):
                self._history.world.counts[f"told {entry['state']}"] += 1
                self._judge(entry["area_id"], entry["state"], now)

    def _judge(self, area_id: int, state: str, now: datetime) -> None:
        world = self._history.world
        states, period = HOLDS[state]
        since = self.since(area_id, states)
        held = now - since + A_MOMENT + world.stalled if since else None  # it may have stood still before its commit
        if held is None or (held < period and not world.counts["clock jump"]):
            world.violated("told when it has held", f"area {area_id} is told to be {state}, so since {since}, at {now}")
        knows = known(self._history, area_id)
        if state == "watched" and RANK[knows] == 0:
            world.violated("seen again only after worse", f"area {area_id} is told to be seen again, and nobody knew")
        if state != "watched" and RANK[state] <= RANK[knows]:
            world.violated("told once", f"area {area_id} is told to be {state}, and people know it as {knows}")

    def since(self, area_id: int, states: tuple[str, ...]) -> datetime | None:
        """Return since when an area has been in one of some states; None if it is not."""
        since = None
        for at, state in reversed(self._courses.get(area_id, [])):
            if state not in states:
                break
            since = at
        return since


def known(history: History, area_id: int) -> str:
    """Return what people know of an area, by the last message about it that arrived."""
    for (areas,) in history.database.rows(f"SELECT n.areas FROM state_notices n WHERE {ARRIVED} ORDER BY n.id DESC"):
        for entry in json.loads(areas):
            if entry["area_id"] == area_id:
                return str(entry["state"])
    return "watched"


def check(history: History) -> Iterator[Violation]:
    """Return what does not hold at a history's end, days after the last session."""
    yield from _known(history)
    living = {area_id for (area_id,) in history.database.rows("SELECT id FROM area_configs")}
    for notice_id, areas in history.database.rows("SELECT id, areas FROM state_notices"):
        if gone := {entry["area_id"] for entry in json.loads(areas)} - living:
            yield Violation("deleted areas leave nothing", f"notice {notice_id} names areas {gone}")
    yield from _days(history)


def _known(history: History) -> Iterator[Violation]:
    """People know of each area that is not seen, and of none that is seen again."""
    states = (
        "SELECT l.area_id, l.state FROM sim_states l JOIN area_states s ON s.area_id = l.area_id"
        " WHERE l.id IN (SELECT MAX(id) FROM sim_states GROUP BY area_id)"
    )
    for area_id, state in history.database.rows(states):
        knows = known(history, area_id)
        if RANK[knows] < RANK[state] or (RANK[state] == 0) != (RANK[knows] == 0):
            yield Violation("who is to be told is told", f"area {area_id} is {state}, and people know it as {knows}")


def _days(history: History) -> Iterator[Violation]:
    """Each phone shows one message of each of its users a day."""
    tolerated = timedelta(hours=16) if history.world.counts["clock jump"] else 2 * CLOCK_ERROR  # one clock to another
    first: dict[tuple[str, int, int], Shown] = {}
    for shown in history.push.shown:
        if shown.notice_id is not None and shown.recorded:
            first.setdefault((shown.address, shown.user_id, shown.notice_id), shown)
    in_order = [first[key] for key in sorted(first)]
    for one, other in pairwise(in_order):
        if (one.address, one.user_id) == (other.address, other.user_id) and other.at - one.at < A_DAY - tolerated:
            says = f"{one.address} showed notice {one.notice_id} at {one.at} and {other.notice_id} at {other.at}"
            yield Violation("one message a person and day", says)
