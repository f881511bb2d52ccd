"""Several deeds at one moment, and waiting for what another thread or process does."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

from chalicelib.domain.errors import DomainError


def at_once(*deeds):
    """Start every deed at the same moment, each in its own thread; give what each returned or raised."""
    gate = threading.Barrier(len(deeds))

    def run(deed):
        gate.wait()
        try:
            return deed()
        except DomainError as error:
            return error

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def wait_until(true, *, within_s, every_s=0.05):
    end = time.monotonic() + within_s
    while not true():
        assert time.monotonic() < end, "it did not come to this in time"
        time.sleep(every_s)
