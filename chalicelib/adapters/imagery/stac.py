"""STAC Items: one dated image each, described by a JSON file beside it.

Source: STAC 1.0 and 1.1, item-spec; projection extension 1.x (`proj:epsg`) and 2.x (`proj:code`).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from chalicelib.domain.tiles import MAX_LATITUDE, Bounds

MAX_ITEM_BYTES = 1_000_000
_WEB_MERCATOR = ("EPSG:3857", 3857)
_LON_LAT = ("EPSG:4326", 4326, "OGC:CRS84")


class BadItem(ValueError):
    """It cannot be used as an item; the message says why, for the operator. It may say when and where it was taken."""

    captured_at: datetime | None = None
    bounds: Bounds | None = None


class NotAnItem(ValueError):
    """It is a catalogue or a collection: in order, and nothing to read here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What one STAC Item states."""

    item_id: str
    captured_at: datetime  # of a period, its end
    bounds: Bounds
    image: str  # the image's name, relative to the item
    is_lonlat: bool  # rows are even in latitude (EPSG:4326), else in Web Mercator (EPSG:3857)
    gsd_m: float | None
    attribution: str | None


def read_item(content: bytes, *, name: str) -> Item:
    """Read an item; `name` (without .json) is its id where it has none. Raises BadItem, NotAnItem."""
    if len(content) > MAX_ITEM_BYTES:
        raise BadItem(f"an item has at most {MAX_ITEM_BYTES} bytes, this has {len(content)}")
    try:
        document = json.loads(content.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        raise BadItem("it is no whole JSON text: still being written, or damaged") from None
    item = _mapping(document, "the file")
    if item.get("type") in {"Catalog", "Collection"}:
        raise NotAnItem
    try:
        return _item_of(item, name)
    except BadItem as bad:
        with suppress(BadItem):
            bad.captured_at = _captured_at(_mapping(item.get("properties"), "properties"))
            bad.bounds = _bounds(item.get("bbox"), limit=90.0)
        raise


def _item_of(item: Mapping[str, Any], name: str) -> Item:
    properties = _mapping(item.get("properties"), "properties")
    asset = _mapping(_mapping(item.get("assets"), "assets").get("image"), "assets.image")
    is_lonlat = _is_lonlat({**properties, **{key: value for key, value in asset.items() if key.startswith("proj:")}})
    return Item(
        item_id=str(item.get("id") or name),
        captured_at=_captured_at(properties),
        bounds=_bounds(item.get("bbox"), limit=90.0 if is_lonlat else MAX_LATITUDE + 1e-6),
        image=_image_name(asset.get("href")),
        is_lonlat=is_lonlat,
        gsd_m=_gsd_m(properties.get("gsd")),
        attribution=_attribution(properties),
    )


def _mapping(value: Any, what: str) -> Mapping[str, Any]:  # noqa: ANN401 (parsed JSON)
    if not isinstance(value, dict):
        raise BadItem(f"{what} must be a JSON object")
    return value


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadItem(f"{value!r:.40} is not a number")
    return float(value)


def _time(value: object, what: str) -> datetime:
    try:
        time = datetime.fromisoformat(str(value))
        return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadItem(f"properties.{what} is not a date and time: {value!r:.40}") from None


def _captured_at(properties: Mapping[str, Any]) -> datetime:
    if properties.get("datetime") is not None:
        return _time(properties["datetime"], "datetime")
    if properties.get("start_datetime") is None or properties.get("end_datetime") is None:
        raise BadItem("properties.datetime is missing, and so is start_datetime or end_datetime")
    start, end = (
        _time(properties["start_datetime"], "start_datetime"),
        _time(properties["end_datetime"], "end_datetime"),
    )
    if end < start:
        raise BadItem("properties.end_datetime is before start_datetime")
    return end


def _bounds(bbox: object, *, limit: float) -> Bounds:
    if not isinstance(bbox, list) or len(bbox) not in {4, 6}:
        raise BadItem("bbox must be a list of 4 or 6 numbers")
    numbers = [_number(value) for value in bbox]
    west, south, east, north = (numbers[i] for i in ((0, 1, 2, 3) if len(numbers) == 4 else (0, 1, 3, 4)))
    if not (-180 <= west <= 180 and -180 <= east <= 180 and -limit <= south < north <= limit):
        raise BadItem(f"bbox must be west, south, east, north in degrees (north at most {limit:.2f}), not {bbox}")
    if west >= east:
        raise BadItem(f"bbox must have its west before its east (none crosses the 180th meridian), not {bbox}")
    return Bounds(west, south, east, north)


def _image_name(href: object) -> str:
    if not isinstance(href, str) or not href:
        raise BadItem("assets.image.href is missing")
    parts = urlsplit(href)
    path = PurePosixPath(unquote(href))
    if parts.scheme or parts.netloc or path.is_absolute() or ".." in path.parts or "\\" in href:
        raise BadItem(f"assets.image.href must name a picture beside the item, not {href!r:.80}")
    return str(path)


def _is_lonlat(properties: Mapping[str, Any]) -> bool:
    code = properties.get("proj:code") or properties.get("proj:epsg") or "EPSG:3857"
    if code in _LON_LAT:
        return True
    if code in _WEB_MERCATOR:
        return False
    raise BadItem(f"proj:code must be EPSG:3857 or EPSG:4326, not {code!r:.40}")


def _gsd_m(value: object) -> float | None:
    if value is None:
        return None
    gsd_m = _number(value)
    if gsd_m <= 0:
        raise BadItem(f"properties.gsd must be metres a pixel, more than 0, not {gsd_m}")
    return gsd_m


def _attribution(properties: Mapping[str, Any]) -> str | None:
    stated = properties.get("attribution")
    if isinstance(stated, str) and stated.strip():
        return stated.strip()
    providers = properties.get("providers")
    names = [p.get("name") for p in providers if isinstance(p, dict)] if isinstance(providers, list) else []
    return ", ".join(name.strip() for name in names if isinstance(name, str) and name.strip()) or None
