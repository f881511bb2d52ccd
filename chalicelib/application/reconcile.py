"""Reconcile, each minute: nothing that was committed is ever lost, and everything settles."""

from __future__ import annotations

import logging
from collections import deque
from datetime import datetime, timedelta

from chalicelib.application.delete_area import AREA_DELETED
from chalicelib.application.events import record
from chalicelib.application.isolation import Isolation
from chalicelib.application.open_sessions import SENT_AT_ONCE
from chalicelib.application.ports.archive import Archive
from chalicelib.application.ports.area_exports import AreaExports
from chalicelib.application.ports.areas import Areas
from chalicelib.application.ports.captures import Captures
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.clock_repairs import ClockRepairs
from chalicelib.application.ports.deliveries import Deliveries
from chalicelib.application.ports.images import Images
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.layer_imports import LayerImports
from chalicelib.application.ports.orphans import Orphans
from chalicelib.application.ports.place_upkeep import PlaceUpkeep
from chalicelib.application.ports.recurring_tasks import RecurringTasks
from chalicelib.application.ports.session_plans import SessionPlans
from chalicelib.application.ports.sessions import Sessions
from chalicelib.application.ports.state_notices import StateNotices
from chalicelib.application.ports.tile_runs import TileRuns
from chalicelib.application.settle_dead_letter import settle
from chalicelib.domain.errors import ProviderUnavailable
from chalicelib.domain.events import RECONCILE_DONE, Event
from chalicelib.domain.jobs import Message
from chalicelib.domain.tile_runs import Outcome, Verdict

log = logging.getLogger(__name__)

AT_ONCE = 200
OBJECTS_AT_ONCE = 1000
SESSIONS_AT_ONCE = 50
AREAS_AT_ONCE = 100
PARTS_AT_ONCE = 50  # of deleted areas' rows
ORPHANS_EVERY_S = 6 * 3600.0
SESSION_PARTS_AT_ONCE = 40  # some twenty thousand tiles
PLACES_EVERY_S = 3600.0
OVERDUE = timedelta(hours=2)  # a look for due areas comes every few minutes: one that waits so long is not looked at


def reconcile(
    *,
    areas: Areas,
    sessions: Sessions,
    plans: SessionPlans,
    runs: TileRuns,
    deliveries: Deliveries,
    state_notices: StateNotices,
    orphans: Orphans,
    captures: Captures,
    place_upkeep: PlaceUpkeep,
    imports: LayerImports,
    exports: AreaExports,
    tasks: RecurringTasks,
    clock_repairs: ClockRepairs,
    images: Images,
    jobs: Jobs,
    clock: Clock,
    orphan_age_s: float,
    archive: Archive | None,
) -> None:
    """Send what was not sent, retry what stalled, end what is overdue, delete what is dead, deleted or an orphan.

    Safe to repeat, and by any number of processes at once: each step is decided by a conditional update. A step that
    fails stops no other; its error is raised at the end.
    """
    isolation = Isolation()
    backlog_age_s, sent, overdue = 0.0, 0, 0
    stalled: list[Message] = []
    with isolation.part("repair clocks"):
        if clock_repairs.repair(now=clock()):
            log.warning("clock was put back")
    with isolation.part("send"):
        backlog_age_s = jobs.backlog_age_s()
        sent = jobs.send_overdue()
    # Before stalled runs: one whose job is a dead letter would be begun once more, before it is ended.
    with isolation.part("settle dead letters"):
        for dead_letter in jobs.dead_letters():
            with isolation.part("settle dead letter"):
                settle(
                    dead_letter,
                    runs=runs,
                    deliveries=deliveries,
                    imports=imports,
                    exports=exports,
                    jobs=jobs,
                    clock=clock,
                )
    with isolation.part("plan sessions on"):
        _plan_on(plans, jobs, clock, isolation)
    with isolation.part("retry tile runs"):
        stalled += runs.retry_stalled(now=clock(), limit=AT_ONCE)
    with isolation.part("retry pushes"):
        stalled += deliveries.retry_due(now=clock(), limit=AT_ONCE)
    jobs.send(stalled)
    with isolation.part("tell how areas stand"):
        _tell_states(state_notices, jobs, clock, isolation)
    with isolation.part("end overdue sessions"):
        _end_overdue(sessions, jobs, clock, isolation)
    with isolation.part("purge deleted areas"):
        _purge_deleted(areas, images, clock, sessions=sessions, jobs=jobs, isolation=isolation)
    with isolation.part("keep up places"):
        _keep_up_places(place_upkeep, tasks, isolation, now=clock())
    with isolation.part("delete places left over"):
        _delete_left_over(place_upkeep, tasks, now=clock())
    with isolation.part("delete orphans"):
        now = clock()
        old_at = now - timedelta(seconds=orphan_age_s)
        captures.delete_left_over(before=old_at, limit=OBJECTS_AT_ONCE)
        _delete_orphans(orphans, tasks, images, now=now, old_at=old_at)
    if archive is not None:
        with isolation.part("refresh archive"):  # last: a large one takes its time when it is read first
            _refresh(archive)
    if sent or stalled:
        log.info("jobs sent again", extra={"unsent": sent, "stalled": len(stalled)})
    with isolation.part("look for overdue areas"):
        overdue = len(areas.due(now=clock() - OVERDUE, limit=AT_ONCE))
    record(Event(RECONCILE_DONE, {"backlog_age_s": backlog_age_s, "overdue_areas": overdue}))
    isolation.end()


