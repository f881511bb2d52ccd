"""What watching an area would take, as it is told."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from chalicelib.api.http import ApiModel
from chalicelib.api.schedules import ScheduleOut
from chalicelib.application.draft_area import Draft


class EarlierYearsOut(ApiModel):
    """What is fetched of the same season of earlier years beside the first looks, about: at no cost, off the budget."""

    images: int
    looks: Annotated[int, Field(description="In so many looks.")]
    requests: int
    received_bytes: int
    stored_bytes: Annotated[int, Field(description="That stay, of it.")]
    seconds: Annotated[float, Field(description="Of one worker, beside the looks' own work.")]


class Estimate(ApiModel):
    """What watching an area would take."""

    provider: str
    tiles: int
    area_m2: float
    watched: Annotated[dict[str, Any] | None, Field(description="GeoJSON: a shape as it would be watched")] = None
    geometry_notes: Annotated[tuple[str, ...], Field(description="what of the geometry was mended")] = ()
    gsd_m: float
    min_changed_area_m2: float
    cadence_hours: int
    schedule: ScheduleOut | None
    looks_on_arrival: bool  # as well, when a scene comes over it
    cost_per_session_usd: float
    sessions_per_month: float
    cost_per_sweep_usd: Annotated[float, Field(deprecated=True)]  # the two names of the release before, for one more
    sweeps_per_month: Annotated[float, Field(deprecated=True)]
    earlier_years: Annotated[EarlierYearsOut | None, Field(description="null: nothing is fetched of them")]
    attribution: str
    unseen: str  # what the imagery cannot show; empty where nothing is said of that

    @classmethod
    def of(cls, draft: Draft) -> Estimate:
        """Show what a drafted area would take."""
        shape = draft.laid and draft.laid.shape
        cost_usd, sessions = round(draft.cost_per_session_usd, 4), round(draft.sessions_per_month, 2)
        return cls(
            provider=draft.plan.provider,
            tiles=draft.tiles,
            area_m2=round(draft.extent.m2 if shape is None else shape.m2, 1),
            watched=shape.watched_geojson if shape else None,
            geometry_notes=shape.notes if shape else (),
            gsd_m=draft.plan.gsd_m(draft.extent.center_lat),
            min_changed_area_m2=draft.plan.thresholds.min_changed_area_m2,
            cadence_hours=draft.plan.cadence_hours,
            schedule=ScheduleOut.of(draft.plan.schedule),
            looks_on_arrival=draft.plan.looks_on_arrival,
            cost_per_session_usd=cost_usd,
            sessions_per_month=sessions,
            cost_per_sweep_usd=cost_usd,
            sweeps_per_month=sessions,
            earlier_years=None if draft.earlier_years is None else EarlierYearsOut(**draft.earlier_years._asdict()),
            attribution=draft.terms.licence.attribution,
            unseen=draft.terms.unseen,
        )
