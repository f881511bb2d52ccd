"""Images that are kept no longer."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from chalicelib.domain.retention import Policy


class Dropped(NamedTuple):
    """What one part of a round dropped; `next` is the next part's cursor, None after the last."""

    images: int
    keys: list[str]  # of objects that nobody uses any more
    next: str | None


class Retention(Protocol):
    """Drops images that nothing uses, a few tiles in each transaction."""

    def drop_some(self, cursor: str, *, policy: Policy, now: datetime) -> Dropped:
        """Drop what is due of the next few tiles; "" is the first of all.

        Each part is decided under its area's lock while no session of it is open: a session that opens later finds the
        images gone, and one that is open finds all of them. An area that is being looked at waits for the next round.
        """
        ...
