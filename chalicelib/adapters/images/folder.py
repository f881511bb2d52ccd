"""Image bytes in a folder."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from itertools import islice
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import BinaryIO

from typing_extensions import override

from chalicelib.adapters.images.keys import checked_key, is_storable
from chalicelib.application.ports.images import Images, StoredObject
from chalicelib.domain.errors import NotFound, Unavailable

MARK = ".images"  # a file in the root; hidden, so no listing shows it


class FolderImages(Images):
    """Images as files under one folder, made once with a mark in it.

    Where the mark is not seen, the disk that holds the images is away: nothing is written into what lies there instead,
    and no image of before is said to be lost.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def make(self, *, is_used: bool) -> None:
        """Make the folder and its mark, if they are not there, as each start does.

        Without a mark, what holds files is the folder of an earlier release. Raises Unavailable where it is away: it
        is empty, though it is used.
        """
        try:
            if self._is_there():
                return
            names = [path.name for path in self._root.iterdir()] if self._root.is_dir() else []
            is_empty = all(name.startswith((".", "lost+found")) for name in names)  # the latter is any new disk's own
            if is_used and is_empty:
                raise Unavailable(
                    f"the image folder is not there: {self._root} is empty, and the database names images in it. "
                    f"Mount its disk; if they are lost, make the file {MARK} in it"
                )
            self._root.mkdir(parents=True, exist_ok=True)
            (self._root / MARK).touch(mode=0o600)
        except OSError as error:
            raise Unavailable(f"the image folder cannot be written: {error.strerror}") from error

    def _is_there(self) -> bool:
        return (self._root / MARK).is_file()

    def _must_be_there(self) -> None:
        try:
            is_there = self._is_there()
        except OSError as error:
            raise Unavailable(f"the image folder cannot be read: {error.strerror}") from error
        if not is_there:
            raise Unavailable("the image folder is not there")

    @override
    def get(self, key: str) -> bytes:
        if not is_storable(key):
            raise NotFound("there is no such image")
        try:
            return (self._root / key).read_bytes()
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as error:
            self._must_be_there()
            raise NotFound("there is no such image") from error
        except OSError as error:
            raise Unavailable(f"the image folder cannot be read: {error.strerror}") from error

    @override
    def has(self, key: str) -> bool:
        try:
            is_there = is_storable(key) and (self._root / key).is_file()
        except OSError as error:
            raise Unavailable(f"the image folder cannot be read: {error.strerror}") from error
        if not is_there:
            self._must_be_there()
        return is_there

    @override
    def put(self, key: str, content: bytes) -> None:
        self.put_file(key, BytesIO(content), media_type="")

    @override
    def put_file(self, key: str, content: BinaryIO, *, media_type: str) -> None:
        path = self._root / checked_key(key)
        self._must_be_there()
        if path.is_file():
            return
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Hidden, so no listing shows it; beside its place, because a rename is atomic only within a file system.
            with NamedTemporaryFile(dir=path.parent, prefix=".", suffix=".part", delete=False) as part:
                try:
                    shutil.copyfileobj(content, part)
                    part.close()
                    Path(part.name).replace(path)
                except BaseException:
                    Path(part.name).unlink(missing_ok=True)
                    raise
        except OSError as error:
            raise Unavailable(f"the image folder cannot be written: {error.strerror}") from error

    @override
    def delete(self, keys: Iterable[str]) -> None:
        for key in filter(is_storable, keys):
            try:
                (self._root / key).unlink()
            except (FileNotFoundError, NotADirectoryError):
                self._must_be_there()
            except OSError as error:
                raise Unavailable(f"the image folder cannot be written: {error.strerror}") from error

    @override
    def keys_after(self, key: str, *, prefix: str = "", limit: int = 1000) -> list[StoredObject]:
        self._must_be_there()
        try:
            return list(islice(self._walk(self._root, "", after=key, prefix=prefix), limit))
        except OSError as error:
            raise Unavailable(f"the image folder cannot be read: {error.strerror}") from error

    def _walk(self, folder: Path, above: str, *, after: str, prefix: str) -> Iterator[StoredObject]:
        try:
            # A folder sorts as its name with the slash that its keys have: `a-b`, `a.png`, `a/x`, `a0`.
            entries = sorted((above + entry.name + "/" * entry.is_dir(), entry) for entry in os.scandir(folder))
        except FileNotFoundError:
            return
        for name, entry in entries:
            if entry.name.startswith("."):
                continue
            if entry.is_dir():
                if (name >= after or after.startswith(name)) and (name.startswith(prefix) or prefix.startswith(name)):
                    yield from self._walk(folder / entry.name, name, after=after, prefix=prefix)
            elif name > after and name.startswith(prefix):
                try:
                    modified = entry.stat().st_mtime
                except FileNotFoundError:
                    continue  # deleted since the folder was read
                yield StoredObject(name, datetime.fromtimestamp(modified, UTC))

    @override
    def link(self, key: str, *, expires_s: int, media_type: str = "image/png", file_name: str = "") -> str | None:
        return None

    @override
    def path_of(self, key: str) -> Path | None:
        if not self.has(key):
            raise NotFound("there is no such image")
        return self._root / key

    @override
    def upload_link(self, key: str, *, size_bytes: int, media_type: str, expires_s: int) -> str | None:
        return None

    @override
    def check(self) -> None:
        self._must_be_there()
        if not os.access(self._root, os.R_OK | os.W_OK | os.X_OK):
            raise Unavailable("the image folder cannot be written: Permission denied")
