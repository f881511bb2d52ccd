"""Open sessions: for the areas whose time has come, and for a user who asks for one now."""

from __future__ import annotations

import logging
from collections.abc import Callable

from chalicelib.application.isolation import Isolation
from chalicelib.application.ports.areas import Areas
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.sessions import Sessions
from chalicelib.domain.sessions import Cause, Session

log = logging.getLogger(__name__)

SENT_AT_ONCE = 100  # messages of one session: the others follow one by one, as these are worked on


def open_due_sessions(
    *,
    areas: Areas,
    sessions: Sessions,
    jobs: Jobs,
    clock: Clock,
    has_time: Callable[[], bool],
    request_id: str,
) -> int:
    """Open a session for every area that is due; return their number. Out of time, the next tick goes on.

    Safe to repeat: an area has at most one open session, and opening one makes it due later. An area that cannot be
    opened stops no other; its error is raised at the end.
    """
    opened, isolation = 0, Isolation()
    for area_id in areas.due(now=clock(), limit=1000):
        if not has_time():
            log.warning("tick cut short", extra={"opened": opened})
            break
        with isolation.part("open session", area_id=area_id):
            messages = sessions.open_due(area_id, now=clock(), request_id=request_id)
            opened += bool(messages)
            jobs.send(messages[:SENT_AT_ONCE])
    isolation.end()
    return opened


def open_session_now(
    area_id: int, *, user_id: int, sessions: Sessions, jobs: Jobs, clock: Clock, request_id: str
) -> Session:
    """Open a session that a user asks for, or answer with the open one: a double tap is no second session."""
    session, messages = sessions.open_now(area_id, Cause.REQUESTED, user_id=user_id, now=clock(), request_id=request_id)
    jobs.send(messages[:SENT_AT_ONCE])
    return session
