"""Compare an area's stored images now, or those of two dates, for a user who asks for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
from chalicelib.domain.errors import Conflict, LimitReached
from chalicelib.domain.scenes import CLOCKS_MAY_DIFFER, Found
from chalicelib.domain.sessions import Cause, Session
from chalicelib.domain.two_dates import TwoDates, scenes_of

FIRST_LOOK_S, LONGEST_LOOK_S = 0.25, 1.0
SEARCH_S = 60.0  # a search takes no longer: the place of a request that died in it is free again then
AGAIN_S = 5  # when to come back who found no place


class Patience(NamedTuple):
    """How long a request may wait for its session to end, and how many may do so at once."""

    wait_s: float
    places: int
    places_a_user: int


class Waiting(NamedTuple):
    """How a request waits, for its session to end or a search: each that does holds a thread, or a function on AWS."""

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
    Conflict where a date has no picture near it, or the area's provider says of none when it was taken; ImageryFailed;
    LimitReached where too many search or wait already: before the search there is no session to answer with.
    """
    area, patience = areas.get(area_id, user_id=user_id), waiting.patience
    # One place at least: who shall not wait for a session asks for two dates all the same.
    patience = patience._replace(places=max(1, patience.places), places_a_user=max(1, patience.places_a_user))
    with _place(user_id, waiting, patience, for_s=SEARCH_S + patience.wait_s) as has_place:
        if not has_place:
            raise LimitReached(
                f"too many comparisons are under way: try again in {AGAIN_S} seconds", retry_after_s=AGAIN_S
            )
        found = dated_history(area, imagery(area.plan.provider), now=waiting.clock())
        chosen = scenes_of(dates, found, lon=area.extent.center_lon)
        session, messages = sessions.open_two_dates(
            area_id, dates, chosen, user_id=user_id, now=waiting.clock(), request_id=request_id
        )
        jobs.send(messages[:SENT_AT_ONCE])
        return _waited_for(session, user_id, waiting, sessions)


def dated_history(area: Area, imagery: Imagery, *, now: datetime) -> Found:
    """Return what there is of an area, of all dates until now. Raises Conflict where nothing has a date."""
    if not imagery.terms.is_dated:
        raise Conflict(f"{imagery.terms.name} does not say when its pictures were taken: there are no dates to compare")
    return imagery.history(area.extent.bounds, until=now + CLOCKS_MAY_DIFFER)


def _ended(session: Session, user_id: int, waiting: Waiting, sessions: Sessions) -> Session:
    patience = waiting.patience
    if not session.is_open or patience.wait_s <= 0:
        return session
    with _place(user_id, waiting, patience, for_s=patience.wait_s) as has_place:
        return _waited_for(session, user_id, waiting, sessions) if has_place else session


@contextmanager
def _place(user_id: int, waiting: Waiting, patience: Patience, *, for_s: float) -> Iterator[bool]:
    """Hold one of the places meanwhile; give whether there was one."""
    waits, now = waiting.waits, waiting.clock()
    until = now + timedelta(seconds=for_s)
    place = waits.begin(user_id, now=now, ends_at=until, places=patience.places, places_a_user=patience.places_a_user)
    try:
        yield place is not None
    finally:
        if place is not None:
            waits.end(place, ends_at=until)


def _waited_for(session: Session, user_id: int, waiting: Waiting, sessions: Sessions) -> Session:
    wait_s = waiting.patience.wait_s
    if not session.is_open or wait_s <= 0:
        return session
    _wait(session.session_id, until_s=wait_s, sessions=sessions, sleep=waiting.sleep)
    return sessions.get(session.session_id, user_id=user_id)


def _wait(session_id: int, *, until_s: float, sessions: Sessions, sleep: Sleep) -> None:
    waited_s, look_s = 0.0, FIRST_LOOK_S
    while waited_s < until_s:
        sleep(min(look_s, until_s - waited_s))
        waited_s += look_s
        if not sessions.is_open(session_id):
            return
        look_s = min(LONGEST_LOOK_S, look_s * 1.5)
