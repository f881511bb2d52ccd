"""When schedules are due, by a clock that never jumps: the wall clock only says how far the next time is."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.application.ports.clock import Clock, Monotonic
from infra.errors import OperatorError
from infra.runtime.schedules import next_time

LOOK_AGAIN_S = 60.0
A_LITTLE = timedelta(seconds=1)
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Schedule:
    expression: str
    due_s: float  # monotonic
    due_at: datetime  # by the wall clock
    seen_at: datetime  # by the wall clock: up to there nothing is left to fire, but what is due

    @property
    def follows_the_wall_clock(self) -> bool:
        return self.expression.strip().startswith("cron")


class Ticks:
    """The due times of some schedules; each is due at the start. Raises OperatorError for one that cannot be read.

    A wall clock that is put back or forward moves no `rate(...)`. The distance to the next time of a `cron(...)` is
    measured anew each minute; a time that the wall clock jumped over is due at once, and once.
    """

    def __init__(self, schedules: Mapping[str, str], *, clock: Clock, monotonic: Monotonic) -> None:
        self._clock, self._monotonic = clock, monotonic
        now, now_s = clock(), monotonic()
        for expression in schedules.values():
            next_time(expression, after=now)
        self._schedules = {name: _Schedule(expression, now_s, now, now) for name, expression in schedules.items()}
        self._look_s = now_s + LOOK_AGAIN_S

    def due(self) -> list[str]:
        """Return the names of the schedules that are due now."""
        now_s = self._monotonic()
        if now_s >= self._look_s:
            self._look_s = now_s + LOOK_AGAIN_S
            for schedule in self._schedules.values():
                if schedule.follows_the_wall_clock and schedule.due_s > now_s:
                    self._measure(schedule)
        return [name for name, schedule in self._schedules.items() if schedule.due_s <= now_s]

    def fired(self, name: str) -> None:
        """Reckon when that schedule is due next."""
        schedule, now = self._schedules[name], self._clock()
        # A wall clock that was slowed down meanwhile must not see the time that it fired for come once more.
        is_early = now < schedule.due_at <= now + A_LITTLE
        schedule.seen_at = schedule.due_at if is_early and schedule.follows_the_wall_clock else now
        self._measure(schedule)

    def _measure(self, schedule: _Schedule) -> None:
        now = self._clock()
        after = schedule.seen_at if schedule.seen_at <= now + A_LITTLE else now  # else the clock was put back
        try:
            schedule.due_at = next_time(schedule.expression, after=after)
        except OperatorError:  # its last year is over; it could be read at the start, and must not end the clock now
            log.exception("schedule ended")
            schedule.due_at = now + timedelta(days=1)
        schedule.due_s = self._monotonic() + max(0.0, (schedule.due_at - now).total_seconds())
        schedule.seen_at = max(after, now)
