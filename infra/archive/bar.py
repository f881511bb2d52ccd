"""How far a long piece of work has come: a bar that moves in a terminal, and a line at the end of it in a file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Thread
from types import TracebackType
from typing import Self

WIDTH = 28
EVERY_S = 0.25


class Bar:
    """Draws on standard error."""

    def __init__(self, title: str) -> None:
        self._title, self._began = title, time.monotonic()
        self._is_live = sys.stderr.isatty()
        self._line = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        if self._line:
            print(self._line if not self._is_live else "", file=sys.stderr)

    def show(self, what: str, share: float) -> None:
        """Show that so much of a step is done, of 1."""
        done = min(1.0, max(0.0, share))
        drawn = "#" * int(done * WIDTH)
        took = time.monotonic() - self._began
        line = f"  [{drawn:.<{WIDTH}}] {done:4.0%} {self._title:.40}: {what}, {took:.0f} s"
        if self._is_live:
            print(f"\r{line:<{max(len(line), len(self._line))}}", end="", file=sys.stderr, flush=True)
        self._line = line

    @contextmanager
    def watching(self, what: str, share: Callable[[], float]) -> Iterator[None]:
        """Ask again and again how far the work inside has come."""
        over = Event()

        def watch() -> None:
            while not over.wait(EVERY_S):
                self.show(what, min(0.99, share()))

        watcher = Thread(target=watch, daemon=True)
        watcher.start()
        try:
            yield
        finally:
            over.set()
            watcher.join()
        self.show(what, 1.0)
