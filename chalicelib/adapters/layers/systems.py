"""Coordinate systems: what a file says, what people say, and the way to WGS 84 with what it costs in metres.

Grids are never fetched. Old Indian maps stand on Everest's ellipsoid: read as WGS 84 they lie 125 to 321 m off.
"""

from __future__ import annotations

import re
import warnings
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from pyproj.transformer import TransformerGroup

from chalicelib.domain.errors import Invalid

WGS84 = "EPSG:4326"
ASSUMED_ACCURACY_M = 5.0  # of a file that says WGS 84, and nothing of how it was measured
UNKNOWN_DATUM_M = 50.0  # of a datum of the same survey that PROJ has no shift for
_KALIANPUR_1975 = 4146
_EVEREST_M = (6_377_250.0, 6_377_310.0)  # semi-major axes of Everest's ellipsoids, as India's surveys have them
_WGS84_M, _WGS84_FLATTENING = 6_378_137.0, 298.257223563  # semi-major axis, inverse flattening
_WGS84_NAME = re.compile(r"WGS.*84|World Geodetic System 1984")
_SAID = re.compile(r"[A-Za-z0-9 :/.()_+-]{2,120}")
Numbers = Any  # numpy's


class Placed(NamedTuple):
    """Positions in degrees of WGS 84, and how well they are known."""

    lons: Numbers  # infinite where there is none
    lats: Numbers
    accuracy_m: float
    accuracy_is_assumed: bool
    note: str


class _Way(NamedTuple):
    to_wgs84: Transformer | None  # None: it is WGS 84
    accuracy_m: float | None  # None: not known
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """A coordinate system."""

    name: str
    is_geographic: bool
    crs: CRS

    def place(self, x: Numbers, y: Numbers) -> Placed:
        """Return positions as degrees of WGS 84, by the way that is best where they lie. Raises Invalid."""
        x, y = np.asarray(x, np.float64), np.asarray(y, np.float64)
        if self.crs.is_bound:
            way = _way(self.crs, None)
        else:
            datum = self.crs.geodetic_crs or self.crs
            if not self.is_geographic:
                x, y = Transformer.from_crs(self.crs, datum, always_xy=True).transform(x, y)
            seen = np.isfinite(x) & np.isfinite(y)
            way = _way(datum, (float(np.median(x[seen])), float(np.median(y[seen]))) if seen.any() else None)
        if way.to_wgs84 is not None:
            x, y = way.to_wgs84.transform(x, y)
        accuracy_m = max(ASSUMED_ACCURACY_M, way.accuracy_m or 0.0)
        return Placed(np.asarray(x), np.asarray(y), accuracy_m, way.accuracy_m is None, way.note)


def system_said(said: str) -> System:
    """Return the system that a person named: by a code, or a name. Raises Invalid."""
    if not _SAID.fullmatch(said) or "+" in said:
        raise Invalid(f"a system is named like EPSG:32645 or Kalianpur 1975, not {said[:60]!r}", pointer="/crs")
    try:
        return _system(CRS.from_user_input(said))
    except (CRSError, ProjError) as error:
        raise Invalid(
            f"no coordinate system is called {said[:60]!r}; write it like EPSG:32645", pointer="/crs"
        ) from error


def system_of_file(text: str) -> System | None:
    """Return the system that a file says; None where that says nothing of use here."""
    if "nadgrids" in text.lower() or "PROJ4" in text:
        return None  # names files of ours
    try:
        return _system(CRS.from_user_input(text))
    except (CRSError, ProjError, Invalid):
        return None


def _system(crs: CRS) -> System:
    flat = crs.sub_crs_list[0] if crs.is_compound else crs
    if _moves_nothing(flat) and flat.source_crs is not None:
        flat = flat.source_crs
    if not flat.is_bound and len(flat.axis_info) == 3:  # heights
        flat = flat.to_2d()
    if flat.geodetic_crs is None or not (flat.is_geographic or flat.is_projected):
        raise Invalid(f"{flat.name} is no system of places on the ground", pointer="/crs")
    authority = flat.to_authority(min_confidence=90)
    name = f"{':'.join(authority)} ({flat.name})" if authority else flat.name
    return System(name=name, is_geographic=flat.is_geographic, crs=flat)


