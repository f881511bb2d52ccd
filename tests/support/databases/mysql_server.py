"""A MySQL or MariaDB server of the tests' own: private, on a free port, gone when they are."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

import pymysql

HOW_TO_GET_ONE = (
    "install a server (apt-get install mariadb-server; brew install mariadb) - it is started privately, nothing is "
    "configured - or point BHUPRAHARI_TEST_MYSQL at one where databases may be created: mysql+pymysql://user:pw@host"
)
SEARCHED = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/usr/libexec"])
FAST = (
    "--innodb-flush-log-at-trx-commit=0",
    "--sync-binlog=0",
    "--skip-log-bin",
    "--innodb-buffer-pool-size=32M",
    "--loose-innodb-log-file-size=8M",  # loose: not every server and version knows it
    "--loose-innodb-doublewrite=0",
    "--loose-performance-schema=OFF",
    "--max-connections=100",
)
TRIES = 3
# As the parameter group of the production database says.
LIKE_PRODUCTION = (
    "--character-set-server=utf8mb4",
    "--transaction-isolation=READ-COMMITTED",
    "--default-time-zone=+00:00",
    "--sql-mode=STRICT_TRANS_TABLES,NO_ZERO_DATE,NO_ZERO_IN_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION",
)
# The server and its folder go when our end of the pipe closes: at a normal end, and when we are killed.
WATCH = 'folder=$1; shift; "$@" & server=$!; read _; kill -9 $server; wait $server 2>/dev/null; rm -rf "$folder"'


def find_server() -> str | None:
    """Find a server program. On Windows none is started: BHUPRAHARI_TEST_MYSQL names one there."""
    if os.name == "nt":
        return None
    return shutil.which("mariadbd", path=SEARCHED) or shutil.which("mysqld", path=SEARCHED)


def start_server(program: str, *options: str, sql: str = "", data: Path | None = None) -> "PrivateServer":
    """Start one, with options and SQL of the caller's too; again if somebody took its port. Raises RuntimeError.

    With `data`, what `snapshot` copied of another, it goes on from there.
    """
    for _ in range(2):
        try:
            return PrivateServer(program, *options, sql=sql, data=data)
        except PortTaken:
            continue
    return PrivateServer(program, *options, sql=sql, data=data)


class PortTaken(RuntimeError):
    """Somebody was faster on the free port."""


class PrivateServer:
    """One running server. Raises RuntimeError, with the server's own words, if it does not start."""

    def __init__(self, program: str, *options: str, sql: str = "", data: Path | None = None) -> None:
        # short: a socket's path has 107 characters at most
        self.folder = Path(tempfile.mkdtemp(prefix="bhu-", dir=memory()))
        self._password = secrets.token_hex(8)
        self._process: subprocess.Popen[bytes] | None = None
        self._given, self._sql = options, sql
        try:
            if data is None:
                self._initialise(program)
                user = "CREATE USER"
            else:
                shutil.copytree(data, self.folder / "d")
                user = "ALTER USER"
            (self.folder / "init.sql").write_text(
                f"{user} 'tests'@'127.0.0.1' IDENTIFIED BY '{self._password}';\n"
                f"GRANT ALL ON *.* TO 'tests'@'127.0.0.1';\n{self._sql}"
            )
            self.port = free_port()
            self._start(program)
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        """Say where it is, as an SQLAlchemy URL without a database."""
        return f"mysql+pymysql://tests:{self._password}@127.0.0.1:{self.port}"

    def make(self, name: str) -> str:
        """Make an empty database; give its URL."""
        place = {"host": "127.0.0.1", "port": self.port, "user": "tests", "password": self._password}
        with pymysql.connect(**place) as connection, connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE `{name}` CHARACTER SET utf8mb4")
        return f"{self.url}/{name}"

    def snapshot(self, to: Path) -> None:
        """Copy its files at one moment while it runs, as a volume's snapshot does: with what it had in hand."""
        process = int((self.folder / "pid").read_text())
        os.kill(process, signal.SIGSTOP)
        try:
            shutil.copytree(self.folder / "d", to)
        finally:
            os.kill(process, signal.SIGCONT)

    def stop(self) -> None:
        """Stop it and remove its files. A second time does nothing."""
        if self._process is not None:
            self._process.stdin.close()
            self._process.wait(timeout=30)
            self._process = None
        shutil.rmtree(self.folder, ignore_errors=True)

    def _options(self) -> list[str]:
        as_root = ["--user=root"] if os.geteuid() == 0 else []
        return ["--no-defaults", f"--datadir={self.folder}/d", *as_root]

    def _initialise(self, program: str) -> None:
        folder = str(Path(program).parent)
        install = shutil.which("mariadb-install-db", path=os.pathsep.join([SEARCHED, folder]))
        if install:
            command = [install, *self._options(), "--auth-root-authentication-method=normal", "--skip-test-db"]
        else:
            command = [program, *self._options(), "--initialize-insecure"]
        for _ in range(TRIES):
            made = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
            if not made.returncode:
                break  # else the server's own program crashed: on a busy machine it does at times
            shutil.rmtree(self.folder / "d", ignore_errors=True)
        if made.returncode:
            raise RuntimeError(f"{command[0]} failed:\n{(made.stdout + made.stderr)[-2000:]}")

    def _start(self, program: str) -> None:
        command = [
            *(program, *self._options(), *FAST, *LIKE_PRODUCTION, "--skip-name-resolve", "--bind-address=127.0.0.1"),
            *(f"--port={self.port}", f"--socket={self.folder}/s", f"--pid-file={self.folder}/pid"),
            *(f"--init-file={self.folder}/init.sql", f"--tmpdir={self.folder}", *self._given),
        ]
        with (self.folder / "log").open("wb") as log:
            self._process = subprocess.Popen(
                ["sh", "-c", WATCH, "sh", str(self.folder), *command],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for the tests; they stop the server
            )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                pymysql.connect(host="127.0.0.1", port=self.port, user="tests", password=self._password).close()
            except pymysql.MySQLError:
                if "Aborting" in self._log():
                    break
                time.sleep(0.05)
            else:
                return
        trouble = PortTaken if "already in use" in self._log() else RuntimeError
        raise trouble(f"{program} did not start:\n{self._log()}")

    def _log(self) -> str:
        log = self.folder / "log"
        return log.read_text(errors="replace")[-2000:] if log.exists() else ""


def memory() -> str | None:
    """Find a folder in memory with room: emptying a database takes 8 ms there, 30 to 200 ms on a disk."""
    shared = Path("/dev/shm")
    roomy = shared.is_dir() and os.access(shared, os.W_OK) and shutil.disk_usage(shared).free > 512 * 2**20
    return str(shared) if roomy else None


def free_port() -> int:
    """Find a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
