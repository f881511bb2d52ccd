"""The provider `archive`: dated images of the operator's, described by STAC Items in a folder."""

from __future__ import annotations

import math
import threading
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from typing_extensions import override

from chalicelib.adapters.imagery.catalogue import Catalogue, Entry, Listing
from chalicelib.adapters.imagery.item_store import FolderItemStore, ItemStore, StoredFile
from chalicelib.adapters.imagery.warp import decode, warp
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.diagnostics import Finding, Level, ok
from chalicelib.domain.errors import NoCoverage
from chalicelib.domain.scenes import FetchedImage, Grid, ProviderTerms, Scene
from chalicelib.domain.tiles import Bounds, Tile, View, centre_of, grid_position, gsd_m

if TYPE_CHECKING:
    from numpy.typing import NDArray

ZOOMS = range(12, 21)
TILE_PX, MARGIN_PX = 512, 64
COVERS = 0.99  # of a tile's part inside the area: then the newest item wins
LEAST_SHARE = 0.005  # less than that (two columns of a tile) is a neighbouring image, reached by the slack alone
MAX_DECODED_BYTES = 300_000_000


class _Box(NamedTuple):
    """A box in tiles of one zoom; y grows south."""

    left: float
    top: float
    right: float
    bottom: float

    def shared_with(self, other: _Box) -> _Box:
        return _Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    def grown(self, by: float) -> _Box:
        return _Box(self.left - by, self.top - by, self.right + by, self.bottom + by)

    @property
    def surface(self) -> float:
        return max(0.0, self.right - self.left) * max(0.0, self.bottom - self.top)


class ArchiveImagery(Imagery):
    """Imagery from a folder of STAC Items, or another store of them. The store is listed anew for each call."""

    def __init__(self, terms: ProviderTerms, place: Path | ItemStore) -> None:
        self._terms = terms
        self._store: ItemStore = FolderItemStore(place) if isinstance(place, Path) else place
        self._catalogue = Catalogue(self._store)
        self._decoded = _Decoded(self._store)

    @override
    @property
    def terms(self) -> ProviderTerms:
        return self._terms

    @override
    def grid(self, area: Bounds) -> Grid:
        ground = _box(area, zoom=0)
        listing = self._catalogue.look()
        entry = _best(listing.entries, lambda item: _share(item, ground, zoom=0, slack=0.0), least=0.0)
        if entry is None:
            raise _no_image(listing, "of any of this area")
        latitude = centre_of(area)[1]
        zoom = min(ZOOMS, key=lambda z: abs(math.log(gsd_m(latitude, z, TILE_PX) / entry.gsd_m)))
        return Grid(zoom=zoom, tile_px=TILE_PX, margin_px=MARGIN_PX)

    @override
    def newest(self, view: View, area: Bounds) -> Scene:
        listing = self._catalogue.look()
        pixel = 1 / view.tile_px  # of the tile's side
        ground = _part_inside(view.tile, area, at_least=pixel)
        entry = _best(
            listing.entries,
            lambda item: _share(item, ground, zoom=view.tile.z, slack=pixel),
            least=LEAST_SHARE,
        )
        if entry is None:
            raise _no_image(listing, f"of tile {view.tile}")
        return _scene(entry)

    @override
    def fetch(self, scene: Scene, view: View, area: Bounds) -> FetchedImage:
        listing = self._catalogue.look()
        entry = next((entry for entry in listing.entries if _scene(entry) == scene), None)
        if entry is None:
            raise _no_image(listing, f"named {scene.scene_id} any more")
        content = warp(self._decoded.get(entry.image), entry.item.bounds, view, is_lonlat=entry.item.is_lonlat)
        attribution = entry.item.attribution or self._terms.licence.attribution
        return FetchedImage(content=content, scene=scene, attribution=attribution)

    @override
    def check(self) -> Finding:
        if not self._catalogue.look().entries:
            says = f"{self._terms.name} holds nothing usable"
            remedy = (
                "put pictures with their items there; `archive item skipped` in the log says what is wrong with one"
            )
            return Finding(level=Level.WARN, subject="provider", says=says, remedy=remedy)
        return ok("provider", f"{self._terms.name} answers, and its terms allow storing and analysing")


class _Decoded:
    """The images decoded last: neighbouring tiles read the same one."""

    def __init__(self, store: ItemStore) -> None:
        self._store = store
        self._kept: OrderedDict[StoredFile, NDArray[Any]] = OrderedDict()
        self._lock = threading.Lock()  # also while decoding: two large images at once are too many

    def get(self, file: StoredFile) -> NDArray[Any]:
        """Return an image's pixels, which must not be written to. Raises BadImage, ProviderUnavailable."""
        with self._lock:
            if file not in self._kept:
                self._kept[file] = decode(self._store.read(file), name=file.name)
            self._kept.move_to_end(file)
            while len(self._kept) > 1 and sum(pixels.nbytes for pixels in self._kept.values()) > MAX_DECODED_BYTES:
                self._kept.popitem(last=False)
            return self._kept[file]


def _scene(entry: Entry) -> Scene:
    return Scene(scene_id=entry.scene_id, captured_at=entry.item.captured_at)


def _box(bounds: Bounds, *, zoom: int) -> _Box:
    return _Box(*grid_position(bounds.west, bounds.north, zoom), *grid_position(bounds.east, bounds.south, zoom))


def _part_inside(tile: Tile, area: Bounds, *, at_least: float) -> _Box:
    """Return the tile's part inside the area, at least that wide and high: a thinner one is rounding, not ground."""
    part = _Box(tile.x, tile.y, tile.x + 1, tile.y + 1).shared_with(_box(area, zoom=tile.z))
    short_x = max(0.0, at_least - (part.right - part.left)) / 2
    short_y = max(0.0, at_least - (part.bottom - part.top)) / 2
    return _Box(part.left - short_x, part.top - short_y, part.right + short_x, part.bottom + short_y)


def _share(entry: Entry, ground: _Box, *, zoom: int, slack: float) -> float:
    """Return the share of the ground that an item covers, its bounds grown by the slack: they are rounded too."""
    return _box(entry.item.bounds, zoom=zoom).grown(slack).shared_with(ground).surface / ground.surface


def _best(entries: list[Entry], share_of: Callable[[Entry], float], *, least: float) -> Entry | None:
    shares = [(share_of(entry), entry) for entry in entries]
    most = max((share for share, _ in shares), default=0.0)
    if most <= least:
        return None
    enough = COVERS if most >= COVERS else most * COVERS  # two of one size differ by the rounding of their bounds
    return max(
        (entry for share, entry in shares if share >= enough),
        key=lambda entry: (entry.item.captured_at, entry.scene_id),
    )


def _no_image(listing: Listing, what: str) -> NoCoverage:
    sentence = f"the archive has no picture {what}; it holds {len(listing.entries)} usable items"
    if listing.skipped:
        sentence += f", and {len(listing.skipped)} that cannot be used, among them {listing.skipped[0]}"
    return NoCoverage(sentence)
