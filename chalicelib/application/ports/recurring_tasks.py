"""Tasks that come round again, each done by one process at a time."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class RecurringTasks(Protocol):
    """Tasks that come round again. Each keeps a cursor, so that a long one is done in parts."""

    def take(self, name: str, *, now: datetime, every_s: float) -> str | None:
        """Take a task whose time has come and return its cursor; None if it is not due. Of several callers one wins."""
        ...

    def leave(self, name: str, *, now: datetime, cursor: str) -> None:
        """Record where a task that is not finished goes on: it is due again at once."""
        ...
