"""What is stored of an area's past comparisons, for a dry run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from chalicelib.domain.dry_runs import Compared, PastSession


class Past(NamedTuple):
    """The sessions that a dry run replays."""

    sessions: Sequence[PastSession]  # in their order
    is_whole: bool  # False: there are more in the time that was asked for
    told_places: frozenset[int]  # that people were told of before the first of them


class DryRuns(Protocol):
    """Reads stored comparisons."""

    def past(self, area_id: int, *, since: datetime, most_sessions: int, most_compared: int) -> Past:
        """Return an area's newest ended sessions since a time, as many as have so many comparisons together.

        One at least, if there is any. Two dates that somebody asked to be compared are no part of it.
        """
        ...

    def compared(self, session_ids: Sequence[int], *, at_once: int) -> Iterator[list[Compared]]:
        """Yield the tile runs of sessions that compared, in their order, so many at once."""
        ...
