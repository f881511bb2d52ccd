"""Draft an area: how it would be watched, and what that would take, before it is kept."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.areas import Extent, Plan, plan_area
from chalicelib.domain.errors import DomainError, ImageryFailed, Invalid, NoCoverage
from chalicelib.domain.scenes import CLOCKS_MAY_DIFFER, SINCE, Grid, ProviderTerms, check_licence
from chalicelib.domain.thresholds import Sensitivity
from chalicelib.domain.tiles import count_covering
from chalicelib.domain.whereabouts import Spot, question, why_exchanged

HOURS_PER_MONTH = 24 * 30
MOST_REASONS = 2  # of what is there and cannot be used: one flight is mended at once


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """An area as it would be watched."""

    extent: Extent
    plan: Plan
    terms: ProviderTerms

    @property
    def tiles(self) -> int:
        """The number of tiles that cover it."""
        return count_covering(self.extent.bounds, self.plan.grid.zoom)

    @property
    def cost_per_session_usd(self) -> float:
        """What one session over it costs in requests to the provider."""
        return self.tiles * self.terms.cost_per_request_usd

    @property
    def sessions_per_month(self) -> float:
        """How often it is looked at in thirty days."""
        return HOURS_PER_MONTH / self.plan.cadence_hours


def draft_area(
    extent: Extent,
    *,
    imagery: Imagery,
    cadence_hours: int,
    min_changed_area_m2: float | None,
    min_clear_share: float,
    sensitivity: Sensitivity,
    most_tiles: int,
    tiles_per_day: int,
    unseen_tolerance: float,
    others: Iterable[Spot],
    is_place_confirmed: bool,
    now: datetime,
) -> Draft:
    """Plan how an area would be watched; `others` are where its owner watches already.

    Raises Invalid, also to ask whether latitude and longitude are exchanged; LicenceRefused; NoCoverage.
    """
    terms = imagery.terms
    check_licence(terms)
    doubt = None if is_place_confirmed else why_exchanged(extent.spot, others=others)
    if doubt is not None:
        raise Invalid(question(extent.spot, doubt), pointer="/centerLat")
    plan = plan_area(
        extent,
        terms=terms,
        grid=_grid(imagery, extent, now),
        cadence_hours=cadence_hours,
        min_changed_area_m2=min_changed_area_m2,
        min_clear_share=min_clear_share,
        sensitivity=sensitivity,
        most_tiles=most_tiles,
        tiles_per_day=tiles_per_day,
        unseen_tolerance=unseen_tolerance,
    )
    return Draft(extent=extent, plan=plan, terms=terms)


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