def _moves_nothing(crs: CRS) -> bool:
    """Whether it says a shift to WGS 84, and that is none: all zeros, from WGS 84's own ellipsoid."""
    to, ellipsoid, shift = crs.target_crs, crs.ellipsoid, crs.coordinate_operation
    if not crs.is_bound or to is None or ellipsoid is None or shift is None or not _is_wgs84(to):
        return False
    is_own = abs(ellipsoid.inverse_flattening - _WGS84_FLATTENING) < 1e-6 and ellipsoid.semi_major_metre == _WGS84_M
    return is_own and bool(shift.towgs84) and not any(shift.towgs84)


def _is_wgs84(datum: CRS) -> bool:
    """Whether it is WGS 84, by its name or its datum's, and by its ellipsoid: "Everest to WGS 84" is a name as well."""
    if datum.is_bound or datum.ellipsoid is None or datum.ellipsoid.semi_major_metre != _WGS84_M:
        return False
    if datum.prime_meridian is not None and datum.prime_meridian.longitude != 0:
        return False
    return any(_WGS84_NAME.search(each.name) for each in (datum, datum.datum) if each is not None)


def _way(datum: CRS, at: tuple[float, float] | None) -> _Way:
    """Return the way from a datum to WGS 84 that is made for a place. Raises Invalid."""
    if _is_wgs84(datum):
        return _Way(None, None, f"WGS 84: {ASSUMED_ACCURACY_M:g} m are assumed, as nothing says how it was measured")
    ways = _ways(datum)
    if datum.is_bound and ways:
        return _Way(ways[0], UNKNOWN_DATUM_M, f"{datum.name} was converted by the shift that the file says")
    known = [way for way in ways if way.accuracy is not None and way.accuracy >= 0 and _is_made_for(way, at)]
    if known:
        best = min(known, key=lambda way: way.accuracy)
        return _Way(best, best.accuracy, f"{datum.name} was converted to WGS 84, to within {best.accuracy:g} m")
    axis = datum.ellipsoid.semi_major_metre if datum.ellipsoid else 0.0
    if _EVEREST_M[0] <= axis <= _EVEREST_M[1]:
        way = _ways(CRS.from_epsg(_KALIANPUR_1975))[0]
        said = f"{datum.name} stands on Everest's ellipsoid and was converted as Kalianpur 1975, to within about"
        return _Way(way, UNKNOWN_DATUM_M, f"{said} {UNKNOWN_DATUM_M:g} m: align it on an image")
    raise Invalid(f"there is no way from {datum.name} to WGS 84 here: convert the file to WGS 84 first", pointer="/crs")


def _ways(datum: CRS) -> list[Any]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of grids that are not here
        return list(TransformerGroup(datum, WGS84, always_xy=True, allow_ballpark=False).transformers)


def _is_made_for(way: Any, at: tuple[float, float] | None) -> bool:  # noqa: ANN401 (a transformer)
    area = way.area_of_use
    if area is None or at is None:
        return True
    return bool(area.west <= at[0] <= area.east and area.south <= at[1] <= area.north)


def system_of(said: str, in_file: str, driver: str, geometries: Any) -> tuple[System | None, bool]:  # noqa: ANN401
    """Return the system of a file, and whether nobody said it: then degrees are taken for WGS 84, to be confirmed.

    `said` is what a person says of it, `in_file` what it says itself; empty: nothing.
    """
    if said:
        return system_said(said), False
    if driver in ("KML", "GeoJSON") and not in_file:
        return system_said(WGS84), False
    if in_file and (system := system_of_file(in_file)) is not None:
        return system, False
    x, y = shapely.get_coordinates(geometries).T
    are_degrees = len(x) > 0 and bool((np.abs(x) <= 180).all() and (np.abs(y) <= 90).all())
    return (system_said(WGS84), True) if are_degrees else (None, True)
