"""The folder where one machine keeps everything, readable by its owner alone: password hashes, keys, people's land."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

DATABASE = "bhuprahari.db"
OURS = (
    *(DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm"),
    *("log.jsonl", "log.jsonl.1", "worker.lock", "sample-clock.txt"),
)
FOLDERS = ("images", "secrets", "demo")  # the demo lays what changed in its area there, to be looked at


def make_private(home: Path) -> None:
    """Make the home, mode 700, or take the others' rights away from one of before, and from its files. Raises OSError.

    A folder that holds other things than a home of ours, that many use (as /tmp) or that belongs to somebody else keeps
    its mode; our own files in it are private all the same.
    """
    if not home.exists():
        home.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileExistsError):  # another process was faster
            home.mkdir(mode=0o700)
    if {path.name for path in home.iterdir()} <= {*OURS, *FOLDERS}:
        _owners_alone(home)
    for name in (*OURS, *FOLDERS):
        _owners_alone(home / name)


def database_in(home: Path) -> Path:
    """Return the database's file, which is there then, mode 600: what SQLite lays beside it takes its mode."""
    make_private(home)
    with contextlib.suppress(FileExistsError):
        os.close(os.open(home / DATABASE, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    return home / DATABASE


def _owners_alone(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError):
        found = path.lstat()
        is_ours = os.name == "posix" and found.st_uid == os.geteuid()
        if is_ours and found.st_mode & 0o077 and not found.st_mode & stat.S_ISVTX and not path.is_symlink():
            path.chmod(stat.S_IMODE(found.st_mode) & 0o700)
