"""What is known of an area: all of it, read a part at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from chalicelib.domain.place_files import NamedPlace
from chalicelib.domain.retention import UsedBy
from chalicelib.domain.tiles import Tile

Row = dict[str, Any]
"""What is known of one thing, by the names of the columns."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRow:
    """An image that was stored of an area, kept or not."""

    image_id: int
    session_id: int
    tile: Tile
    taken_at: datetime
    captured_at: datetime | None
    stored_at: datetime
    provider: str
    scene_id: str
    attribution: str
    size_bytes: int  # without its bands
    objects: tuple[
        tuple[str, str], ...
    ]  # keys and sha256: the picture's, then its bands'; none of one that was dropped
    sha256: str  # of the picture, whether it is kept or not
    dropped_at: datetime | None
    pinned_at: datetime | None
    pin_reason: str | None
    used_by: tuple[UsedBy, ...]


class AreaContents(Protocol):
    """What is known of an area, in the order of its ids. Each part is read for itself; raises Unavailable.

    What comes meanwhile may be in the later parts and not in the earlier ones.
    """

    def area(self, area_id: int) -> Row:
        """Return what its owner said of it, and its land. Raises NotFound, for one that is deleted too."""
        ...

    def sessions(self, area_id: int) -> Iterator[Row]:
        """Yield its sessions."""
        ...

    def tiles(self, area_id: int) -> Iterator[Row]:
        """Yield what came of each tile in each session: the verdict and why, and how much of it was not seen."""
        ...

    def comparisons(self, area_id: int) -> Iterator[Row]:
        """Yield what its images were compared with, tile by tile, with the regions that were told to nobody and why."""
        ...

    def alerts(self, area_id: int) -> Iterator[Row]:
        """Yield its alerts, each with its regions and the keys of its drawings."""
        ...

    def places(self, area_id: int) -> Iterator[NamedPlace]:
        """Yield its places, with their outlines as they were seen last."""
        ...

    def sightings(self, area_id: int) -> Iterator[Row]:
        """Yield what each session saw of each place, with its outlines."""
        ...

    def parcels(self, area_id: int) -> Iterator[Row]:
        """Yield the parcels that its alerts and places name."""
        ...

    def holds(self, area_id: int) -> Iterator[Row]:
        """Yield the legal holds that were placed on it, and on what is in it: of a part of a place, on the whole."""
        ...

    def pushes(self, area_id: int, *, user_id: int) -> Iterator[Row]:
        """Yield who was told of it, when, and what came of that; no addresses: who knows one may push to it."""
        ...

    def audit(self, area_id: int, *, user_id: int) -> Iterator[Row]:
        """Yield the entries of the audit log on what its owner did with it."""
        ...

    def images(self, area_id: int) -> Iterator[ImageRow]:
        """Yield the images of each of its tiles, the oldest first."""
        ...

    def is_dropped(self, image_id: int) -> bool:
        """Whether retention has dropped an image by now."""
        ...
