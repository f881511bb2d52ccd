"""Connections on which an answer begins within its time as a whole, however often a byte of it comes.

A time-out of `requests` is one between two bytes: a server that sends a letter of a header now and then keeps whoever
asks waiting for hours.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from requests.adapters import HTTPAdapter
from typing_extensions import override
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


class _Watch:
    """Cuts off what is not done in its time: one thread for all, since each new one takes memory of its own."""

    def __init__(self) -> None:
        self._due: dict[object, tuple[float, Callable[[], object]]] = {}
        self._changed = threading.Condition()
        self._thread: threading.Thread | None = None

    def add(self, key: object, at_s: float, cut: Callable[[], object]) -> None:
        """Cut at a time of the monotonic clock, unless it is removed before."""
        with self._changed:
            self._due[key] = at_s, cut
            if self._thread is None or not self._thread.is_alive():  # nor is it in a child that was forked
                self._thread = threading.Thread(target=self._run, name="slow-servers", daemon=True)
                self._thread.start()
            self._changed.notify()

    def remove(self, key: object) -> None:
        """Leave it: it is done, or cut off already."""
        with self._changed:
            self._due.pop(key, None)

    def _run(self) -> None:
        while True:
            with self._changed:
                now_s = time.monotonic()
                late = [key for key, (at_s, _) in self._due.items() if at_s <= now_s]
                cuts = [self._due.pop(key)[1] for key in late]
                if not cuts:
                    next_s = min((at_s for at_s, _ in self._due.values()), default=None)
                    self._changed.wait(None if next_s is None else next_s - now_s)
            for cut in cuts:
                with suppress(OSError, ValueError, RuntimeError):  # it has ended by itself at that moment
                    cut()


_WATCH = _Watch()


@contextmanager
def cut_after(seconds: float | None, cut: Callable[[], object]) -> Iterator[threading.Event]:
    """Have a connection cut off when the time is up; the event says whether that was so."""
    is_cut = threading.Event()
    if seconds is None:
        yield is_cut
        return

    def now() -> None:
        is_cut.set()
        cut()

    _WATCH.add(is_cut, time.monotonic() + seconds, now)
    try:
        yield is_cut
    finally:
        _WATCH.remove(is_cut)


class _Connection(HTTPConnection):
    @override
    def connect(self) -> None:
        with _whole(self):
            super().connect()

    @override
    def getresponse(self) -> Any:  # of urllib3; the standard library says one of its own
        with _whole(self):
            return super().getresponse()


class _TlsConnection(_Connection, HTTPSConnection):
    """The same over TLS: what `_Connection` calls above it is HTTPSConnection here."""


@contextmanager
def _whole(connection: HTTPConnection) -> Iterator[None]:
    """Let what is done on a connection take its time-out in all. Raises TimeoutError."""

    def cut() -> None:
        if connection.sock is not None:
            connection.sock.shutdown(socket.SHUT_RDWR)

    seconds = connection.timeout if isinstance(connection.timeout, int | float) else None
    with cut_after(seconds, cut) as is_cut:
        try:
            yield
        finally:
            if is_cut.is_set():  # also where it ended well: what was cut off may look like the end of headers
                raise TimeoutError("it came too slowly")


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _TlsPool(HTTPSConnectionPool):
    ConnectionCls = _TlsConnection


class BoundedAdapter(HTTPAdapter):
    """What a session asks with."""

    @override
    def init_poolmanager(self, *arguments: Any, **options: Any) -> None:
        super().init_poolmanager(*arguments, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _TlsPool}
