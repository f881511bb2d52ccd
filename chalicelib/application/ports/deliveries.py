"""Deliveries: which pushes a session or a notice of states makes, and how far they have come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.domain.jobs import Message
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.pushes import Delivery, Notice, PushMade, Receipt, Target


class Deliveries(Protocol):
    """Which pushes a session makes, or a notice where one is given, and how far they have come."""

    def prepare(
        self, session_id: int, *, notice_id: int | None = None, extra: Sequence[Target], now: datetime
    ) -> Notice | None:
        """Make the rows of a session's pushes, once; None if there is nothing to tell, or the area is gone.

        A notice has its rows: they were made with it.
        """
        ...

    def claim(
        self, session_id: int, *, notice_id: int | None = None, now: datetime, lease_s: float, limit: int
    ) -> list[Delivery]:
        """Claim pushes that are to be made and that no worker holds."""
        ...

    def record(
        self,
        session_id: int,
        deliveries: Sequence[Delivery],
        receipts: Sequence[Receipt],
        *,
        notice_id: int | None = None,
        now: datetime,
    ) -> None:
        """Keep the receipts and drop dead devices. A push refused for now waits for its next attempt."""
        ...

    def retry_due(self, *, now: datetime, limit: int) -> list[Message]:
        """Write jobs anew where pushes' next attempt has come, and end those that waited too long."""
        ...

    def of_user(self, user_id: int, *, page: PageRequest) -> Page[PushMade]:
        """Return the pushes about a user's areas, newest first."""
        ...

    def retry_lost(self, session_id: int, *, notice_id: int | None = None, now: datetime) -> list[Message]:
        """Write the job anew of a session, or notice, whose message was given up on, as long as its news is fresh."""
        ...
