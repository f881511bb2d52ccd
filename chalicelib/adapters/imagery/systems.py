"""The reference systems in which pictures are read: EPSG:4326, EPSG:3857 and the zones of UTM on WGS 84."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from chalicelib.domain.errors import BadImage
from chalicelib.domain.tiles import MAX_LATITUDE, Bounds

if TYPE_CHECKING:
    from numpy.typing import NDArray

EARTH_M = 6_378_137.0  # the radius of EPSG:3857's sphere
_STEPS = 32  # along each edge of a box in UTM, whose edges are curves in degrees
_SOUTH, _NORTH = -80.0, 84.0  # where UTM ends


class System(NamedTuple):
    """A reference system, by its code of EPSG."""

    code: int

    @property
    def is_lonlat(self) -> bool:
        """Does it count degrees?"""
        return self.code == 4326

    @property
    def zone(self) -> int:
        """The zone of UTM; 0 if it is none."""
        return self.code % 100 if self.code > 32_600 else 0

    @property
    def is_north(self) -> bool:
        """Of a zone of UTM: does it count from the equator? Those of the south count from 10,000 km below it."""
        return self.code < 32_700

    @property
    def name(self) -> str:
        """Its name for people."""
        return f"EPSG:{self.code}"

    def positions(self, lon: NDArray[Any], lat: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
        """Return x and y of positions in degrees. Raises BadImage where the system ends."""
        import numpy as np

        if self.is_lonlat:
            return lon, lat
        if not self.zone:
            clipped = np.radians(np.clip(lat, -MAX_LATITUDE, MAX_LATITUDE))
            return EARTH_M * np.radians(lon), EARTH_M * np.arctanh(np.sin(clipped))
        import utm

        if lat.min() < _SOUTH or lat.max() > _NORTH:
            raise BadImage(f"UTM ends at {_NORTH:.0f} degrees north and {-_SOUTH:.0f} degrees south")
        around = (lon + 180) % 360 - 180  # a view at the 180th meridian reaches beyond it
        x, y, _, _ = utm.from_latlon(lat, around, force_zone_number=self.zone, force_northern=self.is_north)
        return x, y

    def bounds(self, box: Bounds) -> Bounds:
        """Return the box in degrees around a box in the system's units. Raises BadImage if that is nowhere."""
        if self.is_lonlat:
            found = box
        elif not self.zone:
            west, east = (math.degrees(x / EARTH_M) for x in (box.west, box.east))
            south, north = (
                math.degrees(math.atan(math.sinh(max(-4, min(4, y / EARTH_M))))) for y in (box.south, box.north)
            )
            found = Bounds(west, south, east, north)
        else:
            found = self._around(box)
        most = 90.0 if self.is_lonlat else 85.06 if not self.zone else _NORTH
        least = _SOUTH if self.zone else -most
        if not (-180.001 <= found.west < found.east <= 180.001 and least <= found.south < found.north <= most):
            raise BadImage(f"it spans {_text(box)}, which is nowhere in {self.name}, or over the 180th meridian")
        return Bounds(max(found.west, -180.0), found.south, min(found.east, 180.0), found.north)

    def box(self, bounds: Bounds) -> Bounds:
        """Return a box in degrees in the system's units: of EPSG:4326 and EPSG:3857, whose edges stay straight."""
        if self.is_lonlat:
            return bounds
        west, east = (EARTH_M * math.radians(lon) for lon in (bounds.west, bounds.east))
        south, north = (EARTH_M * math.atanh(math.sin(math.radians(lat))) for lat in (bounds.south, bounds.north))
        return Bounds(west, south, east, north)

    def _around(self, box: Bounds) -> Bounds:
        import utm

        if not (0 < box.west < box.east < 1_000_000 and -1_000_000 < box.south < box.north < 10_100_000):
            raise BadImage(f"it spans {_text(box)}, which is nowhere in {self.name}")
        shares = [step / _STEPS for step in range(_STEPS + 1)]
        across = [box.west + (box.east - box.west) * share for share in shares]
        down = [box.south + (box.north - box.south) * share for share in shares]
        edge = [(x, y) for x in across for y in (box.south, box.north)]
        edge += [(x, y) for y in down for x in (box.west, box.east)]
        found = [utm.to_latlon(x, y, self.zone, northern=self.is_north, strict=False) for x, y in edge]
        lats, lons = [lat for lat, _ in found], [lon for _, lon in found]
        if max(lons) - min(lons) > 180:
            raise BadImage("it reaches over the 180th meridian: cut it there into two")
        return Bounds(min(lons), min(lats), max(lons), max(lats))


LON_LAT, MERCATOR = System(4326), System(3857)


def system_of(code: int) -> System | None:
    """Return the system of a code of EPSG, if pictures in it are read.

    >>> system_of(32_645), system_of(32_661), system_of(25_832)
    (System(code=32645), None, None)
    """
    is_utm = 1 <= code % 100 <= 60 and code // 100 in (326, 327)
    return System(code) if is_utm or code in (4326, 3857) else None


def _text(box: Bounds) -> str:
    return "[" + ", ".join(f"{value:.10g}" for value in box) + "]"
