"""The worker and the clock of a server, each a process of its own.

Several workers on one database are safe: each message is one row, and a conditional update decides whose it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable

from chalicelib.adapters.database.locks import ClockTurn
from chalicelib.composition import Ports, process_ports
from infra.errors import operator_errors
from infra.runtime.startup import queue_source_of
from infra.runtime.worker import Worker
from infra.server.checks import ready

IDLE_S = 0.5
log = logging.getLogger(__name__)


class Process:
    """A worker that is started and finished."""

    def __init__(self, worker: Worker, ports: Ports) -> None:
        self._worker, self._ports = worker, ports

    def start(self) -> Callable[[float], bool]:
        """Begin. What is returned stops it within some seconds, and returns whether its work is finished."""
        self._worker.start()
        log.info("started")
        return self._stop

    def _stop(self, within_s: float) -> bool:
        is_clean = self._worker.stop(within_s=within_s)
        self._ports.engine.dispose()
        log.info("stopped", extra={"is_clean": is_clean})
        return is_clean


def make_worker(*, threads: int) -> Process:
    """Make a process that works on messages, that many at once. Raises OperatorError."""
    return _made(_ready_ports(), threads=threads, may_tick=None)


def make_clock() -> Process:
    """Make a process that ticks, if no other one does. Raises OperatorError."""
    ports = _ready_ports()
    return _made(ports, threads=0, may_tick=ClockTurn(lambda: ports.engine).is_mine)


def _ready_ports() -> Ports:
    ready()  # before anything reads the settings: a bad one is a sentence
    return process_ports()


def _made(ports: Ports, *, threads: int, may_tick: Callable[[], bool] | None) -> Process:
    from app import app

    with operator_errors():
        worker = Worker(
            app,
            queue_source_of(ports),
            clock=ports.clock,
            wakeup=ports.wakeup,
            threads=threads,
            may_tick=may_tick,
            idle_s=IDLE_S,
        )
    return Process(worker, ports)
