"""Geometries of a file's rows to land in degrees of WGS 84: each row is a parcel, or says why it is none."""

from __future__ import annotations

from collections import Counter
from typing import Any, SupportsInt

import numpy as np
import shapely
from shapely import GeometryType

from chalicelib.adapters.layers.systems import Numbers, Placed, System
from chalicelib.adapters.shapes.geometry import around, fault_of
from chalicelib.domain.errors import Invalid
from chalicelib.domain.layer_imports import RowError
from chalicelib.domain.tiles import M_PER_DEGREE, MAX_LATITUDE
from chalicelib.domain.whereabouts import Spot, why_exchanged

MOST_CORNERS = 20_000  # of one parcel
MOST_CORNERS_IN_ALL = 4_000_000
MOST_DEGREES = 2.0  # that one parcel is wide or high
_LEAST_M2 = 0.01
_SAME = 1e-6  # of an area: what is mended is the same land
_TURNED = 0.05  # of the rows: so many that are turned are the file's fault, not the rows'
_OF_CIRCLE, _ROUND = 91, 1e-5  # corners of what GDAL makes of a circle, and how little their distances differ
_EXCHANGED = "longitude and latitude look exchanged"
_POLYGONS = (GeometryType.POLYGON, GeometryType.MULTIPOLYGON)
_NARROW = (
    *(GeometryType.POINT, GeometryType.MULTIPOINT),
    *(GeometryType.LINESTRING, GeometryType.LINEARRING, GeometryType.MULTILINESTRING),
)
Geometries = Any  # an array of shapely's


