"""The worker and the clock of a server, each a process of its own; both are the local worker, cut in two.

Several workers on one database are safe: each message is one row, and a conditional update says whose it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from chalicelib.adapters.database.locks import ClockTurn
from chalicelib.composition import Ports, process_ports
from infra.local.mailbox import OutboxMailbox
from infra.local.worker import Worker
from infra.server.checks import ready
from infra.starting import one_sentence, queues_of

IDLE_S = 0.5
log = logging.getLogger(__name__)


class Process:
    """A worker that is started and finished."""

    def __init__(self, worker: Worker, ports: Ports) -> None:
        self._worker, self._ports = worker, ports

    def start(self) -> Callable[[float], bool]:
        """Begin. What comes back stops it within some seconds, and says whether its work is finished."""
        self._worker.start()
        log.info("started")
        return self._stop

    def _stop(self, within_s: float) -> bool:
        is_clean = self._worker.stop(within_s=within_s)
        self._ports.engine.dispose()
        log.info("stopped", extra={"is_clean": is_clean})
        return is_clean


def make_worker(*, threads: int) -> Process:
    """Make a process that works on messages, that many at once. Raises CannotStart."""
    return _made(process_ports(), threads=threads, may_tick=None)


def make_clock() -> Process:
    """Make a process that ticks, if no other one does. Raises CannotStart."""
    ports = process_ports()
    return _made(ports, threads=0, may_tick=ClockTurn(lambda: ports.engine).is_mine)


def _made(ports: Ports, *, threads: int, may_tick: Callable[[], bool] | None) -> Process:
    ready()
    from app import app

    mailbox = OutboxMailbox(
        ports.outbox,
        queues=queues_of(ports),
        clock=ports.clock,
        lease_s=ports.settings.lease_s,
        max_receives=ports.settings.max_receives,
    )
    with one_sentence():
        worker = Worker(
            app,
            mailbox,
            clock=ports.clock,
            wakeup=ports.wakeup,
            threads=threads,
            may_tick=may_tick,
            idle_s=IDLE_S,
        )
    return Process(worker, ports)
