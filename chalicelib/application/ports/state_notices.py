"""Notices of how areas stand: who is told what, and when."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.jobs import Message


class StateNotices(Protocol):
    """Who is told how their areas stand, and when. Pushing what was decided is for `Deliveries`."""

    def due(self, *, now: datetime, limit: int) -> list[int]:
        """Return the users for whom it is time to look whether there is something to tell."""
        ...

    def decide(self, user_id: int, *, now: datetime) -> list[Message]:
        """Write the one message of today to a user, its pushes and its job, if there is something to tell.

        Of any number of callers one writes it.
        """
        ...
