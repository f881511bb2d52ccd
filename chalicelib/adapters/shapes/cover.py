"""Which tiles a shape touches, and what of each it is: down the grid from its coarsest tiles, clipping at each zoom.

Positions are shares of the Web-Mercator world, from its north-west corner: a tile is a square there.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from chalicelib.adapters.shapes.tangles import MOST_OF_A_LAYER, crossings, edges_of
from chalicelib.domain.scenes import Grid
from chalicelib.domain.shapes import MOST_CORNERS, JoinedLand, Outlines, Shape, TilePart
from chalicelib.domain.tiles import (
    M_PER_DEGREE,
    MAX_ZOOM,
    Tile,
    bounds_of,
    count_covering,
    shared_m2,
    tiles_covering,
)

_FEW = 16  # tiles, to begin with
_STRAIGHT_DEGREES = 0.002  # a line of degrees bends on the grid: in such pieces it is straight there
_MOST_PIECES = 50_000
_SEAM = 1e-9  # of a tile: what reaches no further over a seam does so by rounding, not on the ground
FILLED_M = (1.0, 2.0, 5.0, 10.0)  # wide, between parcels that are watched together
_MILLIMETRE, _METRE = 1e-8, 1e-5  # of a degree
KEPT_DIGITS = 9  # of a degree: a tenth of a millimetre
_DIGITS = 7  # of a degree: a centimetre
Geometries = NDArray[Any]  # of shapely's objects, or of numbers


def world_of(shape: shapely.Geometry) -> shapely.Geometry:
    """Return a geometry of degrees (lon, lat) on the grid."""
    degrees = max(_STRAIGHT_DEGREES, float(shapely.length(shape)) / _MOST_PIECES)
    return shapely.transform(shapely.segmentize(shape, degrees), _to_world)


def m2_of(world: Any) -> Any:  # noqa: ANN401 (a geometry, or an array of them)
    """Return the square metres of a geometry of the grid, on the sphere of `M_PER_DEGREE`."""
    return shapely.area(shapely.transform(world, _to_equal_area))


def polygons_of(outlines: Outlines) -> shapely.Geometry:
    """Return outlines as one geometry of degrees."""
    return shapely.multipolygons([shapely.Polygon(outline[0], outline[1:]) for outline in outlines])


def joined(parcels: Geometries) -> tuple[shapely.Geometry, float]:
    """Return polygons as one geometry of degrees, without the borders between those that adjoin, to a millimetre.

    Where that has more corners than are watched, as with roads between, it is drawn to a metre, which is nothing to an
    image; where it still has, as of plots with bunds or slivers between them, the gaps are filled, the narrowest first.
    The second value is how wide these were, in metres: 0 where none was filled.
    """
    # Where all meet by the same corners a tenth of the time does.
    join = shapely.coverage_union_all if shapely.coverage_is_valid(parcels) else shapely.union_all
    # Joined as they are, then drawn to a millimetre: drawn so before, the joining takes three times as long.
    land = shapely.set_precision(join(parcels), _MILLIMETRE)
    land = shapely.simplify(land, _MILLIMETRE)  # where two plots met, its border goes straight on
    if shapely.get_num_coordinates(land) <= MOST_CORNERS:
        return land, 0.0
    land = shapely.simplify(land, _METRE)
    for gap_m in (0.0, *FILLED_M):
        filled = _filled(land, gap_m) if gap_m else land
        if shapely.get_num_coordinates(filled) <= MOST_CORNERS:
            return filled, gap_m
    return land, 0.0


def _filled(land: shapely.Geometry, gap_m: float) -> shapely.Geometry:
    """Return land with what lies between two of its borders that are no further apart."""
    _, south, _, north = shapely.bounds(land)
    metres = M_PER_DEGREE * np.array([np.cos(np.radians((south + north) / 2)), 1.0])
    how = {"join_style": "mitre", "mitre_limit": 2.0}  # corners stay corners
    # Piece by piece: of ten thousand at once it takes seven times as long.
    pieces = shapely.get_parts(shapely.transform(land, lambda degrees: degrees * metres))
    wider = shapely.get_parts(shapely.union_all(shapely.buffer(pieces, gap_m / 2, **how)))
    as_wide = shapely.get_parts(shapely.buffer(wider, -gap_m / 2, **how))
    filled = shapely.multipolygons(as_wide[~shapely.is_empty(as_wide)])
    return shapely.simplify(shapely.transform(filled, lambda position: position / metres), _METRE)


def joined_land(parcels: Geometries) -> JoinedLand:
    """Return what is watched of parcels that are watched together."""
    if (many := crossings(edges_of(parcels))) > MOST_OF_A_LAYER:
        return JoinedLand(many, None)
    land, filled_m = joined(parcels)
    corners = int(shapely.get_num_coordinates(land))
    return JoinedLand(corners, outlines_of(land, KEPT_DIGITS) if corners <= MOST_CORNERS else None, filled_m)


def outlines_of(shape: shapely.Geometry, digits: int = 15) -> Outlines:
    """Return the polygons of a geometry of degrees, with their holes, to so many digits."""
    parts = shapely.get_parts(shape)
    polygons = parts[(shapely.get_type_id(parts) == shapely.GeometryType.POLYGON) & ~shapely.is_empty(parts)]
    return tuple([_ring(each.exterior, digits), *(_ring(hole, digits) for hole in each.interiors)] for each in polygons)


def covers(shape: Shape, grid: Grid, *, most_tiles: int) -> Iterator[tuple[TilePart, ...]]:
    """Yield the cover of the grid, then of each finer zoom, up to so many tiles: as the port says."""
    world = world_of(polygons_of(shape.watched))
    shapely.prepare(world)
    zoom = next((z for z in range(grid.zoom, 0, -1) if count_covering(shape.bounds, z) <= _FEW), 0)
    places = np.array([(tile.x, tile.y) for tile in tiles_covering(shape.bounds, zoom)], np.float64)
    places = places[shapely.intersects(world, _boxes(zoom, places, -_SEAM))]
    while zoom < grid.zoom and len(places) <= most_tiles:
        zoom, places = zoom + 1, _quarters(places)
        places = places[shapely.intersects(world, _boxes(zoom, places, -_SEAM))]
    if len(places) > most_tiles:
        return
    margin = grid.margin_px / grid.tile_px
    parts = _clipped(np.repeat(world, len(places)), _boxes(zoom, places, margin))
    while True:
        yield _cover(zoom, places, parts, margin)
        zoom, places, parts = zoom + 1, _quarters(places), np.repeat(parts, 4)
        touched = shapely.intersects(parts, _boxes(zoom, places, -_SEAM))
        places, parts = places[touched], parts[touched]
        if zoom > MAX_ZOOM or len(places) > most_tiles:
            return
        parts = _clipped(parts, _boxes(zoom, places, margin))


def _cover(zoom: int, places: Geometries, parts: Geometries, margin: float) -> tuple[TilePart, ...]:
    """Return what a shape is of each tile, row by row from the north-west, of its parts on their images."""
    is_whole = shapely.covers(parts, _boxes(zoom, places, margin - _SEAM))
    squares = m2_of(_clipped(parts, _boxes(zoom, places, 0)))
    found = []
    for (x, y), part, whole, m2 in zip(places, parts, is_whole, squares, strict=True):
        tile = Tile(zoom, int(x), int(y))
        all_of_it = shared_m2(tile, bounds_of(tile))
        outlines = None if whole else outlines_of(shapely.transform(part, _to_degrees), _DIGITS)
        found.append(TilePart(tile, all_of_it if whole else min(float(m2), all_of_it), outlines))
    return tuple(sorted(found, key=lambda part: (part.tile.y, part.tile.x)))


def _clipped(parts: Geometries, boxes: Geometries) -> Geometries:
    """Return what of each part lies in its box; a box that lies in its part as it is."""
    clipped, is_cut = boxes.copy(), ~shapely.covers(parts, boxes)
    corners = shapely.bounds(boxes)
    for place in np.flatnonzero(is_cut):
        # A hundred times as fast, and what it makes of a border along the box is sometimes not valid.
        clipped[place] = shapely.clip_by_rect(parts[place], *corners[place])
    again = is_cut & ~shapely.is_valid(clipped)
    clipped[again] = shapely.intersection(parts[again], boxes[again])
    return clipped


def _quarters(places: Geometries) -> Geometries:
    """Return the four tiles of the next zoom of each tile."""
    quarters = np.array([(0, 0), (1, 0), (0, 1), (1, 1)], np.float64)
    return (places[:, None, :] * 2 + quarters[None]).reshape(-1, 2)


def _boxes(zoom: int, places: Geometries, margin: float) -> Geometries:
    """Return the square of each tile, so many of its sides larger on all of them."""
    low, high = (places - margin) / 2.0**zoom, (places + 1 + margin) / 2.0**zoom
    boxes: Geometries = shapely.box(low[:, 0], low[:, 1], high[:, 0], high[:, 1])
    return boxes


def _ring(ring: shapely.LinearRing, digits: int) -> list[tuple[float, float]]:
    return [(lon, lat) for lon, lat in np.round(shapely.get_coordinates(ring), digits).tolist()]


def _to_world(degrees: NDArray[Any]) -> NDArray[Any]:
    sine = np.sin(np.radians(degrees[:, 1]))
    return np.column_stack([(degrees[:, 0] + 180) / 360, 0.5 - np.arctanh(sine) / (2 * np.pi)])


def _to_degrees(world: NDArray[Any]) -> NDArray[Any]:
    return np.column_stack([world[:, 0] * 360 - 180, np.degrees(np.arctan(np.sinh(np.pi * (1 - 2 * world[:, 1]))))])


def _to_equal_area(world: NDArray[Any]) -> NDArray[Any]:
    """Lambert's cylindrical projection, in metres."""
    sine = np.tanh(np.pi * (1 - 2 * world[:, 1]))
    return np.column_stack([world[:, 0] * 360 * M_PER_DEGREE, np.degrees(sine) * M_PER_DEGREE])
