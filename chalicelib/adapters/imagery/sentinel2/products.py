"""Products of Sentinel-2 as a catalogue's items describe them, told apart the same way in every catalogue.

An item that names its product (`s2:product_uri`) is called by that name, which says the pass that it was taken on, its
tile of the grid, and its processing: S2A_MSIL2A_20230628T070631_N0509_R106_T39QTA_20230628T113955. So what one
catalogue found can be read of another. Others are called by their own ids.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.bands import Coding, find_bands
from chalicelib.adapters.imagery.boxes import Affine, bounds_of_geometry, numbers, read_bbox, read_transform
from chalicelib.adapters.imagery.crs import system_said
from chalicelib.adapters.imagery.properties import captured_at_of, cloud_share_of
from chalicelib.adapters.imagery.stac import MAX_ID_LENGTH
from chalicelib.adapters.imagery.systems import System
from chalicelib.domain.bands import CLASS, MEASURED
from chalicelib.domain.scenes import Item
from chalicelib.domain.tiles import Bounds

GSD_M = 10.0
CLOUDLESS = 0.001  # of a product: where so little is cloud, it may do without saying where
_NAME = re.compile(r"(S2[A-Z])_MSIL2A_(\d{8}T\d{6})_N(\d{4})_R\d{3}_T(\d\d[A-Z]{3})_\d{8}T\d{6}")


class Layer(NamedTuple):
    """One of a product's files, as its item describes it."""

    name: str  # of `domain.bands.LAYERS`
    href: str
    coding: Coding
    transform: Affine | None  # where its pixels lie, as far as that is said
    shape: tuple[float, float] | None  # rows and columns, as far as they are said


class Product(NamedTuple):
    """One product: what one satellite took of one tile of the grid, on one pass."""

    item: Item
    layers: tuple[Layer, ...]
    collection: str
    system: System | None  # that its files are in, as far as that is said
    made_of: tuple[str, ...]  # what two versions of one picture have in common
    baseline: str  # of its processing

    @property
    def is_named(self) -> bool:
        """Whether it is called as every catalogue calls it."""
        return _NAME.fullmatch(self.item.item_id) is not None


def read_product(feature: object) -> Product:
    """Read an item. Raises BadItem, with its time and ground as far as they are known."""
    stated = feature if isinstance(feature, dict) else {}
    bounds, captured_at = _ground(stated), None
    try:
        properties = _mapping(stated.get("properties"))
        captured_at, _ = captured_at_of(properties)
        return _product(stated, properties, captured_at, bounds)
    except BadItem as bad:
        raise bad.again(captured_at, bounds) from None


def _product(
    stated: Mapping[str, Any], properties: Mapping[str, Any], captured_at: datetime, bounds: Bounds | None
) -> Product:
    if bounds is None:
        raise BadItem("its item says neither bbox nor geometry")
    box = _ground({"bbox": stated.get("bbox")})
    if box is not None and not meet(bounds, box):
        elsewhere = BadItem("its geometry lies elsewhere than its bbox")
        elsewhere.grounds = (box,)  # by which it was found
        raise elsewhere
    found, notes = find_bands(_of_sentinel_2(stated), properties, captured_at)
    layers = tuple(
        Layer(each.name, each.ranked.href, each.coding, _transform(each.ranked.stated), _shape(each.ranked.stated))
        for each in found
    )
    missing = [name for name in MEASURED if name not in {layer.name for layer in layers}]
    if missing:
        raise BadItem(notes[0] if notes else f"it has no band {', '.join(missing)}")
    cloud_share = cloud_share_of(properties)
    if CLASS not in {layer.name for layer in layers} and (cloud_share is None or cloud_share > CLOUDLESS):
        cloud = "may be" if cloud_share is None else f"{cloud_share:.1%} of it is"
        raise BadItem(f"{cloud} cloud, and it has no class layer that says where")
    name = _NAME.match(_text(properties.get("s2:product_uri")))
    if name is not None:
        captured_at = _time_in(name)
    codings = [(layer.name, *layer.coding) for layer in layers]
    says = codings if name else [*codings, *(layer.href.partition("?")[0] for layer in layers)]
    content = hashlib.sha256(repr(says).encode()).hexdigest()[:16]
    item_id = name[0] if name else _item_id(stated.get("id"))
    return Product(
        item=Item(item_id, captured_at, content, bounds, GSD_M, cloud_share),
        layers=layers,
        collection=_text(stated.get("collection")),
        system=system_said(properties, {}, of_geotiff=True),
        made_of=(name[1], name[2], name[4]) if name else (item_id,),
        baseline=name[3] if name else "",
    )


def _time_in(name: re.Match[str]) -> datetime:
    try:
        return datetime.strptime(name[2], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise BadItem(f"s2:product_uri says a time that there is not: {name[2]}") from None


def _of_sentinel_2(stated: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an item as one of Sentinel-2, whatever its collection is called: nothing else was searched for."""
    return {**stated, "collection": "sentinel-2-l2a"}


def _mapping(value: object) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise BadItem("an item of the catalogue has no properties")
    return value


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _item_id(value: object) -> str:
    text = _text(value)
    if not 0 < len(text) <= MAX_ID_LENGTH or any(ord(each) < 32 or ord(each) == 127 for each in text):
        raise BadItem(f"id must be text of 1 to {MAX_ID_LENGTH} characters without control characters")
    return text


def _ground(stated: Mapping[str, Any]) -> Bounds | None:
    """Return the ground that it shows some of: of a pass's edge the geometry is smaller than the file."""
    try:
        if stated.get("geometry") is not None:
            return bounds_of_geometry("geometry", stated["geometry"], limit=90.0)
        return None if stated.get("bbox") is None else read_bbox(stated["bbox"], limit=90.0)
    except BadItem:
        return None


def meet(one: Bounds, other: Bounds) -> bool:
    """Whether two boxes share some ground."""
    return one.west < other.east and other.west < one.east and one.south < other.north and other.south < one.north


def _transform(asset: Mapping[str, Any]) -> Affine | None:
    said = asset.get("proj:transform")
    return None if said is None else read_transform(said, None)


def _shape(asset: Mapping[str, Any]) -> tuple[float, float] | None:
    said = asset.get("proj:shape")
    if said is None:
        return None
    rows, columns = numbers("proj:shape", said, {2})
    return rows, columns


def told_apart(products: Iterable[Product], collections: Sequence[str]) -> list[Product]:
    """Return each picture once: of the collection that comes first, as it was processed last.

    Of one pass and tile there may be several products, in several collections too; parts of one lie beside each other.
    """
    best: dict[tuple[str, ...], list[Product]] = {}
    for product in products:
        rivals = best.setdefault(product.made_of, [])
        if not rivals or _rank(product, collections) > _rank(rivals[0], collections):
            best[product.made_of] = [product]
        elif _rank(product, collections) == _rank(rivals[0], collections) and not any(
            product.item.item_id == each.item.item_id for each in rivals
        ):
            rivals.append(product)
    return [product for rivals in best.values() for product in rivals]


def _rank(product: Product, collections: Sequence[str]) -> tuple[int, str]:
    place = collections.index(product.collection) if product.collection in collections else len(collections)
    return -place, product.baseline
