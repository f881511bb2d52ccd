"""Sessions: opened, read, ended."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.jobs import Message
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.scenes import Found
from chalicelib.domain.sessions import Cause, Session
from chalicelib.domain.tile_runs import Outcome
from chalicelib.domain.two_dates import TwoDates


class Sessions(Protocol):
    """Sessions. `request_id` is that of the request that began it, or empty: the jobs that are written carry it."""

    def open_due(self, area_id: int, *, now: datetime, request_id: str) -> list[Message]:
        """Open the session that an area is due for; nothing if it is not due, gone, or has one open."""
        ...

    def open_now(
        self, area_id: int, cause: Cause, *, user_id: int, now: datetime, request_id: str
    ) -> tuple[Session, list[Message]]:
        """Open a session that a user asks for, or return the one that is open already.

        The first request for a new area returns the session that the clock has just run over it, if it has. With
        Cause.COMPARISON and every stored pair compared already, it returns the latest session and opens none.
        Raises NotFound, LimitReached, Conflict.
        """
        ...

    def open_two_dates(
        self, area_id: int, dates: TwoDates, found: Found, *, user_id: int, now: datetime, request_id: str
    ) -> tuple[Session, list[Message]]:
        """Open a session that compares two dates of a user's area, of the scenes found near them.

        It stands beside the area's own sessions: it says nothing of the area as it is now. Where one compares just that
        already, or has done so without a failure, that one is returned. Raises NotFound, LimitReached.
        """
        ...

    def get(self, session_id: int, *, user_id: int) -> Session:
        """Return a session of a user's area. Raises NotFound."""
        ...

    def is_open(self, session_id: int) -> bool:
        """Whether a session is still running: one look, for those who wait."""
        ...

    def of_user(self, user_id: int, *, page: PageRequest, area_id: int | None = None) -> Page[Session]:
        """Return the sessions of a user's areas, newest first, each with the first FAILURES_LISTED of its failures."""
        ...

    def overdue(self, *, now: datetime, limit: int) -> list[tuple[int, bool]]:
        """Return the ids of open sessions past their deadline, each with whether somebody has begun to end it."""
        ...

    def end_open_tiles(
        self, session_id: int, outcome: Outcome, *, now: datetime, request_id: str = ""
    ) -> list[Message]:
        """End every open tile run of a session alike: it was cancelled, or ran out of time.

        They end a part at a time. From the first part on nothing more of the session is captured or compared, and who
        calls this next, with whatever outcome, goes on with the first one: what a person waits for is not all of many.
        """
        ...
