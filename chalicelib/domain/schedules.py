"""Schedules: areas that are looked at by the clock on somebody's wall, in his time zone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from chalicelib.domain.errors import Invalid

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
EVERY_DAYS = (1, 365)
A_DAY = timedelta(days=1)
_AT = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_NO_PLACES = {"localtime", "Factory"}  # whatever a machine is set to


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """On which days an area is looked at, and at what time there: some days of the week, or every so many days.

    A time that a day does not have, because clocks are put forward over it, is as much later as they are put forward;
    of one that a day has twice it is the first.
    """

    weekdays: tuple[str, ...] = ()  # of WEEKDAYS, in their order
    every_days: int | None = None
    at: time
    zone: str  # of the IANA's data base
    since: date | None = field(default=None, compare=False)  # from which every so many days are counted, once it holds

    @property
    def hours(self) -> float:
        """The mean of the hours from one time to the next."""
        return 24 * (self.every_days or 7 / len(self.weekdays))

    @property
    def longest(self) -> timedelta:
        """What lies between two times at most."""
        return A_DAY * ((self.every_days or 7) + 1)

    def next_after(self, moment: datetime, *, last: datetime | None = None) -> datetime:
        """Return its first time after a moment.

        Every so many days are counted from the day that it holds since; where none is kept, from `last`, the time
        before.

        >>> weekly = Schedule(weekdays=("mon",), at=time(6, 30), zone="Asia/Kolkata")
        >>> str(weekly.next_after(datetime(2026, 3, 1, 12, tzinfo=UTC)))
        '2026-03-02 01:00:00+00:00'
        """
        zone = ZoneInfo(self.zone)
        day = moment.astimezone(zone).date() - A_DAY
        step = 1
        if self.every_days and (self.since is not None or last is not None):
            from_day = self.since or (last or moment).astimezone(zone).date()
            steps = (day - from_day).days // self.every_days
            day = from_day + (steps if self.since else max(1, steps)) * self.every_days * A_DAY
            step = self.every_days
        while (at := self._on(day, zone)) <= moment or not self._is_of(day):
            day += step * A_DAY
        return at

    def counted_from(self, moment: datetime) -> Schedule:
        """Return it with a moment's day there as the one from which every so many days are counted."""
        return replace(self, since=moment.astimezone(ZoneInfo(self.zone)).date()) if self.every_days else self

    def _on(self, day: date, zone: ZoneInfo) -> datetime:
        return datetime.combine(day, self.at, tzinfo=zone).astimezone(UTC)  # as PEP 495 reads it without a fold

    def _is_of(self, day: date) -> bool:
        return not self.weekdays or WEEKDAYS[day.weekday()] in self.weekdays

    def to_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        kept = {"at": f"{self.at:%H:%M}", "zone": self.zone}
        kept |= {"since": self.since.isoformat()} if self.since else {}
        return kept | ({"every_days": self.every_days} if self.every_days else {"weekdays": list(self.weekdays)})

    @classmethod
    def from_json(cls, kept: dict[str, Any] | None) -> Schedule | None:
        """Return what is kept; None where nothing is."""
        if kept is None:
            return None
        weekdays, every_days = tuple(kept.get("weekdays", ())), kept.get("every_days")
        since = date.fromisoformat(kept["since"]) if "since" in kept else None
        at = time.fromisoformat(kept["at"])
        return cls(weekdays=weekdays, every_days=every_days, at=at, zone=kept["zone"], since=since)


def checked_schedule(*, weekdays: Sequence[str] | None, every_days: int | None, at: str, zone: str) -> Schedule:
    """Return a schedule as it was said. Raises Invalid."""
    if (weekdays is None) == (every_days is None):
        raise Invalid("a schedule has weekdays, or everyDays: one of the two", pointer="/schedule")
    if every_days is not None and not EVERY_DAYS[0] <= every_days <= EVERY_DAYS[1]:
        raise Invalid(f"everyDays is {EVERY_DAYS[0]} to {EVERY_DAYS[1]}", pointer="/schedule/everyDays")
    for place, day in enumerate(weekdays or ()):
        if day not in WEEKDAYS:
            known = ", ".join(WEEKDAYS)
            raise Invalid(f"a weekday is one of {known}, not {day[:40]!r}", pointer=f"/schedule/weekdays/{place}")
    if weekdays is not None and not weekdays:
        raise Invalid("say at least one weekday", pointer="/schedule/weekdays")
    if not _AT.fullmatch(at):
        raise Invalid(f'a time is written "06:30", from 00:00 to 23:59, not {at[:40]!r}', pointer="/schedule/at")
    if zone not in available_timezones() - _NO_PLACES:  # nor in copies of all, as right/Asia/Kolkata
        raise Invalid(
            f'{zone[:64]!r} is no time zone that is known here: say it as "Asia/Kolkata" or "UTC"',
            pointer="/schedule/timeZone",
        )
    days = tuple(day for day in WEEKDAYS if day in (weekdays or ()))
    return Schedule(weekdays=days, every_days=every_days, at=time.fromisoformat(at), zone=zone)