class Land:
    """The land of each row; None where there is none, for a reason that is told."""

    def __init__(self, geometries: Geometries) -> None:
        self.geometries = np.array(geometries, dtype=object)
        self.errors: dict[int, RowError] = {}
        self.notes: list[str] = []
        self._was_degrees = False
        self._drop(
            shapely.is_missing(self.geometries) | shapely.is_empty(self.geometries),
            "this row has no geometry that can be read",
        )
        corners = shapely.get_num_coordinates(self.geometries)
        if int(corners.sum()) > MOST_CORNERS_IN_ALL:
            raise Invalid(
                f"this file has {corners.sum():,} corners; at most {MOST_CORNERS_IN_ALL:,} are kept".replace(",", " ")
            )
        for row in np.flatnonzero(corners > MOST_CORNERS):
            self._drop_one(row, f"this parcel has {corners[row]} corners; at most {MOST_CORNERS} are kept: simplify it")
        self.geometries = shapely.force_2d(self.geometries)

    def check_types(self, buffer_m: float | None) -> None:
        """Leave out what is no polygon, and what would be one only with a buffer that was not said."""
        self._take_land_of_collections()
        kinds = shapely.get_type_id(self.geometries)
        is_narrow = np.isin(kinds, _NARROW)
        if buffer_m is None:
            for row in np.flatnonzero(is_narrow):
                name = self.geometries[row].geom_type
                self._drop_one(row, f"a {name} is no land: say bufferM, how far it reaches on all sides")
        else:
            self._drop(np.isin(kinds, _POLYGONS), "bufferM is for points and lines: this row is a polygon already")
        others = ~is_narrow & ~np.isin(kinds, _POLYGONS) & (kinds >= 0)
        self._drop(others, "a collection of several kinds of geometry is no parcel")

    def _take_land_of_collections(self) -> None:
        """Keep the polygons of rows that hold points or lines beside them, as where a label is drawn."""
        taken = 0
        for row in np.flatnonzero(shapely.get_type_id(self.geometries) == GeometryType.GEOMETRYCOLLECTION):
            parts = shapely.get_parts(shapely.get_parts(self.geometries[row]))
            if len(polygons := parts[shapely.get_type_id(parts) == GeometryType.POLYGON]):
                self.geometries[row] = shapely.multipolygons(polygons)
                taken += 1
        if taken:
            self.notes.append(f"rows with points or lines beside their land: {taken}; the land is kept")

    def place(self, system: System) -> Placed:
        """Bring all rows to degrees of WGS 84. Raises Invalid where their numbers cannot be of the system."""
        x, y = shapely.get_coordinates(self.geometries).T
        _check_numbers(x, y, system)
        placed = system.place(x, y)
        self._was_degrees = system.is_geographic
        self._move(np.stack([placed.lons, placed.lats], axis=1))
        corners = shapely.get_coordinates(self.geometries, return_index=True)
        is_off = ~np.isfinite(corners[0]).all(axis=1)
        is_off |= (np.abs(corners[0][:, 1]) > MAX_LATITUDE) | (np.abs(corners[0][:, 0]) > 180)
        off = np.unique(corners[1][is_off])
        if len(off) > _TURNED * len(self.geometries) and system.is_geographic and (np.abs(x) <= MAX_LATITUDE).all():
            raise Invalid(f"{len(off)} rows have latitudes like {y[is_off][0]:.8g}: {_EXCHANGED}", pointer="/crs")
        for row in off:
            self._drop_one(row, f"this row lies outside of where {system.name} is used")
        return placed

    def doubt(self) -> str:
        """Ask whether parcels whose two numbers look exchanged are right; nothing where none looks so.

        Who says the system himself has answered: the file is kept then.
        """
        if not self._was_degrees:
            return ""
        boxes = shapely.bounds(self.geometries[~shapely.is_missing(self.geometries)])
        middles = ((boxes[:, :2] + boxes[:, 2:]) / 2).round(4).tolist()
        spots = [Spot(latitude=lat, longitude=lon) for lon, lat in middles]
        doubted = [(spot, why) for spot in spots if (why := why_exchanged(spot, others=()))]
        if not doubted:
            return ""
        spot, why = doubted[0]
        return (
            f"{len(doubted)} of {len(spots)} parcels: is {spot} right? {why}; exchanged it would be {spot.exchanged}. "
            "Exchange the two numbers in the file, or say its coordinate system if the place is right"
        )

    def shift(self, east_m: float, north_m: float) -> None:
        """Move all rows by so many metres."""
        if east_m or north_m:
            positions = shapely.get_coordinates(self.geometries)
            lats = positions[:, 1]
            across = east_m / (M_PER_DEGREE * np.cos(np.radians(lats)))
            self._move(positions + np.stack([across, np.full_like(lats, north_m / M_PER_DEGREE)], axis=1))

    def widen(self, buffer_m: float) -> None:
        """Make land of points and lines: so many metres on all sides."""
        for row in np.flatnonzero(~shapely.is_missing(self.geometries)):
            self.geometries[row] = around(self.geometries[row], buffer_m)

    def check(self) -> None:
        """Leave out what is no valid polygon, with the place of its fault; mend what is the same land mended."""
        bad = np.flatnonzero(~shapely.is_missing(self.geometries) & ~shapely.is_valid(self.geometries))
        mended = 0
        for row in bad:
            whole = _mended(self.geometries[row])
            if whole is None:
                self._drop_one(row, *fault_of(shapely.is_valid_reason(self.geometries[row])))
            else:
                self.geometries[row] = whole
                mended += 1
        if mended:
            self.notes.append(f"parcels that touch themselves: {mended}; the same land is kept in valid polygons")
        west, south, east, north = shapely.bounds(self.geometries).T
        with np.errstate(invalid="ignore"):
            is_wide = np.maximum(east - west, north - south) > MOST_DEGREES
        self._drop(is_wide, f"this parcel is more than {MOST_DEGREES:g} degrees wide or high")
        self._drop(self.m2 < _LEAST_M2, "this parcel encloses nothing")
        self.geometries = shapely.orient_polygons(self.geometries)

    @property
    def m2(self) -> Numbers:
        """Square metres of each row, on the sphere of `M_PER_DEGREE`; not a number where there is none."""
        return shapely.area(shapely.transform(self.geometries, _to_equal_area))

    def all_errors(self) -> list[RowError]:
        """Return why rows are no parcels, in their order."""
        return [self.errors[row] for row in sorted(self.errors)]

    def refuse(self, row: int, reason: str) -> None:
        """Leave a row out."""
        self._drop_one(row, reason)

    def _move(self, positions: Numbers) -> None:
        self.geometries = shapely.set_coordinates(self.geometries, positions)

    def _drop(self, wrong: Numbers, reason: str) -> None:
        for row in np.flatnonzero(wrong & ~shapely.is_missing(self.geometries)):
            self._drop_one(row, reason)
        for row in np.flatnonzero(wrong):
            if int(row) not in self.errors:
                self._drop_one(row, reason)

    def _drop_one(self, row: SupportsInt, reason: str, position: tuple[float, float] | None = None) -> None:
        self.geometries[int(row)] = None
        self.errors.setdefault(int(row), RowError(int(row) + 1, reason, position))


