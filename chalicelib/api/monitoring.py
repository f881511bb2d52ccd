"""Supervise now: capture, compare, and the tiles that come of it."""

from __future__ import annotations

import time

from chalicelib import wiring
from chalicelib.api.alerts import SessionOut
from chalicelib.api.http import Api, Told
from chalicelib.api.images import TileOut
from chalicelib.domain import monitoring, stopping
from chalicelib.domain.accounts import SignIn
from chalicelib.domain.paging import Page, Slice
from chalicelib.settings import settings

api = Api(__name__)


class SessionTold(Told):
    """A session, and a sentence about it."""

    session: SessionOut


@api.route("/api/monitor/capture/{area_id}", method="POST", gives=SessionTold, also=(409, 429))
def capture(sign_in: SignIn, area_id: int) -> SessionTold:
    """Sweep an area now; the sweep that is running already, if there is one."""
    session = monitoring.capture_now(
        area_id,
        user_id=sign_in.user.user_id,
        sessions=wiring.sessions(),
        jobs=wiring.jobs(),
        clock=wiring.clock,
    )
    message = "capture started" if session.is_open else "captured a moment ago"
    return SessionTold(message=message, session=SessionOut.of(session))


@api.route("/api/monitor/compare/{area_id}", method="POST", gives=SessionTold, also=(409, 429))
def compare(sign_in: SignIn, area_id: int) -> SessionTold:
    """Compare an area's newest images now: those of the sweep that is running, if there is one."""
    session = monitoring.compare_now(
        area_id,
        user_id=sign_in.user.user_id,
        wait_s=settings().compare_wait_s,
        sessions=wiring.sessions(),
        jobs=wiring.jobs(),
        clock=wiring.clock,
        pause=time.sleep,
    )
    message = "comparison running" if session.is_open else (session.reason or "comparison completed")
    return SessionTold(message=message, session=SessionOut.of(session))


@api.route("/api/monitor/image-tiles/area/{area_id}", gives=list[TileOut], is_paged=True)
def list_tiles(sign_in: SignIn, area_id: int, page: Page) -> Slice[TileOut]:
    """List an area's stored images, newest capture first."""
    found = wiring.alerts().images(area_id, user_id=sign_in.user.user_id, page=page)
    now = wiring.clock()
    return Slice([TileOut.of(image, now=now) for image in found.items], found.total, found.beyond)


@api.route("/api/alerts/sessions/{session_id}/cancel", method="POST", gives=SessionTold, also=(409,))
def cancel(sign_in: SignIn, session_id: int) -> SessionTold:
    """Stop a sweep: what is not done yet will not be."""
    session = stopping.cancel_session(
        session_id,
        user_id=sign_in.user.user_id,
        sessions=wiring.sessions(),
        jobs=wiring.jobs(),
        clock=wiring.clock,
    )
    return SessionTold(message="session cancelled", session=SessionOut.of(session))
