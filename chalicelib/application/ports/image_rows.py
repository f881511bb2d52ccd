"""The rows of stored images."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.images import TileImage
from chalicelib.domain.paging import Page, PageRequest


class ImageRows(Protocol):
    """The rows of stored images, as people are shown them."""

    def of_area(self, area_id: int, *, user_id: int, page: PageRequest) -> Page[TileImage]:
        """Return an area's images, newest capture first. Raises NotFound."""
        ...

    def times_of(self, area_id: int) -> list[datetime]:
        """Return when the images of an area were taken, each time once."""
        ...

    def is_any_stored(self) -> bool:
        """Whether any image is stored, of anybody's."""
        ...
