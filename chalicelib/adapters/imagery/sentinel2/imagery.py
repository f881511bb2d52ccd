"""The provider `sentinel2`: Copernicus Sentinel-2, found by catalogues of STAC and read where it lies.

Users read the reasons that it gives.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from functools import partial

from typing_extensions import override

from chalicelib.adapters.imagery.item_store import Changed
from chalicelib.adapters.imagery.sentinel2.catalogue import SAME_PASS, Catalogue, Finds
from chalicelib.adapters.imagery.sentinel2.products import GSD_M, Product
from chalicelib.adapters.imagery.sentinel2.reading import ProductReader
from chalicelib.adapters.imagery.sentinel2.searching import Catalogues, Searched
from chalicelib.adapters.imagery.warp import Part, mosaic
from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.diagnostics import Finding
from chalicelib.domain.errors import BadImage, ImageryFailed, NoCoverage, ProviderUnavailable, Unavailable
from chalicelib.domain.scenes import (
    SINCE,
    FetchedImage,
    Found,
    Grid,
    Item,
    ProviderTerms,
    Refused,
    Scene,
    day_of,
    scene_of,
)
from chalicelib.domain.tiles import Bounds, View, centre_of, gsd_m
from chalicelib.domain.two_dates import NEAR

TILE_PX, MARGIN_PX = 512, 64
ZOOMS = range(9, 14)  # the coarsest that has all that the sensor sees
SOUTHERNMOST, NORTHERNMOST = -80.0, 84.0  # as far as UTM reaches; it takes land and coasts of that
DAYS = 36  # with pictures, that a search finds: four months and more, three where two passes overlap
LOOK_BACK = timedelta(days=365)  # that the first picture is compared with, where nothing else is asked for
ABOUT = timedelta(days=20)  # of that day
MOST_CLOUD = 0.5  # of what is looked back to, as the catalogue says
MOST_OF_VIEW = 32  # products of one day: four tiles of the grid, each of some passes and in parts
_KEPT = 2000  # products whose files are known without asking
REST = timedelta(minutes=5)  # after a search that failed: the tiles of an area ask one after the other
_KEPT_SEARCHES = 30  # about a day: three of each of ten areas

logger = logging.getLogger(__name__)


class Sentinel2Imagery(Imagery):
    """Imagery of Sentinel-2."""

    def __init__(self, terms: ProviderTerms, catalogues: Catalogues, reader: ProductReader) -> None:
        self._terms, self.catalogues, self.reader = terms, catalogues, reader
        self._known: OrderedDict[str, tuple[Product, Catalogue]] = OrderedDict()
        self._searched: OrderedDict[tuple[Bounds, date, date], Found] = OrderedDict()
        self._failed: dict[tuple[Bounds, date, date], tuple[datetime, ImageryFailed]] = {}  # searches, and when
        self._lock = threading.Lock()

    @override
    @property
    def terms(self) -> ProviderTerms:
        return self._terms

    @override
    def grid(self, area: Bounds) -> Grid:
        latitude = centre_of(area)[1]
        if not SOUTHERNMOST <= area.south < area.north <= NORTHERNMOST:
            raise NoCoverage("Sentinel-2 takes nothing north of 84 degrees north and south of 80 degrees south")
        fine = (zoom for zoom in ZOOMS if gsd_m(latitude, zoom, TILE_PX) <= GSD_M)
        return Grid(zoom=min(fine, default=ZOOMS[-1]), tile_px=TILE_PX, margin_px=MARGIN_PX)

    @override
    def scenes(self, area: Bounds, *, since: datetime, until: datetime) -> Found:
        search = partial(Catalogue.search, ground=area, since=since, until=until, days=DAYS)
        newest = self.catalogues.newest(search, area)
        finds, catalogue = newest.finds, newest.catalogue
        self._know(finds.products, catalogue)
        if not finds.is_whole:
            finds.products += self._look_back(area, until - LOOK_BACK, known=finds.products)
        behind = [Refused(until, ground, says) for ground, says in newest.behind]
        return Found(
            scenes=_scenes(finds.products, area),
            refused=(*behind, *sorted(finds.refused, key=lambda each: each.captured_at, reverse=True)),
            says=f"{catalogue.name} names {len(finds.products)} products of it",
        )

    def _look_back(self, area: Bounds, day: datetime, *, known: Iterable[Product]) -> list[Product]:
        """Return what is clear about a day, as far as it is not known: one of it is the first baseline."""
        ids = {product.item.item_id for product in known}
        searched = self.catalogues.first(partial(Catalogue.search, ground=area, since=day - ABOUT, until=day + ABOUT))
        new = (product for product in searched.finds.products if product.item.item_id not in ids)
        clear = [product for product in new if (product.item.cloud_share or 0.0) <= MOST_CLOUD]
        self._know(clear, searched.catalogue)
        return clear

    @override
    def around(self, area: Bounds, day: date, *, until: datetime) -> tuple[Scene, ...]:
        noon = datetime.combine(day, time(12), UTC)
        search = partial(Catalogue.search, ground=area, since=noon - NEAR, until=min(noon + NEAR, until))
        # All tiles of an area ask for the same, each day.
        return self._searched_once((area, day, until.date()), search, at=until).scenes

    @override
    def history(self, area: Bounds, *, until: datetime) -> Found:
        search = partial(Catalogue.search, ground=area, since=SINCE, until=until)
        minute = until.replace(minute=until.minute // 10 * 10, second=0, microsecond=0)
        return self._searched_once((area, SINCE.date(), minute), search, at=until)  # page after page asks for it

    def _searched_once(
        self, key: tuple[Bounds, date, date], search: Callable[[Catalogue], Finds], *, at: datetime
    ) -> Found:
        """Search for what was not asked for under this key yet, and not at once again where that failed."""
        with self._lock:
            if key in self._searched:
                return self._searched[key]
            failed_at, failure = self._failed.get(key, (at - REST, None))
            if failure is not None and at - failed_at < REST:
                raise failure  # each tile of the area would ask again who asks to be left alone
        try:
            searched = self.catalogues.first(search)
        except ImageryFailed as failure:
            with self._lock:
                self._failed = {key: (at, failure), **dict(list(self._failed.items())[: _KEPT_SEARCHES - 1])}
            raise
        found = Found(scenes=self._found(searched, key[0]), refused=tuple(searched.finds.refused))
        with self._lock:
            self._searched[key] = found
            while len(self._searched) > _KEPT_SEARCHES:
                self._searched.popitem(last=False)
        return found

    def _found(self, searched: Searched, area: Bounds) -> tuple[Scene, ...]:
        self._know(searched.finds.products, searched.catalogue)
        return _scenes(searched.finds.products, area)

    @override
    def fetch(self, scene: Scene, view: View, area: Bounds) -> FetchedImage:
        products = self.products(scene, view)
        lost = [item.item_id for item in scene.items if item.item_id not in products]
        if lost or not scene.items:
            raise NoCoverage(f"no catalogue has {', '.join(lost) or scene.scene_id} any more, or it is another one now")
        if len(scene.items) > MOST_OF_VIEW:
            raise BadImage(f"{len(scene.items)} pictures of one day show this ground: more than there can be")
        wanted = [products[item.item_id] for item in scene.items]
        try:
            content, bands = mosaic(view, self._parts(wanted, view))
        except Changed as error:
            raise NoCoverage(f"a picture of {scene.scene_id} has become another one since it was found") from error
        year = scene.captured_at.year if scene.captured_at else ""
        attribution = f"Contains modified Copernicus Sentinel data {year}"
        return FetchedImage(content=content, bands=bands, scene=scene, attribution=attribution)

    def _parts(self, products: Iterable[tuple[Product, Catalogue]], view: View) -> Iterator[Part]:
        """Yield what each product shows. One that cannot be used harms no other, unless nothing else shows the view."""
        failures: list[BadImage] = []
        is_shown = False
        for product, catalogue in products:
            item_id = product.item.item_id
            try:
                part = self._read(product, catalogue, view)
            except MemoryError:
                raise Unavailable(f"not enough memory to show {item_id}") from None
            except BadImage as bad:
                logger.warning("product not used", extra={"product": item_id, "reason": bad.reason})
                failures.append(BadImage(f"the picture {item_id} cannot be used: {bad.reason}"))
                continue
            is_shown = is_shown or bool(part.clear.any())
            yield part
        if failures and not is_shown:
            raise failures[0]

    def _read(self, product: Product, catalogue: Catalogue, view: View) -> Part:
        """Read a product; where its files cannot be had, those that another catalogue has of the same one."""
        try:
            return self.reader.read(product, catalogue, view)
        except (BadImage, ProviderUnavailable) as failure:
            at = product.item.captured_at
            search = partial(Catalogue.search, ground=view.bounds, since=at - SAME_PASS, until=at + SAME_PASS)
            others = self.catalogues.others(search, than=catalogue) if product.is_named else ()
            for finds, other, _ in others:
                same = [each for each in finds.products if each.item.item_id == product.item.item_id]
                with suppress(BadImage, ProviderUnavailable):
                    for each in same:
                        part = self.reader.read(each, other, view)
                        self._know([each], other)
                        about = {"product": product.item.item_id, "catalogue": other.name, "reason": failure.reason}
                        logger.warning("product read of another catalogue", extra=about)
                        return part
            raise

    def products(self, scene: Scene, view: View) -> dict[str, tuple[Product, Catalogue]]:
        """Return the products of a scene, by their names; where they are not known they are searched for.

        Each catalogue is asked until all are found. One that is lacking is in none of them; ImageryFailed where that
        cannot be said, as one did not answer.
        """
        known = self._those_known(scene.items)
        times = [item.captured_at for item in scene.items]
        since, until = min(times, default=None), max(times, default=None)
        if since is None or until is None or len(known) == len(scene.items):
            return known
        search = partial(Catalogue.search, ground=view.bounds, since=since - SAME_PASS, until=until + SAME_PASS)
        for searched in self.catalogues.in_turn(search):
            self._know(searched.finds.products, searched.catalogue)
            known = self._those_known(scene.items) | known
            if len(known) == len(scene.items):
                break
        return known

    def _know(self, products: Iterable[Product], catalogue: Catalogue) -> None:
        with self._lock:
            for product in products:
                self._known[product.item.item_id] = product, catalogue
                self._known.move_to_end(product.item.item_id)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)

    def _those_known(self, items: Iterable[Item]) -> dict[str, tuple[Product, Catalogue]]:
        """Return the products that are just what was found: of any catalogue, where they are called the same in all."""
        with self._lock:
            known = {item: self._known.get(item.item_id) for item in items}
        return {
            item.item_id: found
            for item, found in known.items()
            if found is not None and (found[0].is_named or found[0].item.content == item.content)
        }

    @override
    def check(self) -> Finding:
        return self.catalogues.check()


def _scenes(products: Iterable[Product], area: Bounds) -> tuple[Scene, ...]:
    """Return one scene a day: what was taken on one pass is one mosaic."""
    by_day: dict[date, list[Item]] = {}
    lon = centre_of(area)[0]
    for product in products:
        by_day.setdefault(day_of(product.item.captured_at, lon), []).append(product.item)
    return tuple(scene_of(by_day[day]) for day in sorted(by_day, reverse=True))
