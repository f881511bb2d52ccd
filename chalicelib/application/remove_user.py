"""Remove a user, with everything that was ever his: asked by an operator, ended by reconcile."""

from __future__ import annotations

import logging

from chalicelib.application.delete_area import delete_area
from chalicelib.application.isolation import Isolation
from chalicelib.application.ports.areas import Areas
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.removed_users import RemovedUsers
from chalicelib.application.ports.sessions import Sessions

log = logging.getLogger(__name__)

AT_ONCE = 100  # users, and areas of one
PARTS_AT_ONCE = 50  # of their rows: the next minute goes on


def purge_removed_users(
    *, removed: RemovedUsers, areas: Areas, sessions: Sessions, jobs: Jobs, clock: Clock, request_id: str = ""
) -> None:
    """Delete what is left of removed users, some of it at each call: first their areas, as people delete them.

    Safe to repeat, and by any number of processes at once: each part is decided under the user's lock. What is broken
    of one user holds up no other; the first error is raised at the end.
    """
    isolation = Isolation()
    parts = PARTS_AT_ONCE
    for user_id in removed.with_rows(AT_ONCE):
        with isolation.part("purge user", user_id=user_id):
            for area_id in removed.areas(user_id, limit=AT_ONCE):
                with isolation.part("delete area of a removed user", area_id=area_id):
                    delete_area(
                        area_id,
                        user_id=user_id,
                        areas=areas,
                        sessions=sessions,
                        jobs=jobs,
                        clock=clock,
                        request_id=request_id,
                    )
            while parts > 0:
                parts -= 1
                if not removed.purge(user_id, now=clock()):
                    break
    isolation.end()
