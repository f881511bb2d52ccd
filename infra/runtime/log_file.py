"""A log that several processes write to, and that ends at a size: the full one is kept beside it until the next is."""

from __future__ import annotations

import io
import os
from pathlib import Path

from typing_extensions import override

from chalicelib import logs
from chalicelib.settings import settings

MOST_BYTES = 64 * 2**20  # some weeks of a home; with the one before, twice that


def log_to(path: Path, *, most_bytes: int = MOST_BYTES) -> None:
    """Send this process's logs to a file: each line is one write at its end, so that processes never mix theirs."""
    lines = io.TextIOWrapper(RotatingFile(path, most_bytes=most_bytes), encoding="utf-8", write_through=True)
    chosen = settings()
    logs.configure(chosen.process.log_level, lines, stage=chosen.process.stage)


class RotatingFile(io.BufferedIOBase):
    """The end of a file. Whoever finds it full puts it aside as NAME.1, once; the others follow at their next line."""

    def __init__(self, path: Path, *, most_bytes: int) -> None:
        self._path, self._most_bytes = path, most_bytes
        self._descriptor = self._opened()

    @property
    def name(self) -> str:
        """The file's path: io.TextIOWrapper wants one."""
        return str(self._path)

    @override
    def writable(self) -> bool:
        return True

    @override
    def write(self, line: bytes, /) -> int:  # type: ignore[override] # any buffer, and we get bytes
        if os.fstat(self._descriptor).st_size + len(line) > self._most_bytes:
            self._rotate()
        return os.write(self._descriptor, line)

    @override
    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()

    def _opened(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def _rotate(self) -> None:
        if os.name != "posix":
            return
        import fcntl

        fcntl.flock(self._descriptor, fcntl.LOCK_EX)  # of this very file, whatever it is called by now
        try:
            here, own = self._path.stat(), os.fstat(self._descriptor)
            if (here.st_dev, here.st_ino) == (own.st_dev, own.st_ino):
                self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        except FileNotFoundError:
            pass  # somebody took it away: begun anew
        finally:
            full, self._descriptor = self._descriptor, self._opened()
            os.close(full)  # and with it the lock
