"""What the properties of a STAC Item say of its time, of whose it is, and of its clouds."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from chalicelib.adapters.imagery.bad_item import BadItem

_TIME = re.compile(r"\d{4}-\d\d-\d\d([Tt ]\d\d:\d\d.*)?|\d{8}([Tt]\d{4,}.*)?", re.DOTALL)


def time_of(value: object, what: str) -> tuple[datetime, bool]:
    """Return a time, and whether its zone was said. Raises BadItem."""
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            time = datetime.fromisoformat(value.upper())
            return (time if time.tzinfo else time.replace(tzinfo=UTC)).astimezone(UTC), time.tzinfo is not None
        except (ValueError, OverflowError):
            pass  # no time that there is
    says = f"properties.{what} is not a date and time: {value!r:.60}"
    raise BadItem(f"{says}; it is written like 2025-01-15T05:30:00Z")


def captured_at_of(properties: Mapping[str, Any]) -> tuple[datetime, list[str]]:
    """Return when its pictures were taken, of a period its end, and what is to be noted of that. Raises BadItem."""
    if properties.get("datetime") is not None:
        time, has_zone = time_of(properties["datetime"], "datetime")
    elif properties.get("start_datetime") is None or properties.get("end_datetime") is None:
        raise BadItem("properties.datetime is missing, and so is start_datetime or end_datetime")
    else:
        start, _ = time_of(properties["start_datetime"], "start_datetime")
        time, has_zone = time_of(properties["end_datetime"], "end_datetime")
        if time < start:
            raise BadItem("properties.end_datetime is before start_datetime")
    return time, [] if has_zone else ["its time has no zone and is taken as UTC"]


def attribution_of(properties: Mapping[str, Any]) -> str | None:
    """Return whose its pictures are, as it says itself or by its providers' names."""
    stated = properties.get("attribution")
    if isinstance(stated, str) and stated.strip():
        return stated.strip()
    providers = properties.get("providers")
    names = [p.get("name") for p in providers if isinstance(p, dict)] if isinstance(providers, list) else []
    return ", ".join(name.strip() for name in names if isinstance(name, str) and name.strip()) or None


def cloud_share_of(properties: Mapping[str, Any]) -> float | None:
    """Return the share of clouds that it states, 0 to 1."""
    percent = properties.get("eo:cloud_cover")
    if isinstance(percent, bool) or not isinstance(percent, int | float) or not 0 <= percent <= 100:
        return None  # as if it said nothing: it only decides which of two pictures is looked at first
    return percent / 100
