"""What is stored, as it is recounted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.domain.invariants import SessionFacts, Spent, Violation


class Invariants(Protocol):
    """Looks at live data a bounded part at a time, by an index each. Each raises Unavailable."""

    def left_open(self, *, now: datetime, limit: int) -> list[Violation]:
        """Say what is open long after it should have ended: at most `limit` of each kind."""
        ...

    def sessions_after(self, session_id: int, *, tiles: int) -> tuple[list[SessionFacts], int | None]:
        """Return the ended sessions after that one, of about so many tiles, and the last that was looked at.

        None: there are no more. Sessions of deleted areas are on their way out, and left out.
        """
        ...

    def facts_of(self, session_id: int) -> SessionFacts | None:
        """Return an ended session; None if it is not there, or its area was deleted."""
        ...

    def spent_on(self, session_ids: Sequence[int]) -> list[Spent]:
        """Return what the clock's of these sessions cost, by user and day, as far back as the ledger reaches."""
        ...

    def holds_after(self, hold_id: int) -> tuple[list[Violation], int | None]:
        """Say which legal holds after that one, a bounded number, stand on what is gone; and the last of these.

        None: there are no more.
        """
        ...

    def names_after(self, key: str, *, until: str | None, limit: int) -> list[str]:
        """Return the keys of objects that rows name, sorted: after that key, up to and with `until` if it is given."""
        ...
