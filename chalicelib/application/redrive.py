"""Redrive: put the dead letters back on their queues."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from contextlib import suppress

from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.tile_runs import TileRuns
from chalicelib.domain.errors import BadMessage
from chalicelib.domain.jobs import Queue, TileJob, ids_in

log = logging.getLogger(__name__)


def redrive(*, jobs: Jobs, runs: TileRuns) -> Mapping[Queue, int]:
    """Put the dead letters back on their queues; return how many of each. One that dies again is not taken twice."""
    waiting = sum(jobs.dead_letters_waiting().values())
    redriven: dict[Queue, int] = {}
    while sum(redriven.values()) < waiting and (dead_letters := jobs.dead_letters()):
        for dead_letter in dead_letters[: waiting - sum(redriven.values())]:
            message, queue = dead_letter.message, dead_letter.message.queue
            with suppress(BadMessage):
                if queue in (Queue.CAPTURES, Queue.COMPARISONS):
                    runs.forget_attempts(TileJob.from_json(message.body))
            jobs.redrive(dead_letter)
            redriven[queue] = redriven.get(queue, 0) + 1
            log.info("dead letter redriven", extra={"queue": queue, **ids_in(message.body)})
    return redriven
