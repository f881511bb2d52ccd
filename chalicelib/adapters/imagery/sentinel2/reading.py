"""Read what a product shows of a view, band by band, once it is known that its files lie where its item says."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import requests

from chalicelib.adapters.imagery.bands import Band
from chalicelib.adapters.imagery.boxes import Affine
from chalicelib.adapters.imagery.geotiff.files import GeoTiffs
from chalicelib.adapters.imagery.hosts import Hosts
from chalicelib.adapters.imagery.sentinel2.catalogue import Catalogue
from chalicelib.adapters.imagery.sentinel2.files import Count, RemoteFiles, Signer
from chalicelib.adapters.imagery.sentinel2.products import GSD_M, Layer, Product
from chalicelib.adapters.imagery.warp import Part
from chalicelib.domain.bands import CLASS, LAYERS, side_px
from chalicelib.domain.errors import BadImage
from chalicelib.domain.tiles import Bounds, View

AT_ONCE = len(LAYERS)  # files of one product, each a request that waits for an answer
APART = 0.01  # degrees that an item's ground may reach beyond its files: its outline is drawn coarsely
_PIXELS = 1.5  # that two places of one file may lie apart
_LIKE = 0.001  # of a pixel's size: a ten-thousand of them lie ten pixels apart then


class ProductReader:
    """Products of one provider."""

    def __init__(self, session: requests.Session, hosts: Hosts) -> None:
        self._files = RemoteFiles(session, hosts)
        self._geotiffs = GeoTiffs(self._files, at_once=AT_ONCE)

    @property
    def count(self) -> Count:
        """What was read of files until now."""
        return self._files.count

    def read(self, product: Product, catalogue: Catalogue, view: View) -> Part:
        """Return what a product shows of a view, with its bands. Raises BadImage, ProviderUnavailable."""
        bands = self.bands(product, catalogue)
        part = self._geotiffs.measured(bands, view, side_px(view, GSD_M))
        if bands[-1].name == CLASS and part.bands is not None and part.clear.any() and not part.bands[-1].any():
            raise BadImage("its class layer, which says where the clouds are, is empty")
        return part

    def bands(self, product: Product, catalogue: Catalogue) -> list[Band]:
        """Return a product's files, whose beginnings are read. Raises BadImage, ProviderUnavailable."""
        with ThreadPoolExecutor(AT_ONCE) as pool:
            bands = list(pool.map(partial(self._band, product, catalogue), product.layers))
        boxes = [band.placed.box for band in bands]
        if any(not _is_near(box, boxes[0], 2 * _PIXELS * GSD_M) for box in boxes):
            raise BadImage("its bands do not lie on one ground")
        return bands

    def _band(self, product: Product, catalogue: Catalogue, layer: Layer) -> Band:
        forget = partial(catalogue.forget_token, product.collection) if catalogue.signs else None
        signer = Signer(partial(catalogue.signed, layer.href, product.collection), forget)
        file, picture = self._files.found(layer.href, signer)
        placed = picture.placed
        if placed is None:
            raise BadImage(f"its band {layer.name} does not say where it lies")
        if product.system not in (None, placed.system):
            said = product.system.name if product.system else ""
            raise BadImage(f"its item says {said}, its band {layer.name} lies in {placed.system.name}")
        if layer.transform is not None and not _lies_at(placed.transform, layer.transform):
            raise BadImage(f"its band {layer.name} lies elsewhere than its item says (proj:transform)")
        if layer.shape not in (None, (placed.height, placed.width)):
            raise BadImage(f"its band {layer.name} is of another size than its item says (proj:shape)")
        if product.item.bounds is not None and not _holds(placed.bounds, product.item.bounds):
            raise BadImage(f"its band {layer.name} lies elsewhere than its item says")
        return Band(layer.name, file, placed, layer.coding)


def _is_near(one: Bounds, other: Bounds, most: float) -> bool:
    return all(abs(a - b) <= most for a, b in zip(one, other, strict=True))


def _lies_at(one: Affine, other: Affine) -> bool:
    apart = max(abs(one.left - other.left), abs(one.top - other.top))
    sizes = (one.pixel_width, other.pixel_width), (one.pixel_height, other.pixel_height)
    return apart <= _PIXELS * one.pixel_width and all(math.isclose(a, b, rel_tol=_LIKE) for a, b in sizes)


def _holds(outer: Bounds, inner: Bounds) -> bool:
    if inner.east - inner.west > 180:  # it reaches over the 180th meridian: its box says nothing
        return outer.south - APART <= inner.south and inner.north <= outer.north + APART
    west_south = outer.west - APART <= inner.west and outer.south - APART <= inner.south
    return west_south and inner.east <= outer.east + APART and inner.north <= outer.north + APART
