"""What changed in sessions, what was seen without alerting, and the pushes about them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from chalice.app import Response
from pydantic import Field

from chalicelib.api.answers import (
    LARGEST_PAGE,
    MOST_BYTES,
    Further,
    answer_of,
    fitting,
    fitting_items,
    headers_of,
    text_of,
)
from chalicelib.api.http import Api, ApiModel
from chalicelib.api.images import TileOut, image_path
from chalicelib.api.named_parcels import NamedParcelOut, ParcelThenOut
from chalicelib.api.sessions import SessionOut, members_of
from chalicelib.application.ports.links import Links
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.alerts import Alert, Ignored
from chalicelib.domain.changes import without_evidence
from chalicelib.domain.images import TileImage
from chalicelib.domain.kinds import Kind
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.parcels import MOST_NAMED
from chalicelib.domain.pushes import PushMade

api = Api(__name__)
ALL_ALERTS = 1_000_000  # of a session: what fits is found out
MOST_REGIONS_BYTES = MOST_BYTES // 4  # of one tile's


class DetailOut(ApiModel):
    """What changed on one tile."""

    id: int
    alert_session_id: int
    image_tile_id: int
    previous_image_path: str
    current_image_path: str
    mask_image_path: str | None
    overlay_image_path: str | None
    severity: str | None  # the highest of its regions
    kinds: list[str]  # of its regions, in the words that people read; none of an alert from before there were kinds
    change_log: dict[str, Any]
    alert_time: datetime
    previous_captured_at: datetime | None  # when the older picture was taken, where that is known
    current_captured_at: datetime | None
    previous_attribution: str  # whose pictures they are, in the words to show beside them
    current_attribution: str
    place_ids: Annotated[list[int], Field(description="The places that it is about, for `/api/places/{place_id}`.")]
    parcels: Annotated[
        list[NamedParcelOut],
        Field(description=f"Parcels of your layers that it touches, as they were then: {MOST_NAMED} at most."),
    ]
    parcels_touched: Annotated[int | None, Field(description="How many it touches; null: you had no layers then.")]
    likely_authorised: Annotated[bool, Field(description="Permits allow all of it: nobody was told of it.")]
    told_before: Annotated[bool, Field(description="All of it was told before: nobody was told of it again.")]
    current_tile_info: Annotated[TileOut, Field(alias="current_tile_info")]

    @classmethod
    def of(cls, alert: Alert, image: TileImage, *, links: Links, now: datetime) -> DetailOut:
        """Show an alert with its newer image."""
        return cls(
            id=alert.alert_id,
            alert_session_id=alert.session_id,
            image_tile_id=alert.image_id,
            previous_image_path=image_path(alert.reference_key, links=links, now=now),
            current_image_path=image_path(alert.image_key, links=links, now=now),
            mask_image_path=image_path(alert.mask_key, links=links, now=now) if alert.mask_key else None,
            overlay_image_path=image_path(alert.overlay_key, links=links, now=now) if alert.overlay_key else None,
            severity=alert.change_log.get("severity"),
            kinds=alert.change_log.get("kinds") or [],
            change_log=_bounded(alert.change_log),
            alert_time=alert.created_at,
            previous_captured_at=alert.reference_captured_at,
            current_captured_at=image.image.captured_at,
            previous_attribution=alert.reference_attribution,
            current_attribution=image.image.attribution,
            place_ids=list(alert.place_ids),
            parcels=[NamedParcelOut.of(parcel) for parcel in alert.parcels],
            parcels_touched=alert.parcels_touched,
            likely_authorised=alert.is_likely_authorised,
            told_before=alert.is_told_before,
            current_tile_info=TileOut.of(image, links=links, now=now),
        )


def _bounded(change_log: dict[str, Any]) -> dict[str, Any]:
    """Return a change log with as many of its regions as fit: they are in order of their size."""
    regions = change_log.get("regions")
    if not isinstance(regions, list):
        return change_log
    kept = list(fitting_items(map(_with_kind, regions), most_bytes=MOST_REGIONS_BYTES))
    left_out = len(regions) - len(kept)
    return change_log | {"regions": kept} | ({"regions_left_out": left_out} if left_out else {})


def _with_kind(region: dict[str, Any]) -> dict[str, Any]:
    """Return a region as people are shown it, with its kind: other, of one from before there were kinds."""
    return {"kind": Kind.OTHER.value, "kind_probability": None} | without_evidence(region)


class IgnoredOut(ApiModel):
    """What was seen on one tile and is no alert: each region with its reason."""

    image_tile_id: int
    verdict: str
    previous_image_path: str
    current_image_path: str
    regions: list[dict[str, Any]]
    current_tile_info: Annotated[TileOut, Field(alias="current_tile_info")]

    @classmethod
    def of(cls, ignored: Ignored, *, links: Links, now: datetime) -> IgnoredOut:
        """Show it with its images."""
        image = ignored.image.image
        return cls(
            image_tile_id=image.image_id,
            verdict=ignored.verdict.value,
            previous_image_path=image_path(ignored.reference_key, links=links, now=now),
            current_image_path=image_path(image.key, links=links, now=now),
            regions=list(fitting_items(map(_with_kind, ignored.regions), most_bytes=MOST_REGIONS_BYTES)),
            current_tile_info=TileOut.of(ignored.image, links=links, now=now),
        )


class SessionDetails(SessionOut):
    """A session with what changed in it."""

    alert_details: Annotated[list[DetailOut], Field(alias="alert_details")]


class PushOut(ApiModel):
    """A push about one session, or about how areas stand, and how far it has come."""

    id: int
    area_config_id: int
    alert_session_id: int
    title: str
    body: str
    data: dict[str, str]
    target: str  # what it went to: a device's token or a topic
    status: str
    detail: str
    created_at: datetime
    sent_at: datetime | None

    @classmethod
    def of(cls, push: PushMade) -> PushOut:
        """Show a push."""
        return cls(
            id=push.delivery_id,
            area_config_id=push.notice.area_id,
            alert_session_id=push.notice.session_id,
            title=push.notice.title,
            body=push.notice.body,
            data=push.notice.members,
            target=push.kind.value,
            status=push.status.value,
            detail=push.detail,
            created_at=push.created_at,
            sent_at=push.sent_at,
        )


@api.route("/api/alerts/sessions/{session_id}/details", response=SessionDetails)
def get_details(ports: Ports, sign_in: SignIn, session_id: int, further: Further) -> Response:
    """Show one session with what changed in it: the newest of its alerts that fit, the others behind `Link`."""
    session = ports.sessions.get(session_id, user_id=sign_in.user.user_id)
    whole = SessionDetails(**members_of(session), alert_details=[])
    newest = fitting(
        lambda page: _alerts(ports, sign_in, session_id, page),
        PageRequest(ALL_ALERTS),
        further=further,
        most_bytes=MOST_BYTES - len(text_of(whole).encode()),
    )
    whole.alert_details = newest[::-1]
    headers = headers_of(newest, asked={}, path="alerts") if newest.is_full else {}
    return answer_of(whole, headers=headers)


@api.route("/api/alerts/sessions/{session_id}/alerts", response=list[DetailOut], is_paged=True)
def list_alerts(ports: Ports, sign_in: SignIn, session_id: int, page: PageRequest) -> Page[DetailOut]:
    """List what changed in a session, newest first."""
    return _alerts(ports, sign_in, session_id, page)


@api.route("/api/alerts/{alert_id}/parcels", response=list[ParcelThenOut], is_paged=True)
def list_alert_parcels(ports: Ports, sign_in: SignIn, alert_id: int, page: PageRequest) -> Page[ParcelThenOut]:
    """List the parcels that an alert names, with their land and permits as they were when it was made."""
    return ports.alerts.parcels(alert_id, user_id=sign_in.user.user_id, page=page).shown(ParcelThenOut.of)


def _alerts(ports: Ports, sign_in: SignIn, session_id: int, page: PageRequest) -> Page[DetailOut]:
    found = ports.alerts.of_session(session_id, user_id=sign_in.user.user_id, page=page)
    now = ports.clock()
    return found.shown(lambda pair: DetailOut.of(*pair, links=ports.links, now=now))


@api.route("/api/alerts/sessions/{session_id}/ignored", response=list[IgnoredOut], is_paged=True, whole=LARGEST_PAGE)
def list_ignored(ports: Ports, sign_in: SignIn, session_id: int, page: PageRequest) -> Page[IgnoredOut]:
    """List what a session saw and did not alert on, tile by tile, with the reasons."""
    now = ports.clock()
    found = ports.alerts.ignored(session_id, user_id=sign_in.user.user_id, page=page)
    return found.shown(lambda ignored: IgnoredOut.of(ignored, links=ports.links, now=now))


@api.route("/api/pushes", response=list[PushOut], is_paged=True)
def list_pushes(ports: Ports, sign_in: SignIn, page: PageRequest) -> Page[PushOut]:
    """List the pushes about your areas, newest first."""
    found = ports.deliveries.of_user(sign_in.user.user_id, page=page)
    return found.shown(PushOut.of)
