"""Places: changes as people know them."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.place_files import NamedPlace
from chalicelib.domain.places import Place, PlaceFilter, Seen


class Places(Protocol):
    """What is known of places, each only for the owner of its area."""

    def of_user(self, user_id: int, *, wanted: PlaceFilter, page: PageRequest) -> Page[Place]:
        """Return a user's places, the newest first, without their outlines."""
        ...

    def whole(self, user_id: int, *, wanted: PlaceFilter, most: int) -> list[NamedPlace] | None:
        """Return a user's places with their outlines and their areas' names, the oldest first.

        None where there are more than `most`: their outlines are not read then.
        """
        ...

    def get(self, place_id: int, *, user_id: int) -> Place:
        """Return a place, or the one that it turned out to be part of. Raises NotFound."""
        ...

    def history(self, place_id: int, *, most: int) -> list[Seen]:
        """Return what the newest sessions saw of a place, the oldest of them first; of `most` tiles in all."""
        ...

    def accept_baseline(self, area_id: int, *, user_id: int, now: datetime) -> int:
        """Accept what an area looks like now, and return how many open places that settles.

        Its images are compared with today's from now on. Raises NotFound; Conflict while a session of it is open.
        """
        ...
