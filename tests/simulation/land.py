"""The simulated land, its provider, the gate and the detector.

An image's bytes name its scene, its tile, the state of the ground (a number that goes up with each planted change) and
how much of it is clear. The detector finds exactly the difference between two images' states.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from chalicelib.domain.changes import Change, Region
from chalicelib.domain.diagnostics import Finding, ok
from chalicelib.domain.errors import BadImage, NoCoverage, ProviderRefused, ProviderUnavailable
from chalicelib.domain.images import Inspection
from chalicelib.domain.scenes import FetchedImage, Grid, Licence, ProviderTerms, Scene
from chalicelib.domain.tiles import Bounds, Tile, View, bounds_of, centre_of
from tests.simulation.world import World

GRID = Grid(zoom=17, tile_px=64, margin_px=8)
TERMS = ProviderTerms(
    name="sample",
    licence=Licence(name="Simulated", url="", attribution="Simulated imagery", may_store=True, may_analyse=True),
    is_dated=True,
    sends_placeholders=False,
    cost_per_request_usd=0.0,
)
_BYTES = re.compile(rb"(?P<scene>[\w.-]*)\|(?P<tile>[\d/]+)\|(?P<state>\d+)\|(?P<clear>[\d.]+)")


def _region(tile: Tile) -> Region:
    """Return what of a change lies on a tile: a strip from its western seam to its eastern one."""
    ground = bounds_of(tile)
    lon, lat = centre_of(ground)
    strip = Bounds(ground.west, lat - 1e-4, ground.east, lat + 1e-4)
    corners = [
        (strip.west, strip.south),
        (strip.east, strip.south),
        (strip.east, strip.north),
        (strip.west, strip.north),
    ]
    return Region(area_m2=900.0, score=0.9, bounds=strip, centroid=(lon, lat), outline=[[*corners, corners[0]]])


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
BAD = (partial(BadImage, "what came is no image"),)


class Shown(NamedTuple):
    """A scene, with what it shows of each tile: the ground's state and how much of it is clear."""

    scene_id: str
    captured_at: datetime
    states: dict[Tile, int]
    clear: dict[Tile, float]


class Land:
    """What is there, and what was taken of it, scene by scene."""

    def __init__(self) -> None:
        self.scenes: list[Shown] = []
        self.states: dict[Tile, int] = {}

    def newest(self, now: datetime) -> Shown | None:
        """Return the newest scene that has been taken by now."""
        return next((scene for scene in reversed(self.scenes) if scene.captured_at <= now), None)

    def named(self, scene_id: str) -> Shown | None:
        """Return a scene by its id."""
        return next((scene for scene in self.scenes if scene.scene_id == scene_id), None)

    def take(self, scene_id: str, at: datetime, *, changes: Sequence[Tile], clear: dict[Tile, float]) -> None:
        """Plant changes and take a scene: whatever `clear` does not name is wholly clear."""
        self.states = self.states | {tile: self.states.get(tile, 0) + 1 for tile in changes}
        self.scenes.append(Shown(scene_id, at, self.states, clear))


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

    def grid(self, area: Bounds) -> Grid:
        """Return the one grid there is."""
        return GRID

    def check(self) -> Finding:
        """Say that it is there."""
        return ok("provider", "there")

    def newest(self, view: View, area: Bounds) -> Scene:
        """Return the newest scene."""
        self._before("newest")
        shown = self._land.newest(self._world.true_now)
        if shown is None:
            raise NoCoverage("nothing has been taken yet")
        return Scene(scene_id=shown.scene_id, captured_at=shown.captured_at)

    def fetch(self, scene: Scene, view: View, area: Bounds) -> FetchedImage:
        """Fetch a scene's image of a view."""
        self._before("fetch")
        shown = self._land.named(scene.scene_id)
        if shown is None:
            raise NoCoverage(f"there is no scene {scene.scene_id!r}")
        tile = view.tile
        says = f"{scene.scene_id}|{tile}|{shown.states.get(tile, 0)}|{shown.clear.get(tile, 1.0)}"
        self._world.step("provider", "fetch after", errors=TROUBLE)
        return FetchedImage(content=says.encode(), scene=scene, attribution="Simulated imagery")

    def _before(self, what: str) -> None:
        self._world.step("provider", f"{what} before", errors=TROUBLE * 3 + REFUSED)
        if self._world.is_away("provider away"):
            trouble = self._world.rng.choice(TROUBLE)()
            raise trouble


class Vision:
    """The gate and the detector."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.poisoned: dict[str, Tile] = {}  # gate or detector: the tile that it does not survive

    def inspect(self, content: bytes, view: View, area: Bounds, terms: ProviderTerms) -> Inspection:
        """Let an image through the gate."""
        self._before("gate", view.tile)
        seen = read(content)
        return Inspection(content=content, width=view.size_px, height=view.size_px, clear_share=seen.clear)

    def compare(self, before: bytes, after: bytes, *, view: View, older: Sequence = (), **_ground: object) -> Change:
        """Find the difference between two images' states, having read the older ones as the detector would."""
        self._before("detector", view.tile)
        old, new = read(before), read(after)
        if {old.tile, new.tile} != {str(view.tile)}:
            self._world.violated("other ground compared", f"{old.tile} with {new.tile} for {view.tile}")
        is_changed = old.state != new.state
        if is_changed:
            for read_older in older:
                read_older()
        return Change(
            regions=(_region(view.tile),) if is_changed else (),
            clear_share=min(old.clear, new.clear),
            changed_share=0.05 if is_changed else 0.0,
            gsd_m=0.5,
            smallest_change_m2=25.0,
            mask_png=b"mask of " + after,
            overlay_png=b"overlay of " + after,
        )

    def compare_with_baseline(
        self, baseline: bytes, after: bytes, *, view: View, between: Sequence = (), **ground: object
    ) -> Change:
        """Find the same against the baseline, having read the images between."""
        return self.compare(baseline, after, view=view, older=between, **ground)

    def _before(self, who: str, tile: Tile) -> None:
        self._world.step(who, "before", errors=BAD)
        if self.poisoned.get(who) != tile or self._world.faults.poison is None:
            return
        task = self._world.crew.current
        self._world.counts["poison"] += 1
        self._world.begun[task.about, who] += 1
        if self._world.faults.poison == "killed":
            self._world.kill(f"by its work: {who} of {tile}")
        self._world.tell(f"!! {who} of {tile} raises")
        raise RuntimeError(f"the {who} does not survive this tile")
