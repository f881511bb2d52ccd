"""Draft an area: how it would be watched, and what that would take, before it is kept."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from chalicelib.application.ports.imagery import Imagery
from chalicelib.application.ports.shapes import Shapes
from chalicelib.domain.areas import Land, Plan, plan_area, tiles_of
from chalicelib.domain.cadences import cadence_of
from chalicelib.domain.errors import DomainError, ImageryFailed, Invalid, NoCoverage
from chalicelib.domain.extents import Extent
from chalicelib.domain.kinds import Kind
from chalicelib.domain.scenes import CLOCKS_MAY_DIFFER, SINCE, Grid, ProviderTerms, check_licence
from chalicelib.domain.schedules import Schedule
from chalicelib.domain.seasons import SeasonsTake, seasons_take
from chalicelib.domain.shapes import Laid, Shape
from chalicelib.domain.thresholds import Sensitivity
from chalicelib.domain.whereabouts import Spot, question, why_exchanged

HOURS_PER_MONTH = 24 * 30
MOST_REASONS = 2  # of what is there and cannot be used: one flight is mended at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An area as it would be watched."""

    extent: Extent
    plan: Plan
    terms: ProviderTerms
    laid: Laid | None = None  # its shape; None: it is its box

    @property
    def tiles(self) -> int:
        """The number of tiles that cover it."""
        return tiles_of(self.extent, None if self.laid is None else self.laid.size, self.plan.grid)

    @property
    def cost_per_session_usd(self) -> float:
        """What one session over it costs in requests to the provider."""
        return self.tiles * self.terms.cost_per_request_usd

    @property
    def earlier_years(self) -> SeasonsTake | None:
        """What is fetched of earlier years beside its first looks; None where nothing is, or nobody measured it."""
        image = self.terms.season_image
        return None if image is None or not self.terms.has_seasons else seasons_take(self.tiles, image)

    @property
    def sessions_per_month(self) -> float:
        """How often it is looked at in thirty days, without the looks at scenes that arrive."""
        return HOURS_PER_MONTH / self.plan.cadence.mean_hours


def draft_area(
    extent: Extent,
    *,
    shape: Shape | None = None,
    shapes: Callable[[], Shapes],
    imagery: Imagery,
    cadence_hours: int | None,
    usual_cadence_hours: int | None,
    min_changed_area_m2: float | None,
    min_clear_share: float,
    sensitivity: Sensitivity,
    alert_kinds: frozenset[Kind],
    most_tiles: int,
    tiles_per_day: int,
    unseen_tolerance: float,
    others: Iterable[Spot],
    is_place_confirmed: bool,
    compare_since: date | None = None,
    schedule: Schedule | None = None,
    is_confirmed_twice: bool = False,
    now: datetime,
) -> Draft:
    """Plan how an area would be watched; `others` are where its owner watches already.

    Of land with a shape the extent is the box around it, and `shapes` lays it on the grid.
    A cadence that is None is not said: the provider's own holds where the operator's usual one is not said either.

    Raises Invalid, also to ask whether latitude and longitude are exchanged; LicenceRefused; NoCoverage.
    """
    terms = imagery.terms
    land = lay_land(
        extent,
        shape=shape,
        shapes=shapes,
        imagery=imagery,
        most_tiles=most_tiles,
        others=others,
        is_place_confirmed=is_place_confirmed,
        now=now,
    )
    plan = plan_area(
        extent,
        size=land.size,
        terms=terms,
        grid=land.grid,
        cadence=cadence_of(terms, said=cadence_hours, usual=usual_cadence_hours, schedule=schedule),
        min_changed_area_m2=min_changed_area_m2,
        min_clear_share=min_clear_share,
        sensitivity=sensitivity,
        alert_kinds=alert_kinds,
        most_tiles=most_tiles,
        tiles_per_day=tiles_per_day,
        unseen_tolerance=unseen_tolerance,
        compare_since=compare_since,
        is_confirmed_twice=is_confirmed_twice,
    )
    return Draft(extent=extent, plan=plan, terms=terms, laid=land.laid)


def lay_land(
    extent: Extent,
    *,
    shape: Shape | None,
    shapes: Callable[[], Shapes],
    imagery: Imagery,
    most_tiles: int,
    others: Iterable[Spot],
    is_place_confirmed: bool,
    now: datetime,
) -> Land:
    """Lay land on the grid of its imagery. Raises Invalid, LicenceRefused and NoCoverage, as `draft_area`."""
    check_licence(imagery.terms)
    doubt = None if is_place_confirmed else why_exchanged(extent.spot, others=others)
    if doubt is not None:
        raise Invalid(question(extent.spot, doubt), pointer="/centerLat" if shape is None else "/geometry")
    grid = _grid(imagery, extent, now)
    return Land(extent, grid, None if shape is None else _laid(shape, grid, shapes(), most_tiles))


def _laid(shape: Shape, grid: Grid, shapes: Shapes, most_tiles: int) -> Laid:
    covers = tuple(shapes.covers(shape, grid, most_tiles=most_tiles))
    if not covers:
        most = f"{most_tiles:,}".replace(",", " ")
        raise Invalid(
            f"this shape touches more tiles than the {most} that are allowed at zoom {grid.zoom}", pointer="/geometry"
        )
    return Laid(shape, covers)


def _grid(imagery: Imagery, extent: Extent, now: datetime) -> Grid:
    try:
        return imagery.grid(extent.bounds)
    except NoCoverage as nothing:
        says = "; ".join([nothing.reason, *_refused(imagery, extent, now)])
        exchanged = extent.spot.exchanged
        if exchanged is not None and _has_some(imagery, extent, exchanged):
            says += f"; exchanged, at {exchanged}, there is some: which is it?"
        raise NoCoverage(says) from None


def _refused(imagery: Imagery, extent: Extent, now: datetime) -> list[str]:
    """Return why what there is of an area cannot be used."""
    try:
        found = imagery.scenes(extent.bounds, since=SINCE, until=now + CLOCKS_MAY_DIFFER)
    except ImageryFailed:
        return []
    return list(dict.fromkeys(each.reason for each in found.refused))[:MOST_REASONS]


def _has_some(imagery: Imagery, extent: Extent, spot: Spot) -> bool:
    try:
        imagery.grid(replace(extent, center_lat=spot.latitude, center_lon=spot.longitude).bounds)
    except DomainError:
        return False
    return True
