"""Breakers: a provider in trouble is left alone by all of its tiles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """How often a provider failed in a row, and until when it is left alone."""

    failures: int = 0
    open_until: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Whether the provider is left alone now."""
        return self.open_until is not None and now < self.open_until


CLOSED = Breaker()
