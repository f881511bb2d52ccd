"""A whole server on this machine: the real nginx with the shipped site, gunicorn, workers and a clock, on a MariaDB."""

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

from tests.support.databases.copies import REQUIRED
from tests.support.databases.mysql_server import SEARCHED, free_port
from tests.support.running.client import PROJECT, Client

NGINX = shutil.which("nginx", path=SEARCHED)
NAME = "watch.example.org"  # the site file's own
HOW_TO_GET_NGINX = "install it: apt-get install nginx-light (nothing is configured; the tests start their own)"
UP_WITHIN_S = 90


def need_nginx():
    """Skip without nginx, or fail where nothing may be skipped."""
    if not NGINX:
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"no nginx, and {REQUIRED}=1 demands it: {HOW_TO_GET_NGINX}", pytrace=False)
        pytest.skip(f"no nginx: {HOW_TO_GET_NGINX}")


def make_certificate(folder):
    """Make a certificate that is its own authority."""
    subject = ["-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME},DNS:localhost,IP:127.0.0.1"]
    files = ["-keyout", str(folder / "privkey.pem"), "-out", str(folder / "fullchain.pem")]
    kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subprocess.run(["openssl", "req", *kind, *subject, *files], check=True, capture_output=True)


def site(folder, *, https, http, api):
    """Give the shipped site with this machine's ports and folders in the places of the server's."""
    text = (PROJECT / "infra" / "server" / "nginx-site.conf").read_text()
    changes = {
        r"listen \[::\]:\d+.*;\n": "",
        r"listen 80;": f"listen 127.0.0.1:{http};",
        r"listen 443 ": f"listen 127.0.0.1:{https} ",
        r"127\.0\.0\.1:8000": f"127.0.0.1:{api}",
        r"/etc/bhuprahari/tls": str(folder),
        r"/var/cache/nginx": str(folder / "cache"),
        r"/var/www/bhuprahari": str(folder / "www"),
    }
    for pattern, place in changes.items():
        text, count = re.subn(pattern, place, text)
        assert count, f"{pattern} is not in the site file"
    return text


def configuration(folder, site_text):
    """Give what stands around the site, as Debian's own nginx.conf does, with every path inside the folder."""
    temporary = "\n".join(
        f"    {kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    who = "user root;\n" if os.geteuid() == 0 else ""
    return (
        f"{who}daemon off;\nworker_processes 1;\npid {folder}/nginx.pid;\nerror_log {folder}/error.log;\n"
        f"events {{ worker_connections 512; }}\nhttp {{\n    access_log off;\n{temporary}\n{site_text}\n}}\n"
    )


class Stack:
    """All processes of one server. `settings` are the product's own; `workers` says how many worker processes."""

    def __init__(self, folder, database_url, *, workers=2, api_processes=2, threads=16, **settings):
        self.folder = Path(folder)
        self.home = self.folder / "home"
        self.workers, self.api_processes, self.threads = workers, api_processes, threads
        self.https, self.http, self.api = (free_port() for _ in range(3))
        self.url = f"https://localhost:{self.https}"
        given = {key: value for key, value in os.environ.items() if not key.startswith("BHUPRAHARI_")}
        settings = {"home": self.home, "database_url": database_url, **settings}
        self.environment = given | {f"BHUPRAHARI_{name.upper()}": str(value) for name, value in settings.items()}
        self.certificate = self.folder / "fullchain.pem"
        self.running, self.log = {}, self.folder / "stack.log"

    def command(self, *arguments):
        """Run one of the server's commands to its end."""
        whole = [sys.executable, "-m", "infra.server", *arguments]
        where = {"cwd": PROJECT, "env": self.environment, "timeout": 120}
        return subprocess.run(whole, check=False, capture_output=True, text=True, **where)

    def start(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        done = self.command("migrate")
        assert done.returncode == 0, done.stderr
        self.start_app()
        if not self.certificate.exists():
            make_certificate(self.folder)
        (self.folder / "cache").mkdir(exist_ok=True)
        ports = {"https": self.https, "http": self.http, "api": self.api}
        (self.folder / "nginx.conf").write_text(configuration(self.folder, site(self.folder, **ports)))
        self._start("nginx", [NGINX, "-p", str(self.folder), "-c", str(self.folder / "nginx.conf")])
        self.wait_until_up()
        return self

    def start_app(self):
        """Start everything but nginx."""
        serve = ["--bind", f"127.0.0.1:{self.api}", "--processes", str(self.api_processes)]
        self.start_one("api", "api", *serve, "--threads", str(self.threads))
        for number in range(1, self.workers + 1):
            self.start_one(f"worker-{number}", "worker", "--threads", "2")
        self.start_one("clock", "clock")

    def start_one(self, name, *arguments):
        self._start(name, [sys.executable, "-m", "infra.server", *arguments])

    def _start(self, name, command):
        with self.log.open("ab") as log:
            where = {"cwd": PROJECT, "env": self.environment, "start_new_session": True}
            self.running[name] = subprocess.Popen(command, stdout=log, stderr=log, **where)

    def wait_until_up(self):
        end = time.monotonic() + UP_WITHIN_S
        while True:
            with contextlib.suppress(requests.RequestException):
                if requests.get(f"{self.url}/api/health", verify=str(self.certificate), timeout=10).status_code == 200:
                    return
            dead = [name for name, process in self.running.items() if process.poll() is not None]
            assert not dead, f"{dead} ended:\n{self.said()}"
            assert time.monotonic() < end, self.said()
            time.sleep(0.1)

    def said(self):
        """Give what the processes said last, but for the requests that were answered: a test asks without end."""
        if not self.log.exists():
            return ""
        lines = self.log.read_text(errors="replace").splitlines()
        return "\n".join(line for line in lines if '"request answered"' not in line)[-8000:]

    def client(self, **who):
        """Sign somebody in, over HTTPS."""
        return HttpsClient(self.url, str(self.certificate), said=self.said, **who)

    def kill(self, name):
        """End a process as a power cut does."""
        os.killpg(self.running[name].pid, signal.SIGKILL)
        self.running.pop(name).wait(10)

    def stop(self, *names, within_s=60):
        """Ask processes to stop, all but nginx if none is named; give their exit codes."""
        asked = {name: self.running.pop(name) for name in names or [name for name in self.running if name != "nginx"]}
        for process in asked.values():
            process.send_signal(signal.SIGTERM)
        return {name: process.wait(within_s) for name, process in asked.items()}

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
            with contextlib.suppress(ProcessLookupError):  # whatever is left of its group
                os.killpg(process.pid, signal.SIGKILL)


class HttpsClient(Client):
    """The existing client, which trusts the server's own certificate."""

    def __init__(self, url, certificate, *, said, **who):
        self.certificate, self._said = certificate, said
        super().__init__(url, session=verifying(certificate), **who)

    def said(self):
        return self._said()

    def load(self, path):
        with verifying(self.certificate) as bare:
            return bare.get(self.image_url(path), headers={"Accept": None}, timeout=60)


def verifying(certificate):
    """Make a session that trusts one certificate, whatever the environment names."""
    session = requests.Session()
    session.trust_env, session.verify = False, certificate
    return session
