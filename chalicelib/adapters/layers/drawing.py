"""A few of a file's parcels as a preview draws them: those around one place, to be held against an image of it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from chalicelib.adapters.shapes.cover import outlines_of
from chalicelib.domain.layer_imports import DRAWN_M, MOST_DRAWN
from chalicelib.domain.shapes import Outlines
from chalicelib.domain.tiles import M_PER_DEGREE, Bounds

_MOST_CORNERS = 5_000  # of all that is drawn
_SEEN_M = 0.2  # a line that bends by less looks straight
_DIGITS = 7  # of a degree: a centimetre
_Geometries = Any  # an array of shapely's


def middle_of(parcels: _Geometries) -> tuple[float, float]:
    """Return (lon, lat) of a place amid parcels: on one of them, near the middle of most."""
    west, south, east, north = shapely.bounds(parcels).T
    x, y = (west + east) / 2, (south + north) / 2
    nearest = int(np.argmin(np.hypot(x - np.median(x), y - np.median(y))))
    point = shapely.point_on_surface(parcels[nearest])
    return round(point.x, _DIGITS), round(point.y, _DIGITS)


def drawing_of(geometries: _Geometries, at: tuple[float, float]) -> Iterator[tuple[int, Outlines]]:
    """Yield the rows whose land lies within `DRAWN_M` of a place (lon, lat), the nearest first, with their outlines.

    What is far larger than the drawing is cut off out of sight; of too many parcels the farthest are left out.
    """
    near = _around(at, DRAWN_M)
    west, south, east, north = shapely.bounds(geometries).T
    with np.errstate(invalid="ignore"):  # a row without land has no bounds, and is nowhere
        rows = np.flatnonzero((west < near.east) & (east > near.west) & (south < near.north) & (north > near.south))
    rows = rows[np.argsort(shapely.distance(geometries[rows], shapely.Point(at)), kind="stable")][:MOST_DRAWN]
    shown = shapely.clip_by_rect(geometries[rows], *_around(at, 2 * DRAWN_M))
    shown = shapely.simplify(shown, _SEEN_M / M_PER_DEGREE)
    is_drawn = ~shapely.is_empty(shown) & (np.cumsum(shapely.get_num_coordinates(shown)) <= _MOST_CORNERS)
    for row, land in zip(rows[is_drawn], shown[is_drawn], strict=True):
        yield int(row), outlines_of(land, _DIGITS)


def _around(at: tuple[float, float], reach_m: float) -> Bounds:
    lon, lat = at
    up = reach_m / M_PER_DEGREE
    across = up / math.cos(math.radians(lat))
    return Bounds(lon - across, lat - up, lon + across, lat + up)
