"""The searches of sessions for scenes."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.scenes import Found, Grid


class SceneSearches(Protocol):
    """One search a session: of several workers one asks the provider, the others wait for what it finds."""

    def begin(self, session_id: int, *, now: datetime, until: datetime) -> bool:
        """Take a session's search; False if another worker is at it, or has found something already.

        A hold ends with its worker's claim, at `until`.
        """
        ...

    def keep(self, session_id: int, found: Found, *, finer: Grid | None) -> None:
        """Keep what was found, and move the area to a finer grid if there is one. What was kept first stays."""
        ...

    def give_up(self, session_id: int) -> None:
        """Let the next worker search: this one met trouble."""
        ...
