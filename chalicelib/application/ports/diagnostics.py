"""What the database shows an operator."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.diagnostics import Stuck


class Diagnostics(Protocol):
    """What the database shows an operator. Each raises Unavailable."""

    def revision(self) -> str | None:
        """Return the schema's revision; None where no migration has run."""
        ...

    def newest_revision(self) -> str:
        """Return the revision that this code needs."""
        ...

    def server(self) -> tuple[str, datetime | None, str]:
        """Return the server's name and version, its time where it has a clock of its own, and its SQL mode."""
        ...

    def oldest_session(self, *, now: datetime) -> tuple[int, float, float] | None:
        """Return the oldest open session: its id, its age and the time to its deadline, in seconds."""
        ...

    def stuck(self, *, now: datetime, limit: int) -> list[Stuck]:
        """Return what has waited too long: at most `limit` of each kind, the longest first."""
        ...
