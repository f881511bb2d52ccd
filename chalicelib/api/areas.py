"""The areas that people watch, and what they would cost."""

from __future__ import annotations

from chalice.app import Request, Response

from chalicelib.api.answers import LARGEST_PAGE, Further, answer_of
from chalicelib.api.area_answers import AreaOut
from chalicelib.api.area_bodies import AreaDraft, NewAreaBody, alert_kinds_said, day_said
from chalicelib.api.area_changes import AreaChange
from chalicelib.api.estimates import Estimate
from chalicelib.api.http import Api, request_id_of
from chalicelib.api.schedules import schedule_said
from chalicelib.api.versions import etag_of, version_in
from chalicelib.application import add_area as adding
from chalicelib.application import change_area as changing
from chalicelib.application import delete_area as deleting
from chalicelib.application.choose_provider import provider_of
from chalicelib.application.draft_area import Draft, draft_area, lay_land
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.areas import Area, Land, checked_name, checked_size, checked_tags
from chalicelib.domain.budgets import Spending
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.shapes import Shape
from chalicelib.domain.thresholds import checked_sensitivity

api = Api(__name__)


def _answered(shown: AreaOut, *, status: int = 200) -> Response:
    return answer_of(shown, status=status, headers={"ETag": etag_of(shown.version)})


def _shown(area: Area, ports: Ports, shape: Shape | None = None) -> AreaOut:
    standing = ports.areas.standings([area.area_id]).get(area.area_id)
    if area.size is not None and shape is None:
        shape = ports.areas.shape_of(area)
    return AreaOut.of(area, ports, standing, shape)


def _laid(body: AreaChange, ports: Ports, area: Area) -> Land:
    extent, shape = body.land(ports, area.user_id)
    watched = ports.areas.of_user(area.user_id, page=PageRequest(limit=LARGEST_PAGE)).items
    limits = ports.ledger.tile_limits(area.user_id)
    land = lay_land(
        extent,
        shape=shape,
        shapes=lambda: ports.shapes,
        imagery=ports.imagery(area.plan.provider),
        most_tiles=limits.of_area,
        others=[each.extent.spot for each in watched],
        is_place_confirmed=body.is_place_confirmed,
        now=ports.clock(),
    )
    checked_size(extent, land.grid, size=land.size, most_tiles=limits.of_area, tiles_per_day=limits.a_day)
    return land


def _drafted(body: AreaDraft, ports: Ports, sign_in: SignIn) -> Draft:
    extent, shape = body.land(ports, sign_in.user.user_id)
    watched = ports.areas.of_user(sign_in.user.user_id, page=PageRequest(limit=LARGEST_PAGE)).items
    limits = ports.ledger.tile_limits(sign_in.user.user_id)
    return draft_area(
        extent,
        shape=shape,
        shapes=lambda: ports.shapes,
        imagery=provider_of(
            extent,
            named=body.provider or None,
            archive="archive" if ports.settings.providers.archive else None,
            default=ports.settings.providers.default_provider,
            imagery=ports.imagery,
            now=ports.clock(),
        ),
        cadence_hours=body.cadence_hours,
        usual_cadence_hours=ports.settings.trip.cadence_hours or None,
        min_changed_area_m2=body.min_changed_area_m2,
        min_clear_share=ports.settings.trip.min_clear_share,
        sensitivity=checked_sensitivity(body.sensitivity),
        alert_kinds=alert_kinds_said(body.alert_kinds),
        most_tiles=limits.of_area,
        tiles_per_day=limits.a_day,
        unseen_tolerance=body.unseen_tolerance,
        others=[area.extent.spot for area in watched],
        is_place_confirmed=body.is_place_confirmed,
        compare_since=day_said(body.compare_since, ports),
        schedule=schedule_said(body.schedule, body.cadence_hours),
        is_confirmed_twice=body.confirm_by_second_image,
        now=ports.clock(),
    )


@api.route(
    "/api/area-configs",
    method="POST",
    body=NewAreaBody,
    response=AreaOut,
    status=201,
    extra_statuses=(403, 404, 409, 502),
    has_version=True,
)
def add_area(ports: Ports, sign_in: SignIn, body: NewAreaBody, further: Further) -> Response:
    """Watch an area from now on: its first session is due at once."""
    body.pay(further)
    name, tags, draft = checked_name(body.name), checked_tags(body.tags or ()), _drafted(body, ports, sign_in)
    area = adding.add_area(
        name,
        draft,
        user_id=sign_in.user.user_id,
        tags=tags,
        is_told_to_operator=body.is_told,
        most_areas=ports.settings.limits.max_areas,
        areas=ports.areas,
        clock=ports.clock,
    )
    return _answered(AreaOut.of(area, ports, None, draft.laid and draft.laid.shape), status=201)


@api.route(
    "/api/area-configs/estimate", method="POST", body=AreaDraft, response=Estimate, extra_statuses=(403, 404, 429, 502)
)
def estimate_area(ports: Ports, sign_in: SignIn, body: AreaDraft, further: Further) -> Estimate:
    """Say what watching an area would take, before it is kept."""
    body.pay(further)
    ports.ledger.charge(sign_in.user.user_id, Spending.ESTIMATES, now=ports.clock())
    return Estimate.of(_drafted(body, ports, sign_in))


@api.route("/api/area-configs/{area_id}", response=AreaOut, has_version=True)
def get_area(ports: Ports, sign_in: SignIn, area_id: int) -> Response:
    """Show one of your areas."""
    return _answered(_shown(ports.areas.get(area_id, user_id=sign_in.user.user_id), ports))


@api.route(
    "/api/area-configs/{area_id}",
    method="PATCH",
    body=AreaChange,
    response=AreaOut,
    extra_statuses=(403, 409, 502),
    has_version=True,
)
def change_area(
    ports: Ports, request: Request, sign_in: SignIn, area_id: int, body: AreaChange, *, further: Further
) -> Response:
    """Change what an area is called, where it lies, and when and how it is watched, from now on."""
    area = ports.areas.get(area_id, user_id=sign_in.user.user_id)
    changes = body.changes(ports)
    body.pay(further)
    if body.says_land:
        changes["land"] = _laid(body, ports, area)
    changed = changing.change_area(
        area,
        changes,
        version=version_in(request, area),
        terms=ports.provider_terms(area.plan.provider),
        is_cadence_left=body.is_cadence_left,
        is_smallest_left=body.is_smallest_left,
        usual_cadence_hours=ports.settings.trip.cadence_hours or None,
        areas=ports.areas,
        sessions=ports.sessions,
        jobs=ports.jobs,
        clock=ports.clock,
        request_id=request_id_of(request),
    )
    land = changes.get("land")
    return _answered(_shown(changed, ports, land and land.laid and land.laid.shape))


@api.route("/api/area-configs/{area_id}", method="DELETE", status=204, extra_statuses=(409,))
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
