"""The simulated land and its provider.

An image's bytes name its scene, its tile, the state of the ground (a number that goes up with each planted change) and
how much of it is clear; every other item has bands, whose bytes name the image that they are of.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import NamedTuple
from zlib import crc32

from chalicelib.domain.diagnostics import Finding, ok
from chalicelib.domain.errors import BadImage, NoCoverage, ProviderRefused, ProviderUnavailable
from chalicelib.domain.extents import Extent
from chalicelib.domain.scenes import (
    SINCE,
    FetchedImage,
    Found,
    Grid,
    Item,
    Licence,
    ProviderTerms,
    Scene,
    day_of,
    scene_of,
)
from chalicelib.domain.tiles import Bounds, Tile, View, bounds_of, centre_of
from tests.simulation.world import World

GRID = Grid(zoom=17, tile_px=64, margin_px=8)
FIRST = Tile(17, 96780, 57975)
TERMS = ProviderTerms(
    name="sample",
    licence=Licence(name="Simulated", url="", attribution="Simulated imagery", may_store=True, may_analyse=True),
    is_dated=True,
    has_bands=True,
    sends_placeholders=False,
    cost_per_request_usd=0.0,
)
_BYTES = re.compile(rb"(?P<scene>[\w.-]*)\|(?P<tile>[\d/]+)\|(?P<state>\d+)\|(?P<clear>[\d.]+)")


def extent_of(column: int, row: int, *, tiles: int) -> Extent:
    """Give land over so many tiles in a row, a bit inside of their borders."""
    first = bounds_of(Tile(FIRST.z, FIRST.x + column, FIRST.y + row))
    last = bounds_of(Tile(FIRST.z, FIRST.x + column + tiles - 1, FIRST.y + row))
    return Extent(
        center_lat=(first.north + first.south) / 2,
        center_lon=(first.west + last.east) / 2,
        north_km=0.1,
        south_km=0.1,
        east_km=0.125 * tiles,
        west_km=0.125 * tiles,
    )


def bands_of(content: bytes) -> bytes:
    return b"bands of " + content


def _too_many() -> ProviderUnavailable:
    error = ProviderUnavailable("the provider answered 429")
    error.retry_after_s = 90.0
    return error


TROUBLE = (
    partial(ProviderUnavailable, "the provider answered 503"),
    partial(ProviderUnavailable, "the provider did not answer within 20 s"),
    _too_many,
)
REFUSED = (partial(ProviderRefused, "the provider answered 403: quota"),)


@dataclass
class Shown:
    """An item: one picture of everything, with the ground's state on each tile and how much of it is clear."""

    item_id: str
    captured_at: datetime
    arrives_at: datetime  # when the provider has it
    states: dict[Tile, int]
    clear: dict[Tile, float]
    touched: int = 0  # how often its file was written anew, with the same bytes
    is_gone: bool = False

    @property
    def has_bands(self) -> bool:
        """Whether it says what its sensor measured."""
        return crc32(self.item_id.encode()) % 2 == 0

    @property
    def item(self) -> Item:
        """The item as the provider lists it."""
        return Item(self.item_id, self.captured_at, str(self.touched))


class Land:
    """What is there, and what was taken of it, item by item. The items of one day are one scene."""

    def __init__(self) -> None:
        self.items: list[Shown] = []
        self.states: dict[Tile, int] = {}

    @property
    def last_clear(self) -> Shown:
        """The last item that hides nothing."""
        return next(shown for shown in reversed(self.items) if not shown.clear)

    def there(self, now: datetime) -> list[Shown]:
        """Return what the provider has by now."""
        return [shown for shown in self.items if shown.arrives_at <= now and not shown.is_gone]

    def named(self, item_id: str) -> Shown:
        """Return an item, also one that is gone."""
        return next(shown for shown in self.items if shown.item_id == item_id)

    def on_top(self, item_ids: Sequence[str], tile: Tile) -> Shown:
        """Return what a mosaic shows of a tile: the first of its items that shows anything there."""
        shown = [self.named(item_id) for item_id in item_ids]
        return next((each for each in shown if each.clear.get(tile, 1.0)), shown[0])

    def take(
        self, item_id: str, at: datetime, *, arrives_at: datetime, changes: Sequence[Tile], clear: dict[Tile, float]
    ) -> None:
        """Plant changes and take a picture: whatever `clear` does not name is wholly clear."""
        self.states = self.states | {tile: self.states.get(tile, 0) + 1 for tile in changes}
        self.items.append(Shown(item_id, at, arrives_at, self.states, clear))


