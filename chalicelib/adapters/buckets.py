"""Buckets in this process's memory: exact where one process answers all requests, and what is left without a store."""

from __future__ import annotations

import threading
from collections import OrderedDict
from datetime import datetime

from typing_extensions import override

from chalicelib.application.ports.buckets import Buckets
from chalicelib.domain.admission import SECOND_US, Bucket, Limit

MOST = 100_000  # buckets: some 20 MB


def microseconds(now: datetime) -> int:
    """Return a time as microseconds since 1970."""
    return round(now.timestamp() * SECOND_US)


class MemoryBuckets(Buckets):
    """The port `Buckets`, for the threads of one process. Of more than `most` the longest unused is forgotten."""

    def __init__(self, *, most: int = MOST) -> None:
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()
        self._lock, self._most = threading.Lock(), most

    @override
    def take(self, key: str, units: int, limit: Limit, *, now: datetime) -> float:
        with self._lock:
            bucket, wait_s = self._buckets.get(key, Bucket(0)).taken(units, limit, now_us=microseconds(now))
            self._buckets[key] = bucket
            self._buckets.move_to_end(key)
            if len(self._buckets) > self._most:
                self._buckets.popitem(last=False)
        return wait_s

    @override
    def give_back(self, key: str, units: int, limit: Limit) -> None:
        with self._lock:
            if key in self._buckets:
                self._buckets[key] = Bucket(self._buckets[key].full_at_us - limit.cost(units))

    @override
    def fill(self, key: str) -> None:
        with self._lock:
            self._buckets.pop(key, None)

    @override
    def delete_full(self, *, now: datetime, limit: int) -> int:
        with self._lock:
            full = [key for key, bucket in self._buckets.items() if bucket.full_at_us <= microseconds(now)][:limit]
            for key in full:
                del self._buckets[key]
        return len(full)
