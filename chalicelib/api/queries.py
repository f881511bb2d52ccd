"""What stands in a query, read as what it means."""

from __future__ import annotations

import math
from datetime import UTC, datetime

from chalice.app import Request

from chalicelib.api.http import LARGEST_ID, queried
from chalicelib.domain.errors import Invalid

_ANSWERS = {"true": True, "false": False}


def number_said(request: Request, name: str) -> int | None:
    """Return the number of an area; None if none is said. Raises Invalid."""
    text = queried(request, name)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text) <= LARGEST_ID:
        raise Invalid(f"{name} is the number of an area", pointer=name)
    return int(text)


def time_said(request: Request, name: str) -> datetime | None:
    """Return a time; None if none is said. Raises Invalid."""
    text = queried(request, name)
    if text is None:
        return None
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise Invalid(f"{name} is a time with its zone, as 2026-03-01T12:00:00Z", pointer=name)
    return time.astimezone(UTC)


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
