"""The areas that people watch, and what they would cost."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Self

from chalice.app import Request
from pydantic import Field, model_validator

from chalicelib.api.answers import LARGEST_PAGE
from chalicelib.api.estimates import Estimate
from chalicelib.api.http import Api, ApiModel, Body, request_id_of
from chalicelib.application import add_area as adding
from chalicelib.application import delete_area as deleting
from chalicelib.application.draft_area import Draft, draft_area
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.area_states import AreaStanding, AreaState
from chalicelib.domain.areas import MAX_NAME, Area, Extent, checked_name
from chalicelib.domain.budgets import Spending
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.thresholds import Sensitivity, checked_sensitivity
from chalicelib.domain.unseen import DEFAULT_TOLERANCE

api = Api(__name__)
SensitivityName = Annotated[str, Field(max_length=50, examples=[*Sensitivity])]
ToleranceShare = Annotated[float, Field(ge=0, le=1, examples=[DEFAULT_TOLERANCE])]


class AreaDraft(Body):
    """Where land lies, how far it reaches, and how it is to be watched."""

    name: Annotated[str | None, Field(max_length=MAX_NAME)] = None
    # The extent says what is wrong with a latitude: it asks whether the two numbers are exchanged.
    center_lat: Annotated[float, Field(json_schema_extra={"minimum": -90, "maximum": 90}, examples=[12.9716])]
    center_lon: Annotated[float, Field(ge=-180, le=180, examples=[77.5946])]
    north_km: Annotated[float, Field(ge=0, examples=[1])]
    south_km: Annotated[float, Field(ge=0, examples=[1])]
    east_km: Annotated[float, Field(ge=0, examples=[1])]
    west_km: Annotated[float, Field(ge=0, examples=[1])]
    provider: Annotated[str | None, Field(max_length=50)] = None
    cadence_hours: int | None = None
    min_changed_area_m2: float | None = None
    sensitivity: SensitivityName = Sensitivity.NORMAL.value
    unseen_tolerance: ToleranceShare = DEFAULT_TOLERANCE
    is_place_confirmed: Annotated[bool, Field(description="the place is meant as it is said, however it looks")] = False
    id: Annotated[object, Field(description="ignored: the existing client sends it")] = None
    created_at: Annotated[object, Field(description="ignored: the existing client sends it")] = None

    @property
    def extent(self) -> Extent:
        """The land itself. Raises Invalid."""
        return Extent(
            center_lat=self.center_lat,
            center_lon=self.center_lon,
            north_km=self.north_km,
            south_km=self.south_km,
            east_km=self.east_km,
            west_km=self.west_km,
        )


class NewAreaBody(AreaDraft):
    """An area that somebody asks us to watch."""

    name: Annotated[str, Field(max_length=MAX_NAME, examples=["Lake shore"])]
    is_told_to_operator: Annotated[
        bool | None, Field(description="whether pushes about it go to the operator's own targets too; else no")
    ] = None

    @property
    def is_told(self) -> bool:
        """Whether the operator hears of it: as was said, else only of the existing client's areas, as ever."""
        return self.created_at is not None if self.is_told_to_operator is None else self.is_told_to_operator


class AreaChange(Body):
    """What of an area's plan can be changed while it is watched, and nothing else."""

    sensitivity: SensitivityName | None = None
    unseen_tolerance: ToleranceShare | None = None

    @model_validator(mode="after")
    def _is_a_change(self) -> Self:
        if self.sensitivity is None and self.unseen_tolerance is None:
            raise ValueError("say what is to change: sensitivity, or unseenTolerance")
        return self


class AreaOut(ApiModel):
    """An area."""

    id: int
    name: str
    center_lat: float
    center_lon: float
    north_km: float
    south_km: float
    east_km: float
    west_km: float
    created_at: datetime
    provider: str
    cadence_hours: int
    min_changed_area_m2: float
    sensitivity: str
    unseen_tolerance: float  # the share of the area that may stay unseen under an all-clear
    tiles: int
    gsd_m: float
    next_due_at: datetime
    attribution: str
    state: str  # watched, changed, partly blind, blind, failing: what its last whole session said
    state_since: datetime | None  # null: nothing was looked at yet
    unseen_m2: float | None  # of the area, in that session; null: nothing was looked at, or that was not measured yet
    unseen_share: float | None
    unseen_since: datetime | None  # null as well where all of it was seen

    @classmethod
    def of(cls, area: Area, ports: Ports, standing: AreaStanding | None) -> AreaOut:
        """Show an area, as it stands."""
        plan, unseen = area.plan, standing.unseen if standing else None
        return cls(
            id=area.area_id,
            name=area.name,
            **asdict(area.extent),
            created_at=area.created_at,
            provider=plan.provider,
            cadence_hours=plan.cadence_hours,
            min_changed_area_m2=plan.thresholds.min_changed_area_m2,
            sensitivity=plan.thresholds.sensitivity.value,
            unseen_tolerance=plan.unseen_tolerance,
            tiles=area.tiles,
            gsd_m=area.gsd_m,
            next_due_at=area.next_due_at,
            attribution=_attribution(plan.provider, ports),
            state=(standing.state if standing else AreaState.WATCHED).value,
            state_since=standing.since if standing else None,
            unseen_m2=None if unseen is None else round(unseen.m2, 1),
            unseen_share=None if unseen is None else round(unseen.share, 4),
            unseen_since=None if unseen is None else unseen.since,
        )


