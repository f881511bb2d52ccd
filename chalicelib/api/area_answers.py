"""Areas as they are shown."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from chalicelib.api.http import ApiModel
from chalicelib.api.schedules import ScheduleOut
from chalicelib.composition import Ports
from chalicelib.domain.area_states import AreaStanding, AreaState
from chalicelib.domain.areas import Area
from chalicelib.domain.kinds import Kind
from chalicelib.domain.shapes import Shape
from chalicelib.domain.unseen import days_since


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
    version: int  # of what is said of it: the ETag
    tags: list[str]
    is_paused: bool
    cadence_hours: int  # of a schedule: the mean
    schedule: ScheduleOut | None
    looks_on_arrival: bool  # as well, when a scene comes over it
    min_changed_area_m2: float
    sensitivity: str
    alert_kinds: list[str]  # what changed in another way is seen and ignored, where that is sure
    unseen_tolerance: float  # the share of the area that may stay unseen under an all-clear
    compare_since: date | None  # null: changes since the oldest picture are told
    confirm_by_second_image: bool
    area_m2: float  # of its shape, or of its box
    has_shape: bool  # whether it is another land than the box that the members above say
    geometry: dict[str, Any] | None = None  # GeoJSON, as it was said, mended; null of a box, and in a list
    buffer_m: float | None = None
    exclude: dict[str, Any] | None = None  # GeoJSON
    watched: dict[str, Any] | None = None  # a MultiPolygon: with its buffer, without what is left out
    geometry_notes: tuple[str, ...] = ()  # what was mended, in the answer that the area is added with
    tiles: int
    gsd_m: float
    next_due_at: datetime
    next_session_at: datetime | None  # null: it is paused
    attribution: str
    state: str  # watched, changed, partly blind, blind, failing: what its last whole session said
    state_since: datetime | None  # null: nothing was looked at yet
    unseen_m2: float | None  # of the area, in that session; null: nothing was looked at, or that was not measured yet
    unseen_share: float | None
    unseen_since: datetime | None  # null as well where all of it was seen
    clearly_seen_at: datetime | None  # since when images have shown it clearly; null: not known. It is no all-clear
    clearly_seen_days: int | None  # that many days ago
    is_dated: bool | None  # does its provider say when images were taken? null: it is not set up here any more

    @classmethod
    def of(cls, area: Area, ports: Ports, standing: AreaStanding | None, shape: Shape | None = None) -> AreaOut:
        """Show an area, as it stands."""
        plan, unseen = area.plan, standing.unseen if standing else None
        seen_at = standing.clearly_seen_at if standing else None
        terms = ports.provider_terms(plan.provider)
        return cls(
            id=area.area_id,
            name=area.name,
            **asdict(area.extent),
            created_at=area.created_at,
            provider=plan.provider,
            version=area.version,
            tags=list(area.tags),
            is_paused=area.is_paused,
            schedule=ScheduleOut.of(plan.schedule),
            cadence_hours=plan.cadence_hours,
            looks_on_arrival=plan.looks_on_arrival,
            min_changed_area_m2=plan.thresholds.min_changed_area_m2,
            sensitivity=plan.thresholds.sensitivity.value,
            alert_kinds=[kind.value for kind in Kind if kind in plan.thresholds.alert_kinds],
            unseen_tolerance=plan.unseen_tolerance,
            compare_since=plan.compare_since,
            confirm_by_second_image=plan.thresholds.is_confirmed_twice,
            area_m2=round(area.m2, 1),
            has_shape=area.size is not None,
            **({} if shape is None else land_of(shape)),
            tiles=area.tiles,
            gsd_m=area.gsd_m,
            next_due_at=area.next_due_at,
            next_session_at=area.next_session_at,
            attribution=terms.licence.attribution if terms else "",  # areas outlive providers
            state=(standing.state if standing else AreaState.WATCHED).value,
            state_since=standing.since if standing else None,
            unseen_m2=None if unseen is None else round(unseen.m2, 1),
            unseen_share=None if unseen is None else round(unseen.share, 4),
            unseen_since=None if unseen is None else unseen.since,
            clearly_seen_at=seen_at,
            clearly_seen_days=days_since(seen_at, now=ports.clock()),
            is_dated=terms.is_dated if terms else None,
        )


def land_of(shape: Shape) -> dict[str, Any]:
    """Show a shape."""
    return {
        "geometry": shape.geometry,
        "buffer_m": shape.buffer_m,
        "exclude": shape.exclude,
        "watched": shape.watched_geojson,
        "geometry_notes": shape.notes,
    }
