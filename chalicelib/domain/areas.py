"""Areas: land that a person watches, and how it is watched."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from chalicelib.domain.errors import Invalid
from chalicelib.domain.scenes import Grid, ProviderTerms
from chalicelib.domain.thresholds import Sensitivity, Thresholds, default_threshold_m2
from chalicelib.domain.tiles import M_PER_DEGREE, MAX_LATITUDE, Bounds, count_covering, gsd_m
from chalicelib.domain.unseen import DEFAULT_TOLERANCE, checked_tolerance
from chalicelib.domain.whereabouts import Spot

MAX_NAME = 200
MAX_REACH_KM = 1000.0
CADENCE_HOURS = (1, 24 * 365)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How an area is watched: by whom, at which grid, how often, and what is worth an alert."""

    provider: str
    grid: Grid
    cadence_hours: int
    thresholds: Thresholds
    unseen_tolerance: float = DEFAULT_TOLERANCE  # a share: more of the area unseen is no all-clear

    def __post_init__(self) -> None:
        shortest, longest = CADENCE_HOURS
        if not shortest <= self.cadence_hours <= longest:
            raise Invalid(
                f"an area is looked at every {shortest} to {longest} hours, not {self.cadence_hours}",
                pointer="/cadenceHours",
            )
        checked_tolerance(self.unseen_tolerance)

    def gsd_m(self, latitude: float) -> float:
        """Return the metres a pixel of its images at a latitude."""
        return gsd_m(latitude, self.grid.zoom, self.grid.tile_px)


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """How much one user may ask for."""

    tiles: int  # of one area
    areas: int


@dataclass(frozen=True, slots=True, kw_only=True)
class NewArea:
    """An area that a person asks us to watch."""

    user_id: int
    name: str
    extent: Extent
    plan: Plan
    is_told_to_operator: bool = True  # whether its pushes also go to the operator's targets


@dataclass(frozen=True, slots=True, kw_only=True)
class Area:
    """Land that a person watches."""

    area_id: int
    user_id: int
    name: str
    extent: Extent
    plan: Plan
    next_due_at: datetime
    created_at: datetime

    @property
    def tiles(self) -> int:
        """The number of tiles that cover it."""
        return count_covering(self.extent.bounds, self.plan.grid.zoom)

    @property
    def gsd_m(self) -> float:
        """Metres a pixel, at the area's centre."""
        return self.plan.gsd_m(self.extent.center_lat)


def next_due(due_at: datetime, *, cadence_hours: int, now: datetime) -> datetime:
    """Return when an area is due next, at the hour that it always was; times that were missed are not made up for.

    A session that somebody asks for before the time does not move it; one at the time, or after it, takes its place.

    >>> from datetime import UTC
    >>> due_at = datetime(2026, 3, 1, 6, tzinfo=UTC)
    >>> str(next_due(due_at, cadence_hours=24, now=datetime(2026, 3, 3, 7, tzinfo=UTC)))
    '2026-03-04 06:00:00+00:00'
    """
    if due_at > now:
        return due_at
    step = timedelta(hours=cadence_hours)
    return due_at + step * ((now - due_at) // step + 1)


def checked_name(name: str) -> str:
    """Return an area's name as it is kept. Raises Invalid."""
    kept = name.strip()
    if not 1 <= len(kept) <= MAX_NAME:
        raise Invalid(f"an area's name has 1 to {MAX_NAME} characters", pointer="/name")
    return kept


def checked_size(extent: Extent, grid: Grid, *, most_tiles: int, tiles_per_day: int) -> int:
    """Return the number of tiles an area needs.

    Raises Invalid over the cap, or over what one user may ask for in a day, with the number: it would never be seen.
    """
    tiles = count_covering(extent.bounds, grid.zoom)
    needed, most, a_day = (f"{number:,}".replace(",", " ") for number in (tiles, most_tiles, tiles_per_day))
    if tiles > most_tiles:
        raise Invalid(
            f"this area needs {needed} tiles at zoom {grid.zoom}; at most {most} are allowed", pointer="/northKm"
        )
    if tiles > tiles_per_day:
        raise Invalid(
            f"this area needs {needed} tiles at zoom {grid.zoom} each time, and you have {a_day} a day: it would "
            "never be looked at",
            pointer="/northKm",
        )
    return tiles


def plan_area(
    extent: Extent,
    *,
    terms: ProviderTerms,
    grid: Grid,
    cadence_hours: int,
    min_changed_area_m2: float | None,
    min_clear_share: float,
    sensitivity: Sensitivity,
    most_tiles: int,
    tiles_per_day: int,
    unseen_tolerance: float = DEFAULT_TOLERANCE,
) -> Plan:
    """Plan how an area would be watched. Raises Invalid."""
    checked_size(extent, grid, most_tiles=most_tiles, tiles_per_day=tiles_per_day)
    if min_changed_area_m2 is None:
        min_changed_area_m2 = default_threshold_m2(gsd_m(extent.center_lat, grid.zoom, grid.tile_px))
    thresholds = Thresholds(
        min_changed_area_m2=min_changed_area_m2, min_clear_share=min_clear_share, sensitivity=sensitivity
    )
    if extent.m2 < min_changed_area_m2:
        raise Invalid(
            f"this area has {extent.m2:.3g} m2, and only a change of {min_changed_area_m2:g} m2 or more is alerted on: "
            "nothing there ever would be",
            pointer="/minChangedAreaM2",
        )
    return Plan(
        provider=terms.name,
        grid=grid,
        cadence_hours=cadence_hours,
        thresholds=thresholds,
        unseen_tolerance=unseen_tolerance,
    )
