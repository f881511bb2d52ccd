"""Scenes: what a provider took on one day, on what terms, and on which grid it is asked for tiles."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day
from typing import NamedTuple

from chalicelib.domain.errors import LicenceRefused
from chalicelib.domain.image_take import ImageTake
from chalicelib.domain.tiles import Bounds, Tile, View

CLOCKS_MAY_DIFFER = timedelta(days=1)
SINCE = datetime(1900, 1, 1, tzinfo=UTC)  # no picture from the air is older
MOST_ITEMS = 2000  # kept of one search: each tile run reads them
MOST_REFUSED = 100
_NO_TIME = time_of_day(tzinfo=UTC)
LEAST_SHARE = 0.005  # of a tile: less (two columns) is a neighbour's picture, reached by the rounding of its bounds


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """What a provider's terms let us do with its images."""

    name: str
    url: str
    attribution: str
    may_store: bool
    may_analyse: bool

    @property
    def permits_watching(self) -> bool:
        """Whether an area may be watched with these images: they are stored, and they are analysed."""
        return self.may_store and self.may_analyse


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderTerms:
    """What a provider is, what it allows and what it costs."""

    name: str
    licence: Licence
    is_dated: bool  # does each image say when it was taken?
    has_bands: bool = False  # do images of some scenes come with what the sensor measured?
    has_seasons: bool = False  # are a few images of earlier years fetched beside each look? At no cost, or not at all
    season_image: ImageTake | None = None  # what one of those takes, where that was measured
    sends_placeholders: bool  # answers "no imagery here" with an image: then a flat one is suspect
    cost_per_request_usd: float
    usual_cadence_hours: int = 24  # of an area whose owner does not say: about as often as there is something new
    tells_arrivals: bool = False  # is it known when a scene has come, so that an area can be looked at then?
    shows_arrivals: bool = False  # or does a search show it, of areas whose owner asks for that?
    smallest_alert_m2: float = 0.0  # nobody is alerted of less
    unseen: str = ""  # what its images cannot show, in sentences: said before an area is kept


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """How a provider is asked for tiles: at which grid zoom, and at how many pixels."""

    zoom: int
    tile_px: int
    margin_px: int

    def view(self, tile: Tile) -> View:
        """Return what an image of the tile shows."""
        return View(tile=tile, tile_px=self.tile_px, margin_px=self.margin_px)


class Item(NamedTuple):
    """One picture that a provider has: what scenes are made of."""

    item_id: str
    captured_at: datetime
    content: str  # another one means that it shows something else: a digest, an ETag, a file's size and time
    bounds: Bounds | None = None  # None: it is not known, and may be any ground
    gsd_m: float | None = None  # metres a pixel, where that is known
    cloud_share: float | None = None  # of the picture, 0 to 1, as whoever took it says


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What a provider took on one day, of one or more items; where two overlap, the first one is shown.

    An undated provider has an empty id and no time. A provider whose scenes never change needs no items.
    """

    scene_id: str
    captured_at: datetime | None
    items: tuple[Item, ...] = ()

    @property
    def version(self) -> str:
        """What tells it from the same scene with another item, or with other content; whatever the items' order."""
        if not self.items:
            return ""
        said = sorted(f"{item.item_id}\n{item.captured_at.isoformat()}\n{item.content}" for item in self.items)
        return hashlib.sha256("\n\n".join(said).encode()).hexdigest()[:32]

    @property
    def version_id(self) -> str:
        """What its image of a tile is found by: its version, or else its id and time; empty for one of now."""
        if self.items or not self.scene_id:
            return self.version
        return hashlib.sha256(f"{self.scene_id}\n{self.captured_at}".encode()).hexdigest()[:32]

    def over(self, ground: Bounds, *, slack: tuple[float, float], least: float = LEAST_SHARE) -> Scene | None:
        """Return what of it shows some of the ground, and so what its version is there; None if nothing does.

        `slack` is a pixel's width and height in degrees: the bounds of items are rounded. What shows less than the
        share `least` of the ground is left out.
        """
        if not self.items:
            return self
        items = tuple(item for item in self.items if shown_share(item, ground, slack) >= least)
        return scene_of(items) if items else None

    def shown_share(self, ground: Bounds, *, slack: tuple[float, float]) -> float:
        """Return how much of the ground it shows at most, 0 to 1."""
        return min(1.0, sum(shown_share(item, ground, slack) for item in self.items)) if self.items else 1.0

    @property
    def gsd_m(self) -> float | None:
        """Metres a pixel of its coarsest item, as far as that is known."""
        return max((item.gsd_m for item in self.items if item.gsd_m is not None), default=None)

    @property
    def cloud_share(self) -> float | None:
        """How much of it is cloud, 0 to 1, by what its items say of themselves; None where none does."""
        said = [item.cloud_share for item in self.items if item.cloud_share is not None]
        return sum(said) / len(said) if said else None

    def news_first(self, known: Sequence[Item]) -> Scene:
        """Return it with the latest item on top; of one moment with those that an earlier image was not made of.

        What came in later must not lie hidden below what was seen already, and a file that was only touched must not
        come to light above it.
        """
        places = {item.item_id: place for place, item in enumerate(known)}

        def rank(item: Item) -> tuple[float, int]:
            return -item.captured_at.timestamp(), places.get(item.item_id, -1)

        return replace(self, items=tuple(sorted(self.items, key=rank)))


