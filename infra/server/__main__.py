"""Run one process of a server: the API, a worker, the clock. SIGTERM stops it once its work in hand is finished."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from infra.errors import OperatorError
from infra.runtime.stopping import StopSignal, leave

STOP_WITHIN_S = 110.0  # a message's lease is 120 s: systemd gives up after that


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return the exit status."""
    options = _parse(arguments)
    _into_environment(options)
    try:
        return int(options.run(options))
    except OperatorError as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.server", description=__doc__)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    check = _command(commands, "check", _check, "say what stands in the way of a start, and what is in order")
    check.add_argument("--worker-processes", type=_count, default=2, help="as many as are run (default %(default)s)")
    check.add_argument("--certificate", type=Path, help="look at this one too: its end, and whether it can be read")
    _add_api_options(check)
    check.add_argument("--worker-threads", type=_count, default=2, help="of each worker (default %(default)s)")
    _command(commands, "migrate", _migrate, "bring the database to the newest schema")
    _add_api_options(_command(commands, "api", _api, "serve HTTP, behind a proxy that holds the certificate"))
    worker = _command(commands, "worker", _worker, "work on jobs: capture, compare, notify")
    worker.add_argument("--threads", type=_count, default=2, help="messages at once (default %(default)s)")
    _command(commands, "clock", _clock, "start captures and reconcile when they are due; a second one only stands by")
    return parser.parse_args(arguments)


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    what: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(name, help=what, description=f"{what[:1].upper()}{what[1:]}.")
    parser.set_defaults(run=run, threads=2)
    return parser


def _add_api_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--bind", default="127.0.0.1:8000", help="HOST:PORT or unix:/path (default %(default)s)")
    parser.add_argument(
        "--processes", type=_count, default=max(2, os.cpu_count() or 2), help="of the API (default %(default)s)"
    )
    parser.add_argument("--threads", type=_count, default=16, help="requests at once in each (default %(default)s)")
    parser.add_argument(
        "--proxies", default="127.0.0.1,::1", help="whose X-Forwarded-For is believed (default %(default)s)"
    )


def _count(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= 256:
        raise argparse.ArgumentTypeError(f"a number from 1 to 256, not {text!r}")
    return int(text)


def _into_environment(options: argparse.Namespace) -> None:
    """Set what follows from the command before the first import of chalicelib: decorators read settings at import."""
    os.environ["BHUPRAHARI_WORKER"] = "here"  # the workers poll the outbox: no wake-up event is needed
    # One for each thread, which holds one at a time, and one over: the turn of the clock is a connection that stays.
    os.environ.setdefault("BHUPRAHARI_DATABASE_CONNECTIONS", str(options.threads + 1))
    os.environ.setdefault("BHUPRAHARI_REQUESTS_AT_ONCE", str(options.threads))
    for library in ("OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ.setdefault(library, "1")  # the processes are the parallelism


def _check(options: argparse.Namespace) -> int:
    from infra.server.checks import report

    return report(options)


def _migrate(_options: argparse.Namespace) -> int:
    from infra.server.checks import migrated

    print(migrated())
    return 0


def _api(options: argparse.Namespace) -> int:
    from infra.server import checks

    checks.ready()
    checks.port_is_free(options.bind)
    checks.proxies(options.proxies)
    checks.gunicorn()
    command = [sys.executable, "-m", "gunicorn", "--config", "python:infra.server.gunicorn_settings"]
    command += ["--bind", options.bind, "--workers", str(options.processes), "--threads", str(options.threads)]
    # Another program in this process: nothing that the checks opened is shared by gunicorn's processes.
    os.execv(sys.executable, [*command, f"infra.server.wsgi:application({options.proxies!r})"])  # noqa: S606 (no shell is what is wanted)


def _worker(options: argparse.Namespace) -> int:
    from infra.server.processes import make_worker

    return _until_told(make_worker(threads=options.threads).start, "working on jobs")


def _clock(_options: argparse.Namespace) -> int:
    from infra.server.processes import make_clock

    return _until_told(make_clock().start, "the clock runs")


def _until_told(start: Callable[[], Callable[[float], bool]], said: str) -> int:
    stopping = StopSignal()
    finish = start()
    print(said, flush=True)
    stopping.wait()
    print("stopping: finishing what is in hand", flush=True)
    return 0 if finish(STOP_WITHIN_S) else 1


if __name__ == "__main__":
    leave(main())
