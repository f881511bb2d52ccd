"""Legal holds."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.holds import Held, Hold
from chalicelib.domain.paging import Page, PageRequest


class Holds(Protocol):
    """Legal holds on areas, and on places and sessions of them; each deed is in the audit log."""

    def place(self, held: Held, *, user_id: int, reason: str, now: datetime, most_holds: int) -> Hold:
        """Hold something of a user's. From then on no deletion of it begins: one that had begun has ended before.

        Raises NotFound where it is deleted or another's, Conflict where a hold stands on just that, or `most_holds`
        of the user's stand.
        """
        ...

    def lift(self, hold_id: int, *, user_id: int, reason: str, now: datetime) -> Hold:
        """Lift a hold. Raises NotFound, and Conflict for one that was lifted before."""
        ...

    def of_user(self, user_id: int, *, page: PageRequest) -> Page[Hold]:
        """Return a user's holds, the newest first, with those that were lifted."""
        ...
