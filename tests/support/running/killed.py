"""The product as whole processes of which one after another is killed: at home on SQLite, or on a server's MariaDB."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import requests

from tests.support.databases.mysql_server import HOW_TO_GET_ONE, find_server, start_server
from tests.support.running.client import Server
from tests.support.running.stack import Stack

USUAL = {
    "capture_schedule": "rate(1 day)",  # only what is asked for is looked at
    "compare_wait_s": 0,
    "job_limit_s": 60,
    "tiles_per_day": 100_000,
    "fcm_default_targets": "/topics/bhuprahari",
}


class Home:
    """The whole product in one process and its children, on SQLite."""

    def __init__(self, folder, archive, **settings):
        self.url = f"sqlite:///{folder}/home/bhuprahari.db"
        self.log = folder / "home" / "log.jsonl"
        options = ("--archive", str(archive), "--no-demo")
        self._server = Server(folder / "home", *options, **settings, **USUAL)

    def start(self):
        self._server.start()
        return self._server.url

    def kill(self, chance):
        """Kill the home, which is started again, or one of its children; say which."""
        children = children_of(self._server.process.pid)
        if chance.random() < 0.5 and children:
            os.kill(chance.choice(children), signal.SIGKILL)
            return "a child"
        self._server.kill()
        self._server.start()
        return "the home"

    @property
    def address(self):
        return self._server.url

    def stop(self):
        self._server.__exit__()


class OneServer:
    """Two workers, a clock and the API, on a MariaDB of its own."""

    def __init__(self, folder, archive, **settings):
        program = find_server()
        if program is None:
            sys.exit(f"no MariaDB: {HOW_TO_GET_ONE}")
        self._database = start_server(program)
        self.url = self._database.make("sigkills")
        shown = {"archive": archive, "default_provider": "archive"}
        self._stack = Stack(folder, self.url, **shown, **settings, **USUAL)
        self.log, self.address = self._stack.log, f"http://127.0.0.1:{self._stack.api}"

    def start(self):
        done = self._stack.command("migrate")
        assert done.returncode == 0, done.stderr
        self._stack.start_app()
        end = time.monotonic() + 120
        while True:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.address}/api/health", timeout=10).status_code == 200:
                    return self.address
            assert time.monotonic() < end, self._stack.said()
            time.sleep(0.2)

    def kill(self, chance):
        """Kill a worker or the clock, with its children, and start it again, or one child of a worker."""
        name = chance.choice(["worker-1", "worker-1", "worker-2", "worker-2", "clock"])
        children = children_of(self._stack.running[name].pid)
        if chance.random() < 0.5 and children:
            os.kill(chance.choice(children), signal.SIGKILL)
            return f"a child of the {name.partition('-')[0]}"
        self._stack.kill(name)
        self._stack.start_one(name, *(["clock"] if name == "clock" else ["worker", "--threads", "2"]))
        return f"a {name.partition('-')[0]}"

    def stop(self):
        self._stack.__exit__()
        self._database.stop()


def children_of(pid):
    """Give the processes that a process started and that still run."""
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            state, parent = stat.read_text().rpartition(")")[2].split()[:2]
            if int(parent) == pid and state != "Z":
                found.append(int(stat.parent.name))
    return found
