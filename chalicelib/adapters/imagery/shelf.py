"""Where an archive's files lie. All that an archive needs of the place: list the items, look at a file, read it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple, Protocol

from chalicelib.adapters.imagery.picture_file import HEAD_BYTES, TAIL_BYTES
from chalicelib.domain.errors import ProviderUnavailable


class Unreadable(ProviderUnavailable):
    """One file cannot be read: it has just gone, or is not ours to read."""


class ShelfFile(NamedTuple):
    """One file as it is now: another version means other content."""

    name: str  # relative to the shelf, with slashes
    version: str
    size: int


class Shelf(Protocol):
    """A place with files. Everything raises ProviderUnavailable if the place cannot be reached."""

    def items(self) -> list[ShelfFile]:
        """List the `*.json` files that lie there now, in the order of their names."""
        ...

    def find(self, name: str) -> ShelfFile | None:
        """Look at one file; None if it is not there, or not inside this place."""
        ...

    def read(self, file: ShelfFile) -> bytes:
        """Give a file's content. Raises Unreadable."""
        ...

    def ends(self, file: ShelfFile) -> tuple[bytes, bytes]:
        """Give a file's first HEAD_BYTES and its last TAIL_BYTES. Raises Unreadable."""
        ...


class FolderShelf:
    """A folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def items(self) -> list[ShelfFile]:
        """List the folder itself, not what lies below it. Hidden files are somebody's temporary ones."""
        try:
            with os.scandir(self._folder) as entries:
                names = sorted(e.name for e in entries if e.name.endswith(".json") and not e.name.startswith("."))
        except OSError as error:
            raise ProviderUnavailable(f"the archive folder cannot be read: {error.strerror}") from error
        return [file for name in names if (file := self.find(name)) is not None]

    def find(self, name: str) -> ShelfFile | None:
        """Look at one file. A link that leads out of the folder is not followed."""
        path = self._folder / name
        try:
            if not path.resolve().is_relative_to(self._folder.resolve()) or not path.is_file():
                return None
            status = path.stat()
        except (OSError, ValueError, RuntimeError):  # gone; a name with a zero byte; a circle of links (before 3.13)
            return None
        return ShelfFile(name, f"{status.st_mtime_ns}-{status.st_ino}", status.st_size)

    def read(self, file: ShelfFile) -> bytes:
        """Give a file's content."""
        try:
            return (self._folder / file.name).read_bytes()
        except OSError as error:
            raise Unreadable(f"the archive's {file.name} cannot be read: {error.strerror}") from error

    def ends(self, file: ShelfFile) -> tuple[bytes, bytes]:
        """Give a file's first and last bytes."""
        try:
            with (self._folder / file.name).open("rb") as stream:
                head = stream.read(HEAD_BYTES)
                stream.seek(max(0, file.size - TAIL_BYTES))
                return head, stream.read(TAIL_BYTES)
        except OSError as error:
            raise Unreadable(f"the archive's {file.name} cannot be read: {error.strerror}") from error
