"""What happens between steps: clocks jump, objects are lost, things are away, people tap, a machine restarts."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from chalicelib.application.cancel_session import cancel_session
from chalicelib.application.change_area import change_area
from chalicelib.application.compare_now import Patience, Waiting, compare_now, compare_two_dates
from chalicelib.application.delete_area import delete_area
from chalicelib.application.open_sessions import open_session_now
from chalicelib.domain.area_changes import Changes
from chalicelib.domain.areas import Land
from chalicelib.domain.errors import DomainError
from chalicelib.domain.thresholds import Sensitivity
from chalicelib.domain.two_dates import TwoDates
from tests.simulation.land import FIRST, GRID, TERMS, extent_of

if TYPE_CHECKING:
    from tests.simulation.history import History

PATIENCE = Patience(wait_s=15, places=2, places_a_user=1)
MOST_AREAS = 6
CLIENTS = (
    *("cancel", "delete area", "add area", "change land", "capture now"),
    *("compare now", "compare by another sensitivity", "compare two dates"),
)


def happen(event: str, history: History) -> None:
    """Let something happen now."""
    world, rng = history.world, history.rng
    if event in CLIENTS:
        _tap(event, history)
    elif event == "stall":
        seconds = rng.choice((100, 130, 200, 700, 4000))
        world.fault("stall", f"everybody stands still for {seconds} s")
        world.true_now += timedelta(seconds=seconds)
        world.stalled += timedelta(seconds=seconds)
    elif event == "clock jump":
        history.ticks.set_clock(
            timedelta() if world.offset else timedelta(hours=rng.choice((-8, -7, -3, -1, 1, 3, 7, 8)))
        )
        world.fault("clock jump", f"the workers' clock is off by {world.offset / timedelta(hours=1):+g} h")
    elif event == "object lost":
        _lose(history)
    elif event == "redelivered tick":
        world.fault(event, "the clock ticks again")
        for function in ("capture_areas", "reconcile"):
            history.work.start(f"again {function}", lambda: None).work = _again(history, function)
    elif event in ("item touched", "item gone"):
        _rearrange(event, history)
    elif event == "restart":
        _restart(history)
    elif event != "duplicate":
        seconds = rng.choice((20, 60, 120) if event == "database away" else (20, 60, 600, 3600, 3 * 3600))
        world.fault(event, f"{event} for {seconds} s")
        world.away[event] = world.true_now + timedelta(seconds=seconds)


def _again(history: History, function: str) -> Any:
    from tests.simulation.work import CONTEXT, TICK, TICKS

    return lambda: history.work._guarded(lambda: TICKS[function](TICK, CONTEXT))


def _lose(history: History) -> None:
    keys = sorted(history.images.contents)
    if history.rng.random() < 0.8:  # mostly what is compared, not what is shown
        keys = [key for key in keys if "-image-" in key or "-bands-" in key]
    for key in history.rng.sample(keys, min(len(keys), history.rng.choice((1, 2, 6)))):
        history.world.fault("object lost", f"object {key} is lost")
        history.images.lose(key)


def _rearrange(event: str, history: History) -> None:
    """Write an item's file anew with the same bytes, or take one away that is not the last."""
    items = history.land.there(history.world.true_now)
    if event == "item gone":
        items = [shown for shown in items if shown is not history.land.last_clear][1:]  # something was there always
    if items:
        shown = history.rng.choice(items)
        history.world.fault(event, f"{event}: {shown.item_id}")
        shown.touched += 1
        shown.is_gone = event == "item gone"


def _restart(history: History) -> None:
    """Kill everything at once; at home, the process that starts then releases what the dead ones held."""
    world = history.world
    world.fault("restart", "the machine restarts")
    for task in list(history.tasks):
        task.is_doomed = True
        world.crew.resume(task)
        history.tasks.remove(task)
    if history.sqs is None:
        history.ports.outbox.release_all(now=world.clock())


def _comparison(event: str, history: History, area: Any, common: dict[str, Any]) -> Any:
    ports, items, choose = history.ports, history.land.items, history.rng.choice
    waiting = Waiting(PATIENCE, ports.waits, history.world.clock, history.world.sleep)
    asked = {name: value for name, value in common.items() if name != "clock"} | {"waiting": waiting}
    if event == "compare now":
        return lambda: compare_now(area.area_id, **asked)
    if event == "compare by another sensitivity":
        return partial(_compare_by, choose(list(Sensitivity)), history, area, asked)
    before, after = sorted(choose(items).captured_at.date() for _ in range(2))
    asked |= {"areas": ports.areas, "imagery": ports.imagery}
    return lambda: compare_two_dates(area.area_id, TwoDates(before=before, after=after), **asked)


def _compare_by(sensitivity: Sensitivity, history: History, area: Any, asked: dict[str, Any]) -> None:
    now = history.world.clock()
    history.ports.areas.change(area.area_id, user_id=area.user_id, now=now, version=None, sensitivity=sensitivity)
    compare_now(area.area_id, **asked)


def _change_land(history: History, of: Any, common: dict[str, Any]) -> None:
    """Move an area by some tiles, or let it reach further or less far: often over ground that it had before."""
    ports = history.ports
    area = ports.areas.get(of.area_id, user_id=of.user_id)
    row = of.tiles[0].y - FIRST.y
    land = Land(extent_of(history.rng.choice((0, 0, 1, 2, 3)), row, tiles=history.rng.choice((3, 4, 4, 5))), GRID, None)
    asked = {name: value for name, value in common.items() if name != "user_id"}
    asked |= {"version": None, "terms": TERMS, "usual_cadence_hours": None, "areas": ports.areas}
    change_area(area, Changes(land=land), is_cadence_left=False, is_smallest_left=False, **asked)


def _tap(event: str, history: History) -> None:
    world, rng, ports = history.world, history.rng, history.ports
    area = rng.choice(history.areas)
    common: dict[str, Any] = {
        "user_id": area.user_id,
        "sessions": ports.sessions,
        "jobs": ports.jobs,
        "clock": world.clock,
        "request_id": world.new_id(),
    }
    simple = {
        "capture now": lambda: open_session_now(area.area_id, **common),
        "change land": lambda: _change_land(history, area, common),
    }
    if event in simple:
        deed = simple[event]
    elif event.startswith("compare"):
        deed = _comparison(event, history, area, common)
    elif event == "add area":
        if len(history.areas) >= MOST_AREAS:
            return
        deed = lambda: history.add_area(area.user_id)  # noqa: E731
    elif event == "delete area":
        alive = history.database.value("SELECT COUNT(*) FROM area_configs WHERE deleted_at IS NULL")
        if alive < 2:
            return
        deed = lambda: delete_area(area.area_id, areas=ports.areas, **common)  # noqa: E731
    else:
        session_id = history.database.value(
            "SELECT id FROM alert_sessions WHERE area_id = ? AND status = 'IN_PROGRESS'", area.area_id
        )
        if session_id is None:
            return
        deed = lambda: cancel_session(session_id, **common)  # noqa: E731

    def tap() -> None:
        world.tell(f"a person asks: {event}, area {area.area_id}")
        try:
            deed()
        except DomainError as error:
            world.tell(f"and is told: {error.reason}")

    world.counts[event] += 1
    history.work.start(f"client {event}", tap)
