"""Settle a dead letter: what its queue gave up on is begun anew, or ended with its reason."""

from __future__ import annotations

import logging

from chalicelib.application.ports.area_exports import AreaExports
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.deliveries import Deliveries
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.layer_imports import LayerImports
from chalicelib.application.ports.tile_runs import TileRuns
from chalicelib.domain import exports as exporting
from chalicelib.domain.errors import BadMessage
from chalicelib.domain.jobs import DeadLetter, ExportJob, FileJob, Queue, SessionJob, TileJob, file_job_of, ids_in
from chalicelib.domain.layer_imports import GIVEN_UP, Problem
from chalicelib.domain.tile_runs import Outcome, Verdict

log = logging.getLogger(__name__)


def settle(
    dead: DeadLetter,
    *,
    runs: TileRuns,
    deliveries: Deliveries,
    imports: LayerImports,
    exports: AreaExports,
    jobs: Jobs,
    clock: Clock,
) -> None:
    """Begin anew what nobody can explain and what tells people; end the tile run or file of any other dead letter."""
    message = dead.message
    log.error("dead letter taken", extra={"queue": message.queue, "reason": dead.reason, **ids_in(message.body)})
    try:
        if message.queue is Queue.IMPORTS:
            _give_up(file_job_of(message.body), imports, exports)
        elif message.queue is Queue.NOTIFICATIONS:
            session_job = SessionJob.from_json(message.body)
            about = {"notice_id": session_job.notice_id}
            jobs.send(deliveries.retry_lost(session_job.session_id, **about, now=clock()))
        else:
            _retry_or_end_tile(dead, TileJob.from_json(message.body), runs=runs, jobs=jobs, clock=clock)
    except BadMessage as error:
        log.error("dead letter unreadable", extra={"reason": error.reason})  # noqa: TRY400 (the sentence is enough)
    jobs.delete_dead_letter(dead)


def _give_up(job: FileJob, imports: LayerImports, exports: AreaExports) -> None:
    if isinstance(job, ExportJob):
        exports.give_up(job.export_id, exporting.GIVEN_UP)
    else:
        imports.give_up(job.import_id, Problem(GIVEN_UP))


def _retry_or_end_tile(dead: DeadLetter, job: TileJob, *, runs: TileRuns, jobs: Jobs, clock: Clock) -> None:
    # What was away as long as an unexplained letter lived looks the same as work that fails.
    if dead.is_unexplained and (again := runs.retry_lost(job, now=clock())) is not None:
        jobs.send(again)
        return
    why = dead.reason or "no reason kept"
    outcome = Outcome(verdict=Verdict.FAILED, reason=f"given up after repeated failures: {why}")
    jobs.send(runs.end_lost(job, outcome, now=clock()))
