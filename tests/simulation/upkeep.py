"""What a reconcile that ran whole may not leave behind: overdue sessions, runs that nobody carries, dead letters.

Each of these was there when it began, by the clock that it read; another reconcile is not waited for.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from chalicelib.adapters.database.clock_repairs import LONGEST_HIDDEN
from tests.simulation.looking import FURTHEST_LEASE

if TYPE_CHECKING:
    from tests.simulation.history import History

CLOCKS_DIFFER = timedelta(seconds=1)
OVERDUE = "SELECT id, deadline_at FROM alert_sessions WHERE status = 'IN_PROGRESS' AND deadline_at < ?"
STALLED = (
    "SELECT r.id, r.state, r.retry_at, r.fence FROM session_tiles r WHERE r.verdict IS NULL AND r.retry_at < ?"
    " AND NOT EXISTS (SELECT 1 FROM outbox o WHERE o.tile_run_id = r.id AND o.session_id = r.session_id)"
)
DEAD = "SELECT id, queue, dead_at FROM outbox WHERE dead_at < ?"
TOO_FAR = {
    "is leased until": "SELECT id, lease_until FROM session_tiles WHERE lease_until > ?",
    "has its job hidden until": "SELECT tile_run_id, available_at FROM outbox WHERE receives > 0 AND available_at > ?",
}


class Upkeep:
    """What one reconcile finds when it begins; `ended` says what it should not have left."""

    def __init__(self, history: History) -> None:
        self._history, self._jumps = history, history.world.counts["clock jump"]
        self._troubles = history.sqs.troubles if history.sqs is not None else 0
        self._found = self._waiting(history.world.clock() - CLOCKS_DIFFER)

    def ended(self) -> None:
        """Judge a reconcile that raised nothing; one in whose course the clock jumped is not judged."""
        world = self._history.world
        if world.counts["clock jump"] > self._jumps:
            return
        for what in sorted(self._found & self._waiting(world.clock()), key=str):
            world.violated("a whole reconcile leaves nothing behind", " ".join(map(str, what)))
        # Who did not see a clock before it was put back cannot know: what is hidden for no longer comes by itself.
        far = _text(world.clock() + LONGEST_HIDDEN + FURTHEST_LEASE)
        for is_held, query in TOO_FAR.items():
            for run_id, until in self._history.database.rows(query, far):
                world.violated("a clock put back stops nothing", f"tile run {run_id} {is_held} {until}, after {far}")

    def _waiting(self, now: datetime) -> set[tuple[Any, ...]]:
        """Return what a reconcile at this time has to deal with."""
        found = {
            (what, *row)
            for what, query in (("overdue session", OVERDUE), ("stalled tile run", STALLED), ("dead letter", DEAD))
            for row in self._history.database.rows(query, _text(now))
        }
        sqs = self._history.sqs
        if sqs is None or sqs.troubles > self._troubles:  # letters that it keeps come again
            return found
        return found | {("dead letter", *letter) for letter in sqs.dead_letters()}


def _text(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S.%f}"
