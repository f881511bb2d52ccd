"""The server as a process of its own, and the existing client's way of calling it."""

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import requests

PROJECT = Path(__file__).resolve().parents[3]
READY_WITHIN_S, STOPPED_WITHIN_S = 60, 10  # the first is generous to a machine that runs other tests as well
TIMEOUT_S = 60
GONE = "(it has ended)"
AS_IN_TESTS = {"user_units_at_once": 6_000}  # on a fast machine one test's people ask for more than one person would


class Server:
    """`python -m infra.local` with options and settings of its own."""

    ready = ("ready ", "working on jobs")

    def __init__(self, home, *options, port=0, **settings):
        self.home, self.options, self.port = Path(home), options, port
        given = AS_IN_TESTS | settings
        self.settings = {f"BHUPRAHARI_{name.upper()}": str(value) for name, value in given.items()}
        self.process, self.url = None, None

    @property
    def command(self):
        options = ["--home", str(self.home), "--port", str(self.port), *self.options]
        return [sys.executable, "-m", "infra.local", *options]

    @property
    def environment(self):
        given = {key: value for key, value in os.environ.items() if not key.startswith("BHUPRAHARI_")}
        return given | self.settings

    def start(self):
        began = time.monotonic()
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        self.process = subprocess.Popen(self.command, cwd=PROJECT, env=self.environment, **streams)
        self.said, self._news = [], threading.Condition()
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        line = self.wait_for(*self.ready, within_s=READY_WITHIN_S)
        self.url = line[line.index("http://") :] if "http://" in line else None
        self.ready_after_s = time.monotonic() - began
        return self

    def _listen(self):
        for line in self.process.stdout:
            with self._news:
                self.said.append(line.rstrip())
                self._news.notify_all()
        with self._news:
            self.said.append(GONE)
            self._news.notify_all()

    def wait_for(self, *words, within_s):
        """Wait until it has said a line with any of these words; give the line."""

        def heard():
            return [line for line in self.said if any(word in line for word in (*words, GONE))]

        with self._news:
            self._news.wait_for(heard, within_s)
            lines = heard()
        assert lines[:1] not in ([], [GONE]), f"it did not say {words}: {self.said}"
        return lines[0]

    def stop(self):
        """Ask it to stop; give the seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(STOPPED_WITHIN_S + 5)
        self._listener.join()
        return time.monotonic() - began

    def kill(self):
        self.process.kill()
        self.process.wait()
        self._listener.join()

    def refused(self):
        """Start it where it cannot start; give its exit code, and what it said on stdout and on stderr."""
        streams = {"capture_output": True, "text": True, "timeout": READY_WITHIN_S}
        done = subprocess.run(self.command, cwd=PROJECT, env=self.environment, check=False, **streams)
        return done.returncode, done.stdout, done.stderr

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.stop()
            self.kill()


class Client:
    """The existing client: trailing slashes, a bearer token on API calls, bare image loads."""

    def __init__(self, url, *, email="owner@example.org", password="secret-land", session=None):
        self.root, self.http = url + "/", session or requests.Session()
        credentials = {"email": email, "password": password}
        answer = self.http.post(
            f"{self.root}api/auth/register", json=credentials | {"profile": None}, timeout=TIMEOUT_S
        )
        assert answer.status_code in (201, 409), answer.text
        answer = self.http.post(f"{self.root}api/auth/login", json=credentials, timeout=TIMEOUT_S)
        assert answer.status_code == 200, answer.text
        self.http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def call(self, method, path, body=None, *, status=200):
        answer = self.http.request(method, f"{self.root}api/{path}", json=body, timeout=TIMEOUT_S)
        assert answer.status_code == status, (method, path, answer.status_code, answer.text[:300])
        return answer.json() if answer.content else None

    def add_area(self, **area):
        ignored = {"id": None, "createdAt": "2026-01-01T00:00:00"}
        return self.call("POST", "area-configs/", ignored | area, status=201)

    def supervise_now(self, area_id, *, within_s=120):
        """Tap the one button, then wait for the session to end; give it with its details."""
        first = self.call("POST", f"monitor/capture/{area_id}")["session"]
        second = self.call("POST", f"monitor/compare/{area_id}")["session"]
        assert first["id"] == second["id"], "one tap is one session"
        self.call("GET", f"monitor/image-tiles/area/{area_id}")
        end = time.monotonic() + within_s
        while (session := self.call("GET", f"alerts/sessions/{first['id']}/details"))["status"] == "IN_PROGRESS":
            assert time.monotonic() < end, (session, self.said())
            time.sleep(0.2)
        return session

    def said(self):
        """Give what the server said last, where that is known."""
        return ""

    def image_url(self, path):
        """Give the address that the client loads for an image path."""
        return f"{self.root}static_images/{path.partition('captured_images/')[2]}"

    def load(self, path):
        """Load an image as the client does: without credentials, without an Accept header."""
        return requests.get(self.image_url(path), headers={"Accept": None}, timeout=TIMEOUT_S)
