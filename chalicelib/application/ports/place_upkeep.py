"""What an older release, or the end of a session, leaves to be done about places."""

from __future__ import annotations

from typing import Protocol


class PlaceUpkeep(Protocol):
    """Brings up to date what a release that knew no places wrote, and what a session could not join as it ended."""

    def part_after(self, session_id: int) -> int | None:
        """Return the last session of those that are looked through next, behind one; None where there are no more."""
        ...

    def waiting(self, *, after: int, until: int, limit: int) -> list[int]:
        """Return ended sessions, from behind one to another, whose alerts are joined to no place yet, oldest first.

        None whose area has one open.
        """
        ...

    def join(self, session_id: int) -> bool:
        """Join what a session shows to places; return whether it did: somebody else may have, or a session opened."""
        ...

    def delete_left_over(self, *, after: int, limit: int) -> int | None:
        """Delete places of areas that are gone, among the next that have places; return where to go on, or None."""
        ...
