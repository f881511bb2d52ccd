"""The sessions of your areas: how each ended, and what of its ground it did not see."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from chalice.app import Request

from chalicelib.api.http import Api, ApiModel
from chalicelib.api.queried_ids import queried_id
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.sessions import Failure, Session
from chalicelib.domain.unseen import UnseenTile, days_since

api = Api(__name__)


class FailureOut(ApiModel):
    """A tile that could not be captured or compared, and why."""

    unique_key: str
    reason: str

    @classmethod
    def of(cls, failure: Failure) -> FailureOut:
        """Show it."""
        return cls(unique_key=failure.tile, reason=failure.reason)


class SessionOut(ApiModel):
    """One look at an area, as far as it has come."""

    id: int
    area_config_id: int
    start_time: datetime
    end_time: datetime | None
    status: str
    reason: str | None  # why it ended as it did, where the status does not say
    total_changes_detected: int
    severity: str | None  # the highest of its alerts
    kinds: list[str]  # of its alerts, in the words that people read
    likely_authorised: int  # of its changed tiles, those that permits allow: nobody is told of them
    notification_sent: bool
    counts_by_verdict: dict[str, int]
    tiles_planned: int
    tiles_done: int
    clear_share: float | None
    newest_captured_at: datetime | None
    failures: list[FailureOut]
    all_clear: bool  # all of its ground was seen and compared, and nothing had changed
    unseen_m2: float | None  # null: that was not measured yet, or is still open
    unseen_share: float | None
    unseen_since: datetime | None  # when the part that waits longest was missed first
    before: date | None  # the dates that somebody asked to be compared: it says nothing of the area as it is now
    after: date | None

    @classmethod
    def of(cls, session: Session) -> SessionOut:
        """Show a session."""
        return cls(**members_of(session))


class UnseenOut(ApiModel):
    """A tile whose ground a session did not see, or not all of it."""

    unique_key: str
    verdict: str
    reason: str | None
    unseen_m2: float
    unseen_share: float
    unseen_since: datetime | None
    clearly_seen_at: datetime | None  # when the image was taken that showed the tile clearly last; null: not known
    clearly_seen_days: int | None  # that many days ago

    @classmethod
    def of(cls, tile: UnseenTile, now: datetime) -> UnseenOut:
        """Show it."""
        unseen = tile.unseen
        return cls(
            unique_key=tile.tile,
            verdict=tile.verdict.value,
            reason=tile.reason,
            unseen_m2=round(unseen.m2, 1),
            unseen_share=round(unseen.share, 4),
            unseen_since=unseen.since,
            clearly_seen_at=tile.clearly_seen_at,
            clearly_seen_days=days_since(tile.clearly_seen_at, now=now),
        )


def members_of(session: Session) -> dict[str, Any]:
    """Return what a session is shown with, by the members of `SessionOut`."""
    unseen = session.unseen
    return {
        "id": session.session_id,
        "area_config_id": session.area_id,
        "start_time": session.started_at,
        "end_time": session.ended_at,
        "status": session.status.value,
        "reason": session.reason,
        "total_changes_detected": session.alerts,
        "severity": session.severity,
        "kinds": [kind.value for kind in session.kinds],
        "likely_authorised": session.authorised,
        "notification_sent": session.is_notification_sent,
        "counts_by_verdict": {str(verdict): count for verdict, count in session.counts_by_verdict.items()},
        "tiles_planned": session.tiles_planned,
        "tiles_done": session.tiles_done,
        "clear_share": session.clear_share,
        "newest_captured_at": session.newest_captured_at,
        "failures": [FailureOut.of(failure) for failure in session.failures],
        "all_clear": session.is_all_clear,
        "unseen_m2": unseen and unseen.m2,
        "unseen_share": unseen and round(unseen.share, 4),
        "unseen_since": unseen and unseen.since,
        "before": session.dates and session.dates.before,
        "after": session.dates and session.dates.after,
    }


@api.route("/api/alerts/sessions", response=list[SessionOut], is_paged=True, query=("area",))
def list_sessions(ports: Ports, request: Request, sign_in: SignIn, page: PageRequest) -> Page[SessionOut]:
    """List the sessions of your areas, or of one of them, newest first; of each at most ten of its failures."""
    area_id = queried_id(request, "area")
    found = ports.sessions.of_user(sign_in.user.user_id, page=page, area_id=area_id)
    return found.shown(SessionOut.of)


@api.route("/api/alerts/sessions/{session_id}", response=SessionOut)
def get_session(ports: Ports, sign_in: SignIn, session_id: int) -> SessionOut:
    """Show one session."""
    return SessionOut.of(ports.sessions.get(session_id, user_id=sign_in.user.user_id))


@api.route("/api/alerts/sessions/{session_id}/unseen", response=list[UnseenOut], is_paged=True)
def list_unseen(ports: Ports, sign_in: SignIn, session_id: int, page: PageRequest) -> Page[UnseenOut]:
    """List the tiles of a session whose ground was not all seen, with how much of it and since when."""
    found = ports.alerts.unseen(session_id, user_id=sign_in.user.user_id, page=page)
    now = ports.clock()
    return found.shown(lambda tile: UnseenOut.of(tile, now))


@api.route("/api/alerts/sessions/{session_id}/failures", response=list[FailureOut], is_paged=True)
def list_failures(ports: Ports, sign_in: SignIn, session_id: int, page: PageRequest) -> Page[FailureOut]:
    """List the tiles of a session that could not be captured or compared, and why."""
    found = ports.alerts.failures(session_id, user_id=sign_in.user.user_id, page=page)
    return found.shown(FailureOut.of)
