"""Waits: how many requests hold a thread until a session ends."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Waits(Protocol):
    """A bounded number of places for requests that wait, shared by all processes of the API."""

    def begin(self, user_id: int, *, now: datetime, ends_at: datetime, places: int, places_a_user: int) -> int | None:
        """Take a place until a time and return it; None if they are all taken, or this user's are."""
        ...

    def end(self, place: int, *, ends_at: datetime) -> None:
        """Give a place back that was taken until that time."""
        ...
