"""What an older release leaves to be done about places."""

from __future__ import annotations

from typing import Protocol


class PlaceUpkeep(Protocol):
    """Brings up to date what a release that knew no places wrote."""

    def waiting(self, *, limit: int) -> list[int]:
        """Return ended sessions whose alerts are joined to no place yet, oldest first; none whose area has one open."""
        ...

    def join(self, session_id: int) -> bool:
        """Make places of a session's alerts, and return whether it did: somebody else may have, or a session opened."""
        ...

    def delete_left_over(self, *, limit: int) -> int:
        """Delete the places of areas that are gone, of so many areas at most, and return of how many."""
        ...
