"""Delete an area, with everything that was seen there."""

from __future__ import annotations

from chalicelib.application.ports.areas import Areas
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.sessions import Sessions
from chalicelib.domain.tile_runs import Outcome, Verdict

AREA_DELETED = Outcome(verdict=Verdict.CANCELLED, reason="the area was deleted")


def delete_area(
    area_id: int, *, user_id: int, areas: Areas, sessions: Sessions, jobs: Jobs, clock: Clock, request_id: str
) -> None:
    """Delete an area: nothing new begins on it, what is open is cancelled, reconcile removes its images and rows.

    Raises NotFound, and Conflict while a legal hold stands on it or on something in it.
    """
    for session_id in areas.mark_deleted(area_id, user_id=user_id, now=clock()):
        jobs.send(sessions.end_open_tiles(session_id, AREA_DELETED, now=clock(), request_id=request_id))
