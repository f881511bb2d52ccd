"""How a worker runs a function of the app: a port, its ways to fail, and its answer within this process."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from typing import Any, Protocol

from chalice.app import Chalice
from chalice.local import LambdaContext

from chalicelib.domain.errors import Busy, Unavailable

MEMORY_MIB = 2048  # what the context says: no function reads it
Event = Mapping[str, Any]


class InvokeError(Exception):
    """A call did not end well; its text is the reason that is kept."""


class Failed(InvokeError):
    """The function raised."""


class NotNow(InvokeError):
    """The function could not be tried: the database is away, or another worker holds the tile."""


class Held(NotNow):
    """Another worker holds the tile: whatever claim there is on it is that one's."""


class NoAnswer(InvokeError):
    """The function's process crashed, or hung and was killed, or did not start."""


def failure_of(error: Exception) -> Failed | NotNow:
    """Return what it means that a function raised this."""
    reason = "".join(traceback.format_exception_only(error)).strip()
    match error:
        case Busy():
            return Held(reason)
        case Unavailable():
            return NotNow(reason)
    return Failed(reason)


class Invoke(Protocol):
    """The way of one thread to the app's functions, one call at a time."""

    def ready(self) -> None:
        """Be ready for a call: what stands in the way costs no message a try. Raises NoAnswer."""
        ...

    def __call__(self, function: str, event: Event) -> None:
        """Run a function on an event. Raises Failed, NotNow, NoAnswer."""
        ...

    def close(self) -> None:
        """Let go of what it holds."""
        ...


class InProcess:
    """Runs functions right here, without any limit."""

    def __init__(self, app: Chalice, *, limit_s: float = 120.0) -> None:
        self._app, self._limit_s = app, limit_s

    def ready(self) -> None:
        """Do nothing: it always is."""

    def __call__(self, function: str, event: Event) -> None:
        """Run a function on an event. Raises Failed and NotNow."""
        handler: Any = self._app.handler_map[function]
        try:
            handler(event, LambdaContext(function, MEMORY_MIB, int(self._limit_s * 1000)))
        except Exception as error:
            raise failure_of(error) from error

    def close(self) -> None:
        """Do nothing: it holds nothing."""
