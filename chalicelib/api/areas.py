"""The areas somebody watches, what they would cost, and who can show them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from chalicelib import wiring
from chalicelib.api.http import Api, Wire
from chalicelib.domain import areas, stopping
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.areas import MAX_NAME, Area, Caps, Extent, NewArea, Plan
from chalicelib.domain.errors import DomainError
from chalicelib.domain.imagery import ProviderTerms
from chalicelib.domain.paging import Page, Slice
from chalicelib.domain.thresholds import Sensitivity, checked_sensitivity
from chalicelib.domain.tiles import count_covering
from chalicelib.settings import PROVIDERS, settings

api = Api(__name__)
Word = Annotated[str, Field(max_length=50, examples=[*Sensitivity])]


class WishedArea(Wire):
    """Where land lies, how far it reaches, and how it is to be watched."""

    center_lat: Annotated[float, Field(ge=-90, le=90, examples=[12.9716])]
    center_lon: Annotated[float, Field(ge=-180, le=180, examples=[77.5946])]
    north_km: Annotated[float, Field(ge=0, examples=[1])]
    south_km: Annotated[float, Field(ge=0, examples=[1])]
    east_km: Annotated[float, Field(ge=0, examples=[1])]
    west_km: Annotated[float, Field(ge=0, examples=[1])]
    provider: Annotated[str | None, Field(max_length=50)] = None
    cadence_hours: int | None = None
    min_changed_area_m2: float | None = None
    sensitivity: Word = Sensitivity.NORMAL.value

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

    @property
    def plan(self) -> Plan:
        """How it would be watched. Raises Invalid, LicenceRefused, NoCoverage."""
        return areas.plan_area(
            self.extent,
            imagery=wiring.imagery(self.provider or settings().default_provider),
            cadence_hours=settings().cadence_hours if self.cadence_hours is None else self.cadence_hours,
            min_changed_area_m2=self.min_changed_area_m2,
            min_clear_share=settings().min_clear_share,
            sensitivity=checked_sensitivity(self.sensitivity),
            most_tiles=settings().max_tiles,
        )


class NewAreaBody(WishedArea):
    """An area that somebody asks us to watch."""

    name: Annotated[str, Field(max_length=MAX_NAME, examples=["Lake shore"])]


class AreaChange(Wire, extra="forbid"):
    """What of an area's plan can be changed while it is watched, and nothing else: a 200 means that it was done."""

    sensitivity: Word


class AreaOut(Wire):
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
    tiles: int
    gsd_m: float
    next_due_at: datetime
    attribution: str

    @classmethod
    def of(cls, area: Area) -> AreaOut:
        """Show an area."""
        extent, plan = area.extent, area.plan
        return cls(
            id=area.area_id,
            name=area.name,
            center_lat=extent.center_lat,
            center_lon=extent.center_lon,
            north_km=extent.north_km,
            south_km=extent.south_km,
            east_km=extent.east_km,
            west_km=extent.west_km,
            created_at=area.created_at,
            provider=plan.provider,
            cadence_hours=plan.cadence_hours,
            min_changed_area_m2=plan.thresholds.min_changed_area_m2,
            sensitivity=plan.thresholds.sensitivity.value,
            tiles=area.tiles,
            gsd_m=area.gsd_m,
            next_due_at=area.next_due_at,
            attribution=_attribution(plan.provider),
        )


class Estimate(Wire):
    """What watching an area would take."""

    provider: str
    tiles: int
    gsd_m: float
    min_changed_area_m2: float
    cost_per_sweep_usd: float
    sweeps_per_month: float
    attribution: str


class ProviderOut(Wire):
    """Somebody who shows land from above, and on what terms."""

    name: str
    licence: str
    licence_url: str
    attribution: str
    is_dated: bool
    cost_per_request_usd: float
    is_default: bool


def _terms(name: str) -> ProviderTerms | None:
    try:
        return wiring.imagery(name).terms
    except DomainError:
        return None  # not set up here, or no longer: its areas are still shown


