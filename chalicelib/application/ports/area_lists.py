"""The areas of a user as a list: searched, sorted, and with what was seen of each last."""

from __future__ import annotations

from typing import Protocol

from chalicelib.domain.area_lists import AreaFilter, AreaLook, AttentionCounts
from chalicelib.domain.areas import Area
from chalicelib.domain.paging import Page, PageRequest


class AreaLists(Protocol):
    """What a list of areas shows. What it asks of the database does not grow with the number of areas."""

    def of_user(self, user_id: int, *, wanted: AreaFilter, page: PageRequest) -> Page[Area]:
        """Return those of a user's areas that are wanted."""
        ...

    def looked_at(self, user_id: int, *, wanted: AreaFilter, page: PageRequest) -> Page[tuple[Area, AreaLook]]:
        """Return the same with how each of them stands and what was seen of it last."""
        ...

    def counts(self, user_id: int) -> AttentionCounts:
        """Count a user's areas by what of them waits for a person."""
        ...
