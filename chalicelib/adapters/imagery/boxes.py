"""Boxes, transforms and geometries as items state them, read strictly, and whether two of them agree."""

from __future__ import annotations

import math
from typing import NamedTuple

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.crs import REMEDY
from chalicelib.adapters.imagery.systems import LON_LAT, System
from chalicelib.domain.errors import BadImage
from chalicelib.domain.tiles import MAX_LATITUDE, Bounds

TOLERANCE = 0.02  # of the box's width and height
_EARTH_M = 6_378_137.0  # the radius of EPSG:3857's sphere
_WORLD_M = math.pi * _EARTH_M * 1.0001
_MOST_TURNED = 720  # degrees
_MOST_POSITIONS = 200_000


class Affine(NamedTuple):
    """From pixels to the units of a reference system, north up: where the corner lies, and how large a pixel is."""

    left: float
    top: float
    pixel_width: float
    pixel_height: float

    def box(self, columns: int, rows: int) -> Bounds:
        """Return what so many pixels span."""
        right, bottom = self.left + self.pixel_width * columns, self.top - self.pixel_height * rows
        return Bounds(self.left, bottom, right, self.top)


def number(what: str, value: object) -> float:
    """Return a finite number. Raises BadItem."""
    if isinstance(value, str):
        raise BadItem(f"{what}: {value!r:.40} is text and not a number: numbers have no quotes")
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise BadItem(f"{what}: {value!r:.40} is not a number")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise BadItem(f"{what}: {value!r:.40} is not a number, or has too many digits")
    return found


def numbers(what: str, value: object, counts: set[int]) -> list[float]:
    """Return a list of so many numbers. Raises BadItem."""
    if not isinstance(value, list) or len(value) not in counts:
        raise BadItem(f"{what} must be a list of {' or '.join(map(str, sorted(counts)))} numbers, not {value!r:.60}")
    return [number(what, each) for each in value]


def box_of(what: str, value: object) -> Bounds:
    """Read a box of four numbers, or of six with heights, in any units. Raises BadItem."""
    found = numbers(what, value, {4, 6})
    box = Bounds(*found) if len(found) == 4 else Bounds(found[0], found[1], found[3], found[4])
    if not (box.west < box.east and box.south < box.north) and what != "bbox":
        raise BadItem(f"{what} must be west, south, east, north, not {value!r:.120}")
    return box


def read_bbox(value: object, *, limit: float) -> Bounds:
    """Read the bbox of an item, in degrees; no latitude lies beyond the limit. Raises BadItem."""
    box = box_of("bbox", value)
    if -180 <= box.west <= 180 and -180 <= box.east <= 180 and -limit <= box.south < box.north <= limit:
        if box.west == box.east:
            raise BadItem(f"bbox has no width: {value}")
        if box.west > box.east:
            raise BadItem(
                "bbox must have its west before its east; one across the 180th meridian is cut there into two items, "
                f"not {value}"
            )
        return box
    raise BadItem(
        f"bbox must be west, south, east, north in degrees (north at most {limit:.2f}), not {value}{_hint(box, limit)}"
    )


def exchanged(box: Bounds) -> Bounds:
    """Return a box with longitude and latitude exchanged."""
    return Bounds(box.south, box.west, box.north, box.east)


def _meant(box: Bounds, limit: float) -> Bounds | None:
    """Return the place that is meant by a box which is none until longitude and latitude are exchanged."""
    other = exchanged(box)
    is_place = other.west < other.east and -limit <= other.south < other.north <= limit
    return other if max(abs(box.south), abs(box.north)) > limit and is_place and max(map(abs, other)) <= 180 else None


def _hint(box: Bounds, limit: float) -> str:
    turned = [box.west % 360, box.east % 360]
    turned = [lon - 360 if max(turned) > 180 else lon for lon in turned]
    is_round = min(abs(box.west), abs(box.east)) > 180 and turned[0] < turned[1] and min(turned) >= -180
    if is_round and max(map(abs, box)) < _MOST_TURNED:
        return f": its longitudes are a whole turn off; are they {turned[0]:.10g} and {turned[1]:.10g}?"
    if max(map(abs, box)) > 360:
        return ": these are metres, or another system's units"
    if _meant(box, limit) is not None:
        return ": are longitude and latitude exchanged?"
    if max(abs(box.west), abs(box.east)) > 180:
        return ": it reaches over the 180th meridian; cut it there into two items"
    if box.south == box.north:
        return ": it has no height"
    return ": is that west, north, east, south?" if box.south > box.north else ""


