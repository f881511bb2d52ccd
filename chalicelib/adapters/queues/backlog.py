"""How long committed jobs have waited."""

from __future__ import annotations

from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.outbox import Outbox


def backlog_age_s(outbox: Outbox, clock: Clock) -> float:
    """Return the seconds that the oldest committed job has waited; 0 if none waits."""
    oldest = outbox.oldest_waiting(now=clock())
    return 0.0 if oldest is None else max(0.0, round((clock() - oldest).total_seconds(), 3))
