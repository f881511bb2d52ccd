"""The areas that people watch."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol, Unpack

from chalicelib.domain.area_changes import Changes
from chalicelib.domain.area_states import AreaStanding
from chalicelib.domain.areas import Area, NewArea
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.shapes import Shape


class Areas(Protocol):
    """The areas people watch."""

    def add(self, new: NewArea, *, now: datetime, most_areas: int) -> Area:
        """Keep a new area; it is due at once. Raises Conflict where the user has `most_areas`."""
        ...

    def get(self, area_id: int, *, user_id: int) -> Area:
        """Return a user's area. Raises NotFound."""
        ...

    def shape_of(self, area: Area) -> Shape | None:
        """Return an area's shape; None for one that is its box."""
        ...

    def of_user(self, user_id: int, *, page: PageRequest) -> Page[Area]:
        """Return a user's areas, oldest first."""
        ...

    def standings(self, area_ids: Collection[int]) -> Mapping[int, AreaStanding]:
        """Return how areas stand; one that no whole session has looked at yet is not among them."""
        ...

    def change(
        self, area_id: int, *, user_id: int, version: int | None = None, now: datetime, **changes: Unpack[Changes]
    ) -> Area:
        """Change a user's area from now on: it has the next version then.

        Raises NotFound, ChangedMeanwhile where it has another version than the change is of (None is of any), and
        Conflict for other land while a legal hold stands on it or on something in it.
        """
        ...

    def due(self, *, now: datetime, limit: int) -> list[int]:
        """Return the ids of areas whose time has come and that have no open session, longest overdue first."""
        ...

    def mark_deleted(self, area_id: int, *, user_id: int, now: datetime) -> list[int]:
        """Delete an area, so that nothing new can begin on it; return its open sessions' ids. Raises NotFound."""
        ...

    def open_sessions(self, area_id: int) -> list[int]:
        """Return the ids of an area's open sessions: at most one of its own, and those that compare two dates."""
        ...

    def deleted_with_rows(self, limit: int) -> list[int]:
        """Return the ids of deleted areas that still have rows."""
        ...

    def purge(self, area_id: int) -> list[str] | None:
        """Remove some of a deleted area's rows, and the images that no other area uses; return their objects' keys.

        To be called until it `is_purged`: each call is short, and goes on where the last one ended, whoever made it.
        None, and nothing is removed, while a session of it is still open.
        """
        ...

    def is_purged(self, area_id: int) -> bool:
        """Whether nothing is left of an area."""
        ...
