"""The port `Shapes`, by shapely (GEOS): validity, margins in metres, and what is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import numpy as np
import shapely
from typing_extensions import override

from chalicelib.adapters.shapes import cover
from chalicelib.adapters.shapes.tangles import MOST_CROSSINGS, crossings, edges_of
from chalicelib.application.ports.shapes import Shapes
from chalicelib.domain.errors import Invalid
from chalicelib.domain.extents import MAX_REACH_KM, reach_km
from chalicelib.domain.geojson import Given, Position
from chalicelib.domain.scenes import Grid
from chalicelib.domain.shapes import BUFFER_M, MOST_CORNERS, Ground, Shape, TilePart, too_many_corners
from chalicelib.domain.tiles import MAX_LATITUDE, Bounds

_PIECE_DEGREES = 0.05  # of latitude: over so much a degree of longitude has one length, to a tenth of a percent
_EARTH_M, _FLATTENING2 = 6_378_137.0, 0.00669437999014  # WGS 84: radius at the equator, eccentricity squared
_QUARTER = 16  # corners of a quarter of a circle: its rim lies within 0.12 % of the radius
_LEAST_M2 = 1e-3
_MOST_LENGTH_DEGREES = 500.0  # of all lines together: ten thousand pieces
_FEW_EDGES, _MOST_CROSSINGS = 50, 10  # of an edge, on average: what joins them makes a corner of each
_MOST_PIECES = 2000  # of parcels that do not adjoin, to draw a margin around
_PLACE = re.compile(r"\[(\S+) (\S+)\]")
_FAULTS = {  # as GEOS says them: what is wrong, and what would be right
    "Self-intersection": "this ring crosses itself",
    "Ring Self-intersection": "this ring touches itself",
    "Hole lies outside shell": "a hole lies outside of its polygon",
    "Holes are nested": "a hole lies in another hole",
    "Nested shells": "a polygon lies in another one",
    "Interior is disconnected": "its holes cut this polygon into pieces: send them as a MultiPolygon",
    "Duplicate Rings": "two rings are the same",
    "Too few points in geometry component": "this ring encloses nothing",
}


class GeosShapes(Shapes):
    """The port `Shapes`."""

    @override
    def shape(self, given: Given, *, buffer_m: float | None, exclude: Sequence[Given]) -> Shape:
        notes: list[str] = []
        _check_tangle([given, *exclude])
        land = _polygons(given, notes) if given.polygons else _widened(given, buffer_m)
        if given.polygons and buffer_m is not None:
            raise Invalid("bufferM is for points and lines: a polygon says its own border", pointer="/bufferM")
        _check_extent(land, given.pointer)
        left_out, watched, m2 = _without(land, exclude, notes)
        corners = int(shapely.get_num_coordinates(watched))
        if corners > MOST_CORNERS:
            raise Invalid(
                f"the border of what would be watched has {corners:,} corners; at most {MOST_CORNERS:,} are kept: "
                "simplify the shape".replace(",", " "),
                pointer=given.pointer,
            )
        return Shape(
            geometry=_geojson(land) if given.polygons else given.geojson,
            buffer_m=buffer_m,
            exclude=None if left_out is None else _geojson(left_out),
            watched=cover.outlines_of(shapely.orient_polygons(watched)),
            m2=m2,
            notes=tuple(dict.fromkeys(notes)),
        )

    @override
    def of_parcels(self, ground: Ground, *, buffer_m: float | None, exclude: Sequence[Given]) -> Shape:
        _check_tangle(exclude)
        parcels = np.array([shapely.Polygon(outline[0], outline[1:]) for outline in ground.outlines])
        if (many := crossings(edges_of(parcels))) > MOST_CROSSINGS:  # each would be a corner
            raise too_many_corners(many)
        land, filled_m = cover.joined(parcels)
        gap_m = filled_m or ground.filled_m  # what was joined before has none left
        notes = [f"gaps between these parcels, of up to {gap_m:g} m, are watched as well"] if gap_m else []
        _check_extent(land, "/layerId")
        if buffer_m is not None:
            least, most = BUFFER_M
            pieces = len(shapely.get_parts(land))
            if not least <= buffer_m <= most or pieces > _MOST_PIECES:
                raise Invalid(
                    f"bufferM is {least:g} to {most:g} metres, around {_MOST_PIECES} pieces of land at most: not "
                    f"{buffer_m:g} around {pieces}",
                    pointer="/bufferM",
                )
            land = around(land, buffer_m)
            _check_extent(land, "/bufferM")
        left_out, watched, m2 = _without(land, exclude, notes)
        if (corners := int(shapely.get_num_coordinates(watched))) > MOST_CORNERS:
            raise too_many_corners(corners)
        return Shape(
            geometry=_geojson(land),
            exclude=None if left_out is None else _geojson(left_out),
            watched=cover.outlines_of(shapely.orient_polygons(watched)),
            m2=m2,
            notes=tuple(dict.fromkeys(notes)),
        )

    @override
    def covers(self, shape: Shape, grid: Grid, *, most_tiles: int) -> Iterator[tuple[TilePart, ...]]:
        return cover.covers(shape, grid, most_tiles=most_tiles)


def _without(land: Any, exclude: Sequence[Given], notes: list[str]) -> tuple[Any, Any, float]:  # noqa: ANN401
    """Return what is left out of land, what is left of it, and its square metres. Raises Invalid where that is none."""
    left_out = shapely.union_all([_polygons(each, notes) for each in exclude]) if exclude else None
    watched = land if left_out is None else _with_polygons_alone(shapely.difference(land, left_out))
    m2 = float(cover.m2_of(cover.world_of(watched)))
    if m2 < _LEAST_M2:
        raise Invalid("what is left out leaves nothing of this shape to watch", pointer="/exclude")
    return left_out, watched, m2


def _polygons(given: Given, notes: list[str]) -> Any:  # noqa: ANN401 (a geometry)
    """Return the land of polygons, each of them valid. Raises Invalid."""
    polygons = []
    for rings, place in zip(given.polygons, given.places, strict=True):
        for number, ring in enumerate(rings):
            _check(shapely.Polygon(ring), f"{place}/{number}", ring[0])
            if shapely.is_ccw(shapely.LinearRing(ring)) != (number == 0):
                notes.append("rings were turned: GeoJSON goes counterclockwise around land, clockwise around holes")
        polygon = shapely.Polygon(rings[0], rings[1:])
        _check(polygon, place, rings[0][0])
        polygons.append(polygon)
    land = shapely.union_all(polygons)
    if len(shapely.get_parts(land)) < len(polygons):
        notes.append("polygons that overlap or adjoin were joined")
    return land


def _check(polygon: Any, pointer: str, somewhere: Position) -> None:  # noqa: ANN401 (a geometry)
    if not shapely.is_valid(polygon):
        _refuse(shapely.is_valid_reason(polygon), pointer)
    if shapely.area(polygon) <= 0:
        raise Invalid(_FAULTS["Too few points in geometry component"], pointer=pointer, position=somewhere)


def _refuse(said: str, pointer: str) -> NoReturn:
    reason, position = fault_of(said)
    raise Invalid(reason, pointer=pointer, position=position)


def fault_of(said: str) -> tuple[str, tuple[float, float] | None]:
    """Return what GEOS says of a geometry in a sentence, and where the fault lies."""
    found = _PLACE.search(said)
    position = (float(found[1]), float(found[2])) if found else None
    reason = _FAULTS.get(_PLACE.sub("", said).strip(), f"this is no polygon ({said})")
    where = f" at longitude {position[0]:.9g}, latitude {position[1]:.9g}" if position else ""
    return f"{reason}{where}", position


def _widened(given: Given, buffer_m: float | None) -> Any:  # noqa: ANN401 (a geometry)
    """Return the land so many metres around points or lines."""
    least, most = BUFFER_M
    if buffer_m is None or not least <= buffer_m <= most:
        reach = "it is not said" if buffer_m is None else f"not {buffer_m:g}"
        raise Invalid(
            f"a {given.type} needs bufferM, how far it reaches on all sides: {least:g} to {most:g} metres; {reach}",
            pointer="/bufferM",
        )
    pieces = [shapely.points(point) for point in given.points]
    lines = [shapely.linestrings(line) for line in given.lines]
    # Before anything is made of them: a line that goes to and fro is a million pieces.
    _check_extent(shapely.geometrycollections([*pieces, *lines]), given.pointer)
    if float(np.sum(shapely.length(lines))) > _MOST_LENGTH_DEGREES:
        longest = f"{_MOST_LENGTH_DEGREES * 111.32:,.0f}".replace(",", " ")
        raise Invalid(
            f"the lines of this shape are more than {longest} km long in all: simplify them", pointer=given.pointer
        )
    lines = list(shapely.segmentize(lines, _PIECE_DEGREES))
    pieces += [shapely.linestrings(piece) for line in lines for piece in _pieces(shapely.get_coordinates(line))]
    land = shapely.union_all([around(piece, buffer_m) for piece in pieces])
    if shapely.get_num_coordinates(land) > MOST_CORNERS:  # round corners by the thousand: an angular one will do
        land = shapely.simplify(land, buffer_m / 111_320 / 50)
    return land


def _check_tangle(given: Sequence[Given]) -> None:
    """Refuse edges that cross each other by the hundred thousand: joining them takes for ever."""
    lines = [
        np.asarray(line) for each in given for line in (*each.lines, *(r for rings in each.polygons for r in rings))
    ]
    edges = np.concatenate([np.stack([line[:-1], line[1:]], axis=1) for line in lines]) if lines else np.empty(0)
    if len(edges) <= _FEW_EDGES:
        return
    each = 2 * crossings(edges) / len(edges)
    if each > _MOST_CROSSINGS:
        raise Invalid(
            f"the edges of this shape cross each other, {each:.0f} times each: simplify it", pointer=given[0].pointer
        )


def _pieces(line: Any) -> Iterator[Any]:  # noqa: ANN401 (an array of positions)
    """Cut a line into pieces that each lie in a narrow strip of latitude."""
    begin, low, high = 0, line[0, 1], line[0, 1]
    for place in range(1, len(line)):
        lat = line[place, 1]
        if max(high, lat) - min(low, lat) > 2 * _PIECE_DEGREES:
            yield line[begin:place]
            begin, low, high = place - 1, line[place - 1, 1], line[place - 1, 1]
        low, high = min(low, lat), max(high, lat)
    yield line[begin:]


def around(piece: Any, buffer_m: float) -> Any:  # noqa: ANN401 (a geometry)
    """Return what lies so many metres around a piece: in metres of the ellipsoid, east and north of its middle."""
    west, south, east, north = shapely.bounds(piece)
    lon, lat = (west + east) / 2, np.radians((south + north) / 2)
    bent = 1 - _FLATTENING2 * np.sin(lat) ** 2
    across = np.radians(_EARTH_M / np.sqrt(bent) * np.cos(lat))
    metres = np.array([across, np.radians(_EARTH_M * (1 - _FLATTENING2) / bent**1.5)])
    origin = np.array([lon, np.degrees(lat)])
    local = shapely.transform(piece, lambda degrees: (degrees - origin) * metres)
    around = shapely.buffer(local, buffer_m, quad_segs=_QUARTER)
    return shapely.transform(around, lambda position: position / metres + origin)


def _check_extent(land: Any, pointer: str) -> None:  # noqa: ANN401 (a geometry)
    bounds = Bounds(*shapely.bounds(land).tolist())
    if bounds.west < -180 or bounds.east > 180:
        raise Invalid(
            "a shape may not reach across the 180th meridian: make an area on each side of it", pointer=pointer
        )
    if bounds.south < -MAX_LATITUDE or bounds.north > MAX_LATITUDE:
        raise Invalid(f"a shape must lie within {MAX_LATITUDE:.4f} degrees of the equator", pointer=pointer)
    across = max(reach_km(bounds))
    if across > MAX_REACH_KM:
        wide, most = (f"{2 * km:,.0f}".replace(",", " ") for km in (across, MAX_REACH_KM))
        raise Invalid(f"this shape is {wide} km wide or high; at most {most} are allowed", pointer=pointer)


def _with_polygons_alone(shape: Any) -> Any:  # noqa: ANN401 (a geometry)
    return shapely.union_all([each for each in shapely.get_parts(shape) if each.geom_type == "Polygon"])


def _geojson(land: Any) -> dict[str, Any]:  # noqa: ANN401 (a geometry)
    """Return polygons as GeoJSON, wound as RFC 7946 says."""
    outlines = cover.outlines_of(shapely.orient_polygons(land))
    if len(outlines) == 1:
        return {"type": "Polygon", "coordinates": outlines[0]}
    return {"type": "MultiPolygon", "coordinates": list(outlines)}
