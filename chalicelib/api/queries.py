"""What stands in a query, read as what it means."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from chalice.app import Request

from chalicelib.api.http import queried
from chalicelib.domain.errors import Invalid

_ANSWERS = {"true": True, "false": False}


def time_said(request: Request, name: str) -> datetime | None:
    """Return a time; None if none is said. Raises Invalid."""
    return time_of(queried(request, name), pointer=name)


def time_of(text: str | None, *, pointer: str) -> datetime | None:
    """Read a time, in UTC; None of nothing. Raises Invalid."""
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
        if time.tzinfo is not None:
            return time.astimezone(UTC)
    except (ValueError, OverflowError):
        pass  # no time that there is: a zone may put it before the year 1, or behind 9999
    raise Invalid(f"{pointer.strip('/')} is a time with its zone, as 2026-03-01T12:00:00Z", pointer=pointer)


def answer_said(request: Request, name: str) -> bool | None:
    """Return an answer; None if none is said. Raises Invalid."""
    text = queried(request, name)
    if text is not None and text not in _ANSWERS:
        raise Invalid(f"{name} is true or false", pointer=name)
    return None if text is None else _ANSWERS[text]


def share_said(request: Request, name: str) -> float | None:
    """Return a share, 0 to 1; None if none is said. Raises Invalid."""
    text = queried(request, name)
    if text is None:
        return None
    try:
        share = float(text)
    except ValueError:
        share = math.nan
    if not 0 <= share <= 1:
        raise Invalid(f"{name} is a share, 0 to 1", pointer=name)
    return share
