"""Isolation: nothing waits behind a broken area, row or step."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

log = logging.getLogger(__name__)


class Isolation:
    """Runs parts of a tick each on its own, and raises what went wrong in one of them once all had their turn."""

    def __init__(self) -> None:
        self._first: Exception | None = None

    @contextmanager
    def part(self, name: str, **ids: int) -> Iterator[None]:
        """Run one part; what it raises is logged and kept."""
        try:
            yield
        except Exception as error:
            log.exception("part of a tick failed", extra={"part": name, **ids})
            self._first = self._first or error

    def end(self) -> None:
        """Raise the first error of the parts, so that the tick counts as failed."""
        if self._first is not None:
            raise self._first