def _attribution(provider: str, ports: Ports) -> str:
    return terms.licence.attribution if (terms := ports.provider_terms(provider)) else ""  # areas outlive providers


def _shown(area: Area, ports: Ports) -> AreaOut:
    return AreaOut.of(area, ports, ports.areas.standings([area.area_id]).get(area.area_id))


def _drafted(body: AreaDraft, ports: Ports, sign_in: SignIn) -> Draft:
    watched = ports.areas.of_user(sign_in.user.user_id, page=PageRequest(limit=LARGEST_PAGE)).items
    return draft_area(
        body.extent,
        imagery=ports.imagery(body.provider or ports.settings.providers.default_provider),
        cadence_hours=ports.settings.trip.cadence_hours if body.cadence_hours is None else body.cadence_hours,
        min_changed_area_m2=body.min_changed_area_m2,
        min_clear_share=ports.settings.trip.min_clear_share,
        sensitivity=checked_sensitivity(body.sensitivity),
        most_tiles=ports.settings.limits.max_tiles,
        tiles_per_day=ports.settings.limits.tiles_per_day,
        unseen_tolerance=body.unseen_tolerance,
        others=[area.extent.spot for area in watched],
        is_place_confirmed=body.is_place_confirmed,
        now=ports.clock(),
    )


@api.route(
    "/api/area-configs", method="POST", body=NewAreaBody, response=AreaOut, status=201, extra_statuses=(403, 409, 502)
)
def add_area(ports: Ports, sign_in: SignIn, body: NewAreaBody) -> AreaOut:
    """Watch an area from now on: its first sweep is due at once."""
    area = adding.add_area(
        checked_name(body.name),
        _drafted(body, ports, sign_in),
        user_id=sign_in.user.user_id,
        is_told_to_operator=body.is_told,
        most_areas=ports.settings.limits.max_areas,
        areas=ports.areas,
        clock=ports.clock,
    )
    return AreaOut.of(area, ports, None)


@api.route("/api/area-configs", response=list[AreaOut], is_paged=True)
def list_areas(ports: Ports, sign_in: SignIn, page: PageRequest) -> Page[AreaOut]:
    """List your areas, oldest first."""
    found = ports.areas.of_user(sign_in.user.user_id, page=page)
    standings = ports.areas.standings([area.area_id for area in found.items])
    return found.shown(lambda area: AreaOut.of(area, ports, standings.get(area.area_id)))


@api.route(
    "/api/area-configs/estimate", method="POST", body=AreaDraft, response=Estimate, extra_statuses=(403, 429, 502)
)
def estimate_area(ports: Ports, sign_in: SignIn, body: AreaDraft) -> Estimate:
    """Say what watching an area would take, before it is kept."""
    ports.ledger.charge(sign_in.user.user_id, Spending.ESTIMATES, now=ports.clock())
    return Estimate.of(_drafted(body, ports, sign_in))


@api.route("/api/area-configs/{area_id}", response=AreaOut)
def get_area(ports: Ports, sign_in: SignIn, area_id: int) -> AreaOut:
    """Show one of your areas."""
    return _shown(ports.areas.get(area_id, user_id=sign_in.user.user_id), ports)


@api.route("/api/area-configs/{area_id}", method="PATCH", body=AreaChange, response=AreaOut)
def change_area(ports: Ports, sign_in: SignIn, area_id: int, body: AreaChange) -> AreaOut:
    """Make an area alert more or less readily, or bear more or less unseen ground, from now on."""
    changed = ports.areas.change(
        area_id,
        user_id=sign_in.user.user_id,
        sensitivity=None if body.sensitivity is None else checked_sensitivity(body.sensitivity),
        unseen_tolerance=body.unseen_tolerance,
    )
    return _shown(changed, ports)


@api.route("/api/area-configs/{area_id}", method="DELETE", status=204)
def delete_area(ports: Ports, request: Request, sign_in: SignIn, area_id: int) -> None:
    """Stop watching an area, and forget it with everything that was seen there."""
    deleting.delete_area(
        area_id,
        user_id=sign_in.user.user_id,
        areas=ports.areas,
        sessions=ports.sessions,
        jobs=ports.jobs,
        clock=ports.clock,
        request_id=request_id_of(request),
    )