def bounds_of_geometry(what: str, value: object, *, limit: float) -> Bounds:
    """Return the box around a Polygon or MultiPolygon. Raises BadItem."""
    if not isinstance(value, dict) or value.get("type") not in ("Polygon", "MultiPolygon"):
        kind = value.get("type") if isinstance(value, dict) else value
        raise BadItem(f"{what} must be a Polygon or MultiPolygon: a picture's ground, not {kind!r:.40}")
    positions = _positions(what, value.get("coordinates"), 2 if value["type"] == "Polygon" else 3)
    if not positions:
        raise BadItem(f"{what} has no positions")
    lons, lats = zip(*positions, strict=True)
    box = [min(lons), min(lats), max(lons), max(lats)]
    if not (box[0] < box[2] and box[1] < box[3]):
        raise BadItem(f"{what} has no width or no height: {box}")
    if limit == math.inf:
        return Bounds(*box)
    try:
        return read_bbox(box, limit=limit)
    except BadItem as bad:
        raise BadItem(f"the box of its {what} is no place: {bad}") from None


def _positions(what: str, value: object, depth: int) -> list[tuple[float, float]]:
    if not isinstance(value, list) or len(value) > _MOST_POSITIONS:
        raise BadItem(f"{what} must have lists of positions as its coordinates")
    if depth:
        return [position for part in value for position in _positions(what, part, depth - 1)]
    lon, lat, *_ = numbers(what, value, {2, 3, 4})
    return [(lon, lat)]


def read_transform(value: object, shape: tuple[int, int] | None) -> Affine:
    """Read `proj:transform`: six numbers, or nine of which the last three are 0, 0, 1. Raises BadItem."""
    found = numbers("proj:transform", value, {6, 9})
    a, b, c, d, e, f = found[:6]
    if len(found) == 9 and found[6:] != [0, 0, 1]:
        raise BadItem(f"proj:transform must end with 0, 0, 1 where it has nine numbers, not {value}")
    if c == 0 and e == 0 and b > 0:
        raise BadItem(
            f"proj:transform must be pixel width, 0, left, 0, -pixel height, top; {value} looks like GDAL's order"
        )
    rows, columns = shape or (10_000, 10_000)
    if abs(b) * rows > abs(a) / 2 or abs(d) * columns > abs(e) / 2:  # half a pixel over the whole picture
        raise BadItem(
            f"proj:transform says that the picture is rotated: it would be laid on askew: {value}", remedy=REMEDY
        )
    if e > 0:
        raise BadItem(f"proj:transform says that its rows run from south to north: {value}", remedy=REMEDY)
    if a <= 0 or e == 0:
        raise BadItem(f"proj:transform says that the picture is mirrored, or has no size: {value}", remedy=REMEDY)
    return Affine(left=c, top=f, pixel_width=a, pixel_height=-e)


def in_degrees(what: str, box: Bounds, system: System) -> Bounds:
    """Return the box in degrees around one that is stated in a system's units. Raises BadItem."""
    if system.zone:
        try:
            return system.bounds(box)
        except BadImage as bad:
            raise BadItem(f"{what} is wrong: {bad.reason}") from None
    is_lonlat = system == LON_LAT
    most_x, most_y = (180.0, 90.0) if is_lonlat else (_WORLD_M, _WORLD_M)
    if max(abs(box.west), abs(box.east)) > most_x or max(abs(box.south), abs(box.north)) > most_y:
        name = "EPSG:4326, which counts degrees" if is_lonlat else "EPSG:3857"
        raise BadItem(f"{what} spans {_text(box)}, which is nowhere in {name}")
    if is_lonlat:
        return box
    if max(abs(value) for value in box) <= 360:
        raise BadItem(f"{what} spans {_text(box)}: EPSG:3857 counts metres; are these degrees?")
    west, east = (math.degrees(x / _EARTH_M) for x in (box.west, box.east))
    south, north = (math.degrees(math.atan(math.sinh(y / _EARTH_M))) for y in (box.south, box.north))
    return Bounds(max(west, -180.0), max(south, -MAX_LATITUDE), min(east, 180.0), min(north, MAX_LATITUDE))


def check_agreement(one: tuple[str, Bounds], other: tuple[str, Bounds]) -> None:
    """Check that two boxes in degrees are the same to 2 % of their width and height. Raises BadItem."""
    if _are_alike(one[1], other[1]):
        return
    hint = ": are longitude and latitude exchanged in one of them?" if _are_alike(one[1], exchanged(other[1])) else ""
    raise BadItem(
        f"{one[0]} and {other[0]} must agree within 2 %: {one[0]} is {_text(one[1])}, "
        f"{other[0]} is {_text(other[1])}{hint}"
    )


def _are_alike(one: Bounds, other: Bounds) -> bool:
    width = min(one.east - one.west, other.east - other.west)
    height = min(one.north - one.south, other.north - other.south)
    across = max(abs(one.west - other.west), abs(one.east - other.east))
    down = max(abs(one.south - other.south), abs(one.north - other.north))
    return across <= TOLERANCE * width and down <= TOLERANCE * height


def _text(box: Bounds) -> str:
    return "[" + ", ".join(f"{value:.10g}" for value in box) + "]"
