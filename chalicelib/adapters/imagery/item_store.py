"""The store of an archive's files. All that an archive needs of it: list what is there, look at a file, read it."""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol
from urllib.parse import unquote

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.hosts import address_of, shown
from chalicelib.domain.errors import ProviderUnavailable
from chalicelib.domain.image_header import HEAD_BYTES, TAIL_BYTES

MAX_FOLDERS_DEEP = 32


class Unreadable(ProviderUnavailable):
    """One file cannot be read: it has just gone, or access to it is refused."""


class Changed(Unreadable):
    """Another version of the file is there now."""


class StoredFile(NamedTuple):
    """One file as it is now: another version means other content."""

    name: str  # relative to the store, with slashes
    version: str
    size: int  # bytes


class LeftOut(NamedTuple):
    """What lies there and is not looked into."""

    name: str
    why: str
    is_wrong: bool = False  # somebody meant it to be read
    is_unread: bool = False  # and the store does not let us


class Files(NamedTuple):
    """Everything that lies in a store."""

    files: list[StoredFile]  # in the order of their names
    left_out: list[LeftOut]
    written: dict[str, datetime]  # when each file came to lie here, by its name: no picture of it is younger


class ItemStore(Protocol):
    """A place with files. Every method raises ProviderUnavailable if the place cannot be reached."""

    def list_files(self) -> Files:
        """List what is there now, in folders below as well. Hidden files and folders are left out."""
        ...

    def name_of(self, address: str) -> str | None:
        """Return the name of a file by its whole address (a path, a URL); None if that is not inside this store."""
        ...

    def read(self, file: StoredFile) -> bytes:
        """Read this version of a file. Raises Unreadable, Changed."""
        ...

    def ends(self, file: StoredFile) -> tuple[bytes, bytes]:
        """Read a file's first HEAD_BYTES and its last TAIL_BYTES, of this version. Raises Unreadable, Changed."""
        ...

    def read_range(self, file: StoredFile, at: int, length: int) -> bytes:
        """Read so many bytes of this version of a file; all of them lie inside it. Raises Unreadable, Changed."""
        ...

    def refusal(self, address: str) -> BadItem | None:
        """Return why a picture is not read at an address on another machine; None if it is."""
        ...

    def found(self, file: StoredFile) -> StoredFile:
        """Return a file as it is now, with its version and size: of this store's listing they are known.

        One on another machine is known by its address alone. Raises Unreadable.
        """
        ...


HIDDEN = "hidden: files of other programs, not looked at"


UNASKED = "its picture lies on another machine (a remote asset), by an address that is not read"
NOT_NAMED = "its picture lies on another machine (a remote asset), which is not among those that may be read"


class OnlyHere:
    """A store of nothing but what lies in it."""

    def refusal(self, address: str) -> BadItem | None:
        """Refuse every other machine."""
        machine = address_of(address)
        allow = f"BHUPRAHARI_ARCHIVE_HOSTS={machine.named}, or " if machine else ""
        return BadItem(NOT_NAMED, named=shown(address)[:120], remedy=f"{allow}fetch it into the archive")

    def found(self, file: StoredFile) -> StoredFile:
        """Return a file as the listing has it."""
        return file


class FolderItemStore(OnlyHere):
    """A folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def list_files(self) -> Files:
        """List the folder and those below. Links are followed to files inside it only, and to no folder."""
        found = Files([], [], {})
        try:
            self._list("", found, root=self._folder.resolve(), depth=0)
        except OSError as error:
            raise ProviderUnavailable(f"the archive folder cannot be read: {error.strerror}") from error
        return Files(sorted(found.files), sorted(found.left_out), found.written)

    def _list(self, below: str, found: Files, *, root: Path, depth: int) -> None:
        with os.scandir(self._folder / below) as entries:
            for entry in entries:
                name = below + entry.name
                try:
                    name.encode()
                except UnicodeEncodeError:
                    says = "its name is not UTF-8: give it another one"
                    found.left_out.append(LeftOut(name.encode("utf-8", "backslashreplace").decode(), says, True))
                    continue
                try:
                    self._add(entry, name, found, root=root, depth=depth)
                except (OSError, RuntimeError) as error:  # gone; a circle of links (before 3.13)
                    says = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                    if not isinstance(error, FileNotFoundError):
                        found.left_out.append(LeftOut(name, f"it cannot be read: {says}", True, True))

    def _add(self, entry: os.DirEntry[str], name: str, found: Files, *, root: Path, depth: int) -> None:
        if entry.name.startswith("."):
            found.left_out.append(LeftOut(name, HIDDEN))
        elif entry.is_symlink() and not Path(entry.path).resolve().is_relative_to(root):
            found.left_out.append(LeftOut(name, "a link that leads out of the archive is not followed", True))
        elif entry.is_file():
            status = entry.stat()
            found.files.append(_stored(name, status))
            written_s = max(status.st_mtime, status.st_ctime)  # tools set the first one back, to 1980 too
            found.written[name] = datetime.fromtimestamp(max(0.0, written_s), UTC)
        elif not entry.is_dir(follow_symlinks=False):
            says = "a link to a folder is not followed" if entry.is_dir() else "no file: a link to nothing, or a device"
            found.left_out.append(LeftOut(name, says, entry.is_dir()))
        elif depth == MAX_FOLDERS_DEEP:
            found.left_out.append(LeftOut(name, f"folders are read {MAX_FOLDERS_DEEP} deep", True))
        else:
            self._list(f"{name}/", found, root=root, depth=depth + 1)

    def name_of(self, address: str) -> str | None:
        """Return the name of a file by its path or its file: URL."""
        path = re.sub(r"^file:(//(localhost)?(?=/))?", "", address, flags=re.IGNORECASE)
        if not path.startswith("/") or path.startswith("//"):
            return None
        paths = [unquote(path), path] if path != address else [path, unquote(path)]
        for path in paths:
            for folder in (self._folder.absolute(), self._folder.resolve()):
                inside = Path(os.path.normpath(path))
                if inside.is_relative_to(folder):
                    return inside.relative_to(folder).as_posix()
        return None

    def read(self, file: StoredFile) -> bytes:
        """Read a file."""
        try:
            with self._open(file) as stream:
                return stream.read()
        except OSError as error:
            raise Unreadable(f"the archive's {file.name} cannot be read: {error.strerror}") from error

    def ends(self, file: StoredFile) -> tuple[bytes, bytes]:
        """Read a file's first and last bytes."""
        try:
            with self._open(file) as stream:
                head = stream.read(HEAD_BYTES)
                stream.seek(max(0, file.size - TAIL_BYTES))
                return head, stream.read(TAIL_BYTES)
        except OSError as error:
            raise Unreadable(f"the archive's {file.name} cannot be read: {error.strerror}") from error

    def read_range(self, file: StoredFile, at: int, length: int) -> bytes:
        """Read some of a file's bytes."""
        try:
            with self._open(file) as stream:
                stream.seek(at)
                return stream.read(length)
        except OSError as error:
            raise Unreadable(f"the archive's {file.name} cannot be read: {error.strerror}") from error

    def _open(self, file: StoredFile) -> BinaryIO:
        stream = (self._folder / file.name).open("rb")
        if _stored(file.name, os.fstat(stream.fileno())) != file:
            stream.close()
            raise Changed(f"the archive's {file.name} cannot be read: it has just become another one")
        return stream


def _stored(name: str, status: os.stat_result) -> StoredFile:
    return StoredFile(name, f"{status.st_mtime_ns}-{status.st_ino}", status.st_size)
