"""What watching an area would take, as it is told."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from chalicelib.api.http import ApiModel
from chalicelib.application.draft_area import Draft


class Estimate(ApiModel):
    """What watching an area would take."""

    provider: str
    tiles: int
    gsd_m: float
    min_changed_area_m2: float
    cost_per_session_usd: float
    sessions_per_month: float
    cost_per_sweep_usd: Annotated[float, Field(deprecated=True)]  # the two names of the release before, for one more
    sweeps_per_month: Annotated[float, Field(deprecated=True)]
    attribution: str

    @classmethod
    def of(cls, draft: Draft) -> Estimate:
        """Show what a drafted area would take."""
        cost_usd, sessions = round(draft.cost_per_session_usd, 4), round(draft.sessions_per_month, 2)
        return cls(
            provider=draft.plan.provider,
            tiles=draft.tiles,
            gsd_m=draft.plan.gsd_m(draft.extent.center_lat),
            min_changed_area_m2=draft.plan.thresholds.min_changed_area_m2,
            cost_per_session_usd=cost_usd,
            sessions_per_month=sessions,
            cost_per_sweep_usd=cost_usd,
            sweeps_per_month=sessions,
            attribution=draft.terms.licence.attribution,
        )
