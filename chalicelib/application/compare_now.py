"""Compare an area's stored images now, or those of two dates, for a user who asks for it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.application.open_sessions import SENT_AT_ONCE
from chalicelib.application.ports.areas import Areas
from chalicelib.application.ports.clock import Clock, Sleep
from chalicelib.application.ports.imagery import Imagery
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.sessions import Sessions
from chalicelib.application.ports.waits import Waits
from chalicelib.domain.areas import Area
from chalicelib.domain.errors import Conflict
from chalicelib.domain.scenes import CLOCKS_MAY_DIFFER, Found
from chalicelib.domain.sessions import Cause, Session
from chalicelib.domain.two_dates import TwoDates, scenes_of

FIRST_LOOK_S, LONGEST_LOOK_S = 0.25, 1.0


class Patience(NamedTuple):
    """How long a request may wait for its session to end, and how many may do so at once."""

    wait_s: float
    places: int
    places_a_user: int


class Waiting(NamedTuple):
    """How a request waits for its session to end: each that waits holds a thread, or a function on AWS."""

    patience: Patience
    waits: Waits
    clock: Clock
    sleep: Sleep


def compare_now(
    area_id: int, *, user_id: int, waiting: Waiting, sessions: Sessions, jobs: Jobs, request_id: str
) -> Session:
    """Answer with the open session, else with the latest if its images are compared, else compare what is stored.

    Waits for the session to end: the existing client asks for the tiles once, right after. Where too many wait already
    the answer is the open session, at once.
    """
    session, messages = sessions.open_now(
        area_id, Cause.COMPARISON, user_id=user_id, now=waiting.clock(), request_id=request_id
    )
    jobs.send(messages[:SENT_AT_ONCE])
    return _ended(session, user_id, waiting, sessions)


def compare_two_dates(
    area_id: int,
    dates: TwoDates,
    *,
    user_id: int,
    waiting: Waiting,
    areas: Areas,
    imagery: Callable[[str], Imagery],
    sessions: Sessions,
    jobs: Jobs,
    request_id: str,
) -> Session:
    """Compare the clearest pictures near two dates, and wait for that as `compare_now` does.

    Safe to repeat: the session that compares just these pictures, or has done so, is the answer. Raises NotFound;
    Conflict where a date has no picture near it, or the area's provider says of none when it was taken; ImageryFailed.
    """
    area, now = areas.get(area_id, user_id=user_id), waiting.clock()
    found = dated_history(area, imagery(area.plan.provider), now=now)
    chosen = scenes_of(dates, found, lon=area.extent.center_lon)
    session, messages = sessions.open_two_dates(
        area_id, dates, chosen, user_id=user_id, now=waiting.clock(), request_id=request_id
    )
    jobs.send(messages[:SENT_AT_ONCE])
    return _ended(session, user_id, waiting, sessions)


def dated_history(area: Area, imagery: Imagery, *, now: datetime) -> Found:
    """Return what there is of an area, of all dates until now. Raises Conflict where nothing has a date."""
    if not imagery.terms.is_dated:
        raise Conflict(f"{imagery.terms.name} does not say when its pictures were taken: there are no dates to compare")
    return imagery.history(area.extent.bounds, until=now + CLOCKS_MAY_DIFFER)


def _ended(session: Session, user_id: int, waiting: Waiting, sessions: Sessions) -> Session:
    patience, waits = waiting.patience, waiting.waits
    if not session.is_open or patience.wait_s <= 0:
        return session
    now = waiting.clock()
    until = now + timedelta(seconds=patience.wait_s)
    place = waits.begin(user_id, now=now, ends_at=until, places=patience.places, places_a_user=patience.places_a_user)
    if place is None:
        return session
    try:
        _wait(session.session_id, until_s=patience.wait_s, sessions=sessions, sleep=waiting.sleep)
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
