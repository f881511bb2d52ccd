"""The history of an area's images: what was stored, what of it is kept, and why."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.errors import Invalid
from chalicelib.domain.images import StoredImage
from chalicelib.domain.retention import Standing
from chalicelib.domain.tiles import Tile


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageFilter:
    """Which images of an area are wanted; nothing said means all of them. Raises Invalid."""

    tile: Tile | None = None
    since: datetime | None = None  # taken then or later
    before: datetime | None = None  # taken before then
    provider: str | None = None
    clear_share_min: float | None = None
    is_pinned: bool | None = None

    def __post_init__(self) -> None:
        if self.since is not None and self.before is not None and self.since >= self.before:
            raise Invalid("from lies after to: exchange them", pointer="from")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pin:
    """That somebody wants an image kept, and why."""

    pinned_at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PastImage:
    """An image that was stored once."""

    image: StoredImage
    size_bytes: int  # of its picture, as it was stored
    pin: Pin | None
    dropped_at: datetime | None  # by retention: its picture is gone
    standing: Standing | None  # None once it was dropped


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTotals:
    """What of an area's images is stored. Areas share images: what two of them use is counted for both."""

    images: int
    size_bytes: int  # of their pictures
    pinned: int
    dropped: int  # images whose pictures retention has dropped
