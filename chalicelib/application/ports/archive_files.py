"""An archive that is being written: one file behind the other, however many they are."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import BinaryIO, NamedTuple, Protocol


class FileIn(NamedTuple):
    """A file in an archive."""

    name: str
    size_bytes: int
    sha256: str


class Written(NamedTuple):
    """A whole archive."""

    content: BinaryIO
    size_bytes: int
    sha256: str


class NewArchive(Protocol):
    """An archive that is being written. What does not fit any more raises Invalid."""

    @property
    def files(self) -> list[FileIn]:
        """What is in it, in the order in which it was added."""
        ...

    def add(self, name: str, parts: Iterable[bytes], *, at: datetime, is_packed: bool = False) -> FileIn:
        """Add a file, a part at a time; `is_packed`: it grows no smaller, and is kept as it is."""
        ...

    def end(self) -> Written:
        """End it, and return it from its beginning."""
        ...


class ArchiveOf(Protocol):
    """Begins an archive of at most so many bytes; nothing is left of it behind the block, or its process."""

    def __call__(self, *, most_bytes: int) -> AbstractContextManager[NewArchive]:
        """Begin one."""
        ...
