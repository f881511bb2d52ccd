"""The breakers of providers: how many tiles of each failed in a row, and until when it is left alone."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.breakers import Breaker


class Breakers(Protocol):
    """One breaker a provider, shared by all workers; a claim carries it."""

    def put(self, provider: str, breaker: Breaker) -> None:
        """Keep a provider's breaker. Of two at once the later counts: what is lost is a count of one."""
        ...

    def of(self, provider: str) -> Breaker:
        """Return a provider's breaker."""
        ...

    def begin_trial(self, provider: str, breaker: Breaker, *, until: datetime) -> bool:
        """Leave a provider alone until then, except for one caller, if its breaker still is that one."""
        ...
