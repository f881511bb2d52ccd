"""Compare an area's stored images now, for a user who asks for it."""

from __future__ import annotations

from datetime import timedelta

from chalicelib.application.open_sessions import SENT_BEFORE_ANSWER
from chalicelib.application.ports.clock import Clock, Sleep
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.sessions import Sessions
from chalicelib.domain.sessions import Cause, Session

POLL_S = 0.25


def compare_now(
    area_id: int,
    *,
    user_id: int,
    wait_s: float,
    sessions: Sessions,
    jobs: Jobs,
    clock: Clock,
    sleep: Sleep,
    request_id: str,
) -> Session:
    """Answer with the open session, else with the latest if its images are compared, else compare what is stored.

    Waits at most `wait_s` seconds for the session to end: the existing client asks for the tiles once, right after.
    """
    session, messages = sessions.open_now(
        area_id, Cause.COMPARISON, user_id=user_id, now=clock(), request_id=request_id
    )
    jobs.send(messages[:SENT_BEFORE_ANSWER])
    until = clock() + timedelta(seconds=wait_s)
    while session.is_open and clock() < until:
        sleep(POLL_S)
        session = sessions.get(session.session_id, user_id=user_id)
    return session
