"""The database server's time: what leases, deadlines and availability are told by."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import Engine, text
from sqlalchemy.exc import SQLAlchemyError

from chalicelib.adapters.database.engine import reading
from chalicelib.application.ports.clock import Clock, Monotonic

log = logging.getLogger(__name__)
LOOK_EVERY_S = 60.0
LONGEST_LOOK_S = 1.0  # an answer that took longer may be that much older


class DatabaseClock:
    """Tells a MySQL server's time, looked at once a minute and counted by the monotonic clock in between.

    So all machines tell the same time but for half of what a look took (`claims.CLOCKS_DIFFER` bears with it), and a
    jump of one machine's own clock moves nothing. While the server is away, or slow, the last look counts on; before
    the first one `otherwise` is asked.
    """

    def __init__(self, engine: Callable[[], Engine], *, monotonic: Monotonic, otherwise: Clock) -> None:
        self._engine, self._monotonic, self._otherwise = engine, monotonic, otherwise
        self._lock = threading.Lock()
        self._look: tuple[datetime, float] | None = None
        self._next_look = float("-inf")

    def __call__(self) -> datetime:
        """Tell the time, as aware UTC."""
        with self._lock:
            if self._monotonic() >= self._next_look:
                self._look_again()
            look = self._look
        if look is None:
            return self._otherwise()
        return look[0] + timedelta(seconds=self._monotonic() - look[1])

    def _look_again(self) -> None:
        self._next_look = self._monotonic() + LOOK_EVERY_S
        try:
            with reading(self._engine()) as connection:
                began = self._monotonic()  # the server is asked now: what connecting took is no part of it
                its_time: datetime = connection.execute(text("SELECT UTC_TIMESTAMP(6)")).scalar_one()
                ended = self._monotonic()
        except SQLAlchemyError as error:
            log.warning("the database's clock was not read", extra={"reason": type(error).__name__})
            return
        if self._look is None or ended - began <= LONGEST_LOOK_S:
            self._look = its_time.replace(tzinfo=UTC), (began + ended) / 2