class Read(NamedTuple):
    """What an image's bytes say."""

    scene_id: str
    tile: str
    state: int
    clear: float


def read(content: bytes) -> Read:
    """Read an image's bytes. Raises BadImage."""
    found = _BYTES.fullmatch(content)
    if found is None:
        raise BadImage("these bytes are no image")
    return Read(found["scene"].decode(), found["tile"].decode(), int(found["state"]), float(found["clear"]))


class SimImagery:
    """The provider."""

    terms = TERMS

    def __init__(self, world: World, land: Land) -> None:
        self._world, self._land = world, land
        self.fetching: Counter[tuple[Tile, str]] = Counter()  # at this moment, by tile and version
        self.is_stored: Callable[[Tile, str], bool] = lambda _tile, _version: False
        self.tried: Callable[[object, str], object] = lambda _run_id, _item_id: None

    def grid(self, area: Bounds) -> Grid:
        """Return the one grid there is."""
        return GRID

    def check(self) -> Finding:
        """Say that it is there."""
        return ok("provider", "there")

    def scenes(self, area: Bounds, *, since: datetime, until: datetime) -> Found:
        """Find the scenes that there are: one of each day."""
        self._before("scenes")
        by_day: dict[date, list[Item]] = {}
        for shown in self._land.there(self._world.true_now):
            if shown.captured_at <= until:
                by_day.setdefault(day_of(shown.captured_at, centre_of(area)[0]), []).append(shown.item)
        return Found(scenes=tuple(scene_of(by_day[day]) for day in sorted(by_day, reverse=True)))

    def history(self, area: Bounds, *, until: datetime) -> Found:
        """Find the same without a limit."""
        return self.scenes(area, since=SINCE, until=until)

    def fetch(self, scene: Scene, view: View, area: Bounds) -> FetchedImage:
        """Fetch a scene's image of a view: one mosaic. Nobody else does so now, and none is stored."""
        for item in scene.items:
            self.tried(self._world.crew.current.about, item.item_id)
        wanted = (view.tile, scene.version)
        self._once(*wanted)
        self.fetching[wanted] += 1
        try:
            return self._fetch(scene, view)
        finally:
            self.fetching[wanted] -= 1

    def _once(self, tile: Tile, version: str) -> None:
        """Look whether an image is captured twice; one whose worker stood still past its lease may be."""
        world = self._world
        if any(world.counts[fault] for fault in ("stall", "clock jump")):
            return
        if self.fetching[tile, version]:
            world.violated("no image captured twice", f"{tile} of {version} is fetched by two at once")
        if self.is_stored(tile, version):
            world.violated("no image captured twice", f"{tile} of {version} is fetched though it is stored")

    def _fetch(self, scene: Scene, view: View) -> FetchedImage:
        self._before("fetch")
        there = [shown.item for shown in self._land.there(self._world.true_now)]
        for item in scene.items:
            if item not in there:
                raise NoCoverage(f"there is no item {item.item_id!r} any more, or it is another one now")
        tile = view.tile
        shown = self._land.on_top([item.item_id for item in scene.items], tile)
        says = f"{shown.item_id}|{tile}|{shown.states.get(tile, 0)}|{shown.clear.get(tile, 1.0)}"
        self._world.step("provider", "fetch after", errors=TROUBLE)
        content = says.encode()
        bands = bands_of(content) if shown.has_bands else None
        return FetchedImage(content=content, bands=bands, scene=scene, attribution="Simulated imagery")

    def _before(self, what: str) -> None:
        self._world.step("provider", f"{what} before", errors=TROUBLE * 3 + REFUSED)
        if self._world.is_away("provider away"):
            trouble = self._world.rng.choice(TROUBLE)()
            raise trouble
