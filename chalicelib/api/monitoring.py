"""Supervise now: capture, compare, and the tiles that come of it."""

from __future__ import annotations

from chalice.app import Request

from chalicelib.api.http import Api, MessageOut, request_id_of
from chalicelib.api.images import TileOut
from chalicelib.api.sessions import SessionOut
from chalicelib.application import cancel_session, compare_now, open_sessions
from chalicelib.composition import Ports
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.paging import Page, PageRequest

api = Api(__name__)


class SessionTold(MessageOut):
    """A session, and a sentence about it."""

    session: SessionOut


@api.route("/api/monitor/capture/{area_id}", method="POST", response=SessionTold, extra_statuses=(409, 429))
def capture(ports: Ports, request: Request, sign_in: SignIn, area_id: int) -> SessionTold:
    """Sweep an area now; the sweep that is running already, if there is one."""
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


@api.route("/api/monitor/compare/{area_id}", method="POST", response=SessionTold, extra_statuses=(409, 429))
def compare(ports: Ports, request: Request, sign_in: SignIn, area_id: int) -> SessionTold:
    """Compare an area's newest images now: those of the sweep that is running, if there is one."""
    session = compare_now.compare_now(
        area_id,
        user_id=sign_in.user.user_id,
        patience=compare_now.Patience(
            wait_s=ports.settings.limits.compare_wait_s,
            places=ports.settings.limits.compare_waits,
            places_a_user=ports.settings.limits.compare_waits_per_user,
        ),
        sessions=ports.sessions,
        waits=ports.waits,
        jobs=ports.jobs,
        clock=ports.clock,
        sleep=ports.sleep,
        request_id=request_id_of(request),
    )
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
    """Stop a sweep: what is not done yet will not be."""
    session = cancel_session.cancel_session(
        session_id,
        user_id=sign_in.user.user_id,
        sessions=ports.sessions,
        jobs=ports.jobs,
        clock=ports.clock,
        request_id=request_id_of(request),
    )
    return SessionTold(message="session cancelled", session=SessionOut.of(session))
