"""STAC documents: Items, one dated image each, alone or several in a file; Catalogs and Collections that link to them.

Source: STAC 1.0 and 1.1, item-spec; projection, file and raster extensions. What a document states is a pure function
of its name and its bytes, so it can be kept for as long as the file is the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import PurePosixPath
from typing import Any

from chalicelib.adapters.imagery.assets import Asset, Ranked, asset_of, ranked_assets
from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.bands import BandAsset, RankedBand, find_bands
from chalicelib.adapters.imagery.crs import KNOWN
from chalicelib.adapters.imagery.georeference import Georeference, read_georeference
from chalicelib.adapters.imagery.json_text import parse
from chalicelib.adapters.imagery.properties import attribution_of, captured_at_of, cloud_share_of, time_of
from chalicelib.adapters.imagery.remains import grounds_in, readable, times_in
from chalicelib.adapters.imagery.stated_samples import GSDS, stated_no_data
from chalicelib.domain.tiles import Bounds

MAX_DOCUMENT_BYTES = 10_000_000
MAX_ID_LENGTH = 200
GROUNDS = ("bbox", "geometry", "crs", *sorted(KNOWN))  # the members that say where a picture lies


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What one STAC Item states."""

    item_id: str
    captured_at: datetime  # of a period, its end
    assets: tuple[Asset, ...]  # those that may be its picture, best first
    attribution: str | None
    bands: tuple[BandAsset, ...] = ()
    notes: tuple[str, ...] = ()  # what the operator should know of how it was read
    cloud_share: float | None = None  # 0 to 1

    @property
    def bounds(self) -> Bounds | None:
        """The ground of its best picture, as far as it is stated."""
        best = self.assets[0].georeference
        return best.bounds if isinstance(best, Georeference) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What one JSON file of an archive is."""

    kind: str  # in words, with its article
    items: tuple[Item | BadItem, ...] = ()
    links: tuple[str, ...] = ()  # of a catalogue: to its items and children, as written
    mentions: tuple[str, ...] = ()  # the files that its items name, as written
    bad: BadItem | None = None  # the file as a whole cannot be used
    is_aside: bool = False  # nothing that an archive reads, and in order


def read_document(content: bytes, *, name: str) -> Document:
    """Read a JSON file; `name` (relative to the archive) gives an item its id where it has none."""
    try:
        document = _parsed(content)
    except BadItem as bad:
        return Document(kind="a JSON file", bad=_with_remains(bad, readable(content)))
    stem = PurePosixPath(name).stem
    kind = document.get("type") or _kind_before_1_0(document)
    if kind in ("Catalog", "Collection"):
        return Document(kind=f"a {kind}", links=_links(document))
    if kind == "FeatureCollection" or (kind == "ItemCollection" and "features" in document):
        return _collection(document, stem)
    if "assets" in document or "stac_version" in document:
        return Document(kind="an item", items=(_read_item(document, stem),), mentions=_mentions([document]))
    says = "GeoJSON without assets, so no STAC Item" if kind == "Feature" else "JSON of another kind, no STAC Item"
    return Document(kind=says, is_aside=True)


def _kind_before_1_0(document: Mapping[str, Any]) -> str | None:
    """Return what a document of STAC 0.9 and before is that says no type, as its catalogues did not."""
    is_catalogue = "stac_version" in document and "links" in document
    if not is_catalogue or document.keys() & {"properties", "geometry", "bbox", "assets"}:
        return None
    return "Collection" if "extent" in document else "Catalog"


def _parsed(content: bytes) -> Mapping[str, Any]:
    if len(content) > MAX_DOCUMENT_BYTES:
        raise BadItem(f"a JSON file has at most {MAX_DOCUMENT_BYTES} bytes, this has {len(content)}")
    document = parse(content)
    if isinstance(document, list):
        raise BadItem("it is a list: items lie alone in their files, or as the features of one FeatureCollection")
    return _mapping(document, "the file")


def _collection(document: Mapping[str, Any], stem: str) -> Document:
    features = document.get("features")
    if not isinstance(features, list):
        bad = _with_remains(BadItem("features must be a list"), json.dumps(document))
        return Document(kind="a FeatureCollection", bad=bad)
    if features and not any(isinstance(each, dict) and {"assets", "stac_version"} & each.keys() for each in features):
        return Document(kind="GeoJSON without assets, so no STAC Items", is_aside=True)
    items = tuple(_read_item(each, f"{stem}-{place}") for place, each in enumerate(features, start=1))
    return Document(kind=f"a collection of {len(items)} items", items=items, mentions=_mentions(features))


def _links(document: Mapping[str, Any]) -> tuple[str, ...]:
    links = document.get("links")
    found = [each for each in links if isinstance(each, dict)] if isinstance(links, list) else []
    wanted = (each.get("href") for each in found if each.get("rel") in ("item", "child"))
    return tuple(href for href in wanted if isinstance(href, str) and href.strip())


def _mentions(items: list[Any]) -> tuple[str, ...]:
    assets = [each.get("assets") for each in items if isinstance(each, dict)]
    stated = [asset for each in assets if isinstance(each, dict) for asset in each.values()]
    hrefs = (asset.get("href") for asset in stated if isinstance(asset, dict))
    return tuple(href.strip() for href in hrefs if isinstance(href, str))


def _read_item(document: object, name: str) -> Item | BadItem:
    try:
        item = _mapping(document, "an item")
    except BadItem as bad:
        return bad
    try:
        return _item_of(item, name)
    except BadItem as bad:
        with suppress(BadItem):
            bad.captured_at = captured_at_of(_mapping(item.get("properties"), "properties"))[0]
        bad.grounds = bad.grounds or _grounds(item)
        return bad


def _grounds(item: Mapping[str, Any]) -> tuple[Bounds, ...]:
    """Return the ground that an item which cannot be used states, one way or the other."""
    with suppress(BadItem):
        return (read_georeference(item, _properties(item), {}).bounds,)
    return grounds_in(json.dumps(item))


def _with_remains(bad: BadItem, text: str) -> BadItem:
    """Add to what is wrong with a whole file where and when it may be of: the latest time that it names."""
    bad.grounds = grounds_in(text)
    with suppress(BadItem):
        bad.captured_at = max((time_of(each, "datetime")[0] for each in times_in(text)), default=None)
    return bad


def _item_of(item: Mapping[str, Any], name: str) -> Item:
    properties = _properties(item)
    captured_at, notes = captured_at_of(properties)
    ranked, notes_of_assets = _ranked(item, properties)
    assets: list[Asset] = []
    for each in ranked:
        georeference = _georeference(item, properties, each)
        if not assets and isinstance(georeference, BadItem):
            raise georeference
        no_data = stated_no_data(each.stated, {**item, **properties})
        if not assets and no_data.note:
            notes_of_assets.append(no_data.note)
        assets.append(asset_of(each, georeference, no_data.value))
    ranked_bands, notes_of_bands = find_bands(item, properties, captured_at)
    return Item(
        item_id=_item_id(item.get("id"), name),
        captured_at=captured_at,
        assets=tuple(assets),
        attribution=attribution_of(properties),
        bands=tuple(_band(item, properties, each) for each in ranked_bands),
        notes=(*notes, *notes_of_assets, *notes_of_bands),
        cloud_share=cloud_share_of(properties),
    )


def _properties(item: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an item's properties, with what is said of its ground beside them, where it does not belong."""
    properties = _mapping(item.get("properties"), "properties")
    strays = {key: item[key] for key in (*sorted(KNOWN), *GSDS) if key in item}
    for key, value in strays.items():
        if properties.get(key, value) != value:
            raise BadItem(f"it says {key} twice: {value!r:.60} beside its properties, {properties[key]!r:.60} in them")
    return {**strays, **properties}


