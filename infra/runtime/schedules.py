"""The next time that a schedule fires: EventBridge's `rate(...)` and `cron(...)`, in UTC.

Source: Amazon EventBridge user guide, "Schedule expressions". Not supported here: L, W and # in cron.
"""

from __future__ import annotations

import calendar
import re
from datetime import UTC, datetime, timedelta

from infra.errors import OperatorError

_MONTHS = {name: number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {"Sun": 1, "Mon": 2, "Tue": 3, "Wed": 4, "Thu": 5, "Fri": 6, "Sat": 7}
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))
_LOOK_AHEAD = timedelta(days=4 * 366)


def next_time(expression: str, *, after: datetime) -> datetime:
    """Return the next time a schedule fires after a moment. Raises OperatorError.

    >>> next_time("rate(5 minutes)", after=datetime(2026, 1, 1, tzinfo=UTC)).minute
    5
    >>> str(next_time("cron(30 6 ? * MON-FRI *)", after=datetime(2026, 1, 3, tzinfo=UTC)))
    '2026-01-05 06:30:00+00:00'
    """
    rate = re.fullmatch(r"rate\((\d+) (minute|hour|day)s?\)", expression.strip())
    if rate:
        return after + timedelta(**{f"{rate[2]}s": int(rate[1])})
    cron = re.fullmatch(r"cron\((\S+) (\S+) (\S+) (\S+) (\S+) (\S+)\)", expression.strip())
    if not cron:
        raise OperatorError(
            f"a schedule is rate(N minutes) or cron(minute hour day month weekday year), not {expression!r}"
        )
    minutes, hours, days, months, weekdays, years = (
        _field(text, low, high) for text, (low, high) in zip(cron.groups(), _RANGES, strict=True)
    )
    day = after.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    end = day + _LOOK_AHEAD
    while day < end:
        if day.day in days and day.month in months and day.isoweekday() % 7 + 1 in weekdays and day.year in years:
            for hour in sorted(hours):
                for minute in sorted(minutes):
                    moment = day.replace(hour=hour, minute=minute)
                    if moment > after:
                        return moment
        day += timedelta(days=1)
    raise OperatorError(f"{expression!r} never comes round")


def _field(text: str, low: int, high: int) -> set[int]:
    chosen: set[int] = set()
    for part in text.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        try:
            if span in ("*", "?"):
                start, stop = low, high
            else:
                start = _number(first)
                stop = _number(last) if last else (high if step else start)
            chosen.update(range(start, stop + 1, int(step or 1)))
        except ValueError:
            raise OperatorError(f"{part!r} in a cron schedule is not supported here") from None
    if not chosen or min(chosen) < low or max(chosen) > high:
        raise OperatorError(f"{text!r} in a cron schedule is not within {low} to {high}")
    return chosen


def _number(text: str) -> int:
    return _MONTHS.get(text.title()) or _DAYS.get(text.title()) or int(text)