def _refresh(archive: Archive) -> None:
    try:
        archive.refresh()
    except ProviderUnavailable as failure:  # whoever needs it is told, and the provider's alarm rings
        log.warning("archive not refreshed", extra={"reason": failure.reason})


def _tell_states(state_notices: StateNotices, jobs: Jobs, clock: Clock, isolation: Isolation) -> None:
    """Decide what users are told of areas that are not seen, or are again: each user by himself."""
    for user_id in state_notices.due(now=clock(), limit=AT_ONCE):
        with isolation.part("tell user", user_id=user_id):
            jobs.send(state_notices.decide(user_id, now=clock()))


def _plan_on(plans: SessionPlans, jobs: Jobs, clock: Clock, isolation: Isolation) -> None:
    """Plan more tiles of large sessions, a part of each in turn; what is left is planned by the next calls."""
    waiting = deque(plans.unplanned(limit=AT_ONCE))
    for _ in range(SESSION_PARTS_AT_ONCE):
        if not waiting:
            return
        session_id = waiting.popleft()
        with isolation.part("plan session on", session_id=session_id):
            messages = plans.plan_part(session_id, now=clock())
            if messages is not None:
                waiting.append(session_id)
                jobs.send(messages[:SENT_AT_ONCE])


def _end_overdue(sessions: Sessions, jobs: Jobs, clock: Clock, isolation: Isolation) -> None:
    for session_id, is_ending in sessions.overdue(now=clock(), limit=AT_ONCE):
        if not is_ending:
            log.error("session overdue", extra={"session_id": session_id})
        outcome = Outcome(verdict=Verdict.FAILED, reason="not done by the session's deadline")
        with isolation.part("end overdue session", session_id=session_id):
            jobs.send(sessions.end_open_tiles(session_id, outcome, now=clock()))


def _purge_deleted(
    areas: Areas, images: Images, clock: Clock, *, sessions: Sessions, jobs: Jobs, isolation: Isolation
) -> None:
    parts = PARTS_AT_ONCE  # what is left then is deleted by the next calls: the steps after this one wait for it
    for area_id in areas.deleted_with_rows(AT_ONCE):
        with isolation.part("purge area", area_id=area_id):
            # Once more: the request that deleted the area may have died before it ended the open session.
            for session_id in areas.open_sessions(area_id):
                jobs.send(sessions.end_open_tiles(session_id, AREA_DELETED, now=clock()))
            while parts > 0 and (unused := areas.purge(area_id)) is not None:
                parts -= 1
                if unused:
                    images.delete(unused)
                if areas.is_purged(area_id):
                    _delete_objects(area_id, images)
                    break


def _delete_objects(area_id: int, images: Images) -> None:
    """Delete the objects that lie under an area's own prefix: its masks, overlays, and images of an older release."""
    while stored := images.keys_after("", prefix=f"{area_id}/", limit=OBJECTS_AT_ONCE):
        images.delete([item.key for item in stored])
    log.info("area purged", extra={"area_id": area_id})


def _keep_up_places(place_upkeep: PlaceUpkeep, tasks: RecurringTasks, isolation: Isolation, *, now: datetime) -> None:
    """Join the alerts to places that ended sessions did not, some sessions at each call, each by itself.

    All sessions are looked through each hour, or as fast as a part at each call gets through them. Some that cannot be
    joined hold up no other.
    """
    cursor = tasks.take("places", now=now, every_s=PLACES_EVERY_S)
    after = int(cursor or 0)
    until = None if cursor is None else place_upkeep.part_after(after)
    if until is None:
        return
    waiting = place_upkeep.waiting(after=after, until=until, limit=SESSIONS_AT_ONCE)
    for session_id in waiting:
        with isolation.part("join places", session_id=session_id):
            if place_upkeep.join(session_id):
                log.info("places joined late", extra={"session_id": session_id})
    is_more = len(waiting) == SESSIONS_AT_ONCE
    tasks.leave("places", now=now, cursor=str(waiting[-1] if is_more else until))


def _delete_left_over(place_upkeep: PlaceUpkeep, tasks: RecurringTasks, *, now: datetime) -> None:
    """Delete places of areas that are gone, some areas at each call."""
    cursor = tasks.take("places left over", now=now, every_s=PLACES_EVERY_S)
    if cursor is None:
        return
    last = place_upkeep.delete_left_over(after=int(cursor or 0), limit=AREAS_AT_ONCE)
    if last is not None:
        tasks.leave("places left over", now=now, cursor=str(last))


def _delete_orphans(
    orphans: Orphans, tasks: RecurringTasks, images: Images, *, now: datetime, old_at: datetime
) -> None:
    """Walk through the stored objects, some at each call, and delete old ones that nobody uses.

    A worker that is still at work has put its object within its lease, far later than `old_at`.
    """
    cursor = tasks.take("orphans", now=now, every_s=ORPHANS_EVERY_S)
    if cursor is None:
        return
    stored = images.keys_after(cursor, limit=OBJECTS_AT_ONCE)
    unused = orphans.release([item.key for item in stored if item.modified_at < old_at])
    if unused:
        images.delete(unused)
        log.info("orphan objects deleted", extra={"objects": len(unused)})
    if len(stored) == OBJECTS_AT_ONCE:
        tasks.leave("orphans", now=now, cursor=stored[-1].key)
