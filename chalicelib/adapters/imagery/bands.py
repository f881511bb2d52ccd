"""Which of an item's assets are bands, and what their numbers mean: nothing is guessed of a sensor that is not known.

Source: STAC 1.0 and 1.1, the extensions eo and raster, and the members `s2:`, `sentinel:` and `earthsearch:` of the
catalogues of Sentinel-2. Its numbers are 10,000 times the reflectance, and 1,000 more since processing baseline 04.00
of 25 January 2022, unless the catalogue has taken that off again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

from chalicelib.adapters.imagery.assets import Asset, Ranked, is_geotiff, roles_of
from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.boxes import number
from chalicelib.adapters.imagery.geotiff_tags import Placed
from chalicelib.adapters.imagery.item_store import StoredFile
from chalicelib.domain.bands import CLASS, LAYERS

_SCALE, _OFFSET = 1 / 10_000, -0.1  # of Sentinel-2
_BASELINE, _SINCE = 4.0, datetime(2022, 1, 25, tzinfo=UTC)
_OF_SENTINEL_2 = {"b02": "blue", "b03": "green", "b04": "red", "b08": "nir", "b11": "swir16", "b12": "swir22"}
_SYNONYMS = {"nir08": "nir", "scl": CLASS}
_RESOLUTION = re.compile(r"_(\d\d)m$")
_NO_BANDS = frozenset({"visual", "overview", "thumbnail"})


class Coding(NamedTuple):
    """What a band's numbers mean: the reflectance is `scale` times the number, and `offset` more. Not of the class."""

    scale: float = 1.0
    offset: float = 0.0
    no_data: int | None = None  # beside what its file says


class BandAsset(NamedTuple):
    """An asset that is one of the layers."""

    name: str
    asset: Asset
    coding: Coding


class Band(NamedTuple):
    """A layer's file, on its ground."""

    name: str
    image: StoredFile
    placed: Placed
    coding: Coding
    checksum: str | None = None  # `file:checksum`


class RankedBand(NamedTuple):
    """An asset that may be one of the layers."""

    name: str
    ranked: Ranked
    coding: Coding


def find_bands(
    item: Mapping[str, Any], properties: Mapping[str, Any], captured_at: datetime
) -> tuple[list[RankedBand], list[str]]:
    """Return the layers that an item names, and what to note of those that are not used. Raises BadItem."""
    assets = item.get("assets")
    is_sentinel_2 = _is_sentinel_2(item, properties)
    found: dict[str, RankedBand] = {}
    notes: list[str] = []
    for name, key, asset in _named(assets if isinstance(assets, dict) else {}, is_sentinel_2=is_sentinel_2):
        if name in found:
            continue
        coding = Coding() if name == CLASS else _coding(asset, properties, captured_at, is_sentinel_2=is_sentinel_2)
        if coding is None:
            notes.append(f"its band {key!r:.40} is not used: it does not say raster:scale and raster:offset")
            continue
        found[name] = RankedBand(name, Ranked(key, asset["href"].strip(), "GeoTIFF", "", False, "", asset), coding)
    return [found[name] for name in LAYERS if name in found], notes


def _named(assets: Mapping[str, Any], *, is_sentinel_2: bool) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Yield the assets that are GeoTIFFs of one layer: the exact keys first, then those of the smallest pixels."""
    for key in sorted(assets, key=lambda key: (len(key), key)):
        asset = assets[key]
        href = asset.get("href") if isinstance(asset, dict) else None
        if not isinstance(href, str) or not href.strip() or not is_geotiff(asset, href.strip()):
            continue
        name = _name(key, asset, is_sentinel_2=is_sentinel_2)
        if name is not None and _NO_BANDS.isdisjoint(roles_of(asset.get("roles"))):
            yield name, key, asset


def _name(key: str, asset: Mapping[str, Any], *, is_sentinel_2: bool) -> str | None:
    """Return which layer an asset is: by its one band's common name, or else by its key; None if it is none."""
    bands = next((asset[member] for member in ("bands", "eo:bands") if isinstance(asset.get(member), list)), None)
    said = [key]
    if bands is not None and all(isinstance(each, dict) for each in bands):
        if len(bands) > 1:
            return None
        common = [band.get(member) for band in bands for member in ("eo:common_name", "common_name", "name")]
        said = [str(each) for each in common if isinstance(each, str)] + said
    for each in said:
        plain = _RESOLUTION.sub("", each.lower())
        plain = _SYNONYMS.get(plain, plain)
        if is_sentinel_2:
            plain = _OF_SENTINEL_2.get(plain, plain)
        if plain in LAYERS and (plain != CLASS or each.lower() != CLASS):
            return plain
    return None


def _is_sentinel_2(item: Mapping[str, Any], properties: Mapping[str, Any]) -> bool:
    said = [item.get("collection"), properties.get("platform"), properties.get("constellation")]
    return any(isinstance(each, str) and each.lower().startswith(("sentinel-2", "sentinel2")) for each in said)


def _coding(
    asset: Mapping[str, Any], properties: Mapping[str, Any], captured_at: datetime, *, is_sentinel_2: bool
) -> Coding | None:
    """Return what a band's numbers mean; None if nobody says it."""
    said: dict[str, float] = {}
    for part in (asset, *(_first(asset.get(member)) for member in ("bands", "raster:bands"))):
        for member in ("scale", "offset", "nodata"):
            for key in (f"raster:{member}", member):
                if part.get(key) is not None and not isinstance(part[key], str):
                    said[member] = number(key, part[key])
    scale, offset = said.get("scale"), said.get("offset")
    if is_sentinel_2:
        scale = _SCALE if scale is None else scale
        by_baseline = _offset(properties, captured_at)
        offset = by_baseline if offset is None or _is_taken_off(properties) else offset
    if not (0 < (scale or 1) <= 1 and scale != 0 and -1 <= (offset or 0) <= 1):
        raise BadItem(f"raster:scale {scale} and raster:offset {offset} of a band make no reflectance of its numbers")
    if scale is None or (offset is None and is_sentinel_2):
        return None
    offset = offset or 0.0
    no_data = said.get("nodata", 0.0 if is_sentinel_2 else None)
    return Coding(scale, offset, None if no_data is None or not no_data.is_integer() else int(no_data))


def _first(bands: object) -> Mapping[str, Any]:
    return bands[0] if isinstance(bands, list) and bands and isinstance(bands[0], dict) else {}


def _is_taken_off(properties: Mapping[str, Any]) -> bool:
    """Whether the catalogue says that its numbers are without the offset: then `raster:bands` names it all the same."""
    return any(properties.get(f"{who}:boa_offset_applied") is True for who in ("earthsearch", "sentinel"))


def _offset(properties: Mapping[str, Any], captured_at: datetime) -> float | None:
    """Return Sentinel-2's offset by its processing baseline; without one by its date, as far as that tells."""
    if _is_taken_off(properties):
        return 0.0
    members = ("s2:processing_baseline", "sentinel:processing_baseline", "processing:version")
    for said in (properties.get(member) for member in members):
        if isinstance(said, str) and re.fullmatch(r"0?\d\.\d\d?", said):
            return _OFFSET if float(said) >= _BASELINE else 0.0
    return 0.0 if captured_at < _SINCE else None
