"""Places as files that other programs open: GeoJSON and CSV. GeoPackage is a database, and written by an adapter."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from chalicelib.domain.places import Place
from chalicelib.domain.tiles import Outline, centre_of

BYTE_ORDER_MARK = "\ufeff"  # by it a spreadsheet knows that a file is UTF-8: names in Odia stay what they are
_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # as wide as in Japanese too
COLUMNS = (
    *("id", "area_id", "area", "state", "first_seen", "last_seen"),
    *("area_m2", "severity", "kind", "kind_probability", "longitude", "latitude"),
)
Row = dict[str, str | float | datetime | None]


class NamedPlace(NamedTuple):
    """A place, and what its area is called."""

    place: Place
    area_name: str


def row_of(named: NamedPlace) -> Row:
    """Return what a file says of a place beside its outlines, by the names of the columns."""
    place = named.place
    lon, lat = centre_of(place.bounds)
    values = (
        place.place_id,
        place.area_id,
        named.area_name,
        place.state.value,
        place.first_seen_at,
        place.last_seen_at,
        round(place.area_m2, 1),
        place.severity and place.severity.value,
        place.kind.value,
        place.kind_probability and round(place.kind_probability, 3),
        round(lon, 7),
        round(lat, 7),
    )
    return dict(zip(COLUMNS, values, strict=True))


def oriented(outlines: Sequence[Outline]) -> list[list[list[tuple[float, float]]]]:
    """Return outlines as the coordinates of a MultiPolygon: rims counterclockwise, holes clockwise, all closed."""
    return [[_turned(ring, is_hole=number > 0) for number, ring in enumerate(outline)] for outline in outlines]


def _turned(ring: Sequence[Sequence[float]], *, is_hole: bool) -> list[tuple[float, float]]:
    points = [(float(lon), float(lat)) for lon, lat in ring]
    if points[0] != points[-1]:
        points.append(points[0])
    lon, lat = points[0]  # as from there: the products are small, and the sign is sure
    near = [(x - lon, y - lat) for x, y in points]
    doubled = sum(x * v - u * y for (x, y), (u, v) in pairwise(near))
    return points[::-1] if (doubled < 0) != is_hole else points


def geojson_of(places: Sequence[NamedPlace]) -> str:
    """Write places as a GeoJSON FeatureCollection."""
    return json.dumps({"type": "FeatureCollection", "features": list(map(feature_of, places))}, ensure_ascii=False)


def feature_of(named: NamedPlace) -> dict[str, Any]:
    """Return a place as a GeoJSON Feature."""
    place, row = named.place, row_of(named)
    geometry = {"type": "MultiPolygon", "coordinates": oriented(place.outlines)} if place.outlines else None
    properties = {name: time_text(value) if isinstance(value, datetime) else value for name, value in row.items()}
    return {"type": "Feature", "id": row["id"], "geometry": geometry, "properties": properties}


def csv_of(places: Sequence[NamedPlace]) -> str:
    """Write places as CSV, for spreadsheets and GIS: outlines as WKT, and no text that is taken for a formula."""
    written = io.StringIO(newline="")
    written.write(BYTE_ORDER_MARK)
    table = csv.writer(written)
    table.writerow((*COLUMNS, "outline"))
    for named in places:
        cells = map(cell, row_of(named).values())
        table.writerow((*cells, wkt_of(named.place.outlines)))
    return written.getvalue()


def wkt_of(outlines: Sequence[Outline]) -> str:
    """Write outlines as WKT."""
    if not outlines:
        return "MULTIPOLYGON EMPTY"

    def ring(points: Sequence[tuple[float, float]]) -> str:
        return f"({', '.join(f'{lon:.7f} {lat:.7f}' for lon, lat in points)})"

    polygons = [", ".join(map(ring, rings)) for rings in oriented(outlines)]
    return f"MULTIPOLYGON ({', '.join(f'({polygon})' for polygon in polygons)})"


def cell(value: str | float | datetime | None) -> str | float | None:
    """Return a value as a cell of CSV: no text that is taken for a formula."""
    if isinstance(value, datetime):
        return time_text(value)
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULAS) else value


def time_text(time: datetime) -> str:
    """Write a time as files have it."""
    return f"{time:%Y-%m-%dT%H:%M:%SZ}"
