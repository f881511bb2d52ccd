"""What an older release, or the end of a session, leaves to be done about places."""

from __future__ import annotations

from typing import Protocol


class PlaceUpkeep(Protocol):
    """Brings up to date what a release that knew no places wrote, and what a session could not join as it ended."""

    def waiting(self, *, after: int, limit: int) -> list[int]:
        """Return ended sessions after one whose alerts are joined to no place yet, oldest first.

        None whose area has one open.
        """
        ...

    def join(self, session_id: int) -> bool:
        """Join what a session shows to places; return whether it did: somebody else may have, or a session opened."""
        ...

    def delete_left_over(self, *, limit: int) -> int:
        """Delete the places of areas that are gone, of so many areas at most, and return of how many."""
        ...
