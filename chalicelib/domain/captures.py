"""Captures: the images of tiles, each fetched and stored once, whatever number of areas use it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.domain.scenes import Item, Scene
from chalicelib.domain.tiles import Tile

SHARED = 10**15  # stands where an area's own objects have its id, and is no area's
FAILURE_HOLDS = timedelta(minutes=1)  # for those whose session was open when it failed; a later session asks anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture:
    """The stored image of one tile from one version of a scene."""

    capture_id: int
    key: str
    sha256: str
    size_bytes: int
    scene: Scene  # as it was fetched: its items in the order in which they lie on each other
    fetched_at: datetime
    attribution: str


class CaptureHold(NamedTuple):
    """A worker's hold on an image that nobody has stored: until then it alone captures it."""

    capture_id: int
    until: datetime  # also what tells it from the hold of a later worker
    before: tuple[Item, ...] = ()  # what the latest image of this tile and day was made of, the topmost first


class CaptureFailed(NamedTuple):
    """An image that could not be captured, a moment ago."""

    reason: str


def image_key(*, capture_id: int, tile: Tile, content: bytes) -> str:
    """Return the key of a captured image's object: the only place that spells one.

    No two captures share an id, so nothing that is deleted is ever another one's. It begins with a number, as that of
    an area's own object: the release before serves it as well.
    """
    digest = hashlib.sha256(content).hexdigest()[:32]
    return f"{SHARED}/{capture_id}-{tile.z}-{tile.x}-{tile.y}-image-{digest}.png"
