"""Extents: where land lies, as the existing client says it: a centre, and how far it reaches each way."""

from __future__ import annotations

import math
from dataclasses import dataclass

from chalicelib.domain.errors import Invalid
from chalicelib.domain.tiles import M_PER_DEGREE, MAX_LATITUDE, Bounds, centre_of
from chalicelib.domain.whereabouts import Spot

MAX_REACH_KM = 1000.0
_HAIR = 1 - 1e-12  # what ends at the 180th meridian may not reach over it by rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """Where an area lies: a centre and how far it reaches each way."""

    center_lat: float
    center_lon: float
    north_km: float
    south_km: float
    east_km: float
    west_km: float

    def __post_init__(self) -> None:
        if not -90 <= self.center_lat <= 90:
            are_exchanged = ": are latitude and longitude exchanged?" if abs(self.center_lat) <= 180 else ""
            raise Invalid(f"a latitude is -90 to 90, not {self.center_lat:g}{are_exchanged}", pointer="/centerLat")
        if not -180 <= self.center_lon <= 180:
            raise Invalid(f"a longitude is -180 to 180, not {self.center_lon}", pointer="/centerLon")
        for pointer, reach in (
            ("/northKm", self.north_km),
            ("/southKm", self.south_km),
            ("/eastKm", self.east_km),
            ("/westKm", self.west_km),
        ):
            if not (math.isfinite(reach) and 0 <= reach <= MAX_REACH_KM):
                raise Invalid(f"an area reaches 0 to {MAX_REACH_KM:.0f} km, not {reach}", pointer=pointer)
        if self.north_km + self.south_km <= 0 or self.east_km + self.west_km <= 0:
            raise Invalid("an area needs some height and some width", pointer="/northKm")
        bounds = self.bounds
        if bounds.north > MAX_LATITUDE or bounds.south < -MAX_LATITUDE:
            raise Invalid(
                f"an area must lie within {MAX_LATITUDE:.4f} degrees of the equator, and this one is at latitude "
                f"{self.center_lat:g}: are latitude and longitude exchanged?",
                pointer="/centerLat",
            )
        if bounds.west < -180 or bounds.east > 180:
            raise Invalid(
                "an area may not reach across the 180th meridian: make one on each side of it", pointer="/centerLon"
            )

    @classmethod
    def around(cls, bounds: Bounds) -> Extent:
        """Return the extent that has these bounds. Raises Invalid."""
        lon, lat = centre_of(bounds)
        north_km, east_km = (each * _HAIR for each in reach_km(bounds))
        return cls(
            center_lat=lat, center_lon=lon, north_km=north_km, south_km=north_km, east_km=east_km, west_km=east_km
        )

    @property
    def spot(self) -> Spot:
        """The centre."""
        return Spot(self.center_lat, self.center_lon)

    @property
    def m2(self) -> float:
        """The land in square metres."""
        return (self.north_km + self.south_km) * (self.east_km + self.west_km) * 1e6

    @property
    def bounds(self) -> Bounds:
        """The area's box. A degree is 111 194.93 m, in longitude times the cosine of the centre's latitude."""
        north_degrees = 1000 / M_PER_DEGREE
        # At a pole the cosine is nothing: the latitude check refuses that area, and must get as far as doing so.
        east_degrees = north_degrees / max(math.cos(math.radians(self.center_lat)), 1e-9)
        return Bounds(
            self.center_lon - self.west_km * east_degrees,
            self.center_lat - self.south_km * north_degrees,
            self.center_lon + self.east_km * east_degrees,
            self.center_lat + self.north_km * north_degrees,
        )


def reach_km(bounds: Bounds) -> tuple[float, float]:
    """Return how far a box reaches from its centre: north and south, east and west."""
    km = M_PER_DEGREE / 1000
    width = (bounds.east - bounds.west) * math.cos(math.radians(centre_of(bounds)[1]))
    return (bounds.north - bounds.south) / 2 * km, width / 2 * km
