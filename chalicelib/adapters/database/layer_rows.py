"""Rows of layers to values, and back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from sqlalchemy import Row

from chalicelib.domain.layer_imports import (
    DrawnParcel,
    ImportOptions,
    ImportState,
    LayerImport,
    Preview,
    Problem,
    RowError,
    ShownRow,
)
from chalicelib.domain.layers import Extent, Layer, LayerKind, LayerSource, LayerVersion, NewParcel, Parcel
from chalicelib.domain.shapes import Outlines
from chalicelib.domain.tiles import Bounds

Json = dict[str, Any]
PERMIT = ("valid_from", "valid_to", "reference", "state")


def layer_of(row: Row[Any], current: LayerVersion) -> Layer:
    """Return the layer of a row of `layers`."""
    return Layer(layer_id=row.id, name=row.name, kind=LayerKind(row.kind), created_at=row.created_at, current=current)


def version_of(row: Row[Any]) -> LayerVersion:
    """Return the version of a row of `layer_versions`, whole."""
    source = json.loads(row.source)
    return LayerVersion(
        version_id=row.id,
        layer_id=row.layer_id,
        number=row.number,
        made_at=row.made_at,
        extent=Extent(parcels=row.parcels, bounds=bounds_of(row), m2=row.m2, accuracy_m=row.accuracy_m),
        source=LayerSource(**source | {"tag_columns": tuple(source["tag_columns"])}),
    )


def bounds_of(row: Row[Any]) -> Bounds:
    """Return the box of a row."""
    return Bounds(row.west, row.south, row.east, row.north)


def parcel_of(row: Row[Any]) -> Parcel:
    """Return the parcel of a row of `parcels`."""
    return Parcel(
        parcel_id=row.id,
        version_id=row.layer_version_id,
        number=row.number,
        name=row.name,
        tags=json.loads(row.tags),
        outlines=outlines_of_text(row.geometry),
        bounds=bounds_of(row),
        m2=row.m2,
        **{name: getattr(row, name) for name in PERMIT},
    )


def row_of(parcel: NewParcel, version_id: int) -> Json:
    """Return a row of `parcels`."""
    return {
        "layer_version_id": version_id,
        "number": parcel.number,
        "name": parcel.name,
        "tags": text_of(parcel.tags),
        "geometry": text_of(parcel.outlines),
        "m2": parcel.m2,
        **parcel.bounds._asdict(),
        **{name: getattr(parcel, name) for name in PERMIT},
    }


def import_of(row: Row[Any]) -> LayerImport:
    """Return the file of a row of `layer_imports`."""
    said = json.loads(row.options)
    name, tags = said.pop("name", ""), said.get("tag_columns")
    at = said.get("draw_at")
    said |= {"draw_at": at and tuple(at)} if said else {}
    said |= {"kind": LayerKind(said["kind"]), "tag_columns": None if tags is None else tuple(tags)} if said else {}
    return LayerImport(
        import_id=row.id,
        user_id=row.user_id,
        state=ImportState(row.state),
        object_key=row.object_key,
        file_name=row.file_name,
        created_at=row.created_at,
        layer_id=row.layer_id,
        name=name,
        options=ImportOptions(**said),
        preview=None if row.preview is None else _preview_of(json.loads(row.preview)),
        problem=None if row.problem is None else Problem(*json.loads(row.problem)),
    )


def options_text(options: ImportOptions, name: str) -> str:
    """Write how a file is to be read, and what its layer is called."""
    return text_of(asdict(options) | {"name": name})


def text_of(value: object) -> str:
    """Write JSON without blanks."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def said_of(value: Preview | LayerSource) -> Json:
    """Return the members of a value, to be written as JSON."""
    return {name: getattr(value, name) for name in value.__slots__}


def _preview_of(said: Json) -> Preview:
    lists = {name: tuple(said[name]) for name in ("file_layers", "columns", "needs", "notes")}
    errors = [RowError(row, reason, None if at is None else tuple(at)) for row, reason, at in said["errors"]]
    bounds = None if said["bounds"] is None else Bounds(*said["bounds"])
    first = tuple(ShownRow(*each) for each in said["first"])
    drawn = tuple(DrawnParcel(row, name, _outlines_of(land)) for row, name, land in said.get("drawn", ()))
    at = said.get("drawn_at")  # a preview of before has none
    shown = {"errors": tuple(errors), "bounds": bounds, "first": first, "drawn": drawn, "drawn_at": at and tuple(at)}
    return Preview(**said | lists | shown)


def outlines_of_text(text: str) -> Outlines:
    """Read polygons."""
    return _outlines_of(json.loads(text))


def _outlines_of(said: Any) -> Outlines:  # noqa: ANN401 (JSON)
    return tuple([[(lon, lat) for lon, lat in ring] for ring in outline] for outline in said)
