"""Run everything on one machine: the pages, the API, the worker and the clock. Ctrl-C stops it."""

from __future__ import annotations

import argparse
import os
import sys
import threading
from pathlib import Path

from chalicelib.adapters.private_home import make_private
from infra.runtime.stopping import StopSignal, leave

STOP_WITHIN_S = 8.0


def main(arguments: list[str] | None = None, *, app_path: str = "app:app") -> int:
    """Start, print when it is ready, serve until told to stop. The app is at `module:attribute`."""
    options = _parse(arguments)
    _into_environment(options)
    return _run(options, app_path)


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m infra.local", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1", help="where to listen (default %(default)s)")
    parser.add_argument("--port", type=int, default=8000, help="0 takes a free one (default %(default)s)")
    parser.add_argument("--home", default=".local", type=Path, help="where everything is kept (default %(default)s)")
    parser.add_argument("--archive", type=Path, help="a folder of STAC Items: makes `archive` the default provider")
    parser.add_argument(
        "--catalogue", metavar="URL", help="a STAC API with Sentinel-2: makes `sentinel2` the default provider"
    )
    parser.add_argument("--no-demo", action="store_true", help="make no demo account, area and sessions")
    parser.add_argument(
        "--worker-only", action="store_true", help="work on jobs, serve nothing: beside `chalice local`"
    )
    options = parser.parse_args(arguments)
    if options.archive is not None and not options.archive.is_dir():
        parser.error(f"--archive: there is no folder {options.archive}")
    if not 0 <= options.port <= 65535:
        parser.error(f"--port: a port is 0 to 65535, not {options.port}")
    os.umask(0o077)  # all that is made here is its owner's alone
    try:
        make_private(options.home)
    except OSError as error:
        parser.error(f"--home: {options.home} cannot be a folder ({error.strerror}): choose another")
    return options


def _into_environment(options: argparse.Namespace) -> None:
    """Turn the options into settings before the first import of chalicelib: decorators read settings at import."""
    home = options.home.resolve()
    os.environ["BHUPRAHARI_HOME"] = str(home)
    os.environ["BHUPRAHARI_WORKER"] = "here"
    os.environ.setdefault("BHUPRAHARI_SAMPLE_CLOCK", str(home / "sample-clock.txt"))
    os.environ.setdefault("FCM_DEFAULT_TARGETS", "/topics/bhuprahari")  # so that the page of pushes shows some
    for library in ("OPENBLAS_NUM_THREADS", "OPENCV_FOR_THREADS_NUM"):
        os.environ.setdefault(library, "1")  # the worker's children are the parallelism
    if options.archive is not None:
        os.environ["BHUPRAHARI_ARCHIVE"] = str(options.archive.resolve())
        os.environ["BHUPRAHARI_DEFAULT_PROVIDER"] = "archive"
    if options.catalogue is not None:
        os.environ["BHUPRAHARI_SENTINEL2_CATALOGUE"] = options.catalogue
        os.environ.setdefault("BHUPRAHARI_SENTINEL2_FALLBACK", "")
        os.environ["BHUPRAHARI_DEFAULT_PROVIDER"] = "sentinel2"
    os.environ.setdefault("BHUPRAHARI_DEFAULT_PROVIDER", "sample")  # the demo, and whoever tries it out


def _run(options: argparse.Namespace, app_path: str) -> int:
    from infra.errors import OperatorError
    from infra.local.local_app import LocalApp

    stopping = StopSignal(is_hasty=True)
    try:
        local_app = LocalApp(
            host=options.host, port=options.port, is_worker_only=options.worker_only, app_path=app_path
        )
    except OperatorError as error:
        print(f"cannot start: {error}", file=sys.stderr)
        return 1
    local_app.start()
    if options.worker_only:
        print("working on jobs; Ctrl-C stops", flush=True)
    else:
        print(f"ready {local_app.url}", flush=True)
        if not options.no_demo:
            from infra.local.demo import show

            threading.Thread(
                target=show, args=(local_app.url, local_app.home, stopping.event), name="demo", daemon=True
            ).start()
    stopping.wait()
    print("\nstopping: finishing what is in hand", flush=True)
    local_app.stop(within_s=STOP_WITHIN_S)
    return 0


if __name__ == "__main__":
    leave(main())
