"""Repairs after a clock was put back."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class ClockRepairs(Protocol):
    """Brings times that lie further ahead than they can into reach, so that nothing waits for a clock to catch up."""

    def repair(self, *, now: datetime) -> bool:
        """Look whether the clock was put back since the last call and repair what that left; return whether it was."""
        ...
