"""A second try of what failed."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.diagnostics import Replayed
from chalicelib.domain.tiles import Tile


class Replays(Protocol):
    """A second try of what failed."""

    def replay(self, session_id: int, *, tile: Tile | None, now: datetime, request_id: str) -> Replayed:
        """Open a session on the tiles that failed, or ask for the pushes again. Raises NotFound, Conflict."""
        ...
