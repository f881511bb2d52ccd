"""Buckets that several processes share, and that cost next to nothing: each takes from the store in portions."""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from typing_extensions import override

from chalicelib.adapters.buckets import MemoryBuckets
from chalicelib.application.ports.buckets import Buckets
from chalicelib.application.ports.clock import Monotonic
from chalicelib.domain.admission import Limit
from chalicelib.domain.errors import Unavailable

log = logging.getLogger(__name__)
PORTIONS = 50  # a portion is that share of what a bucket holds
KEPT_S = 10.0  # a portion that is not used up by then is lost
REFUSED_S = 1.0  # a refusal is told again for so long without asking the store
AWAY_S = 10.0  # how long a store that did not answer is left alone
MOST = 10_000


@dataclass(slots=True)
class _Held:
    """What this process holds of a bucket: units, until a time; or a refusal of so many units."""

    units: int = 0
    until: float = 0.0
    refused_units: int = 0
    refused_until: float = 0.0
    there_at: float = 0.0  # when they will be there


class PortionedBuckets(Buckets):
    """The port `Buckets` in front of a shared one.

    What is spent here was taken there before, so all processes together spend no more than the bucket holds. While the
    store is away each process counts for itself, with the same limits: nobody is locked out, and nobody goes unlimited.
    """

    def __init__(self, store: Callable[[], Buckets], *, monotonic: Monotonic) -> None:
        self._store, self._monotonic = store, monotonic
        self._held: OrderedDict[str, _Held] = OrderedDict()
        self._lock = threading.Lock()
        self._alone = MemoryBuckets()
        self._away_until = float("-inf")

    @override
    def take(self, key: str, units: int, limit: Limit, *, now: datetime) -> float:
        at = self._monotonic()
        units = min(units, limit.capacity)
        with self._lock:
            told = self._at_hand(key, units, at)
        if told is not None:
            return told
        if at < self._away_until:
            return self._alone.take(key, units, limit, now=now)
        try:
            wait_s, spare = self._drawn(key, units, limit, now)
        except Unavailable as error:
            self._away_until = at + AWAY_S
            log.warning("limits are counted in this process alone", extra={"reason": error.reason})
            return self._alone.take(key, units, limit, now=now)
        with self._lock:
            held = self._of(key)
            if wait_s > 0:
                held.refused_units, held.there_at = units, at + wait_s
                held.refused_until = at + min(wait_s, REFUSED_S)
            elif spare:
                held.units, held.until = (held.units if held.until > at else 0) + spare, at + KEPT_S
        return wait_s

    def _at_hand(self, key: str, units: int, at: float) -> float | None:
        held = self._held.get(key)
        if held is None:
            return None
        if held.until > at and held.units >= units:
            held.units -= units
            return 0.0
        if held.refused_until > at and units >= held.refused_units:
            return held.there_at - at
        return None

    def _drawn(self, key: str, units: int, limit: Limit, now: datetime) -> tuple[float, int]:
        """Take a portion, or where that is not there what is needed; return the seconds to wait and what is over."""
        portion = max(units, limit.capacity // PORTIONS)
        wait_s = self._store().take(key, portion, limit, now=now)
        if wait_s > 0 and portion > units:
            portion, wait_s = units, self._store().take(key, units, limit, now=now)
        return wait_s, portion - units

    def _of(self, key: str) -> _Held:
        held = self._held.setdefault(key, _Held())
        self._held.move_to_end(key)
        if len(self._held) > MOST:
            self._held.popitem(last=False)
        return held

    @override
    def give_back(self, key: str, units: int, limit: Limit) -> None:
        self._store().give_back(key, units, limit)

    @override
    def fill(self, key: str) -> None:
        with self._lock:
            self._held.pop(key, None)
        self._store().fill(key)

    @override
    def delete_full(self, *, now: datetime, limit: int) -> int:
        self._alone.delete_full(now=now, limit=limit)
        return self._store().delete_full(now=now, limit=limit)
