"""Buckets: who may ask for how much more."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.admission import Limit


class Buckets(Protocol):
    """Token buckets by key. One that nobody named yet, or that was not used for its period, is full."""

    def take(self, key: str, units: int, limit: Limit, *, now: datetime) -> float:
        """Take units and return 0; or take none, and return the seconds after which they are there.

        However many ask at once, what is taken is never more than the bucket holds. Raises Unavailable.
        """
        ...

    def give_back(self, key: str, units: int, limit: Limit) -> None:
        """Put units back that were taken and turned out not to count."""
        ...

    def fill(self, key: str) -> None:
        """Make a bucket full."""
        ...

    def delete_full(self, *, now: datetime, limit: int) -> int:
        """Delete the state of buckets that are full again, at most that many; return how many."""
        ...
