"""The rows of stored images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from chalicelib.domain.images import TileImage
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.two_dates import Span


class ImageRows(Protocol):
    """The rows of stored images, as people are shown them."""

    def of_area(self, area_id: int, *, user_id: int, page: PageRequest) -> Page[TileImage]:
        """Return an area's images, newest capture first. Raises NotFound."""
        ...

    def are_taken(self, area_id: int, days: Sequence[Sequence[Span]]) -> list[bool]:
        """Say of each of some days, as the spans of time that it is, whether an image of an area was taken then."""
        ...

    def is_any_stored(self) -> bool:
        """Whether any image is stored, of anybody's."""
        ...
