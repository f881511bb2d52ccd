"""A server in containers, from its own compose file, on a copy of what the file names and on free ports."""

import secrets
import shutil
import subprocess

from tests.support.databases.mysql_server import free_port
from tests.support.running.client import PROJECT
from tests.support.running.stack import HttpsClient, make_certificate
from tests.support.timing import wait_until

NOT_RUN = "THE CONTAINERS WERE NOT RUN"  # the summary looks for it
NEEDED = ("app.py", "requirements-server.txt", "chalicelib", "infra", "landscape")
BUILT_WITHIN_S, UP_WITHIN_S = 1800, 180


def lack_of_an_engine(run=subprocess.run):
    """Say what is missing to run containers, None where nothing is."""
    for command in (["docker", "info"], ["docker", "compose", "version"]):
        try:
            done = run(command, capture_output=True, text=True, timeout=30, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"{' '.join(command)}: {error}"
        if done.returncode or "Cannot connect" in done.stdout + done.stderr:
            return f"{' '.join(command)}: {(done.stderr or done.stdout).strip().splitlines()[-1]}"
    return None


class Containers:
    """The services of compose.yaml, under a name of their own; everything of them goes at the end, volumes too."""

    def __init__(self, folder):
        self.folder, self.name = folder / "server", f"bhuprahari-{secrets.token_hex(4)}"
        self.parts = self.folder / "infra" / "server"
        self.https, self.http = free_port(), free_port()
        self.url = f"https://localhost:{self.https}"
        self.certificate = self.parts / "tls" / "fullchain.pem"

    def compose(self, *arguments, within_s=BUILT_WITHIN_S):
        """Give what a command of compose says; it must not fail."""
        command = ["docker", "compose", "-p", self.name, "-f", "infra/server/compose.yaml", *arguments]
        where = {"cwd": self.folder, "capture_output": True, "text": True, "timeout": within_s}
        done = subprocess.run(command, check=False, **where)
        assert done.returncode == 0, (arguments, done.stderr[-4000:])
        return done.stdout

    def client(self, **who):
        return HttpsClient(self.url, str(self.certificate), said=lambda: self.compose("logs"), **who)

    def __enter__(self):
        for name in NEEDED:
            source, target = PROJECT / name, self.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            if source.is_dir():
                shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, target)
        file = self.parts / "compose.yaml"
        text, ports = file.read_text(), 'ports: ["80:80", "443:443"]'
        assert ports in text
        file.write_text(text.replace(ports, f'ports: ["127.0.0.1:{self.http}:80", "127.0.0.1:{self.https}:443"]'))
        passwords = [f"{name}={secrets.token_hex(24)}" for name in ("DATABASE_PASSWORD", "MIGRATION_PASSWORD")]
        (self.parts / ".env").write_text("\n".join(passwords))
        self.certificate.parent.mkdir()
        make_certificate(self.certificate.parent)
        try:
            self.compose("up", "--build", "--detach")
            wait_until(self._is_up, within_s=UP_WITHIN_S, every_s=1)
        except BaseException:
            self.__exit__()
            raise
        return self

    def _is_up(self):
        return '"Health":"healthy"' in self.compose("ps", "--format", "json") and self._answers()

    def _answers(self):
        command = ["curl", "--silent", "--cacert", str(self.certificate), f"{self.url}/api/health"]
        return "everything answers" in subprocess.run(command, capture_output=True, text=True, check=False).stdout

    def __exit__(self, *_):
        self.compose("down", "--volumes", "--timeout", "20", within_s=300)