def closed(geometries: Geometries) -> Geometries:
    """Return the geometries of a drawing with its rings as land: lines that end where they begin.

    A circle is no plot but a sign for something in its middle, a well or a pillar, and becomes that point: as land it
    would be a parcel that nobody has.
    """
    is_ring = np.isin(shapely.get_type_id(geometries), (GeometryType.LINESTRING, GeometryType.LINEARRING))
    is_ring &= shapely.is_closed(geometries) & (shapely.get_num_points(geometries) > 3)
    land = np.array(geometries, dtype=object)
    for row in np.flatnonzero(is_ring):
        middle = _middle_of_circle(geometries[row])
        land[row] = shapely.Polygon(geometries[row]) if middle is None else middle
    return land


def _middle_of_circle(ring: shapely.Geometry) -> shapely.Geometry | None:
    """Return the middle of what GDAL drew as a circle: 91 corners, all as far from it."""
    corners = shapely.get_coordinates(ring)
    if len(corners) != _OF_CIRCLE:
        return None
    middle = corners[:-1].mean(axis=0)
    radii = np.hypot(*(corners - middle).T)
    return shapely.points(middle) if np.ptp(radii) <= _ROUND * radii.mean() else None


def same_names(names: list[str]) -> str:
    """Return what to say of names that several parcels have; nothing where none is there twice."""
    twice = [name for name, count in Counter(names).items() if count > 1 and name]
    return f"names that several parcels have: {len(twice)}, for example {twice[0][:60]!r}" if twice else ""


def _mended(polygon: Any) -> Any:  # noqa: ANN401 (a geometry)
    """Return the same land as a valid polygon; None where it would be other land."""
    whole = shapely.make_valid(polygon, method="structure", keep_collapsed=False)
    before, after = shapely.area(polygon), shapely.area(whole)
    is_land = shapely.get_type_id(whole) in _POLYGONS
    return whole if is_land and before > 0 and abs(after - before) <= _SAME * before else None


def _to_equal_area(degrees: Numbers) -> Numbers:
    lats = np.degrees(np.sin(np.radians(degrees[:, 1])))
    return np.stack([degrees[:, 0], lats], axis=1) * M_PER_DEGREE


def _check_numbers(x: Numbers, y: Numbers, system: System) -> None:
    """Refuse numbers that cannot be of a system, for all rows at once: not one of them is where it says."""
    seen = np.isfinite(x) & np.isfinite(y)
    if not seen.any():
        return
    if system.is_geographic:
        is_wrong = seen & ((np.abs(x) > 180) | (np.abs(y) > 90))
        if is_wrong.sum() > _TURNED * seen.sum():
            place = int(np.flatnonzero(is_wrong)[0])
            exchanged = abs(y[place]) <= 180 and abs(x[place]) <= 90
            hint = _EXCHANGED if exchanged else "say the system that they are in"
            raise Invalid(
                f"it is read as degrees ({system.name}), and has numbers like {x[place]:.8g}, {y[place]:.8g}: {hint}",
                pointer="/crs",
            )
    elif (np.abs(x[seen]) <= 180).all() and (np.abs(y[seen]) <= 90).all():
        raise Invalid(
            f"the file is read as metres ({system.name}), and its numbers look like degrees: say the system",
            pointer="/crs",
        )
