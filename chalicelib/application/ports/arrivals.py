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
    known: Found  # what its last session has found


class Arrivals(Protocol):
    """When providers were asked for what is new over an area."""

    def take(
        self, providers: Collection[str], *, asked_before: datetime, looked_before: datetime, now: datetime, limit: int
    ) -> list[ToAsk]:
        """Return the areas that were asked for longest ago, before a time, as asked for now: nobody else gets them.

        Areas that are paused, due anyway, being looked at, or were looked at since `looked_before` are left out.
        """
        ...

    def has_come(self, area_id: int, *, now: datetime) -> None:
        """Make an area due soon, if it still is to be looked at when a scene arrives."""
        ...
