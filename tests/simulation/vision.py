"""The gate and the detector of the simulation: they find exactly the difference between two images' states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from chalicelib.domain.changes import Change, Region
from chalicelib.domain.errors import BadImage
from chalicelib.domain.images import Inspection
from chalicelib.domain.scenes import ProviderTerms
from chalicelib.domain.tiles import Bounds, Tile, View, bounds_of, centre_of
from tests.simulation.land import Land, bands_of, read
from tests.simulation.world import World

BAD = (partial(BadImage, "what came is no image"),)


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


class Vision:
    """The gate and the detector."""

    def __init__(self, world: World, land: Land) -> None:
        self._world, self._land = world, land
        self.tried: Callable[[object, str], object] = lambda _run_id, _item_id: None
        self.poisoned: dict[str, Tile] = {}  # gate or detector: the tile that it does not survive

    def inspect(
        self, content: bytes, view: View, area: Bounds, terms: ProviderTerms, bands: bytes | None
    ) -> Inspection:
        """Let an image through the gate."""
        self.tried(self._world.crew.current.about, read(content).scene_id)
        self._before("gate", view.tile)
        seen = read(content)
        self._look_at(content, bands)
        side = view.size_px
        return Inspection(content=content, width=side, height=side, clear_share=seen.clear, bands=bands)

    def _look_at(self, content: bytes, bands: bytes | None) -> None:
        wanted = bands_of(content) if self._land.named(read(content).scene_id).has_bands else None
        if bands != wanted:
            self._world.violated("an image with its bands", f"{content!r} came with {bands!r}")

    def compare(
        self,
        before: bytes,
        after: bytes,
        *,
        view: View,
        bands: tuple[bytes | None, bytes | None],
        older: Sequence = (),
        **_ground: object,
    ) -> Change:
        """Find the difference between two images' states, having read the older ones as the detector would."""
        self._before("detector", view.tile)
        old, new = read(before), read(after)
        for content, of_it in zip((before, after), bands, strict=True):
            self._look_at(content, of_it)
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
