"""Areas that are looked at when a scene arrives, of providers that have to be asked whether one has."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import NamedTuple, Protocol

from chalicelib.domain.scenes import Found
from chalicelib.domain.tiles import Bounds


class ToAsk(NamedTuple):
    """An area whose provider is to be asked."""

    area_id: int
    provider: str
    ground: Bounds
    known: Found | None  # what its last search has found; None where that cannot be read


class Arrivals(Protocol):
    """When providers were asked for what is new over an area."""

    def waiting(
        self, providers: Collection[str], *, asked_before: datetime, looked_before: datetime, now: datetime, limit: int
    ) -> list[ToAsk]:
        """Return the areas that were asked for longest ago, and before a time.

        Areas that are paused, due anyway, being looked at, or were looked at since `looked_before` are left out, and
        those of which no search is known.
        """
        ...

    def take(self, area_id: int, *, asked_before: datetime, now: datetime) -> bool:
        """Note that an area is asked for now; False where somebody else was first."""
        ...

    def has_come(self, area_id: int, *, now: datetime) -> None:
        """Make an area due soon, if it still is to be looked at when a scene arrives."""
        ...
