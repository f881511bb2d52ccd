"""The provider `archive`: dated images of the operator's, described by STAC Items in a folder."""

from __future__ import annotations

import logging
import math
import threading
from collections import OrderedDict
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from chalicelib.adapters.imagery.catalogue import Catalogue, Entry, Listing
from chalicelib.adapters.imagery.item_store import FolderItemStore, ItemStore, StoredFile
from chalicelib.adapters.imagery.warp import Part, mosaic, warp
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.diagnostics import Finding, Level, ok
from chalicelib.domain.errors import BadImage, NoCoverage, ProviderUnavailable, Unavailable
from chalicelib.domain.image_formats.facts import MAX_BYTES
from chalicelib.domain.image_header import read_header
from chalicelib.domain.scenes import (
    FetchedImage,
    Found,
    Grid,
    Item,
    ProviderTerms,
    Scene,
    day_of,
    scene_of,
    shown_share,
)
from chalicelib.domain.tiles import Bounds, View, centre_of, gsd_m

if TYPE_CHECKING:
    from chalicelib.intake.pixels import Pixels

ZOOMS = range(12, 21)
TILE_PX, MARGIN_PX = 512, 64
COVERS = 0.99  # of the area: then the newest item wins
NO_SLACK = (0.0, 0.0)

logger = logging.getLogger(__name__)


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
        listing = self._catalogue.look()
        entry = _best(listing.entries, area)
        if entry is None:
            raise NoCoverage(f"the archive has no picture of any of this area; {_holds(listing)}")
        latitude = centre_of(area)[1]
        zoom = min(ZOOMS, key=lambda z: abs(math.log(gsd_m(latitude, z, TILE_PX) / entry.gsd_m)))
        return Grid(zoom=zoom, tile_px=TILE_PX, margin_px=MARGIN_PX)

    @override
    def scenes(self, area: Bounds, *, since: datetime, until: datetime) -> Found:
        listing = self._catalogue.look()
        by_day: dict[date, list[Item]] = {}
        for entry in listing.entries:
            item = entry.item
            if item.captured_at > until:
                reason = f"it is dated {item.captured_at:%Y-%m-%d}, which has not come yet"
                logger.warning("archive item skipped", extra={"file": entry.image.name, "reason": reason})
            elif since <= item.captured_at and shown_share(item, area, NO_SLACK) > 0:
                by_day.setdefault(day_of(item.captured_at), []).append(item)
        refused = [
            each
            for each in listing.refused
            if since <= each.captured_at <= until
            and shown_share(Item("", each.captured_at, "", each.bounds), area, NO_SLACK) > 0
        ]
        return Found(
            scenes=tuple(scene_of(by_day[day]) for day in sorted(by_day, reverse=True)),
            refused=tuple(sorted(refused, key=lambda each: each.captured_at, reverse=True)),
            says=_holds(listing),
        )

    @override
    def fetch(self, scene: Scene, view: View, area: Bounds) -> FetchedImage:
        there = {(entry.item.item_id, entry.item.content): entry for entry in self._catalogue.look().entries}
        wanted = [(item.item_id, item.content) for item in scene.items]
        lost = [item_id for item_id, content in wanted if (item_id, content) not in there]
        if lost or not wanted:
            names = ", ".join(lost) or scene.scene_id
            raise NoCoverage(f"the archive has no picture named {names} any more, or it is another one now")
        entries = [there[key] for key in wanted]
        content = mosaic(view, self._parts(entries, view))
        stated = dict.fromkeys(entry.stated.attribution or self._terms.licence.attribution for entry in entries)
        return FetchedImage(content=content, scene=scene, attribution="; ".join(stated))

    def _parts(self, entries: list[Entry], view: View) -> Iterator[Part]:
        """Yield what each item shows. One that cannot be used harms no other, unless nothing else shows the view."""
        failures: list[BadImage] = []
        shown = False
        for entry in entries:
            try:
                part = warp(self._decoded.get(entry.image), entry.stated.bounds, view, is_lonlat=entry.stated.is_lonlat)
            except (ProviderUnavailable, Unavailable):
                raise  # not the item's fault: it is asked for again
            except MemoryError:
                raise Unavailable(f"not enough memory to show {entry.image.name}") from None
            except BadImage as bad:
                failures.append(bad)
                logger.warning("archive item skipped", extra={"file": entry.image.name, "reason": bad.reason})
                continue
            except Exception as error:
                logger.exception("archive item skipped", extra={"file": entry.image.name})
                failures.append(BadImage(f"the archive's picture {entry.image.name} cannot be shown: {error!r:.200}"))
                continue
            shown = shown or bool(part.clear.any())
            yield part
        if failures and not shown:
            raise failures[0]

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
    """The images decoded last: neighbouring tiles read the same one. One large image at a time."""

    def __init__(self, store: ItemStore) -> None:
        self._store = store
        self._kept: OrderedDict[StoredFile, Pixels] = OrderedDict()
        self._lock = threading.Lock()  # also while decoding: two large images at once are too many

    def get(self, file: StoredFile) -> Pixels:
        """Return an image's pixels, which must not be written to. Raises BadImage, ProviderUnavailable, Unavailable."""
        with self._lock:
            if file not in self._kept:
                self._kept[file] = self._decode(file)
            self._kept.move_to_end(file)
            return self._kept[file]

    def _decode(self, file: StoredFile) -> Pixels:
        """Decode an image; what was kept before is dropped first, as far as it takes."""
        from chalicelib.intake.decode import check_fits, decode  # OpenCV: only where the layer is

        self._drop_for(file.size)
        try:
            content = self._store.read(file)
            header = read_header(content)
            check_fits(header, len(content))
            self._drop_for(len(content) + header.decoding_bytes)
            return decode(content, header)
        except BadImage as bad:
            raise BadImage(f"the archive's picture {file.name} cannot be used: {bad}") from None

    def _drop_for(self, wanted: int) -> None:
        while self._kept and wanted + sum(_bytes(pixels) for pixels in self._kept.values()) > MAX_BYTES:
            self._kept.popitem(last=False)


def _bytes(pixels: Pixels) -> int:
    return pixels.bgr.nbytes + (pixels.valid.nbytes if pixels.valid.flags.owndata else 0)


def _best(entries: list[Entry], area: Bounds) -> Entry | None:
    """Return the newest of the items that show the area whole, or else most of it."""
    shares = [(shown_share(entry.item, area, NO_SLACK), entry) for entry in entries]
    most = max((share for share, _ in shares), default=0.0)
    if most <= 0:
        return None
    enough = COVERS if most >= COVERS else most * COVERS  # two of one size differ by the rounding of their bounds
    best = [entry for share, entry in shares if share >= enough]
    return max(best, key=lambda entry: (entry.item.captured_at, entry.item.item_id))


def _holds(listing: Listing) -> str:
    sentence = f"it holds {len(listing.entries)} usable items"
    if listing.skipped:
        sentence += f", and {len(listing.skipped)} that cannot be used, among them {listing.skipped[0]}"
    return sentence
