"""The app, its server and its worker on one machine: the only process that holds this home."""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import threading
from pathlib import Path
from typing import IO

from chalice.app import Chalice
from chalice.config import Config
from chalice.local import LocalDevServer

from chalicelib.composition import process_ports
from infra.errors import OperatorError, operator_errors
from infra.local.server import make_server
from infra.runtime.log_file import log_to
from infra.runtime.startup import children_of, queue_source_of
from infra.runtime.worker import Worker

PROJECT = Path(__file__).resolve().parents[2]
log = logging.getLogger(__name__)


class LocalApp:
    """Everything on one machine, with the app at `module:attribute`. Raises OperatorError."""

    def __init__(self, *, host: str, port: int, is_worker_only: bool, app_path: str) -> None:
        with operator_errors():
            ports = self._ports = process_ports()
        chosen = ports.settings
        self.home = Path(chosen.process.home)
        log_path = (self.home / "log.jsonl").resolve()
        log_to(log_path)
        self._lock = _lock(self.home / "worker.lock")
        with operator_errors():
            ports.migrate()
            ports.check_database()
            ports.made_images().check()
            _ = ports.tokens, ports.links  # their keys are read now: a bad one must not wait for the first request
        if not chosen.database.database_url:
            ports.outbox.release_all(now=ports.clock())  # the lock guarantees that no other process works on this file
        app, config = _app(app_path)
        self._server: LocalDevServer | None = None
        if not is_worker_only:
            try:
                self._server = make_server(app, config, host, port)
            except OSError as error:
                raise OperatorError(
                    f"port {port} on {host} cannot be used ({error.strerror}): choose another --port"
                ) from error
        threads = max(2, min(8, os.cpu_count() or 2))
        with operator_errors():
            self._worker = Worker(
                app,
                queue_source_of(ports),
                invoker=children_of(ports, app=app_path, log_path=log_path),
                clock=ports.clock,
                monotonic=ports.monotonic,
                wakeup=ports.wakeup,
                threads=threads,
            )

    @property
    def url(self) -> str:
        """Return the address at which it is reached."""
        if self._server is None:
            raise AssertionError("a worker alone has no address")
        host, port = self._server.server.server_address[:2]
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else str(host)  # noqa: S104 (compared, not bound)
        return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}"

    def start(self) -> None:
        """Serve and work."""
        self._worker.start()
        if self._server is not None:
            threading.Thread(target=self._server.server.serve_forever, name="http", daemon=True).start()
        log.info("started")

    def stop(self, *, within_s: float) -> None:
        """Stop serving, and finish the work in hand within the time; the rest is picked up at the next start."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server.server_close()
        is_clean = self._worker.stop(within_s=within_s)
        self._ports.engine.dispose()
        log.info("stopped", extra={"is_clean": is_clean})


def _app(path: str) -> tuple[Chalice, Config]:
    """Return the app, and its configuration as `chalice local` reads it (whose start costs seconds more)."""
    module, _, attribute = path.partition(":")
    app = getattr(importlib.import_module(module), attribute)
    disk = json.loads((PROJECT / ".chalice" / "config.json").read_text(encoding="utf-8"))
    return app, Config("local", config_from_disk=disk, user_provided_params={"project_dir": str(PROJECT)})


def _lock(path: Path) -> IO[bytes]:
    """Hold a file until this process ends, however it ends. Raises OperatorError if another one does."""
    held = path.open("ab")
    try:
        if sys.platform == "win32":
            import msvcrt

            msvcrt.locking(held.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise OperatorError(f"another worker runs on {path.parent}: stop it, or choose another --home") from None
    return held