def _attribution(name: str) -> str:
    terms = _terms(name)
    return terms.licence.attribution if terms else ""


@api.route("/api/area-configs", method="POST", body=NewAreaBody, gives=AreaOut, status=201, also=(403, 409, 502))
def add_area(sign_in: SignIn, body: NewAreaBody) -> AreaOut:
    """Watch an area from now on: its first sweep is due at once."""
    new = NewArea(user_id=sign_in.user.user_id, name=areas.checked_name(body.name), extent=body.extent, plan=body.plan)
    caps = Caps(tiles=settings().max_tiles, areas=settings().max_areas)
    return AreaOut.of(areas.add_area(new, areas=wiring.areas(), clock=wiring.clock, caps=caps))


@api.route("/api/area-configs", gives=list[AreaOut], is_paged=True)
def list_areas(sign_in: SignIn, page: Page) -> Slice[AreaOut]:
    """List your areas, oldest first."""
    found = wiring.areas().of_user(sign_in.user.user_id, page=page)
    return Slice([AreaOut.of(area) for area in found.items], found.total, found.beyond)


@api.route("/api/area-configs/estimate", method="POST", body=WishedArea, gives=Estimate, also=(403, 502))
def estimate_area(sign_in: SignIn, body: WishedArea) -> Estimate:  # noqa: ARG001 (signing in is all that matters)
    """Say what watching an area would take, before it is kept."""
    plan = body.plan
    terms = wiring.imagery(plan.provider).terms
    tiles = count_covering(body.extent.bounds, plan.grid.zoom)
    return Estimate(
        provider=plan.provider,
        tiles=tiles,
        gsd_m=plan.gsd_m(body.center_lat),
        min_changed_area_m2=plan.thresholds.min_changed_area_m2,
        cost_per_sweep_usd=round(tiles * terms.cost_per_request_usd, 4),
        sweeps_per_month=round(24 * 30 / plan.cadence_hours, 2),
        attribution=terms.licence.attribution,
    )


@api.route("/api/area-configs/{area_id}", gives=AreaOut)
def get_area(sign_in: SignIn, area_id: int) -> AreaOut:
    """Show one of your areas."""
    return AreaOut.of(wiring.areas().get(area_id, user_id=sign_in.user.user_id))


@api.route("/api/area-configs/{area_id}", method="PATCH", body=AreaChange, gives=AreaOut)
def change_area(sign_in: SignIn, area_id: int, body: AreaChange) -> AreaOut:
    """Make an area alert more or less readily from now on."""
    sensitivity = checked_sensitivity(body.sensitivity)
    return AreaOut.of(wiring.areas().set_sensitivity(area_id, sensitivity, user_id=sign_in.user.user_id))


@api.route("/api/area-configs/{area_id}", method="DELETE", status=204)
def delete_area(sign_in: SignIn, area_id: int) -> None:
    """Stop watching an area, and forget it with everything that was seen there."""
    stopping.delete_area(
        area_id,
        user_id=sign_in.user.user_id,
        areas=wiring.areas(),
        sessions=wiring.sessions(),
        jobs=wiring.jobs(),
        clock=wiring.clock,
    )


@api.route("/api/providers", gives=list[ProviderOut])
def list_providers(sign_in: SignIn) -> list[ProviderOut]:  # noqa: ARG001 (signing in is all that matters)
    """List who can show land here, and on what terms."""
    found = [terms for terms in map(_terms, PROVIDERS) if terms is not None]
    return [
        ProviderOut(
            name=terms.name,
            licence=terms.licence.name,
            licence_url=terms.licence.url,
            attribution=terms.licence.attribution,
            is_dated=terms.is_dated,
            cost_per_request_usd=terms.cost_per_request_usd,
            is_default=terms.name == settings().default_provider,
        )
        for terms in found
        if terms.licence.may_store and terms.licence.may_analyse
    ]
