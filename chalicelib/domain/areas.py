"""Areas: land that a person watches, and how it is watched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from chalicelib.domain.cadences import Cadence
from chalicelib.domain.errors import Invalid
from chalicelib.domain.extents import Extent
from chalicelib.domain.kinds import DEFAULT_ALERT_KINDS, Kind
from chalicelib.domain.scenes import Grid, ProviderTerms
from chalicelib.domain.schedules import Schedule
from chalicelib.domain.shapes import Laid, Size
from chalicelib.domain.thresholds import Sensitivity, Thresholds, smallest_alert_m2
from chalicelib.domain.tiles import count_covering, gsd_m
from chalicelib.domain.unseen import DEFAULT_TOLERANCE, checked_tolerance

MAX_NAME = 200
MAX_TAG = 50
MOST_TAGS = 20
CADENCE_HOURS = (1, 24 * 365)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How an area is watched: by whom, at which grid, how often, and what is worth an alert."""

    provider: str
    grid: Grid
    cadence_hours: int  # of a schedule: the mean, for who does not know of it
    thresholds: Thresholds
    unseen_tolerance: float = DEFAULT_TOLERANCE  # a share: more of the area unseen is no all-clear
    compare_since: date | None = None  # what changed since then is told; None: since the oldest picture
    looks_on_arrival: bool = False  # it is looked at as well when a scene comes over it
    schedule: Schedule | None = None

    def __post_init__(self) -> None:
        check_hours(self.cadence_hours)
        checked_tolerance(self.unseen_tolerance)

    @property
    def cadence(self) -> Cadence:
        """How often it is looked at."""
        return Cadence(self.cadence_hours, self.looks_on_arrival, self.schedule)

    def gsd_m(self, latitude: float) -> float:
        """Return the metres a pixel of its images at a latitude."""
        return gsd_m(latitude, self.grid.zoom, self.grid.tile_px)


def check_dated(terms: ProviderTerms | None) -> None:
    """Raise Invalid for a provider that does not say when its pictures were taken, and so can tell no change since."""
    if terms is not None and not terms.is_dated:
        reason = f"{terms.name} does not say when its pictures were taken: there is no change since a day to tell"
        raise Invalid(reason, pointer="/compareSince")


class Land(NamedTuple):
    """Where an area lies, and the grid that its images are captured on."""

    extent: Extent  # of a shape: the box around it
    grid: Grid
    laid: Laid | None  # its shape; None: it is its box

    @property
    def size(self) -> Size | None:
        """How large its shape is; None: it is its box."""
        return None if self.laid is None else self.laid.size

    @property
    def m2(self) -> float:
        """The land in square metres."""
        return self.extent.m2 if self.size is None else self.size.m2

    @property
    def gsd_m(self) -> float:
        """Metres a pixel, at the centre."""
        return gsd_m(self.extent.center_lat, self.grid.zoom, self.grid.tile_px)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewArea:
    """An area that a person asks us to watch."""

    user_id: int
    name: str
    extent: Extent  # of a shape: the box around it
    plan: Plan
    is_told_to_operator: bool = True  # whether its pushes also go to the operator's targets
    laid: Laid | None = None  # its shape; None: it is its box
    tags: tuple[str, ...] = ()


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
    size: Size | None = None  # of its shape; None: it is its box
    version: int = 1  # of what its owner says of it: one more with each change
    tags: tuple[str, ...] = ()
    is_paused: bool = False  # it is looked at only when somebody asks for it
    old_land_session_id: int | None = None  # the last session on the land as it was before; None: it was never another

    @property
    def next_session_at(self) -> datetime | None:
        """When it is looked at next, as far as that is known; None while it is paused."""
        return None if self.is_paused else self.next_due_at

    @property
    def tiles(self) -> int:
        """The number of tiles that cover it."""
        return tiles_of(self.extent, self.size, self.plan.grid)

    @property
    def m2(self) -> float:
        """The land in square metres."""
        return self.extent.m2 if self.size is None else self.size.m2

    @property
    def gsd_m(self) -> float:
        """Metres a pixel, at the area's centre."""
        return self.plan.gsd_m(self.extent.center_lat)

    def is_of_its_land(self, session_id: int) -> bool:
        """Whether a session is of the land as it is now, not as it was before that was changed."""
        return self.old_land_session_id is None or session_id > self.old_land_session_id


