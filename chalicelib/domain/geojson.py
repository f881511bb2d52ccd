"""GeoJSON (RFC 7946) as people send it: read into positions, each fault with its JSON pointer and its place on the map.

What shapes cross or enclose is not asked here: that is the port `Shapes`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from chalicelib.domain.errors import Invalid
from chalicelib.domain.tiles import MAX_LATITUDE

MOST_VERTICES = 5_000  # of one shape, with what is left out of it
MOST_PARTS = 500
_WGS84 = ("CRS84", "4326")  # how the names of the only system that GeoJSON has end
_NUMBERS = (2, 4)  # of a position: longitude, latitude, and at most two that are not read
T = TypeVar("T")

Position = tuple[float, float]
"""Longitude and latitude, in degrees."""


class Given(NamedTuple):
    """A geometry as it was given. Of `points`, `lines` and `polygons` two are empty."""

    type: str
    coordinates: Any  # as its type has them, without altitudes
    points: list[Position]
    lines: list[list[Position]]
    polygons: list[list[list[Position]]]
    pointer: str  # to its coordinates
    places: list[str]  # the pointer of each point, line or polygon

    @property
    def geojson(self) -> dict[str, Any]:
        """The geometry as GeoJSON."""
        return {"type": self.type, "coordinates": self.coordinates}


def read_geometry(value: object, pointer: str) -> Given:
    """Read the geometry of one shape, or a Feature or a FeatureCollection of one. Raises Invalid."""
    given = _Reader().read(value, pointer)
    if len(given) != 1:
        raise Invalid(
            f"a FeatureCollection of {len(given)} features: an area is one shape. Join them into one MultiPolygon, or "
            "add an area for each",
            pointer=pointer,
        )
    return given[0]


def read_polygons(value: object, pointer: str) -> list[Given]:
    """Read polygons: one geometry, Feature or FeatureCollection, or a list of them. Raises Invalid."""
    reader = _Reader()
    each = value if isinstance(value, list) else [value]
    given = [
        found
        for place, one in enumerate(each)
        for found in reader.read(one, f"{pointer}/{place}" if isinstance(value, list) else pointer)
    ]
    for found in given:
        if not found.polygons:
            raise Invalid(f"only a Polygon or a MultiPolygon can be left out, not a {found.type}", pointer=pointer)
    return given


class _Reader:
    """Reads geometries; counts what they are made of."""

    def __init__(self) -> None:
        self.vertices = self.parts = 0

    def read(self, value: object, pointer: str) -> list[Given]:
        """Return the geometries of an object of GeoJSON: of a FeatureCollection as many as it has features."""
        said = _object(value, pointer)
        kind = said.get("type")
        _check_system(said, pointer)
        if kind == "FeatureCollection":
            features = _list(said.get("features"), f"{pointer}/features", "features")
            if len(features) > MOST_PARTS:
                raise Invalid(f"a FeatureCollection has at most {MOST_PARTS} features here", pointer=pointer)
            return [self._feature(each, f"{pointer}/features/{place}") for place, each in enumerate(features)]
        if kind == "Feature":
            return [self._feature(said, pointer)]
        return [self._geometry(said, pointer)]

    def _feature(self, value: object, pointer: str) -> Given:
        said = _object(value, pointer)
        if said.get("type") != "Feature":
            raise Invalid(f"a feature's type is Feature, not {_text(said.get('type'))}", pointer=f"{pointer}/type")
        if said.get("geometry") is None:
            raise Invalid("this feature has no geometry", pointer=f"{pointer}/geometry")
        return self._geometry(_object(said["geometry"], f"{pointer}/geometry"), f"{pointer}/geometry")

    def _geometry(self, said: Mapping[str, Any], pointer: str) -> Given:
        kind, at = said.get("type"), f"{pointer}/coordinates"
        _check_system(said, pointer)
        if kind == "GeometryCollection":
            raise Invalid(
                "a GeometryCollection is not taken: send its polygons as one MultiPolygon, its lines as one "
                "MultiLineString or its points as one MultiPoint",
                pointer=f"{pointer}/type",
            )
        readers: dict[str, tuple[str, Callable[[object, str], Any], bool]] = {
            "Point": ("points", self._position, False),
            "MultiPoint": ("points", self._position, True),
            "LineString": ("lines", self._line, False),
            "MultiLineString": ("lines", self._line, True),
            "Polygon": ("polygons", self._polygon, False),
            "MultiPolygon": ("polygons", self._polygon, True),
        }
        if not isinstance(kind, str) or kind not in readers:
            raise Invalid(f"a geometry's type is {', '.join(readers)}, not {_text(kind)}", pointer=f"{pointer}/type")
        noun, read, is_multiple = readers[kind]
        coordinates = said.get("coordinates")
        found = self._several(coordinates, at, read, noun) if is_multiple else [read(coordinates, at)]
        places = [f"{at}/{place}" for place in range(len(found))] if is_multiple else [at]
        parts: dict[str, Any] = {"points": [], "lines": [], "polygons": []} | {noun: found}
        self.parts += len(found)
        if self.parts > MOST_PARTS:
            raise Invalid(f"a shape has at most {MOST_PARTS} parts, and this one has more", pointer=at)
        return Given(kind, found if is_multiple else found[0], **parts, pointer=at, places=places)

    def _several(self, value: object, pointer: str, read: Callable[[object, str], T], noun: str) -> list[T]:
        each = _list(value, pointer, noun)
        return [read(one, f"{pointer}/{place}") for place, one in enumerate(each)]

    def _polygon(self, value: object, pointer: str) -> list[list[Position]]:
        return self._several(value, pointer, self._ring, "rings")

    def _line(self, value: object, pointer: str) -> list[Position]:
        line = self._positions(value, pointer)
        if len(set(line)) < 2:
            raise Invalid(
                f"a line has two different positions or more{_at(line[0])}", pointer=pointer, position=line[0]
            )
        return line

    def _ring(self, value: object, pointer: str) -> list[Position]:
        ring = self._positions(value, pointer)
        first, last = ring[0], ring[-1]
        if first != last:
            raise Invalid(
                f"this ring is not closed: it begins{_at(first)} and ends{_at(last)}. Repeat its first position at its "
                "end",
                pointer=pointer,
                position=last,
            )
        if len(ring) < 4:
            raise Invalid(
                f"a ring has four positions or more, the last like the first; this one has {len(ring)}",
                pointer=pointer,
                position=first,
            )
        return ring

    def _positions(self, value: object, pointer: str) -> list[Position]:
        each = _list(value, pointer, "positions")
        found: list[Position] = []
        for place, one in enumerate(each):
            found.append(self._position(one, f"{pointer}/{place}"))
            if place and abs(found[-1][0] - found[-2][0]) > 180:
                raise Invalid(
                    f"the edge{_at(found[-2])} to{_at(found[-1])} goes around the world: a shape may not reach across "
                    "the 180th meridian: make an area on each side of it",
                    pointer=f"{pointer}/{place}",
                    position=found[-1],
                )
        return found

    def _position(self, value: object, pointer: str) -> Position:
        self.vertices += 1
        if self.vertices > MOST_VERTICES:
            most = f"{MOST_VERTICES:,}".replace(",", " ")
            raise Invalid(f"a shape has at most {most} vertices, and this one has more: simplify it", pointer=pointer)
        low, high = _NUMBERS
        if not isinstance(value, list) or not low <= len(value) <= high:
            raise Invalid(f"a position is [longitude, latitude], not {_text(value)}", pointer=pointer)
        for place, number in enumerate(value):
            if isinstance(number, bool) or not isinstance(number, int | float) or not _is_finite(number):
                raise Invalid(f"a position is of finite numbers, not {_text(number)}", pointer=f"{pointer}/{place}")
        return _checked(float(value[0]), float(value[1]), pointer)


def _is_finite(number: float) -> bool:
    try:
        return math.isfinite(number)
    except OverflowError:  # JSON's whole numbers may have any number of digits
        return False


def _checked(lon: float, lat: float, pointer: str) -> Position:
    if abs(lat) > 90:
        exchanged = abs(lat) <= 180 and abs(lon) <= 90
        hint = ": are longitude and latitude exchanged? GeoJSON has longitude first" if exchanged else ""
        meant = "; is it in metres? GeoJSON is in degrees (WGS 84)" if max(abs(lon), abs(lat)) > 360 else ""
        raise Invalid(f"a latitude is -90 to 90, not {lat:g}{hint}{meant}", pointer=f"{pointer}/1")
    if abs(lon) > 180:
        raise Invalid(
            f"a longitude is -180 to 180, not {lon:g}: a shape may not reach across the 180th meridian: make an area "
            "on each side of it",
            pointer=f"{pointer}/0",
        )
    if abs(lat) > MAX_LATITUDE:
        raise Invalid(
            f"a shape must lie within {MAX_LATITUDE:.4f} degrees of the equator, and this position is at latitude "
            f"{lat:g}: are longitude and latitude exchanged?",
            pointer=f"{pointer}/1",
            position=(lon, lat),
        )
    return lon, lat


def _check_system(said: Mapping[str, Any], pointer: str) -> None:
    system = said.get("crs")
    properties = system.get("properties") if isinstance(system, dict) else None
    name = properties.get("name") if isinstance(properties, dict) else system
    if name is not None and not str(name).upper().endswith(_WGS84):
        raise Invalid(
            f"GeoJSON is in degrees of WGS 84, and this says {_text(name)}: convert it first", pointer=f"{pointer}/crs"
        )


def _object(value: object, pointer: str) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise Invalid(f"GeoJSON is an object with a type, not {_text(value)}", pointer=pointer)
    return value


def _list(value: object, pointer: str, noun: str) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise Invalid(f"{noun} are a list, and not an empty one", pointer=pointer)
    return value


def _at(position: Position) -> str:
    return f" at longitude {position[0]:.9g}, latitude {position[1]:.9g}"


def _text(value: object) -> str:
    if isinstance(value, list | dict):
        return "a list" if isinstance(value, list) else "an object"
    return "nothing" if value is None else repr(value)[:40]
