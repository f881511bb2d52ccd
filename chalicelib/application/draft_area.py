"""Draft an area: how it would be watched, and what that would take, before it is kept."""

from __future__ import annotations

from dataclasses import dataclass

from chalicelib.application.ports.imagery import Imagery
from chalicelib.domain.areas import Extent, Plan, plan_area
from chalicelib.domain.scenes import ProviderTerms, check_licence
from chalicelib.domain.thresholds import Sensitivity
from chalicelib.domain.tiles import count_covering

HOURS_PER_MONTH = 24 * 30


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
    unseen_tolerance: float,
) -> Draft:
    """Plan how an area would be watched. Raises Invalid, LicenceRefused, NoCoverage."""
    terms = imagery.terms
    check_licence(terms)
    plan = plan_area(
        extent,
        terms=terms,
        grid=imagery.grid(extent.bounds),
        cadence_hours=cadence_hours,
        min_changed_area_m2=min_changed_area_m2,
        min_clear_share=min_clear_share,
        sensitivity=sensitivity,
        most_tiles=most_tiles,
        unseen_tolerance=unseen_tolerance,
    )
    return Draft(extent=extent, plan=plan, terms=terms)
