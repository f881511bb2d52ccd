"""The ticks of every minute: those with nothing to do are left out, to save the time, and what they saw is kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tests.simulation import looking
from tests.simulation.world import START

if TYPE_CHECKING:
    from tests.simulation.history import History

SOMETIMES = 0.05  # of the ticks with nothing to do are run


class Ticks:
    """What ticks each minute, and when it has to."""

    def __init__(self, history: History) -> None:
        self._history, self._world = history, history.world
        self.functions: tuple[str, ...] = ("capture_areas", "reconcile")
        self._next, self._has_to = START, True
        self._left_out: datetime | None = None  # the last one, by the clock that it would have read

    def tick(self) -> None:
        """Let the functions run, where a minute began and there may be something to do."""
        now = self._world.true_now
        if now < self._next:
            return
        self._next = looking.next_minute(now)
        due_at = looking.next_due(self._history)
        if (due_at is not None and due_at <= now) or self._has_to or self._history.rng.random() < SOMETIMES:
            self._has_to = False
            for function in self.functions:
                self._history.work.tick(function)
        else:
            self._leave_out(now)

    def next_at(self) -> datetime | None:
        """Return when a tick has something to do next."""
        due_at = self._next if self._has_to else looking.next_due(self._history)
        return max(self._next, looking.next_minute(due_at)) if due_at else None

    def pass_over(self, then: datetime) -> None:
        """Leave out the ticks before a time: nothing is due until then."""
        last = looking.next_minute(then - timedelta(microseconds=1)) - looking.MINUTE
        if last >= self._next and not self._has_to:
            self._leave_out(last)

    def set_clock(self, offset: timedelta) -> None:
        """Set the workers' clock; what was left out saw the one before, and what comes next has to see this one."""
        if self._left_out is not None:
            looking.see_clock(self._history, self._left_out)
        self._world.offset, self._left_out, self._has_to = offset, None, True

    def _leave_out(self, at: datetime) -> None:
        if not self._world.is_away("database away"):
            self._left_out = at + self._world.offset
