"""What every simulated thing shares: one seed, the time, the baton, the journal, and the step that faults hang on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from random import Random
from typing import NamedTuple

from tests.simulation.baton import Crew, Killed
from tests.simulation.faults import Faults

LEASE_S = 120.0  # of a worker
START = datetime(2026, 3, 1, 6, tzinfo=UTC)
MOST_STORM = 45_000  # of them with faults, however long that is: then they end, and all has to settle
MOST_STEPS = 60_000  # a queue that is away for a day costs a step or thirty each minute
CLOCK_ERROR = timedelta(seconds=0.4)  # of a process that asked the database's server for the time
Error = Callable[[], BaseException]


class Violation(NamedTuple):
    """An invariant that does not hold."""

    invariant: str
    says: str


class Line(NamedTuple):
    """One line of a history."""

    step: int
    at: datetime
    who: str
    what: str

    def __str__(self) -> str:
        return f"{self.step:6} {self.at:%d %H:%M:%S} {self.who:24} {self.what}"


class World:
    """One history's world. `true_now` is everybody's time; `clock` is what the workers believe it to be."""

    def __init__(self, seed: int, crew: Crew, *, is_told: bool = False) -> None:
        self.seed, self.crew, self.rng = seed, crew, Random(seed)
        self.faults = Faults(self.rng)
        self.true_now, self.offset = START, timedelta()
        self.stalled = timedelta()  # for how long everybody stood still, so far
        self.steps = 0
        self.counts: Counter[str] = Counter()  # what happened: faults, pushes in a window, ...
        self.violations: list[Violation] = []
        self.is_told = is_told
        self.journal: list[Line] = []
        self.begun: Counter[tuple[object, str]] = Counter()  # work that took its worker with it, by job and stage
        self.away: dict[str, datetime] = {}  # what is away, until when
        self._new, self._errors = Random(seed + 1), Random(seed + 2)

    # What a simulation drives of the product: time, waiting, randomness

    def clock(self) -> datetime:
        """Tell the time as the workers' clocks do, each a little off: of the running task's own."""
        task = self.crew.current
        if task is None:
            return self.true_now + self.offset
        if task.clock_error is None:
            task.clock_error = CLOCK_ERROR * self._errors.uniform(-1, 1)
        return self.true_now + self.offset + task.clock_error

    def monotonic(self) -> float:
        """Count seconds that never go back."""
        return (self.true_now - START).total_seconds()

    def sleep(self, seconds: float) -> None:
        """Wait, and let others work meanwhile."""
        task = self.crew.current
        if task is not None:
            task.wakes_at = self.true_now + timedelta(seconds=seconds)
            self.crew.pause()

    def jitter(self, most_s: float) -> float:
        """Draw a wait."""
        return self._new.uniform(0, most_s)

    def new_id(self) -> str:
        """Make an id."""
        return f"{self._new.getrandbits(128):032x}"

    new_token = new_id

    # Steps

    def step(self, port: str, what: str, *, errors: Sequence[Error] = (), can_switch: bool = True) -> None:
        """Pass a slot before or after a call of a port: here another task goes on, or this one is killed, or it fails.

        Outside of tasks (the history's own hand) nothing happens.
        """
        task = self.crew.current
        if task is None:
            return
        if task.is_doomed:
            raise Killed
        self.steps += 1
        rng, faults = self.rng, self.faults
        if can_switch and rng.random() < faults.switch:
            self.crew.pause()
        if not faults.is_on:
            return
        roll = rng.random()
        if roll < faults.kill:
            self.kill(f"{port} {what}")
        if errors and roll - faults.kill < faults.error[port]:
            error = rng.choice(errors)()
            self.fault("error", f"{port} {what}: {type(error).__name__}: {error}", kind=type(error).__name__)
            self.lose_records()
            raise error

    def lose_records(self) -> None:
        """Note that what the running task pushed may never be on record."""
        for shown in self.crew.current.pushed:
            shown.is_record_lost = shown.is_record_lost or not shown.recorded

    def kill(self, where: str) -> None:
        """Kill the running task."""
        self.fault("kill", f"killed: {where}")
        self.crew.current.is_doomed = True
        raise Killed

    def is_away(self, what: str) -> bool:
        """Whether something outside does not answer now."""
        until = self.away.get(what)
        return until is not None and until > self.true_now

    # The story

    def fault(self, name: str, says: str, *, kind: str = "") -> None:
        """Count and tell a fault."""
        self.counts[f"{name} {kind}".strip()] += 1
        self.tell(f"!! {says}")

    def tell(self, what: str) -> None:
        """Write a line of the journal, where somebody reads it."""
        if self.is_told:
            task = self.crew.current
            self.journal.append(Line(self.steps, self.true_now, task.name if task else "-", what))

    def violated(self, invariant: str, says: str) -> None:
        """Record that an invariant does not hold."""
        violation = Violation(invariant, says)
        if violation not in self.violations:
            self.violations.append(violation)
            self.tell(f"** {invariant}: {says}")
