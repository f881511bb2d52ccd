"""The areas of a user as a list: searched, sorted, and with what was seen of each last."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from chalicelib.domain.area_lists import AreaFilter, AreaLook, AttentionCounts
from chalicelib.domain.areas import Area
from chalicelib.domain.paging import Page, PageRequest


class AreaLists(Protocol):
    """What a list of areas shows. What it asks of the database does not grow with the number of areas."""

    def of_user(self, user_id: int, *, wanted: AreaFilter, page: PageRequest) -> Page[Area]:
        """Return those of a user's areas that are wanted."""
        ...

    def looks(self, area_ids: Collection[int]) -> Mapping[int, AreaLook]:
        """Return how each of these areas stands and what was seen of it last."""
        ...

    def counts(self, user_id: int) -> AttentionCounts:
        """Count a user's areas by what of them waits for a person."""
        ...
