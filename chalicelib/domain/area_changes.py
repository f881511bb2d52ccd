"""What of an area can be changed while it is watched, and which version of it a change is of."""

from __future__ import annotations

from datetime import date, datetime
from typing import TypedDict

from chalicelib.domain.areas import Area, Land
from chalicelib.domain.cadences import Cadence, due_by
from chalicelib.domain.errors import ChangedMeanwhile
from chalicelib.domain.kinds import Kind
from chalicelib.domain.schedules import Schedule
from chalicelib.domain.thresholds import Sensitivity
from chalicelib.domain.tile_runs import Outcome, Verdict

LAND_CHANGED = Outcome(verdict=Verdict.CANCELLED, reason="the land was changed while this session ran")
"""How a session ends whose area's land was changed: no tile of it is compared on the one land or the other."""


class Changes(TypedDict, total=False):
    """What of an area is to be another from now on: what is not said stays."""

    name: str
    tags: tuple[str, ...]
    is_paused: bool
    cadence_hours: int
    looks_on_arrival: bool
    schedule: Schedule | None
    min_changed_area_m2: float
    sensitivity: Sensitivity
    alert_kinds: frozenset[Kind]
    unseen_tolerance: float
    compare_since: date | None
    is_confirmed_twice: bool
    land: Land


def check_version(area: Area, expected: int | None) -> None:
    """Raise ChangedMeanwhile for a change of another version of an area than it has; None is a change of any."""
    if expected is not None and expected != area.version:
        raise changed_meanwhile(area, str(expected))


def changed_meanwhile(area: Area, expected: str) -> ChangedMeanwhile:
    """Return the refusal of a change of another version of an area than it has."""
    return ChangedMeanwhile(
        f"this area is at version {area.version} by now, and the change was made of version {expected[:40]}: "
        "read it again, then change that",
        version=area.version,
    )


def begun(area: Area, changes: Changes, *, now: datetime) -> Changes:
    """Return changes with the day from which a new schedule counts; one that holds already counts on as it did."""
    schedule = changes.get("schedule")
    if schedule is None:
        return changes
    is_same = schedule == area.plan.schedule
    holds = area.plan.schedule if is_same else schedule.counted_from(schedule.next_after(now))
    return changes | Changes(schedule=holds)


def due_after(area: Area, changes: Changes, *, now: datetime) -> datetime:
    """Return when an area is due once it was changed: at once, where it is overdue and was never paused."""
    plan = area.plan
    cadence = Cadence(changes.get("cadence_hours", plan.cadence_hours), schedule=changes.get("schedule", plan.schedule))
    is_resumed = area.is_paused and not changes.get("is_paused", True)
    is_another = (cadence.hours, cadence.schedule) != (plan.cadence_hours, plan.schedule)
    if is_resumed or (is_another and area.next_due_at > now):
        return due_by(area.next_due_at, cadence, now=now)
    return area.next_due_at
