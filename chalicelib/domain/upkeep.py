"""What `sweep` does each minute, so that nothing committed is ever lost and everything settles."""

from __future__ import annotations

import logging
from datetime import timedelta

from chalicelib.domain.errors import BadMessage
from chalicelib.domain.facts import SWEEP_DONE, Fact
from chalicelib.domain.jobs import DeadLetter, Queue, SessionJob, TileJob, ids_in
from chalicelib.domain.ports import Clock, Images, Jobs
from chalicelib.domain.records import Areas, Deliveries, Objects, Sessions, TileRuns
from chalicelib.domain.sessions import Outcome, Verdict

log = logging.getLogger(__name__)

AT_ONCE = 200
OBJECTS_AT_ONCE = 1000
ORPHANS_EVERY_S = 6 * 3600.0


def sweep(
    *,
    areas: Areas,
    sessions: Sessions,
    runs: TileRuns,
    deliveries: Deliveries,
    objects: Objects,
    images: Images,
    jobs: Jobs,
    clock: Clock,
    orphan_age_s: float,
) -> None:
    """Send what was not sent, retry what stalled, end what is overdue, bury the dead, remove what is deleted.

    Any number of sweeps may run at once: each step is decided by a conditional update.
    """
    backlog_age_s = jobs.backlog_age_s()
    sent = jobs.send_overdue()
    stalled = [*runs.retry_stalled(now=clock(), limit=AT_ONCE), *deliveries.retry_due(now=clock(), limit=AT_ONCE)]
    jobs.send(stalled)
    _end_overdue(sessions, jobs, clock)
    for letter in jobs.dead_letters():
        _deal_with(letter, runs=runs, deliveries=deliveries, jobs=jobs, clock=clock)
    _purge_deleted(areas, images, clock, sessions, jobs)
    _delete_orphans(objects, images, clock, orphan_age_s)
    if sent or stalled:
        log.info("jobs sent again", extra={"unsent": sent, "stalled": len(stalled)})
    Fact(SWEEP_DONE, {"backlog_age_s": backlog_age_s}).say()


def _end_overdue(sessions: Sessions, jobs: Jobs, clock: Clock) -> None:
    for session_id in sessions.overdue(now=clock(), limit=AT_ONCE):
        log.error("session overdue", extra={"session_id": session_id})
        outcome = Outcome(verdict=Verdict.FAILED, reason="not done by the session's deadline")
        jobs.send(sessions.end_open_tiles(session_id, outcome, now=clock()))


def _deal_with(letter: DeadLetter, *, runs: TileRuns, deliveries: Deliveries, jobs: Jobs, clock: Clock) -> None:
    message, reason = letter.message, f"given up after repeated failures: {letter.reason or 'no reason kept'}"
    log.error("dead letter taken", extra={"queue": message.queue, "reason": letter.reason, **ids_in(message.body)})
    try:
        if message.queue is Queue.NOTIFICATIONS:
            jobs.send(deliveries.retry_lost(SessionJob.from_json(message.body).session_id, now=clock()))
        else:
            outcome = Outcome(verdict=Verdict.FAILED, reason=reason)
            jobs.send(runs.end_lost(TileJob.from_json(message.body), outcome, now=clock()))
    except BadMessage as error:
        log.error("dead letter unreadable", extra={"reason": error.reason})  # noqa: TRY400 (the sentence is enough)
    jobs.bury(letter)


def _purge_deleted(areas: Areas, images: Images, clock: Clock, sessions: Sessions, jobs: Jobs) -> None:
    for area_id in areas.deleted_with_rows(AT_ONCE):
        # Once more: the request that deleted the area may have died before it ended the open session.
        outcome = Outcome(verdict=Verdict.CANCELLED, reason="the area was deleted")
        for session_id in areas.open_sessions(area_id):
            jobs.send(sessions.end_open_tiles(session_id, outcome, now=clock()))
        if not areas.purge(area_id):
            continue
        while stored := images.keys_after("", prefix=f"{area_id}/", limit=OBJECTS_AT_ONCE):
            images.delete([item.key for item in stored])
        log.info("area purged", extra={"area_id": area_id})


def _delete_orphans(objects: Objects, images: Images, clock: Clock, orphan_age_s: float) -> None:
    """Walk through the stored objects, some at each call, and delete old ones that no row names.

    A worker that is still at it has put its object within its lease, far younger than `orphan_age_s`.
    """
    now = clock()
    cursor = objects.take_chore("orphans", now=now, every_s=ORPHANS_EVERY_S)
    if cursor is None:
        return
    stored = images.keys_after(cursor, limit=OBJECTS_AT_ONCE)
    old = [item.key for item in stored if item.modified_at < now - timedelta(seconds=orphan_age_s)]
    orphans = objects.unreferenced(old)
    if orphans:
        images.delete(orphans)
        log.info("orphan objects deleted", extra={"objects": len(orphans)})
    if len(stored) == OBJECTS_AT_ONCE:
        objects.leave_chore("orphans", now=now, cursor=stored[-1].key)
