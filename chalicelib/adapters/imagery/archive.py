"""The provider `archive`: dated images of the operator's, described by STAC Items in a folder or a bucket.

Users read the reasons that it gives, so none names a file: the log does, and the inventory.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator
from datetime import date, datetime
from functools import partial
from pathlib import Path

from typing_extensions import override

from chalicelib.adapters.imagery.checksums import Checks
from chalicelib.adapters.imagery.dates import seeming_day
from chalicelib.adapters.imagery.decoded import Decoded
from chalicelib.adapters.imagery.entries import Entry
from chalicelib.adapters.imagery.geotiff.files import GeoTiffs, Stated
from chalicelib.adapters.imagery.holdings import Count, Holdings, LookedAt
from chalicelib.adapters.imagery.hosts import shown
from chalicelib.adapters.imagery.inventory import inventory
from chalicelib.adapters.imagery.item_store import Changed, FolderItemStore, ItemStore, StoredFile, Unreadable
from chalicelib.adapters.imagery.refusals import refusals
from chalicelib.adapters.imagery.warp import Part, mosaic, warp
from chalicelib.application.ports.archive import Archive
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.archives import FileUse
from chalicelib.domain.bands import side_px
from chalicelib.domain.diagnostics import Finding, Level, ok
from chalicelib.domain.errors import BadImage, NoCoverage, PictureUnavailable, ProviderUnavailable, Unavailable
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
    why_not_of_then,
)
from chalicelib.domain.tiles import Bounds, View, centre_of, gsd_m

ZOOMS = range(12, 21)
TILE_PX, MARGIN_PX = 512, 64
COVERS = 0.99  # of the area: then the newest item wins
NO_SLACK = (0.0, 0.0)
PART_BYTES = 8_000_000  # of a file whose checksum is checked

logger = logging.getLogger(__name__)


class ArchiveImagery(Imagery, Archive):
    """Imagery from a folder of STAC Items, or another store of them. Without an index each call looks at all of it."""

    def __init__(
        self, terms: ProviderTerms, place: Path | ItemStore, indexed: Callable[[ItemStore], Holdings] = LookedAt
    ) -> None:
        self._terms = terms
        self._store: ItemStore = FolderItemStore(place) if isinstance(place, Path) else place
        self._holdings = indexed(self._store)
        self._decoded = Decoded(self._store)
        self._geotiffs = GeoTiffs(self._store)

    @override
    @property
    def terms(self) -> ProviderTerms:
        return self._terms

    @override
    def grid(self, area: Bounds) -> Grid:
        held = self._holdings.over(area)
        entry = _best(held.entries, area)
        if entry is None:
            raise NoCoverage(f"the archive has no picture of any of this area; {_holds(held.in_all)}")
        latitude = centre_of(area)[1]
        zoom = min(ZOOMS, key=lambda z: abs(math.log(gsd_m(latitude, z, TILE_PX) / entry.gsd_m)))
        return Grid(zoom=zoom, tile_px=TILE_PX, margin_px=MARGIN_PX)

    @override
    def scenes(self, area: Bounds, *, since: datetime, until: datetime) -> Found:
        held = self._holdings.over_now(area)
        by_day: dict[date, list[Item]] = {}
        lon = centre_of(area)[0]
        for entry in held.entries:
            item = entry.item
            reason = why_not_of_then(item.captured_at, since=since, until=until)
            if reason is not None:
                logger.warning("archive item skipped", extra={"file": shown(entry.image.name), "reason": reason})
            elif shown_share(item, area, NO_SLACK) > 0:
                by_day.setdefault(day_of(item.captured_at, lon), []).append(item)
        return Found(
            scenes=tuple(scene_of(by_day[day]) for day in sorted(by_day, reverse=True)),
            refused=refusals(held.bad, held.dated, area, since=since, until=until),
            says=_holds(held.in_all),
        )

    @override
    def fetch(self, scene: Scene, view: View, area: Bounds) -> FetchedImage:
        held = self._holdings.named([item.item_id for item in scene.items])
        there = {(entry.item.item_id, entry.item.content): entry for entry in held}
        wanted = [(item.item_id, item.content) for item in scene.items]
        lost = [item_id for item_id, content in wanted if (item_id, content) not in there]
        if lost or not wanted:
            raise _gone(", ".join(lost) or scene.scene_id)
        entries = [there[key] for key in wanted]
        try:
            content, bands = mosaic(view, self._parts(entries, view))
        except Changed as error:
            raise _gone(scene.scene_id) from error
        except Unreadable as error:
            logger.warning("archive picture not read", extra={"reason": error.reason})
            says = "a picture of the archive cannot be read just now"
            raise PictureUnavailable(says, retry_after_s=error.retry_after_s) from error
        stated = dict.fromkeys(entry.stated.attribution or self._terms.licence.attribution for entry in entries)
        return FetchedImage(content=content, bands=bands, scene=scene, attribution="; ".join(stated))

    def _parts(self, entries: list[Entry], view: View) -> Iterator[Part]:
        """Yield what each item shows. One that cannot be used harms no other, unless nothing else shows the view."""
        failures: list[BadImage] = []
        is_shown = False
        side = max((_side_px(entry, view) for entry in entries if entry.bands), default=view.size_px)
        for entry in entries:
            item_id, about = entry.item.item_id, {"file": shown(entry.image.name)}
            try:
                part = self._part(entry, view, side)
            except (ProviderUnavailable, Unavailable):
                raise  # not the item's fault: it is asked for again
            except MemoryError:
                raise Unavailable(f"not enough memory to show the archive's picture {item_id}") from None
            except BadImage as bad:
                logger.warning("archive picture not used", extra=about | {"reason": bad.reason})
                failures.append(BadImage(f"the archive's picture {item_id} cannot be used: {bad.reason}"))
                continue
            except Exception as error:
                logger.exception("archive picture not used", extra=about)
                failures.append(BadImage(f"the archive's picture {item_id} cannot be shown: {error!r:.200}"))
                continue
            is_shown = is_shown or bool(part.clear.any())
            yield part
        if failures and not is_shown:
            raise failures[0]

    def _part(self, entry: Entry, view: View, side_px: int) -> Part:
        if not entry.bands:
            return self._picture(entry, view)
        if entry.is_of_bands:
            return self._geotiffs.measured(entry.bands, view, side_px)
        return self._picture(entry, view)._replace(bands=self._geotiffs.layers(entry.bands, view, side_px))

    def _picture(self, entry: Entry, view: View) -> Part:
        if entry.placed is not None:
            stated = Stated(entry.asset.no_data, entry.asset.bits)
            return self._geotiffs.show(entry.image, entry.mask, entry.placed, view, stated=stated)
        is_lonlat = entry.georeference is not None and entry.georeference.is_lonlat
        return warp(self._decoded.get(entry), entry.bounds, view, is_lonlat=is_lonlat)

    @override
    def check(self) -> Finding:
        count = self._holdings.count_now()
        says = f"{self._terms.name} answers, its terms allow storing and analysing, and {_holds(count)}"
        remedy = "`python -m infra.ops archive` lists each file, and what to do"
        if not count.usable:
            says = f"{self._terms.name} holds nothing usable: {_holds(count)}"
        if count.bad or not count.usable:
            return Finding(level=Level.WARN, subject="provider", says=says, remedy=remedy)
        return ok("provider", says)

    def _in_parts(self, file: StoredFile) -> Iterator[bytes]:
        for at in range(0, file.size, PART_BYTES):
            yield self._store.read_range(file, at, min(PART_BYTES, file.size - at))

    @override
    def inventory(self, *, now: datetime, most_bytes: int | None = None) -> list[FileUse]:
        day = partial(self._seeming_day, until=now.date())
        checks = Checks(self._in_parts, most_bytes=most_bytes)
        return inventory(self._holdings.listing(), checks=checks, day=day, now=now)

    def _seeming_day(self, file: StoredFile, *, until: date) -> date | None:
        try:
            return seeming_day(file.name, partial(self._store.read_range, file), file.size, until=until)
        except ProviderUnavailable:
            return None

    @override
    def refresh(self) -> None:
        self._holdings.refresh()


def _best(entries: list[Entry], area: Bounds) -> Entry | None:
    """Return the newest of the items that show the area whole, or else most of it."""
    shares = [(shown_share(entry.item, area, NO_SLACK), entry) for entry in entries]
    most = max((share for share, _ in shares), default=0.0)
    if most <= 0:
        return None
    enough = COVERS if most >= COVERS else most * COVERS  # two of one size differ by the rounding of their bounds
    best = [entry for share, entry in shares if share >= enough]
    return max(best, key=lambda entry: (entry.item.captured_at, entry.item.item_id))


def _side_px(entry: Entry, view: View) -> int:
    return side_px(view, min(band.placed.gsd_m for band in entry.bands))


def _gone(names: str) -> NoCoverage:
    return NoCoverage(f"the archive has no picture named {names} any more, or it is another one now")


def _holds(count: Count) -> str:
    sentence = f"it holds {count.usable} usable items"
    sentence += f", and {count.bad} that cannot be used" if count.bad else ""
    if not count.waiting:
        return sentence
    wait = "1 picture waits" if count.waiting == 1 else f"{count.waiting} pictures wait"
    return f"{sentence}; {wait} for an item, and so for a date"
