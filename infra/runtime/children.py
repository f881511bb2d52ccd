"""A worker's children: each thread has a process of its own that runs the app's functions.

What a function does to its process - a crash, a hang, all the memory - ends that child and nothing else. A child is a
new program, no fork: it inherits no thread, lock or connection.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

from infra.runtime.invoke import Event, Failed, Held, InvokeError, NoAnswer, NotNow

PROJECT = Path(__file__).resolve().parents[2]
START_WITHIN_S = 120.0  # a cold disk, a busy machine: importing the app took 0.9 CPU seconds on 2 cores
LEAVE_WITHIN_S = 5.0
RAISED: dict[str, type[InvokeError]] = {"Failed": Failed, "NotNow": NotNow, "Held": Held}
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ChildOptions:
    """What a child runs, and within what."""

    app: str  # module:attribute
    limit_s: float
    limits_s: Mapping[str, float] = field(default_factory=dict)  # of functions that may take longer, by their names
    memory_mib: int  # 0: no limit
    log_path: Path | None  # None: where this process prints

    @property
    def command(self) -> list[str]:
        """The command that starts one."""
        options = ["--limit-s", str(self.limit_s), "--memory-mib", str(self.memory_mib)]
        if self.log_path is not None:
            options += ["--log", str(self.log_path)]
        return [sys.executable, "-m", "infra.runtime.child", self.app, *options]


def children(options: ChildOptions) -> Callable[[], Child]:
    """Return what makes a thread its child."""
    if options.memory_mib and sys.platform != "linux":
        log.warning("jobs run without a memory limit", extra={"platform": sys.platform})
    return lambda: Child(options)


class Child:
    """The port `Invoke`: a process, started when it is first needed and again after it was lost. Of one thread."""

    def __init__(self, options: ChildOptions) -> None:
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    def ready(self) -> None:
        """Have a child that waits for a call. Raises NoAnswer."""
        if self._process is not None and self._process.poll() is not None:
            self._drop()
        if self._process is None:
            try:
                self._answer(self._start(), within_s=START_WITHIN_S, call=b"")
            except NotNow as error:
                raise NoAnswer(str(error)) from error

    def __call__(self, function: str, event: Event) -> None:
        """Run a function on an event, within the limit. Raises Failed, NotNow, NoAnswer."""
        self.ready()
        call = json.dumps({"function": function, "event": event}).encode() + b"\n"
        limit_s = self._options.limits_s.get(function, self._options.limit_s)
        answer = self._answer(self._running, within_s=limit_s, call=call)
        if "raised" in answer:
            raise RAISED[answer["raised"]](answer["reason"])

    def close(self) -> None:
        """End the child; it closes its connections."""
        if self._process is not None:
            with contextlib.suppress(BrokenPipeError):
                _stdin(self._process).close()
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(LEAVE_WITHIN_S)
            self._drop()

    def _start(self) -> subprocess.Popen[bytes]:
        # Its stderr, and its stdout after its start, is this stdout. A session of its own keeps the terminal's Ctrl-C
        # away, and makes a group to kill: it and what it started.
        try:
            self._process = subprocess.Popen(  # noqa: S603 (this Python, this project's module)
                self._options.command,
                env=_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=1,
                start_new_session=True,
            )
        except OSError as error:  # too many processes, no memory
            raise NoAnswer(f"no process could be started: {error.strerror}") from error
        return self._process

    def _answer(self, process: subprocess.Popen[bytes], *, within_s: float, call: bytes) -> dict[str, str]:
        too_late = threading.Event()

        def kill() -> None:
            too_late.set()
            _kill(process)

        watchdog = threading.Timer(within_s, kill)
        try:
            watchdog.start()  # before the call: what nobody watches is not begun
        except RuntimeError as error:  # too many threads, no memory
            self._drop_now()
            raise NotNow(f"no thread could be started: {error}") from error
        try:
            with contextlib.suppress(BrokenPipeError):  # then it is dead, and its answer says how
                _stdin(process).write(call)
                _stdin(process).flush()
            line = _stdout(process).readline()
            answer: dict[str, str] | None = json.loads(line) if line.endswith(b"\n") else None
        except Exception as error:
            # What it answers later would be taken for the answer to the next call.
            self._drop_now()
            raise NoAnswer(f"its answer was lost: {type(error).__name__}: {error}") from error
        finally:
            watchdog.cancel()
            watchdog.join()
        if too_late.is_set() or answer is None:
            self._drop()
        if answer is not None:
            return answer
        raise NoAnswer(f"no answer within {within_s:g} s" if too_late.is_set() else _end_of(process))

    def _drop_now(self) -> None:
        """Kill the child, and forget it."""
        _kill(self._running)
        self._drop()

    def _drop(self) -> None:
        """Forget the child, which has ended or is killed now."""
        process, self._process = self._running, None
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(LEAVE_WITHIN_S)  # so that its status is its own
        _kill(process)
        process.wait()
        for stream in (_stdin(process), _stdout(process)):
            with contextlib.suppress(BrokenPipeError):
                stream.close()

    @property
    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise AssertionError("there is no child")
        return self._process


def _environment() -> dict[str, str]:
    """Return what a child finds: the same settings, one connection (it runs one function at a time), the same code."""
    path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
    return os.environ | {"BHUPRAHARI_DATABASE_CONNECTIONS": "1", "PYTHONPATH": path}


def _end_of(process: subprocess.Popen[bytes]) -> str:
    """Say how a process ended.

    A signal is named: SIGSEGV is a crash in native code, SIGKILL mostly the system, which is out of memory.
    """
    status = process.returncode
    return f"its process was ended by {signal.Signals(-status).name}" if status < 0 else f"its process ended: {status}"


def _kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a child, with what it started."""
    if process.poll() is not None:
        return
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _stdin(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdin is None:
        raise AssertionError("it was started with a pipe")
    return process.stdin


def _stdout(process: subprocess.Popen[bytes]) -> IO[bytes]:
    if process.stdout is None:
        raise AssertionError("it was started with a pipe")
    return process.stdout
