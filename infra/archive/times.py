"""When a picture was taken, as an operator says it."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple

from chalicelib.domain.scenes import why_not_of_then
from infra.errors import OperatorError

_DAY = re.compile(r"\d{4}-\d\d-\d\d")


class Taken(NamedTuple):
    """A day as it is where the picture lies, or a time."""

    day: date
    at: datetime | None  # None: only the day was said

    def at_longitude(self, lon: float) -> datetime:
        """Return the time, or noon of the day by the sun at that longitude."""
        if self.at is not None:
            return self.at
        noon = datetime(self.day.year, self.day.month, self.day.day, 12, tzinfo=UTC)
        return (noon - timedelta(hours=lon / 15)).replace(microsecond=0)


def time_taken(text: str, *, now: datetime) -> Taken:
    """Read `2024-03-01`, or a whole time with its zone. Raises OperatorError."""
    try:
        found = datetime.fromisoformat(text.strip().upper())
    except ValueError:
        raise OperatorError(
            f"--date is a day like 2024-03-01, or a time like 2024-03-01T05:30:00Z, not {text!r:.40}"
        ) from None
    is_day = _DAY.fullmatch(text.strip()) is not None
    if not is_day and found.tzinfo is None:
        raise OperatorError(f"--date {text:.40} has no zone: end it with Z for UTC, or with +05:30")
    taken = found.replace(tzinfo=UTC) if is_day else found.astimezone(UTC)
    odd = why_not_of_then(taken, since=datetime(1900, 1, 1, tzinfo=UTC), until=now + timedelta(days=is_day))
    if odd is not None:
        raise OperatorError(f"--date {text:.40}: {odd}")
    return Taken(taken.date(), None if is_day else taken)
