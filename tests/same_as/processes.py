"""A process of a release that serves or works until it is told to stop, and a client of it."""

import contextlib
import signal
import subprocess
import sys
import threading
import time

import requests

from tests.same_as.releases import environment

READY_WITHIN_S, STOPPED_WITHIN_S, ANSWERED_WITHIN_S = 60, 60, 60


class Process:
    """`python -m ...` in a release. It is ready when it says a line with `ready`, or when `is_up` says so."""

    def __init__(self, tree, *command, ready="", settings=None):
        self.said, self._news = [], threading.Condition()
        self._name = " ".join(command)
        streams = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        where = {"cwd": tree, "env": environment(**(settings or {}))}
        self._process = subprocess.Popen([sys.executable, "-m", *command], **where, **streams)
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        if ready:
            self.line = self.wait_for(ready, within_s=READY_WITHIN_S)

    def _listen(self):
        for line in self._process.stdout:
            with self._news:
                self.said.append(line.rstrip("\n"))
                self._news.notify_all()
        with self._news:
            self._news.notify_all()

    @property
    def is_alive(self):
        return self._process.poll() is None

    def wait_for(self, *words, within_s):
        """Wait for a line with one of these words in it; give the line. Raises RuntimeError if it does not come."""

        def heard():
            return [line for line in self.said if any(word in line for word in words)]

        with self._news:
            self._news.wait_for(lambda: heard() or not self._listener.is_alive() or not self.is_alive, within_s)
            if not heard():
                self._news.wait_for(heard, 1)  # it ended: its last words may still be on their way
            lines = heard()
        if not lines:
            self.stop()
            raise RuntimeError(f"{self._name} did not say {words} within {within_s} s:\n" + "\n".join(self.said[-30:]))
        return lines[0]

    def stop(self):
        """Ask it to finish; end it where it does not. Give its exit status."""
        if self.is_alive:
            self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOPPED_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._listener.join(5)
        return self._process.returncode

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


class Local(Process):
    """`python -m infra.local`: everything of a release on one machine."""

    def __init__(self, tree, home, *options, **settings):
        given = ("--port", "0", "--home", str(home), *options)
        super().__init__(tree, "infra.local", *given, ready="ready http", settings=settings)
        self.url = self.line[self.line.index("http://") :].strip()


class Client:
    """A client of the API; what it gets is JSON. `token` is an access token that somebody was given before."""

    def __init__(self, url, *, token=""):
        self.url, self.http = url, requests.Session()
        self.http.trust_env = False
        self.credentials = {}
        if token:
            self.hold(token)

    def hold(self, token):
        self.http.headers["Authorization"] = f"Bearer {token}"

    def sign_in(self, email, password):
        self.credentials = self.call("POST", "api/auth/login", {"email": email, "password": password})
        self.hold(self.credentials["access_token"])
        return self

    def ask(self, method, path, body=None, **more):
        """Send a request; give the answer, whatever it is."""
        options = {"json": body, "timeout": ANSWERED_WITHIN_S} | more
        return self.http.request(method, f"{self.url}/{path}", **options)

    def call(self, method, path, body=None):
        """Send a request that must succeed; give its JSON. Raises RuntimeError."""
        answer = self.ask(method, path, body)
        if not answer.ok:
            raise RuntimeError(f"{method} /{path} answered {answer.status_code}: {answer.text[:300]}")
        return answer.json() if answer.content else None

    def load(self, link):
        """Load an image by its link as a client does: without credentials. Give status, type and bytes."""
        path = link.partition("captured_images/")[2]
        with requests.Session() as bare:
            bare.trust_env = False
            answer = bare.get(f"{self.url}/static_images/{path}", timeout=ANSWERED_WITHIN_S)
        return answer.status_code, answer.headers.get("Content-Type"), answer.content

    def until_ended(self, session_id, *, within_s=180):
        """Wait for a session to end; give it with its details. Raises RuntimeError if it does not."""
        end = time.monotonic() + within_s
        while True:
            session = self.call("GET", f"api/alerts/sessions/{session_id}/details")
            if session["status"] != "IN_PROGRESS":
                return session
            if time.monotonic() > end:
                raise RuntimeError(f"session {session_id} did not end: {session}")
            time.sleep(0.3)

    def until_up(self, process, *, within_s=READY_WITHIN_S):
        """Wait until the server answers. Raises RuntimeError if it does not."""
        end = time.monotonic() + within_s
        while True:
            with contextlib.suppress(requests.RequestException):
                if self.ask("GET", "api/health").status_code == 200:
                    return self
            if time.monotonic() > end or not process.is_alive:
                raise RuntimeError(f"{self.url} did not come up:\n" + "\n".join(process.said[-30:]))
            time.sleep(0.1)
