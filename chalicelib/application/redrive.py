"""Redrive: put the dead letters back on their queues."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from chalicelib.application.ports.jobs import Jobs
from chalicelib.domain.jobs import Queue, ids_in

log = logging.getLogger(__name__)


def redrive(*, jobs: Jobs) -> Mapping[Queue, int]:
    """Put the dead letters back on their queues; return how many of each. One that dies again is not taken twice."""
    waiting = sum(jobs.dead_letters_waiting().values())
    redriven: dict[Queue, int] = {}
    while sum(redriven.values()) < waiting and (dead_letters := jobs.dead_letters()):
        for dead_letter in dead_letters[: waiting - sum(redriven.values())]:
            jobs.redrive(dead_letter)
            queue = dead_letter.message.queue
            redriven[queue] = redriven.get(queue, 0) + 1
            log.info("dead letter redriven", extra={"queue": queue, **ids_in(dead_letter.message.body)})
    return redriven
