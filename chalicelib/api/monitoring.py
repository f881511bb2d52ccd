"""Supervise now: capture, compare, and the tiles that come of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from chalice.app import Request
from pydantic import Field

from chalicelib.api.http import Api, Body, MessageOut, request_id_of
from chalicelib.api.images import TileOut
from chalicelib.api.sessions import SessionOut
from chalicelib.application import cancel_session, compare_now, open_sessions
from chalicelib.application.in_flight import Share
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.errors import Invalid
from chalicelib.domain.paging import Page, PageRequest
from chalicelib.domain.two_dates import TwoDates, checked_day

api = Api(__name__)


class SessionTold(MessageOut):
    """A session, and a sentence about it."""

    session: SessionOut


class CompareBody(Body):
    """Two dates to compare, as 2025-01-15: the clearest picture near each. Without them the newest are compared."""

    before: Annotated[str | None, Field(max_length=50, examples=["2024-01-15"])] = None
    after: Annotated[str | None, Field(max_length=50, examples=["2025-01-15"])] = None

    def dates(self, now: datetime) -> TwoDates | None:
        """Return the dates; None where there are none. Raises Invalid."""
        if self.before is None and self.after is None:
            return None
        days = {}
        for name, text in (("before", self.before), ("after", self.after)):
            if text is None:
                raise Invalid(f"say both dates: {name} is missing", pointer=f"/{name}")
            days[name] = checked_day(text, now=now, pointer=f"/{name}")
        return TwoDates(**days)


@api.route("/api/monitor/capture/{area_id}", method="POST", response=SessionTold, extra_statuses=(409, 429))
def capture(ports: Ports, request: Request, sign_in: SignIn, area_id: int) -> SessionTold:
    """Begin a session of an area now; the one that is running already, if there is one."""
    session = open_sessions.open_session_now(
        area_id,
        user_id=sign_in.user.user_id,
        sessions=ports.sessions,
        jobs=ports.jobs,
        clock=ports.clock,
        request_id=request_id_of(request),
    )
    message = "capture started" if session.is_open else "captured a moment ago"
    return SessionTold(message=message, session=SessionOut.of(session))


@api.route(
    "/api/monitor/compare/{area_id}",
    method="POST",
    body=CompareBody,
    is_body_optional=True,
    response=SessionTold,
    extra_statuses=(403, 409, 429, 502),
)
def compare(
    *, ports: Ports, request: Request, sign_in: SignIn, share: Share, area_id: int, body: CompareBody
) -> SessionTold:
    """Compare an area's newest images now: those of the session that is running, if there is one. Or two dates."""
    limits, dates = ports.settings.limits, body.dates(ports.clock())
    patience = compare_now.Patience(
        wait_s=limits.compare_wait_s, places=limits.compare_waits, places_a_user=limits.compare_waits_per_user
    )
    waiting = compare_now.Waiting(patience, ports.waits, ports.clock, share.resting(ports.sleep))
    asked: dict[str, Any] = {"user_id": sign_in.user.user_id, "sessions": ports.sessions, "jobs": ports.jobs}
    asked |= {"waiting": waiting, "request_id": request_id_of(request)}
    if dates is None:
        session = compare_now.compare_now(area_id, **asked)
    else:
        session = compare_now.compare_two_dates(area_id, dates, areas=ports.areas, imagery=ports.imagery, **asked)
    message = "comparison running" if session.is_open else (session.reason or "comparison completed")
    return SessionTold(message=message, session=SessionOut.of(session))


@api.route("/api/monitor/image-tiles/area/{area_id}", response=list[TileOut], is_paged=True)
def list_tiles(ports: Ports, sign_in: SignIn, area_id: int, page: PageRequest) -> Page[TileOut]:
    """List an area's stored images, newest capture first."""
    found = ports.image_rows.of_area(area_id, user_id=sign_in.user.user_id, page=page)
    now = ports.clock()
    return found.shown(lambda image: TileOut.of(image, links=ports.links, now=now))


@api.route("/api/alerts/sessions/{session_id}/cancel", method="POST", response=SessionTold, extra_statuses=(409,))
def cancel(ports: Ports, request: Request, sign_in: SignIn, session_id: int) -> SessionTold:
    """Stop a session: what is not done yet will not be."""
    session = cancel_session.cancel_session(
        session_id,
        user_id=sign_in.user.user_id,
        sessions=ports.sessions,
        jobs=ports.jobs,
        clock=ports.clock,
        request_id=request_id_of(request),
    )
    return SessionTold(message="session cancelled", session=SessionOut.of(session))
