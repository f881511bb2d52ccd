"""The worker and the clock of a server, each a process of its own; both are the local worker, cut in two.

Several workers on one database are safe: each message is one row, and a conditional update says whose it is.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from hashlib import sha256

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

from chalicelib import wiring
from chalicelib.settings import settings
from infra.local.mailbox import OutboxMailbox
from infra.local.worker import Worker
from infra.server.checks import ready
from infra.starting import one_sentence, queues_of

IDLE_S = 0.5
log = logging.getLogger(__name__)


class Process:
    """A worker that is started and finished."""

    def __init__(self, worker: Worker) -> None:
        self._worker = worker

    def start(self) -> Callable[[float], bool]:
        """Begin. What comes back stops it within some seconds, and says whether its work is finished."""
        self._worker.start()
        log.info("started")
        return self._stop

    def _stop(self, within_s: float) -> bool:
        is_clean = self._worker.stop(within_s=within_s)
        wiring.engine().dispose()
        log.info("stopped", extra={"is_clean": is_clean})
        return is_clean


def make_worker(*, threads: int) -> Process:
    """Make a process that works on messages, that many at once. Raises CannotStart."""
    return Process(_made(threads=threads, may_tick=None))


def make_clock() -> Process:
    """Make a process that ticks, if no other one does. Raises CannotStart."""
    return Process(_made(threads=0, may_tick=Turn(wiring.engine).is_mine))


def _made(*, threads: int, may_tick: Callable[[], bool] | None) -> Worker:
    ready()
    from app import app

    knobs = settings()
    mailbox = OutboxMailbox(
        wiring.outbox(),
        queues=queues_of(knobs),
        clock=wiring.clock,
        lease_s=knobs.lease_s,
        max_receives=knobs.max_receives,
    )
    with one_sentence():
        return Worker(
            app,
            mailbox,
            clock=wiring.clock,
            bell=wiring.bell,
            threads=threads,
            may_tick=may_tick,
            idle_s=IDLE_S,
        )


class Turn:
    """Whose turn it is to tick: a named lock of the database server, gone with the connection that holds it.

    A process that is killed gives it up at once, one whose machine is cut off after the server's TCP keepalive. Two
    that tick at once would be no harm beyond needless work: what may happen once is decided by a row.
    """

    def __init__(self, engine: Callable[[], Engine]) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def is_mine(self) -> bool:
        """Is it this process's turn? Takes it if it is nobody's; False while the database is away."""
        try:
            if self._connection is None:
                self._connection = self._engine().connect()
            mine = self._asked(self._connection)
        except SQLAlchemyError:
            log.warning("the clock waits for the database", exc_info=True)
            if self._connection is not None:
                self._connection.invalidate()
                self._connection.close()
                self._connection = None
            return False
        return mine

    @staticmethod
    def name_for(database: str) -> str:
        """Name the lock after its database: a server's locks are common to all its databases, and short."""
        return f"bhuprahari-clock-{sha256(database.encode()).hexdigest()[:32]}"

    def _asked(self, connection: Connection) -> bool:
        name = self.name_for(str(connection.execute(text("SELECT DATABASE()")).scalar_one()))
        held = connection.execute(text("SELECT IS_USED_LOCK(:name) = CONNECTION_ID()"), {"name": name}).scalar()
        taken = held or connection.execute(text("SELECT GET_LOCK(:name, 0)"), {"name": name}).scalar()
        connection.commit()
        return bool(taken)
