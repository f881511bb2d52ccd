"""How many requests one process answers at once for whom: nobody has all of its threads, or all of its processor."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from chalicelib.application.ports.clock import Sleep
from chalicelib.domain.errors import LimitReached

TURN_S = 10.0  # how long a request waits for its turn
WAY_S = 0.1  # how long a long answer stands back for others' at one time
AT_WORK = 2  # requests of one that are worked on at once; the others that hold a thread wait for their turn


class Share:
    """What somebody's requests hold: threads; and turns, without which none is worked on."""

    def __init__(self, in_flight: InFlight) -> None:
        self._in_flight = in_flight
        self.threads = 0
        self.at_work = 0
        self.turns = threading.BoundedSemaphore(AT_WORK)
        self.alone = threading.BoundedSemaphore(1)

    def resting(self, sleep: Sleep) -> Sleep:
        """Return a sleep in which a request gives its turn to the next one."""

        def rest(seconds: float) -> None:
            with self._in_flight.standing_back(self):
                self.turns.release()
                try:
                    sleep(seconds)
                finally:
                    self.turns.acquire()

        return rest

    def give_way(self) -> None:
        """Let others' requests be answered first, between two parts of a long answer."""
        self._in_flight.give_way(self)


class InFlight:
    """The requests that are being answered, for the threads of one process that answers `at_once` of them.

    Somebody who has his share of threads is refused at once: whoever waited would hold the thread that others want.
    """

    def __init__(self, at_once: int) -> None:
        self.half, self.quarter = max(1, at_once // 2), max(1, at_once // 4)
        self._shares: dict[str, Share] = {}
        self._changed = threading.Condition()

    @contextmanager
    def held(self, who: str, *, most: int, is_alone: bool = False) -> Iterator[Share]:
        """Hold a thread for somebody who may have `most`, and a turn; `is_alone`: one after the other.

        Raises LimitReached.
        """
        with self._changed:
            own = self._shares.setdefault(who, Share(self))
            if own.threads >= most:
                raise LimitReached("too many requests at once: try again in 1 second", retry_after_s=1)
            own.threads += 1
        try:
            with ExitStack() as turns:
                for turn in (own.alone, own.turns) if is_alone else (own.turns,):
                    if not turn.acquire(timeout=TURN_S):
                        raise LimitReached("those before it take long: try again in 5 seconds", retry_after_s=5)
                    turns.callback(turn.release)
                self._count(own, 1)
                turns.callback(self._count, own, -1)
                yield own
        finally:
            with self._changed:
                own.threads -= 1
                if not own.threads:
                    del self._shares[who]

    @contextmanager
    def standing_back(self, own: Share) -> Iterator[None]:
        """Count one request of a share as not worked on."""
        self._count(own, -1)
        try:
            yield
        finally:
            self._count(own, 1)

    def give_way(self, own: Share) -> None:
        """Wait until nobody else's request is worked on, WAY_S at most: two long answers are written in turns."""
        with self.standing_back(own), self._changed:
            self._changed.wait_for(lambda: not self._others_at_work(own), timeout=WAY_S)

    def _others_at_work(self, own: Share) -> bool:
        return any(share.at_work for share in self._shares.values() if share is not own)

    def _count(self, own: Share, change: int) -> None:
        with self._changed:
            own.at_work += change
            self._changed.notify_all()
