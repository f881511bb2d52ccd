"""The history of images, and their pins."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.image_history import ImageFilter, PastImage, StoredTotals
from chalicelib.domain.paging import Page, PageRequest


class ImageHistory(Protocol):
    """What was stored of areas, what of it is kept and why; and what people want kept."""

    def of_area(self, area_id: int, *, user_id: int, wanted: ImageFilter, page: PageRequest) -> Page[PastImage]:
        """Return an area's images, newest capture first, with those that were dropped. Raises NotFound."""
        ...

    def totals(self, area_id: int, *, user_id: int) -> StoredTotals:
        """Return what of an area is stored. Raises NotFound."""
        ...

    def pin(self, image_id: int, *, user_id: int, reason: str, now: datetime) -> PastImage:
        """Let retention never drop an image. Pinned again, it has the new reason.

        Raises NotFound, and Conflict for one that was dropped.
        """
        ...

    def unpin(self, image_id: int, *, user_id: int) -> None:
        """Let an image be dropped again, when its time has come. Raises NotFound."""
        ...
