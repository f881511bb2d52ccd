"""The store of an archive's files. All that an archive needs of it: list the items, look at a file, read it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple, Protocol

from chalicelib.domain.errors import ProviderUnavailable
from chalicelib.domain.image_header import HEAD_BYTES, TAIL_BYTES


class Unreadable(ProviderUnavailable):
    """One file cannot be read: it has just gone, or access to it is refused."""


class StoredFile(NamedTuple):
    """One file as it is now: another version means other content."""

    name: str  # relative to the store, with slashes
    version: str
    size: int  # bytes


class ItemStore(Protocol):
    """A place with files. Every method raises ProviderUnavailable if the place cannot be reached."""

    def items(self) -> list[StoredFile]:
        """List the `*.json` files that are there now, in the order of their names."""
        ...

    def find(self, name: str) -> StoredFile | None:
        """Look up one file; None if it is not there, or not inside this store."""
        ...

    def read(self, file: StoredFile) -> bytes:
        """Read a file. Raises Unreadable."""
        ...

    def ends(self, file: StoredFile) -> tuple[bytes, bytes]:
        """Read a file's first HEAD_BYTES and its last TAIL_BYTES. Raises Unreadable."""
        ...


class FolderItemStore:
    """A folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def items(self) -> list[StoredFile]:
        """List the folder itself, not what is below it. Hidden files are temporary ones of other programs."""
        try:
            with os.scandir(self._folder) as entries:
                names = sorted(e.name for e in entries if e.name.endswith(".json") and not e.name.startswith("."))
        except OSError as error:
            raise ProviderUnavailable(f"the archive folder cannot be read: {error.strerror}") from error
        return [file for name in names if (file := self.find(name)) is not None]

    def find(self, name: str) -> StoredFile | None:
        """Look up one file. A link that leads out of the folder is not followed."""
        path = self._folder / name
        try:
            if not path.resolve().is_relative_to(self._folder.resolve()) or not path.is_file():
                return None
            status = path.stat()
        except (OSError, ValueError, RuntimeError):  # gone; a name with a zero byte; a circle of links (before 3.13)
            return None
        return StoredFile(name, f"{status.st_mtime_ns}-{status.st_ino}", status.st_size)

    def read(self, file: StoredFile) -> bytes:
        """Read a file."""
        try:
            return (self._folder / file.name).read_bytes()
        except OSError as error:
            raise Unreadable(f"the archive's {file.name} cannot be read: {error.strerror}") from error

    def ends(self, file: StoredFile) -> tuple[bytes, bytes]:
        """Read a file's first and last bytes."""
        try:
            with (self._folder / file.name).open("rb") as stream:
                head = stream.read(HEAD_BYTES)
                stream.seek(max(0, file.size - TAIL_BYTES))
                return head, stream.read(TAIL_BYTES)
        except OSError as error:
            raise Unreadable(f"the archive's {file.name} cannot be read: {error.strerror}") from error
