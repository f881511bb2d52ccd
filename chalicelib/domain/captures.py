"""Captures: the images of tiles, each fetched and stored once, whatever number of areas use it."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.domain.bands import HasObjects, StoredBands
from chalicelib.domain.scenes import Item, Scene
from chalicelib.domain.tiles import Tile

SHARED = 10**15  # stands where an area's own objects have its id, and is no area's
_OF_BANDS = re.compile(rf"{SHARED}/(\d{{1,18}})-\d+-\d+-\d+-bands-[0-9a-f]+\.png")
FAILURE_HOLDS = timedelta(minutes=1)  # for those whose session was open when it failed; a later session asks anew


@dataclass(frozen=True, slots=True, kw_only=True)
class Capture(HasObjects):
    """The stored image of one tile from one version of a scene."""

    capture_id: int
    key: str
    sha256: str
    size_bytes: int
    bands: StoredBands | None = None
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
    """Return the key of a captured image's object: the only place that spells one, with `bands_key` below.

    No two captures share an id, so nothing that is deleted is ever another one's. It begins with a number, as that of
    an area's own object: the release before serves it as well.
    """
    return _key(capture_id, tile, "image", content)


def bands_key(*, capture_id: int, tile: Tile, content: bytes) -> str:
    """Return the key of the object of a captured image's bands."""
    return _key(capture_id, tile, "bands", content)


def capture_of_bands(key: str) -> int | None:
    """Return whose bands a key names; None if it names none.

    >>> capture_of_bands(f"{SHARED}/12-17-96693-57850-bands-0123456789abcdef.png"), capture_of_bands("7/12-17-bands")
    (12, None)
    """
    found = _OF_BANDS.fullmatch(key)
    return int(found[1]) if found else None


def _key(capture_id: int, tile: Tile, kind: str, content: bytes) -> str:
    digest = hashlib.sha256(content).hexdigest()[:32]
    return f"{SHARED}/{capture_id}-{tile.z}-{tile.x}-{tile.y}-{kind}-{digest}.png"
