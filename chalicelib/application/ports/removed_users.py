"""Users who are removed, and what is left of them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class RemovedUsers(Protocol):
    """Users who are removed: nobody signs in as one, and what is left of them goes a part at a time."""

    def remove(self, email: str, *, now: datetime) -> int:
        """Remove a user, and return the number that is left: nobody is signed in as him, and his address is free.

        Raises NotFound, and Conflict while a legal hold stands on anything of his.
        """
        ...

    def with_rows(self, limit: int) -> list[int]:
        """Return the numbers of removed users of whom something is left."""
        ...

    def areas(self, user_id: int, *, limit: int) -> list[int]:
        """Return the ids of a removed user's areas that are not deleted yet."""
        ...

    def purge(self, user_id: int, *, now: datetime) -> bool:
        """Delete some of what is left, the user's own row last; return whether there may be more to delete now.

        Each call is short, and goes on where the last one ended, whoever made it. The user's row stays for as long as
        areas of his do. What is kept: the audit log without addresses, and the ledger, by a number that names nobody.
        """
        ...
