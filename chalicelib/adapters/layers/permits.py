"""What a row says of a permit: from when, to when, by which reference, and how it stands."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from chalicelib.domain.layer_imports import ImportOptions
from chalicelib.domain.layers import LayerKind

STATES = ("approved", "revoked", "disputed", "expired")
_ISO = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[T ].*)?")
_INDIAN = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4})")


def permit_of(tags: dict[str, str], options: ImportOptions) -> dict[str, Any]:
    """Return the members of a parcel that are a permit's; none in a layer of parcels. Raises ValueError."""
    if options.kind is not LayerKind.PERMITS:
        return {}
    begin = _date(tags.get(options.from_column, ""), options.from_column)
    end = _date(tags.get(options.to_column, ""), options.to_column)
    if begin is not None and end is not None and end < begin:
        raise ValueError(f"this permit ends ({end}) before it begins ({begin})")
    state = tags.get(options.state_column, "").lower() if options.state_column else STATES[0]
    if state not in STATES:  # nothing said in a column that is named is no approval: that would silence alerts
        raise ValueError(f"a permit is {', '.join(STATES)}, not {state[:40]!r}")
    reference = tags.get(options.reference_column, "")[:200] or None
    return {"valid_from": begin, "valid_to": end, "reference": reference, "state": state}


def permit_notes(options: ImportOptions, permits: int) -> list[str]:
    """Return what is taken of all permits because no column is named for it."""
    if options.kind is not LayerKind.PERMITS or not permits:
        return []
    count = f"all {permits} permits count" if permits > 1 else "its only permit counts"
    unsaid = (
        (options.state_column, f"no column for the state: {count} as approved"),
        (options.from_column, f"no column for the begin: {count} from any day on"),
        (options.to_column, f"no column for the end: {count} without an end"),
    )
    return [note for column, note in unsaid if not column]


def _date(text: str, column: str) -> date | None:
    if not text:
        return None
    try:
        if found := _ISO.fullmatch(text):
            return date(int(found[1]), int(found[2]), int(found[3]))
        if found := _INDIAN.fullmatch(text):
            return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        pass
    raise ValueError(f"{column} is a date like 2025-12-31 or 31-12-2025, not {text[:40]!r}")
