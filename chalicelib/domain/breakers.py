"""Breakers: a provider in trouble is left alone by all of its tiles."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """How many of a provider's tiles failed without an answer to any in between, and until when it is left alone.

    After that time one tile finds out whether it is well, before the others go on.
    """

    failures: int = 0
    open_until: datetime | None = None


CLOSED = Breaker()