def checked_name(name: str) -> str:
    """Return an area's name as it is kept. Raises Invalid."""
    kept = name.strip()
    if not 1 <= len(kept) <= MAX_NAME:
        raise Invalid(f"an area's name has 1 to {MAX_NAME} characters", pointer="/name")
    return kept


def checked_tags(tags: Sequence[str]) -> tuple[str, ...]:
    """Return an area's tags as they are kept: each once, in their order. Raises Invalid."""
    kept = tuple(dict.fromkeys(tag.strip() for tag in tags))
    for place, tag in enumerate(kept):
        if not 1 <= len(tag) <= MAX_TAG:
            raise Invalid(f"a tag has 1 to {MAX_TAG} characters", pointer=f"/tags/{place}")
    if len(kept) > MOST_TAGS:
        raise Invalid(f"an area has at most {MOST_TAGS} tags", pointer="/tags")
    return kept


def check_hours(hours: int) -> None:
    """Raise Invalid for a cadence that is too short or too long."""
    shortest, longest = CADENCE_HOURS
    if not shortest <= hours <= longest:
        raise Invalid(f"an area is looked at every {shortest} to {longest} hours, not {hours}", pointer="/cadenceHours")


def check_worth(m2: float, *, min_changed_area_m2: float) -> None:
    """Raise Invalid for land that is smaller than the smallest change that is alerted on there."""
    if m2 < min_changed_area_m2:
        raise Invalid(
            f"this area has {m2:,.0f} m2, and only a change of {min_changed_area_m2:,.0f} m2 or more is alerted on: "
            "nothing there ever would be",
            pointer="/minChangedAreaM2",
        )


def tiles_of(extent: Extent, size: Size | None, grid: Grid) -> int:
    """Return the number of tiles that cover land: its shape's, or the box's where it has none."""
    return count_covering(extent.bounds, grid.zoom) if size is None else size.tiles


def checked_size(extent: Extent, grid: Grid, *, size: Size | None = None, most_tiles: int, tiles_per_day: int) -> int:
    """Return the number of tiles an area needs.

    Raises Invalid over the cap, or over what one user may ask for in a day, with the number: it would never be seen.
    """
    tiles, pointer = tiles_of(extent, size, grid), "/northKm" if size is None else "/geometry"
    needed, most, a_day = (f"{number:,}".replace(",", " ") for number in (tiles, most_tiles, tiles_per_day))
    if tiles > most_tiles:
        raise Invalid(
            f"this area needs {needed} tiles at zoom {grid.zoom}; at most {most} are allowed", pointer=pointer
        )
    if tiles > tiles_per_day:
        raise Invalid(
            f"this area needs {needed} tiles at zoom {grid.zoom} each time, and you have {a_day} a day: it would "
            "never be looked at",
            pointer=pointer,
        )
    return tiles


def plan_area(
    extent: Extent,
    *,
    size: Size | None = None,
    terms: ProviderTerms,
    grid: Grid,
    cadence: Cadence,
    min_changed_area_m2: float | None,
    min_clear_share: float,
    sensitivity: Sensitivity,
    most_tiles: int,
    tiles_per_day: int,
    alert_kinds: frozenset[Kind] = DEFAULT_ALERT_KINDS,
    unseen_tolerance: float = DEFAULT_TOLERANCE,
    compare_since: date | None = None,
    is_confirmed_twice: bool = False,
) -> Plan:
    """Plan how an area would be watched. Raises Invalid."""
    if compare_since is not None:
        check_dated(terms)
    checked_size(extent, grid, size=size, most_tiles=most_tiles, tiles_per_day=tiles_per_day)
    detail_m = gsd_m(extent.center_lat, grid.zoom, grid.tile_px)
    min_changed_area_m2 = smallest_alert_m2(min_changed_area_m2, terms=terms, gsd_m=detail_m)
    thresholds = Thresholds(
        min_changed_area_m2=min_changed_area_m2,
        min_clear_share=min_clear_share,
        sensitivity=sensitivity,
        alert_kinds=alert_kinds,
        is_confirmed_twice=is_confirmed_twice,
    )
    check_worth(extent.m2 if size is None else size.m2, min_changed_area_m2=min_changed_area_m2)
    return Plan(
        provider=terms.name,
        grid=grid,
        cadence_hours=cadence.hours,
        looks_on_arrival=cadence.on_arrival,
        schedule=cadence.schedule,
        thresholds=thresholds,
        unseen_tolerance=unseen_tolerance,
        compare_since=compare_since,
    )
