"""Cancel a session: what is not done yet will not be."""

from __future__ import annotations

from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.sessions import Sessions
from chalicelib.domain.errors import Conflict
from chalicelib.domain.sessions import Session
from chalicelib.domain.tile_runs import Outcome, Verdict


def cancel_session(
    session_id: int, *, user_id: int, sessions: Sessions, jobs: Jobs, clock: Clock, request_id: str
) -> Session:
    """Stop an open session: its open tile runs end CANCELLED. Raises NotFound, Conflict if it has ended."""
    if not sessions.get(session_id, user_id=user_id).is_open:
        raise Conflict(f"session {session_id} has ended already")
    outcome = Outcome(verdict=Verdict.CANCELLED, reason="the session was stopped")
    jobs.send(sessions.end_open_tiles(session_id, outcome, now=clock(), request_id=request_id))
    return sessions.get(session_id, user_id=user_id)
