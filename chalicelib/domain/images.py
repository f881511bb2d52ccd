"""Images: one stored view of one tile from one scene, as one area uses it; and the keys of what is drawn of them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.bands import HasObjects, StoredBands
from chalicelib.domain.errors import Invalid
from chalicelib.domain.scenes import Item, Scene
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Tile, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What the gate found in an image that it let through."""

    content: bytes  # as it is to be stored: PNG of exactly the view's size
    width: int
    height: int
    clear_share: float  # of tile and area together, 0 to 1: the rest is no-data, or hidden as its bands say
    bands: bytes | None = None  # as they are to be stored


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredImage(HasObjects):
    """An area's use of a stored image of one tile: the row that says where the bytes are."""

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
    bands: StoredBands | None = None
    attribution: str
    clear_share: float  # of tile and area together, 0 to 1
    is_settled: bool = True  # it was compared, or taken as the baseline
    is_usable: bool = True  # enough of it was clear to compare with
    version: str | None = None  # of its scene over the tile; None: the first release stored it
    items: tuple[Item, ...] = ()  # what it was made of, the topmost first
    version_after: datetime | None = None  # the time of the version of its scene that it comes after
    compared_share: float | None = None  # the most that a comparison of it saw; None: none yet, or that is not known

    @property
    def answered_share(self) -> float:
        """How much of the ground is answered for by it, 0 to 1: what its reference or a veil hid was not compared."""
        return self.clear_share if self.compared_share is None else min(self.clear_share, self.compared_share)

    @property
    def taken_at(self) -> datetime:
        """When it was taken; where the provider does not say, when it was fetched. Versions come one after another."""
        taken_at = self.captured_at or self.fetched_at
        return max(taken_at, self.version_after or taken_at)

    @property
    def gsd_m(self) -> float | None:
        """Metres a pixel of the coarsest item that it was made of, as far as that is known."""
        return max((item.gsd_m for item in self.items if item.gsd_m is not None), default=None)

    def is_of(self, scene: Scene) -> bool:
        """Whether it shows exactly this version of a scene. Of an undated one only the bytes can tell."""
        if not scene.scene_id:
            return False
        if scene.items and self.version is not None:
            return self.version == scene.version
        return (self.scene_id, self.captured_at) == (scene.scene_id, scene.captured_at)


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
    clearly_seen_at: datetime | None = None  # when the image was taken that showed the tile clearly last, as of then

    @property
    def is_changed(self) -> bool | None:
        """Whether it differs from its reference; None until compared."""
        return {ImageStatus.CHANGED: True, ImageStatus.NO_CHANGE: False}.get(self.status)


def is_usable(clear_share: float, thresholds: Thresholds) -> bool:
    """Whether enough of an image is clear to compare it, now and later.

    >>> is_usable(0.3, Thresholds(min_changed_area_m2=25)), is_usable(0.29, Thresholds(min_changed_area_m2=25))
    (True, False)
    """
    return clear_share > 0 and clear_share >= thresholds.min_clear_share


KINDS = ("mask", "overlay")


def object_key(*, area_id: int, session_id: int, tile: Tile, kind: str, content: bytes) -> str:
    """Return the key of an object that is one area's alone: the only place that spells one.

    The content's digest is in it, so a late worker can never overwrite what another one drew; area and session are, so
    no two areas share an object.
    """
    if kind not in KINDS:
        raise Invalid(f"an object is one of {', '.join(KINDS)}, not {kind!r}")
    digest = hashlib.sha256(content).hexdigest()[:32]
    return f"{area_id}/{session_id}-{tile.z}-{tile.x}-{tile.y}-{kind}-{digest}.png"
