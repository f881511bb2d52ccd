"""What large sessions have still to plan."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.jobs import Message


class SessionPlans(Protocol):
    """The tiles of open sessions that have neither a run nor a job yet."""

    def unplanned(self, *, limit: int) -> list[int]:
        """Return the ids of sessions that go on and have such tiles, the oldest first."""
        ...

    def plan_part(self, session_id: int, *, now: datetime) -> list[Message] | None:
        """Plan some hundred more tiles of a session; None if none is left, or the session is over or being ended.

        Return what is to be sent at once: nothing as long as jobs of the session wait, for those bring on the others.
        """
        ...
