"""The breakers of providers: how often each failed in a row, and until when it is left alone."""

from __future__ import annotations

from typing import Protocol

from chalicelib.domain.breakers import Breaker


class Breakers(Protocol):
    """One breaker a provider, shared by all workers; a claim carries it."""

    def put(self, provider: str, breaker: Breaker) -> None:
        """Keep a provider's breaker. Of two at once the later counts: what is lost is a count of one."""
        ...
