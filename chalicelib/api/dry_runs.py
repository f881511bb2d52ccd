"""Dry runs: what other settings of an area would have told, before they are kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from pydantic import Field
from pydantic.alias_generators import to_camel

from chalicelib.api.answers import MOST_BYTES, text_of
from chalicelib.api.area_bodies import KindNames, SensitivityName, ToleranceShare, alert_kinds_said
from chalicelib.api.http import Api, ApiModel, Body
from chalicelib.api.places import MultiPolygonOut
from chalicelib.application import dry_run as trying
from chalicelib.application.dry_run import MOST_SESSIONS, AlertChange, Listed, SessionOutcome
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.areas import Area
from chalicelib.domain.kinds import Kind
from chalicelib.domain.thresholds import Thresholds, checked_sensitivity, smallest_alert_m2

api = Api(__name__)
MOST_DAYS = 400
LAND = "other land shows other pixels: what lies outside is not replayed"
NO_MATTER: Any = Annotated[object, Field(description="taken as it is in a PATCH; nothing that was seen depends on it")]
# What is said of settings that change what is told, and that stored comparisons do not tell of.
NOT_REPLAYED = {
    "compare_since": "another first day is another baseline: what is compared with it is not stored",
    "confirm_by_second_image": "whether a second image confirms a change was not looked at",
    "geometry": LAND,
    "buffer_m": LAND,
    "exclude": LAND,
    "center_lat": LAND,
    "center_lon": LAND,
    "north_km": LAND,
    "south_km": LAND,
    "east_km": LAND,
    "west_km": LAND,
}


def _not_replayed(name: str) -> Any:  # noqa: ANN401 (what pydantic takes)
    return Field(default=None, description=f"not replayed: {NOT_REPLAYED[name]}")


class DryRunBody(Body):
    """The settings to try, as in a PATCH of the area; what is not said stays as it is."""

    sensitivity: SensitivityName | None = None
    min_changed_area_m2: Annotated[float | None, Field(examples=[200])] = None
    alert_kinds: KindNames = None
    unseen_tolerance: ToleranceShare | None = None
    days: Annotated[int, Field(ge=1, le=MOST_DAYS, description="how far back")] = 90
    sessions: Annotated[int, Field(ge=1, le=MOST_SESSIONS, description="the newest ones, at most")] = MOST_SESSIONS
    compare_since: object = _not_replayed("compare_since")
    confirm_by_second_image: object = _not_replayed("confirm_by_second_image")
    geometry: object = _not_replayed("geometry")
    buffer_m: object = _not_replayed("buffer_m")
    exclude: object = _not_replayed("exclude")
    center_lat: object = _not_replayed("center_lat")
    center_lon: object = _not_replayed("center_lon")
    north_km: object = _not_replayed("north_km")
    south_km: object = _not_replayed("south_km")
    east_km: object = _not_replayed("east_km")
    west_km: object = _not_replayed("west_km")
    name: NO_MATTER = None
    tags: NO_MATTER = None
    cadence_hours: NO_MATTER = None
    schedule: NO_MATTER = None
    looks_on_arrival: NO_MATTER = None
    is_paused: NO_MATTER = None

    def thresholds(self, area: Area, ports: Ports) -> Thresholds:
        """Return the thresholds to try. Raises Invalid."""
        now = area.plan.thresholds
        terms, m2 = ports.provider_terms(area.plan.provider), self.min_changed_area_m2
        if m2 is None:
            m2 = now.min_changed_area_m2
        elif terms is not None:
            m2 = smallest_alert_m2(m2, terms=terms, gsd_m=area.gsd_m)
        said_kinds = "alert_kinds" in self.model_fields_set
        return Thresholds(
            min_changed_area_m2=m2,
            min_clear_share=now.min_clear_share,
            sensitivity=now.sensitivity if self.sensitivity is None else checked_sensitivity(self.sensitivity),
            alert_kinds=alert_kinds_said(self.alert_kinds) if said_kinds else now.alert_kinds,
            is_confirmed_twice=now.is_confirmed_twice,
        )


class TriedRegion(ApiModel):
    """One region of an alert that would go or come."""

    area_m2: float
    kind: Kind
    score: float
    reason: Annotated[str | None, Field(description="Why it is not told any more; null of one that is told.")]


class TriedAlert(ApiModel):
    """An alert that would go or come: what changed on one tile in one session."""

    alert_id: Annotated[int | None, Field(description="The alert; null of one that there is not.")]
    alert_session_id: int
    unique_key: Annotated[str, Field(description="The tile, z/x/y.")]
    may_come_later: Annotated[bool, Field(description="The next image may tell it: that was not looked at.")]
    regions: list[TriedRegion]
    outlines: MultiPolygonOut

    @classmethod
    def of(cls, change: AlertChange) -> TriedAlert:
        """Show it."""
        regions = [
            TriedRegion(
                area_m2=round(told.region.m2, 1),
                kind=Kind(told.region.kind or Kind.OTHER),
                score=told.region.score,
                reason=told.why and told.why.value,
            )
            for told in change.regions
        ]
        return cls(
            alert_id=change.alert_id,
            alert_session_id=change.session_id,
            unique_key=change.tile,
            may_come_later=change.may_come_later,
            regions=regions,
            outlines=MultiPolygonOut.of([told.region.outline for told in change.regions]),
        )


class TriedSession(ApiModel):
    """What one session told, and would have told."""

    id: int
    start_time: datetime
    alerts_now: int
    alerts_then: int
    may_come: int
    may_go: int
    is_exact: Annotated[bool, Field(description="Whether all that its alerts are judged by was kept.")]
    unseen_share: float | None
    is_unseen_now: Annotated[bool, Field(description="More was not seen than the area bears, as it is set.")]
    is_unseen_then: bool

    @classmethod
    def of(cls, each: SessionOutcome) -> TriedSession:
        """Show it."""
        unseen = each.session.unseen
        return cls(
            id=each.session.session_id,
            start_time=each.session.started_at,
            alerts_now=each.alerts_now,
            alerts_then=each.alerts_then,
            may_come=each.may_come,
            may_go=each.may_go,
            is_exact=each.is_exact,
            unseen_share=None if unseen is None else round(unseen.share, 4),
            is_unseen_now=each.is_unseen_now,
            is_unseen_then=each.is_unseen_then,
        )


class NotReplayed(ApiModel):
    """A setting that was said, and that stored comparisons do not tell of."""

    member: str
    reason: str


class DryRunOut(ApiModel):
    """What the settings would have told of what was compared already."""

    message: Annotated[str, Field(description="The outcome as a sentence.", examples=["3 alerts instead of 41"])]
    alerts_now: int
    alerts_then: int
    may_come: Annotated[int, Field(description="Alerts beside these that may come: it was not looked at what decides.")]
    may_go: Annotated[int, Field(description="Of those that stay: from before what decides about them was kept.")]
    regions_now: int
    regions_then: int
    goes: list[TriedAlert]
    comes: list[TriedAlert]
    may_come_alerts: list[TriedAlert]
    left_out: Annotated[int, Field(description="Alerts that are counted, and not in the three lists.")]
    sessions: Annotated[list[TriedSession], Field(description="The oldest first.")]
    is_whole: Annotated[bool, Field(description="Whether all sessions of these days were replayed; else the newest.")]
    exact_since: Annotated[datetime | None, Field(description="Since when all that alerts are judged by was kept.")]
    not_replayed: list[NotReplayed]


@api.route("/api/area-configs/{area_id}/dry-run", method="POST", body=DryRunBody, response=DryRunOut)
def try_settings(ports: Ports, sign_in: SignIn, area_id: int, body: DryRunBody) -> DryRunOut:
    """Try other settings on what was compared already: which alerts would go, and which would come."""
    area = ports.areas.get(area_id, user_id=sign_in.user.user_id)
    now = area.plan.unseen_tolerance
    outcome = trying.dry_run(
        area.area_id,
        thresholds=body.thresholds(area, ports),
        tolerances=(now, now if body.unseen_tolerance is None else body.unseen_tolerance),
        since=ports.clock() - timedelta(days=body.days),
        most_sessions=body.sessions,
        dry_runs=ports.dry_runs,
    )
    lists = [outcome.goes, outcome.comes, outcome.may_come]
    goes, comes, may_come = shown = [_fitting(each) for each in lists]
    said = [name for name in NOT_REPLAYED if name in body.model_fields_set]
    return DryRunOut(
        message=outcome.says,
        **{name: outcome.total(name) for name in ("alerts_now", "alerts_then", "may_come", "may_go")},
        regions_now=outcome.regions_now,
        regions_then=outcome.regions_then,
        goes=goes,
        comes=comes,
        may_come_alerts=may_come,
        left_out=sum(each.count for each in lists) - sum(map(len, shown)),
        sessions=[TriedSession.of(each) for each in outcome.sessions],
        is_whole=outcome.is_whole,
        exact_since=outcome.exact_since,
        not_replayed=[NotReplayed(member=to_camel(name), reason=NOT_REPLAYED[name]) for name in said],
    )


def _fitting(listed: Listed) -> list[TriedAlert]:
    """Return the alerts of a list that fit in a quarter of an answer."""
    shown, size = [], 0
    for alert in map(TriedAlert.of, listed.first):
        size += len(text_of(alert).encode())
        if size > MOST_BYTES // 4:
            break
        shown.append(alert)
    return shown
