"""The parcels that alerts and places name, as rows: kept once, and read for their owners."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, insert, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.layer_rows import outlines_of_text, text_of
from chalicelib.domain.parcels import NamedParcel, ParcelFacts
from chalicelib.domain.permits import Standing
from chalicelib.domain.tiles import Bounds

NAMED = t.named_parcels
MOST_CORNERS_KEPT = 40_000  # of all that one alert names, about a megabyte; those behind have their box
_BUT_LAND = tuple(column for column in NAMED.c if column.name != "geometry")  # a list of alerts is read without it
_NAMED_BY = {  # made once
    about: select(*_BUT_LAND).where(NAMED.c[about].in_(bindparam("ids", expanding=True))).order_by(NAMED.c.id)
    for about in ("alert_id", "place_id")
}
_DAYS = ("valid_from", "valid_to")


def keep_of_alert(connection: Connection, named: Iterable[NamedParcel], *, area_id: int, alert_id: int) -> None:
    """Keep the parcels that an alert names, with their land: nothing changes these rows again."""
    left, rows = MOST_CORNERS_KEPT, []
    for parcel in named:
        outlines = parcel.outlines or ()
        corners = sum(len(ring) for outline in outlines for ring in outline)
        is_kept = 0 < corners <= left
        left -= corners if is_kept else 0
        rows.append(_row_of(parcel) | {"geometry": text_of(outlines) if is_kept else None})
    _insert(connection, rows, area_id=area_id, alert_id=alert_id, place_id=None)


def keep_of_place(connection: Connection, named: Iterable[NamedParcel], *, area_id: int, place_id: int) -> None:
    """Keep the parcels that a place names, as it was seen last."""
    _insert(connection, [_row_of(parcel) for parcel in named], area_id=area_id, alert_id=None, place_id=place_id)


def _insert(connection: Connection, rows: Sequence[dict[str, Any]], **about: int | None) -> None:
    if rows:
        connection.execute(insert(NAMED), [row | about for row in rows])


def forget_named(connection: Connection, place_ids: Collection[int]) -> None:
    """Forget the parcels that places named: they are anew, or part of another place."""
    connection.execute(delete(NAMED).where(NAMED.c.place_id.in_(list(place_ids))))


def named_by_alerts(connection: Connection, alert_ids: Collection[int]) -> dict[int, list[NamedParcel]]:
    """Return the parcels that alerts name, by alert, the most telling first; without their land."""
    return _named(connection, "alert_id", alert_ids)


def named_by_places(connection: Connection, place_ids: Collection[int]) -> dict[int, list[NamedParcel]]:
    """Return the parcels that places name, by place, the most telling first."""
    return _named(connection, "place_id", place_ids)


def _named(connection: Connection, about: str, ids: Collection[int]) -> dict[int, list[NamedParcel]]:
    found: dict[int, list[NamedParcel]] = {}
    if ids:
        rows = connection.execute(_NAMED_BY[about], {"ids": list(ids)})
        for row in rows:
            found.setdefault(getattr(row, about), []).append(named_of(row))
    return found


def _row_of(parcel: NamedParcel) -> dict[str, Any]:
    return {
        "layer_id": parcel.layer_id,
        "layer_version_id": parcel.version_id,
        "parcel_id": parcel.parcel_id,
        "layer_name": parcel.layer_name,
        "name": parcel.name,
        "tags": text_of(parcel.tags),
        "share": parcel.share,
        "is_maybe": parcel.is_maybe,
        "standing": parcel.standing,
        "reference": parcel.reference,
        "facts": None if parcel.facts is None else _text_of_facts(parcel.facts),
    }


def _text_of_facts(facts: ParcelFacts) -> str:
    said = asdict(facts)
    days = {name: None if said[name] is None else said[name].isoformat() for name in _DAYS}
    return text_of(said | days)


def facts_of_text(text: str) -> ParcelFacts:
    """Read what else was true of a parcel."""
    said = json.loads(text)
    days = {name: None if said[name] is None else date.fromisoformat(said[name]) for name in _DAYS}
    return ParcelFacts(**said | days | {"bounds": Bounds(*said["bounds"])})


def named_of(row: Row[Any]) -> NamedParcel:
    """Return the parcel of a row of `named_parcels`; with its land, if the row has it."""
    geometry = getattr(row, "geometry", None)
    return NamedParcel(
        layer_id=row.layer_id,
        layer_name=row.layer_name,
        version_id=row.layer_version_id,
        parcel_id=row.parcel_id,
        name=row.name,
        tags=json.loads(row.tags),
        share=row.share,
        is_maybe=row.is_maybe,
        standing=row.standing and Standing(row.standing),
        reference=row.reference,
        facts=None if row.facts is None else facts_of_text(row.facts),
        outlines=None if geometry is None else outlines_of_text(geometry),
    )
