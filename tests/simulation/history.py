"""One history: a seed's areas, land and faults; days in which things go wrong; quiet days; and what came of it all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import NamedTuple

from chalicelib.domain.areas import NewArea, Plan
from chalicelib.domain.extents import Extent
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Tile, tiles_covering
from tests.simulation import events, looking
from tests.simulation.baton import Crew, Task
from tests.simulation.database import Database, SimEngine
from tests.simulation.invariants import State, verify
from tests.simulation.land import GRID, Land, SimImagery, extent_of
from tests.simulation.ports import SimPorts, _Stage
from tests.simulation.push import SimPush
from tests.simulation.seeing import Seeing
from tests.simulation.sqs import SimSqs
from tests.simulation.store import SimImages
from tests.simulation.telling import Telling
from tests.simulation.ticking import Ticks
from tests.simulation.vision import Vision
from tests.simulation.watching import Watcher
from tests.simulation.work import Work
from tests.simulation.world import LEASE_S, MOST_STEPS, MOST_STORM, START, World

MOST_QUIET = timedelta(days=8)
MOST_QUIET_SESSIONS = 3  # in which an area may still fail because of what went wrong before
LAST_DAYS = timedelta(hours=40)  # without a session, for reconcile to find the orphans
MINUTE = timedelta(minutes=1)
A_DAY_H = 24.0  # from the first session to the second
EVENING_H = 12.3  # when the land's first day ends


class Watched(NamedTuple):
    """An area of the history."""

    area_id: int
    user_id: int
    tiles: tuple[Tile, ...]  # when it was added


class Seat:
    """What a process keeps from history to history."""

    def __init__(self, content: bytes, stage: _Stage) -> None:
        self.crew, self.database, self.stage = Crew(), Database(content), stage


class History:
    """A history, from its seed to its invariants."""

    def __init__(self, seed: int, seat: Seat, *, queue: str | None = None, is_told: bool = False) -> None:
        self.world = World(seed, seat.crew, is_told=is_told)
        self.rng, self.database = self.world.rng, seat.database
        self.database.reset()
        self.queue = queue or self.rng.choice(("home", "sqs"))
        self.sqs = SimSqs(self.world, visibility_s=6 * LEASE_S) if self.queue == "sqs" else None
        self.images, self.push, self.land = SimImages(self.world), SimPush(self.world, self._owner_of), Land()
        self.imagery, self.vision = SimImagery(self.world, self.land), Vision(self.world, self.land)
        self.imagery.is_stored = lambda tile, version: looking.is_stored(self, tile, version)
        self.watcher, self.telling, self.seeing = Watcher(self), Telling(self), Seeing(self)
        self.imagery.tried = self.vision.tried = lambda run_id, item_id: self.seeing.tried[run_id].add(item_id)
        self.engine = SimEngine(self.world, seat.database, self.watcher.committed)
        self.ports = SimPorts(self)
        self.tasks: list[Task] = []
        self.work = Work(self)
        self.most_workers = self.rng.choice((1, 2, 3, 4))
        self.areas: list[Watched] = []
        self.named = 0
        self.quiet_sessions = self.rng.choice((1, 1, 1, 2))  # of each area, after which everything has to be settled
        self.ends_at = START + timedelta(days=self.rng.choice((1, 1, 1, 2)), hours=2)
        self.quiet_at, self.quiet_after = self.ends_at, 0
        self.ticks = Ticks(self)
        seat.stage.show(self)

    def run(self) -> History:
        """Run it and verify what came of it."""
        self._people()
        self._land()
        try:
            self._go(until=lambda: self.world.true_now >= self.ends_at or self.world.steps > MOST_STORM)
            self._be_quiet()
            self._go(until=lambda: self.world.true_now >= self.ends_at)
            self.quiet_at, self.quiet_after = self.world.true_now, looking.last_session(self)
            self._go(until=self._is_settled)
            if self.world.seed % 3 == 0:
                self._cloud_over()
            self.ticks.functions = ("reconcile",)
            last = self.world.true_now + LAST_DAYS
            self._go(until=lambda: self.world.true_now >= last and not self.tasks)
        finally:
            for task in self.tasks:
                task.is_doomed = True
                self.world.crew.resume(task)
        self.world.violations += verify(State.of(self))
        return self

    # Its beginning

    def _people(self) -> None:
        ports, now = self.ports, self.world.clock()
        for number in range(2):
            user = ports.accounts.add_user(email=f"u{number}@example.org", password_hash="x", profile=None, now=now)
            for device in range(2 - number):
                ports.accounts.add_device(user.user_id, token=f"phone-{number}-{device}", platform="android", now=now)
            for _ in range(2 - number):
                self.add_area(user.user_id)
        if self.world.faults.has_unreadable_area:
            unreadable = ports.areas.add(self._new_area(user.user_id), now=now, most_areas=1000).area_id
            self.database.raw.execute(
                "UPDATE area_configs SET sensitivity = ?, next_due_at = ? WHERE id = ?",
                (looking.UNREADABLE, "2026-01-01 00:00:00.000000", unreadable),
            )
            self.database.raw.commit()

    def add_area(self, user_id: int) -> None:
        """Add an area: it is watched also where whoever added it never hears the answer."""
        new = self._new_area(user_id)
        try:
            self.ports.areas.add(new, now=self.world.clock(), most_areas=1000)
        finally:
            area_id = self.database.value("SELECT id FROM area_configs WHERE name = ?", new.name)
            if area_id is not None:
                tiles = tuple(tiles_covering(new.extent.bounds, GRID.zoom))
                self.areas.append(Watched(area_id, user_id, tiles))

    def tiles_of(self, area_id: int) -> tuple[Tile, ...]:
        """Return the tiles that an area covers now; none once it is gone."""
        query = "SELECT center_lat, center_lon, north_km, south_km, east_km, west_km FROM area_configs WHERE id = ?"
        rows = self.database.rows(query, area_id)
        names = ("center_lat", "center_lon", "north_km", "south_km", "east_km", "west_km")
        return tuple(
            tile
            for row in rows
            for tile in tiles_covering(Extent(**dict(zip(names, row, strict=True))).bounds, GRID.zoom)
        )

    def _new_area(self, user_id: int) -> NewArea:
        """Make up an area of four tiles in a row: often on tiles that another one has, all of them or some."""
        self.named += 1
        number = len(self.areas)
        row, column = self.rng.choice(((number, 0), (0, 0), (0, 1), (0, 3))) if number else (0, 0)
        plan = Plan(
            provider="sample",
            grid=GRID,
            cadence_hours=self.rng.choice((12, 24, 24, 24, 24)),
            thresholds=Thresholds(min_changed_area_m2=25.0),
        )
        return NewArea(user_id=user_id, name=f"Area {self.named}", extent=extent_of(column, row, tiles=4), plan=plan)

    def _land(self) -> None:
        """Take items all through the history, some on one day; the last one is clear."""
        rng = self.rng
        tiles = list(dict.fromkeys(tile for area in self.areas for tile in area.tiles))
        hours = (self.ends_at - START) / timedelta(hours=1)
        times = sorted(
            [-5.0, hours - rng.uniform(0.5, 22), *(rng.uniform(-4, hours) for _ in range(rng.randint(1, 3)))]
        )
        veiled_at = None
        if times[-1] > A_DAY_H and rng.random() < 0.5:  # one day's picture, and the next one's hides it from a session
            veiled_at = rng.uniform(EVENING_H + 0.5, A_DAY_H - 0.5)
            times = sorted([*times, rng.uniform(0.5, EVENING_H - 0.5), veiled_at])
        for number, at in enumerate(times):
            is_last = number == len(times) - 1
            changes = [tile for tile in tiles if number and rng.random() < 0.25]
            often = 0.5 if at == veiled_at else 0.12
            clear = {tile: rng.choice((0.0, 0.2, 0.5)) for tile in tiles if not is_last and rng.random() < often}
            taken_at = START + timedelta(hours=at)
            late = 0.0 if is_last or rng.random() < 0.7 else rng.uniform(0, 12)  # it may come after newer ones
            arrives_at = min(taken_at + timedelta(hours=late), self.ends_at)
            self.land.take(f"item-{number}", taken_at, arrives_at=arrives_at, changes=changes, clear=clear)
        for who in ("gate", "detector"):
            self.vision.poisoned[who] = rng.choice(tiles) if self.world.faults.poison else None

    # Its course

    def _go(self, *, until: Callable[[], bool]) -> None:
        world = self.world
        while not until():
            self._turn()
            if world.steps > MOST_STEPS:
                world.violated("never settles", f"{world.steps} steps and no end")
                return

    def _turn(self) -> None:
        world = self.world
        event = world.faults.event(self.rng)
        if event is not None:
            events.happen(event, self)
        self.ticks.tick()
        if self.work.workers < self.most_workers:
            self.work.take_one()
        ready = [task for task in self.tasks if task.wakes_at is None or task.wakes_at <= world.true_now]
        if not ready:
            self._leap()
            return
        task = ready[self.rng.randrange(len(ready))] if len(ready) > 1 else ready[0]
        task.wakes_at = None
        world.crew.resume(task)
        if task.is_done:
            self.tasks.remove(task)
        world.true_now += timedelta(seconds=self.rng.random())

    def _leap(self) -> None:
        """Go to the next moment at which something can happen; with luck, something happens on the way."""
        world, now = self.world, self.world.true_now
        times = [task.wakes_at for task in self.tasks]
        times += [at] if (at := self.ticks.next_at()) else []
        if self.work.workers < self.most_workers:
            times += looking.next_messages(self).values()
            times = [max(time, self.work.rests_until) for time in times]
        if world.faults.is_on:
            times.append(self.ends_at)
        then = max(min(times, default=now + MINUTE), now + timedelta(milliseconds=100))
        if world.faults.is_on and then - now > 5 * MINUTE and world.faults.events and self.rng.random() < 0.3:
            world.true_now = now + (then - now) * self.rng.random()
            self.ticks.pass_over(world.true_now)
            events.happen(self.rng.choice(list(world.faults.events)), self)
            return
        self.ticks.pass_over(then)
        world.true_now = then
        if not world.faults.is_on:
            looking.check_deadlines(self)

    def _be_quiet(self) -> None:
        world = self.world
        world.tell("-- quiet: nothing goes wrong any more")
        world.faults.end()
        world.away.clear()
        self.ticks.set_clock(timedelta())

    def _cloud_over(self) -> None:
        """Hide some of the land, or all of it, in one more session of each area: they are blind from then on."""
        now, share, before = self.world.true_now, (0.5, 1.0)[self.world.seed % 2], looking.last_session(self)
        tiles = [tile for area in self.areas for tile in self.tiles_of(area.area_id)]
        hidden = {tile: 0.0 for number, tile in enumerate(tiles) if share == 1.0 or number % 2}
        self.land.take("clouds", now, arrives_at=now, changes=(), clear=hidden)
        self.world.tell("-- clouds")
        self._go(until=lambda: looking.sessions_after(self, before) >= 1 and not self.tasks and looking.is_still(self))

    def _owner_of(self, area_id: int) -> int:
        return next(area.user_id for area in self.areas if area.area_id == area_id)

    def _is_settled(self) -> bool:
        world = self.world
        if world.true_now > self.quiet_at + MOST_QUIET:
            world.violated("never settles", looking.what_is_left(self))
            return True
        if self.tasks or not looking.is_still(self):
            return False
        sessions = looking.sessions_after(self, self.quiet_after)
        failing = looking.failing(self) if sessions >= self.quiet_sessions else ()
        if failing and sessions < MOST_QUIET_SESSIONS:
            return False  # the next session completes what is missing
        for area_id, tiles in failing:
            world.violated("what failed is made good", f"area {area_id}: {tiles} tiles of its last session FAILED")
        return sessions >= self.quiet_sessions
