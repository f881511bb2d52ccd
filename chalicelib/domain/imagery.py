"""Imagery: who gives it, under what terms, and what one picture of a tile is."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.errors import Invalid
from chalicelib.domain.tiles import Tile, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """What a provider's terms let us do with its pictures."""

    name: str
    url: str
    attribution: str
    may_store: bool
    may_analyse: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTerms:
    """What a provider is, what it allows and what it costs."""

    name: str
    licence: Licence
    is_dated: bool  # does each picture say when it was taken?
    sends_placeholders: bool  # answers "no imagery here" with a picture: then a flat one is suspect
    cost_per_request_usd: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """How a provider is asked for tiles: at which grid zoom, and at how many pixels."""

    zoom: int
    tile_px: int
    margin_px: int

    def view(self, tile: Tile) -> View:
        """Give what a picture of the tile shows."""
        return View(tile=tile, tile_px=self.tile_px, margin_px=self.margin_px)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One dated product of a provider, as far as it says. An undated provider has an empty id and no time."""

    scene_id: str
    captured_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """What a provider answered for one view of one scene: an encoded image, not looked into yet."""

    content: bytes
    scene: Scene
    attribution: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What the gate found in a picture it let through."""

    content: bytes  # as it is to be stored: PNG of exactly the view's size
    width: int
    height: int
    clear_share: float  # of tile and area together, 0 to 1: the rest is no-data


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredImage:
    """One stored picture of one tile: the row that stands beside the bytes."""

    image_id: int
    area_id: int
    session_id: int
    view: View
    provider: str
    scene_id: str
    captured_at: datetime | None
    fetched_at: datetime
    key: str
    sha256: str
    attribution: str

    @property
    def taken_at(self) -> datetime:
        """When it was taken; where the provider does not say, when it was fetched."""
        return self.captured_at or self.fetched_at


class ImageStatus(StrEnum):
    """How a stored image stands; the contract's words."""

    CAPTURED = "CAPTURED"
    CHANGED = "CHANGED"
    NO_CHANGE = "NO_CHANGE"
    ERROR = "ERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class TileImage:
    """A stored image and what its latest comparison said."""

    image: StoredImage
    status: ImageStatus
    compared_at: datetime | None

    @property
    def is_changed(self) -> bool | None:
        """Did it change against its reference? None until compared."""
        return {ImageStatus.CHANGED: True, ImageStatus.NO_CHANGE: False}.get(self.status)


KINDS = ("image", "mask", "overlay")


def object_key(*, area_id: int, session_id: int, tile: Tile, kind: str, content: bytes) -> str:
    """Spell the key of a stored object: the only place that does.

    The content's digest is in it, so a late worker can never overwrite what another one compared; area and session are,
    so no two areas share an object.
    """
    if kind not in KINDS:
        raise Invalid(f"an object is one of {', '.join(KINDS)}, not {kind!r}")
    digest = hashlib.sha256(content).hexdigest()[:32]
    return f"{area_id}/{session_id}-{tile.z}-{tile.x}-{tile.y}-{kind}-{digest}.png"