def _band(item: Mapping[str, Any], properties: Mapping[str, Any], band: RankedBand) -> BandAsset:
    """Return a band as it is kept. The item's `gsd` is that of its finest bands, and no other's."""
    own = {key: value for key, value in properties.items() if key not in GSDS}
    return BandAsset(band.name, asset_of(band.ranked, _georeference(item, own, band.ranked)), band.coding)


def _ranked(item: Mapping[str, Any], properties: Mapping[str, Any]) -> tuple[list[Ranked], list[str]]:
    try:
        return ranked_assets(_mapping(item.get("assets"), "assets"))
    except BadItem as bad:  # what else is in the way is said with it: both are mended at once
        try:
            read_georeference(item, properties, {})
        except BadItem as other:
            says = f"{bad.says}; and {other.says}"
            raise BadItem(says, named=bad.named, remedy=bad.remedy or other.remedy) from None
        raise


def _georeference(
    item: Mapping[str, Any], properties: Mapping[str, Any], ranked: Ranked
) -> Georeference | BadItem | None:
    may_be_geotiff = ranked.format in ("GeoTIFF", "")
    said = {**item, **properties, **ranked.stated}
    if may_be_geotiff and all(said.get(key) is None for key in GROUNDS):
        return None
    try:
        return read_georeference(item, properties, ranked.stated, of_geotiff=may_be_geotiff)
    except BadItem as bad:
        return bad


def _mapping(value: Any, what: str) -> Mapping[str, Any]:  # noqa: ANN401 (parsed JSON)
    if not isinstance(value, dict):
        raise BadItem(f"{what} must be a JSON object")
    return value


def _item_id(value: object, name: str) -> str:
    if value is None or value == "":
        return name[:MAX_ID_LENGTH]
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadItem(f"id must be text, not {value!r:.40}")
    text = str(value)
    if len(text) > MAX_ID_LENGTH or any(ord(character) < 32 or ord(character) == 127 for character in text):
        raise BadItem(f"id must be text of at most {MAX_ID_LENGTH} characters without control characters")
    return text
