"""Cadences: how often an area is looked at, by whose word, and when it is due next."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.domain.scenes import Found, ProviderTerms
from chalicelib.domain.schedules import Schedule

ARRIVAL_WAIT = timedelta(minutes=5)  # after a scene has come: the rest of a flight follows its first picture


class Cadence(NamedTuple):
    """How often an area is looked at."""

    hours: int  # of a schedule: the mean, rounded
    on_arrival: bool = False  # and when a scene comes over it
    schedule: Schedule | None = None  # then its times hold

    @classmethod
    def of_schedule(cls, schedule: Schedule) -> Cadence:
        """Return the cadence of a schedule."""
        return cls(max(1, round(schedule.hours)), schedule=schedule)

    @property
    def mean_hours(self) -> float:
        """From one look to the next."""
        return self.hours if self.schedule is None else self.schedule.hours

    @property
    def longest(self) -> timedelta:
        """What lies between two looks at most."""
        return timedelta(hours=self.hours) if self.schedule is None else self.schedule.longest


def cadence_of(
    terms: ProviderTerms, *, said: int | None, usual: int | None, schedule: Schedule | None = None
) -> Cadence:
    """Return what holds: what the owner says, else what the operator says is usual here, else the provider's own."""
    if schedule is not None:
        return Cadence.of_schedule(schedule)
    if said is not None:
        return Cadence(said)
    return Cadence(terms.usual_cadence_hours, terms.tells_arrivals) if usual is None else Cadence(usual)


def next_due(due_at: datetime, cadence: Cadence, *, now: datetime) -> datetime:
    """Return when an area is due next, at the hour that it always was; times that were missed are not made up for.

    A session that somebody asks for before the time does not move it; one at the time, or after it, takes its place.

    >>> from datetime import UTC
    >>> due_at = datetime(2026, 3, 1, 6, tzinfo=UTC)
    >>> str(next_due(due_at, Cadence(24), now=datetime(2026, 3, 3, 7, tzinfo=UTC)))
    '2026-03-04 06:00:00+00:00'
    """
    if due_at > now:
        return due_at
    if cadence.schedule is not None:
        return cadence.schedule.next_after(now, last=due_at)
    step = timedelta(hours=cadence.hours)
    return due_at + step * ((now - due_at) // step + 1)


def has_news(found: Found, known: Found) -> bool:
    """Whether a search has found something of a day, or of a part of one, later than the oldest that was known."""
    names = {scene.scene_id for scene in known.scenes}
    names |= {item.item_id for scene in known.scenes for item in scene.items}
    days = [scene.captured_at for scene in known.scenes if scene.captured_at is not None]
    later = (
        scene for scene in found.scenes if not days or (scene.captured_at is not None and scene.captured_at > min(days))
    )
    return any(not {scene.scene_id, *(item.item_id for item in scene.items)} <= names for scene in later)


def due_by(due_at: datetime, cadence: Cadence, *, now: datetime) -> datetime:
    """Return when an area is due that is to be looked at by another cadence from now on, or again after a pause.

    What is overdue is due at once; by a schedule, at its next time.
    """
    if cadence.schedule is not None:
        return cadence.schedule.next_after(now)
    return min(due_at, now + timedelta(hours=cadence.hours))
