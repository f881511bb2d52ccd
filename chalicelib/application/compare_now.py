"""Compare an area's stored images now, for a user who asks for it."""

from __future__ import annotations

from datetime import timedelta
from typing import NamedTuple

from chalicelib.application.open_sessions import SENT_AT_ONCE
from chalicelib.application.ports.clock import Clock, Sleep
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.sessions import Sessions
from chalicelib.application.ports.waits import Waits
from chalicelib.domain.sessions import Cause, Session

FIRST_LOOK_S, LONGEST_LOOK_S = 0.25, 1.0


class Patience(NamedTuple):
    """How long a request may wait for its session to end, and how many may do so at once."""

    wait_s: float
    places: int
    places_a_user: int


def compare_now(
    area_id: int,
    *,
    user_id: int,
    patience: Patience,
    sessions: Sessions,
    waits: Waits,
    jobs: Jobs,
    clock: Clock,
    sleep: Sleep,
    request_id: str,
) -> Session:
    """Answer with the open session, else with the latest if its images are compared, else compare what is stored.

    Waits for the session to end while few do: the existing client asks for the tiles once, right after. Each that waits
    holds a thread, or a whole function on AWS; so beyond the given places the answer is the open session, at once.
    """
    session, messages = sessions.open_now(
        area_id, Cause.COMPARISON, user_id=user_id, now=clock(), request_id=request_id
    )
    jobs.send(messages[:SENT_AT_ONCE])
    if not session.is_open or patience.wait_s <= 0:
        return session
    now = clock()
    until = now + timedelta(seconds=patience.wait_s)
    place = waits.begin(user_id, now=now, ends_at=until, places=patience.places, places_a_user=patience.places_a_user)
    if place is None:
        return session
    try:
        _wait(session.session_id, until_s=patience.wait_s, sessions=sessions, sleep=sleep)
    finally:
        waits.end(place, ends_at=until)
    return sessions.get(session.session_id, user_id=user_id)


def _wait(session_id: int, *, until_s: float, sessions: Sessions, sleep: Sleep) -> None:
    waited_s, look_s = 0.0, FIRST_LOOK_S
    while waited_s < until_s:
        sleep(min(look_s, until_s - waited_s))
        waited_s += look_s
        if not sessions.is_open(session_id):
            return
        look_s = min(LONGEST_LOOK_S, look_s * 1.5)