def scene_of(items: Sequence[Item]) -> Scene:
    """Return the scene of one day's items: the latest on top. It is called by its only item, or else by the day.

    >>> noon = datetime(2026, 1, 15, 12, tzinfo=UTC)
    >>> scene_of([Item("west", noon, "1"), Item("east", noon, "1")]).scene_id
    '2026-01-15'
    """
    on_top = tuple(sorted(items, key=lambda item: (item.captured_at, item.item_id), reverse=True))
    captured_at = on_top[0].captured_at
    scene_id = on_top[0].item_id if len(on_top) == 1 else captured_at.date().isoformat()
    return Scene(scene_id=scene_id, captured_at=captured_at, items=on_top)


def shown_share(item: Item, ground: Bounds, slack: tuple[float, float]) -> float:
    """Return the share of the ground that an item shows, 0 to 1, its bounds grown by the slack."""
    if item.bounds is None:
        return 1.0
    width = min(item.bounds.east + slack[0], ground.east) - max(item.bounds.west - slack[0], ground.west)
    height = min(item.bounds.north + slack[1], ground.north) - max(item.bounds.south - slack[1], ground.south)
    whole = (ground.east - ground.west) * (ground.north - ground.south)
    return max(0.0, width) * max(0.0, height) / whole


class Refused(NamedTuple):
    """What a provider has and cannot give: when and of which ground it is, and why it cannot be used."""

    captured_at: datetime  # or before, where it does not say when
    bounds: Bounds | None  # None: not known; it fails nobody, and is told
    reason: str


def why_not_of_then(captured_at: datetime, *, since: datetime, until: datetime) -> str | None:
    """Say why a time cannot be when a picture was taken; None if it can."""
    if captured_at > until:
        return f"it is dated {captured_at:%Y-%m-%d}, which has not come yet"
    return f"it is dated {captured_at:%Y-%m-%d}, before {since:%Y}" if captured_at < since else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one search found over an area."""

    scenes: tuple[Scene, ...]  # newest first
    refused: tuple[Refused, ...] = ()
    says: str = ""  # what the provider has in all, for those who get nothing of it

    def with_older(self, scenes: Sequence[Scene]) -> Found:
        """Return it with scenes that it does not have."""
        known = {scene.version for scene in self.scenes}
        others = [scene for scene in scenes if scene.captured_at is not None and scene.version not in known]
        if not others:
            return self
        found = sorted([*self.scenes, *others], key=lambda scene: scene.captured_at or SINCE, reverse=True)
        return replace(self, scenes=tuple(found))


def kept_of(found: Found) -> Found:
    """Return what is kept of a search: the newest scenes and the oldest one, of so many items in all."""
    last = len(found.scenes) - 1
    kept: list[int] = []
    left = MOST_ITEMS
    for place in dict.fromkeys((0, last, *range(1, last))) if found.scenes else ():
        left -= max(1, len(found.scenes[place].items))
        if kept and left < 0:
            break
        kept.append(place)
    scenes = tuple(found.scenes[place] for place in sorted(kept))
    return replace(found, scenes=scenes, refused=found.refused[:MOST_REFUSED])


def day_of(time: datetime | None, lon: float) -> date:
    """Return the day that a scene is of, by the sun at a longitude: a flight by daylight is of one, also over 0:00 UTC.

    A time of exactly 0:00 UTC is a date without one, and is of that day. An undated scene is of whenever it is asked
    for, later than all others.

    >>> flight = datetime(2026, 1, 14, 23, 40, tzinfo=UTC), datetime(2026, 1, 15, 0, 20, tzinfo=UTC)
    >>> {str(day_of(time, 77.2)) for time in flight}, {str(day_of(time, -157.8)) for time in flight}
    ({'2026-01-15'}, {'2026-01-14'})
    """
    if time is None:
        return date.max
    utc = time.astimezone(UTC)
    return utc.date() if utc.timetz() == _NO_TIME else (utc + timedelta(days=lon / 360)).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedImage:
    """What a provider answered for one view of one scene: an encoded image that nobody has inspected yet."""

    content: bytes  # what of the view it shows has an alpha of 255, or there is none
    bands: bytes | None = None  # where the sensor has them: see `domain.bands`
    scene: Scene
    attribution: str


def check_licence(terms: ProviderTerms) -> None:
    """Raise LicenceRefused for a provider whose images may not be stored or not be analysed."""
    if not terms.licence.permits_watching:
        raise LicenceRefused(
            f"the terms of {terms.name} forbid storing and analysing its imagery without a written permission"
        )
