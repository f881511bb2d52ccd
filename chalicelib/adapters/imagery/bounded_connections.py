"""Connections on which an answer begins within its time as a whole, however often a byte of it comes.

A time-out of `requests` is one between two bytes: a server that sends a letter of a header now and then keeps whoever
asks waiting for hours.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from requests.adapters import HTTPAdapter
from typing_extensions import override
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


@contextmanager
def cut_after(seconds: float | None, cut: Callable[[], object]) -> Iterator[threading.Event]:
    """Have a connection cut off when the time is up; the event says whether that was so."""
    is_cut = threading.Event()

    def now() -> None:
        is_cut.set()
        with suppress(OSError, ValueError, RuntimeError):  # it has ended by itself at that moment
            cut()

    timer = threading.Timer(seconds, now) if isinstance(seconds, int | float) else None
    if timer is None:
        yield is_cut
        return
    timer.daemon = True
    timer.start()
    try:
        yield is_cut
    finally:
        timer.cancel()


class _Connection(HTTPConnection):
    @override
    def connect(self) -> None:
        with _whole(self):
            super().connect()

    @override
    def getresponse(self) -> Any:  # of urllib3; the standard library says one of its own
        with _whole(self):
            return super().getresponse()


class _TlsConnection(HTTPSConnection):
    @override
    def connect(self) -> None:
        with _whole(self):
            super().connect()

    @override
    def getresponse(self) -> Any:  # of urllib3; the standard library says one of its own
        with _whole(self):
            return super().getresponse()


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
