"""A child of a worker: runs the app's functions, one call at a time, and never harms who asked.

`infra.runtime.children` starts it as `python -m infra.runtime.child app:app`. A line of JSON on stdin is a call, a line
on what was stdout its answer; what it logs and prints goes where the parent prints. It ends when its stdin does.
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import queue
import signal
import sys
import threading
import time
from pathlib import Path
from typing import IO, Any, NoReturn

LEAVE_WITHIN_S = 2.0
PR_SET_PDEATHSIG = 1  # prctl(2)
MAX_REASON = 2000  # characters: a pipe takes that at once


def main(arguments: list[str] | None = None) -> NoReturn:
    """Answer calls until there are no more, then end this process."""
    options = _parse(arguments)
    lines, answers = _take_pipes()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C goes to the parent, which waits for the work in hand
    _end_with_parent()
    calls: queue.SimpleQueue[dict[str, Any] | None] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(lines, calls), name="calls", daemon=True).start()
    _limit_memory(options.memory_mib)

    from infra.runtime.invoke import Failed, InProcess, NotNow
    from infra.runtime.log_file import log_to

    if options.log is not None:
        log_to(options.log)
    module, _, attribute = options.app.partition(":")
    invoke = InProcess(getattr(importlib.import_module(module), attribute), limit_s=options.limit_s)
    _answer(answers, {})
    while (call := calls.get()) is not None:
        try:
            invoke(call["function"], call["event"])
        except (Failed, NotNow) as error:
            _answer(answers, {"raised": type(error).__name__, "reason": str(error)[:MAX_REASON]})
        else:
            _answer(answers, {})
    _let_go()
    os._exit(0)  # taking the modules apart cost up to two seconds of a busy machine's stop


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.runtime.child", description="A worker starts it.")
    parser.add_argument("app", help="module:attribute")
    parser.add_argument("--limit-s", type=float, required=True, help="what a function is told that it has")
    parser.add_argument("--memory-mib", type=int, required=True, help="what it may use; 0: no limit")
    parser.add_argument("--log", type=Path, help="the file to log to, in place of what was the parent's stdout")
    return parser.parse_args(arguments)


def _take_pipes() -> tuple[IO[bytes], IO[bytes]]:
    """Keep the ways of calls and answers for them alone: what anything prints goes where the parent prints."""
    lines, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb", buffering=0)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    return lines, answers


def _answer(answers: IO[bytes], answer: dict[str, str]) -> None:
    answers.write(json.dumps(answer).encode() + b"\n")


def _listen(lines: IO[bytes], calls: queue.SimpleQueue[dict[str, Any] | None]) -> None:
    for line in lines:
        calls.put(json.loads(line))
    calls.put(None)
    time.sleep(LEAVE_WITHIN_S)  # the main thread ends by itself, unless it is at work: nobody waits for that any more
    os._exit(1)


def _end_with_parent() -> None:
    """End when the thread that started this does, whatever is done here: on Linux. Elsewhere the end of stdin tells."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _limit_memory(mib: int) -> None:
    """Limit what this process may write to: beyond it an allocation fails, in Python, numpy and OpenCV alike.

    RLIMIT_DATA counts what is private and writable; RLIMIT_AS counts the mapped libraries too (219 MiB of them here).
    """
    if mib and sys.platform == "linux":
        import resource

        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        wanted = mib * 1024 * 1024
        if most != resource.RLIM_INFINITY:
            wanted = min(wanted, most)
        resource.setrlimit(resource.RLIMIT_DATA, (wanted, wanted))


def _let_go() -> None:
    """Close the connections to the database, as its server likes it."""
    from chalicelib.composition import process_ports

    ports = process_ports()
    if "engine" in vars(ports):
        ports.engine.dispose()
    sys.stdout.flush()


if __name__ == "__main__":
    main()
