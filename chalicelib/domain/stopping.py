"""The trip cut short: a sweep that somebody stops, an area that somebody deletes."""

from __future__ import annotations

from chalicelib.domain.errors import Conflict
from chalicelib.domain.ports import Clock, Jobs
from chalicelib.domain.records import Areas, Sessions
from chalicelib.domain.sessions import Outcome, Session, Verdict


def cancel_session(session_id: int, *, user_id: int, sessions: Sessions, jobs: Jobs, clock: Clock) -> Session:
    """Stop an open session: its open tile runs end CANCELLED. Raises NotFound, Conflict if it has ended."""
    if not sessions.get(session_id, user_id=user_id).is_open:
        raise Conflict(f"session {session_id} has ended already")
    outcome = Outcome(verdict=Verdict.CANCELLED, reason="the session was stopped")
    jobs.send(sessions.end_open_tiles(session_id, outcome, now=clock()))
    return sessions.get(session_id, user_id=user_id)


def delete_area(area_id: int, *, user_id: int, areas: Areas, sessions: Sessions, jobs: Jobs, clock: Clock) -> None:
    """Delete an area: nothing new begins on it, what is open is cancelled, and sweep removes its pictures and rows."""
    outcome = Outcome(verdict=Verdict.CANCELLED, reason="the area was deleted")
    for session_id in areas.mark_deleted(area_id, user_id=user_id, now=clock()):
        jobs.send(sessions.end_open_tiles(session_id, outcome, now=clock()))
