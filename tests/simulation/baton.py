"""Threads of which one runs at a time: whoever holds the baton. The scheduler gives it away, a task gives it back."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any


class Killed(BaseException):
    """A worker is killed here. No `except Exception` sees it, and a killed worker touches nothing any more."""


class Task:
    """One piece of work that can be paused at any step: an invocation of a handler, a client's request."""

    def __init__(self, name: str, work: Callable[[], None], *, about: object = None) -> None:
        self.name, self.work, self.about = name, work, about
        self.wakes_at: datetime | None = None  # asleep until then
        self.clock_error: timedelta | None = None
        self.is_doomed = False  # killed: its next step is none
        self.is_done = False
        self.trouble: BaseException | None = None
        self.carrier: _Carrier | None = None
        self.committed = 0  # the step of its last commit, and the workers' time then
        self.committed_at: datetime | None = None
        self.pushed: list[Any] = []  # what it made phones show

    def __repr__(self) -> str:
        return self.name


class _Carrier(threading.Thread):
    def __init__(self, back: threading.Lock) -> None:
        super().__init__(daemon=True, name="carrier")
        self.go = threading.Lock()
        self.go.acquire()
        self.task: Task | None = None
        self._back = back
        self.start()

    def run(self) -> None:
        while True:
            self.go.acquire()
            task = self.task
            try:
                task.work()
            except Killed:
                pass
            except BaseException as trouble:  # noqa: BLE001 (the scheduler raises it in its own thread)
                task.trouble = trouble
            task.is_done = True
            self.task = None
            self._back.release()


class Crew:
    """Carriers of tasks, kept from history to history: a thread costs more than a step."""

    def __init__(self) -> None:
        self._back = threading.Lock()
        self._back.acquire()
        self._idle: list[_Carrier] = []
        self.current: Task | None = None

    def resume(self, task: Task) -> None:
        """Let a task run until it pauses or ends. Raises what the work raised, other than Killed."""
        carrier = task.carrier
        if carrier is None:
            carrier = task.carrier = self._idle.pop() if self._idle else _Carrier(self._back)
            carrier.task = task
        self.current = task
        carrier.go.release()
        self._back.acquire()
        self.current = None
        if task.is_done:
            self._idle.append(carrier)
            if task.trouble is not None:
                raise task.trouble

    def pause(self) -> None:
        """Give the baton back, inside a task; return when it comes again. Raises Killed if it comes to kill."""
        task = self.current
        self._back.release()
        task.carrier.go.acquire()
        if task.is_doomed:
            raise Killed
