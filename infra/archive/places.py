"""Where an archive lies, for writing: what is put there comes whole, its item last, and takes no other's name."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

from boto3.exceptions import Boto3Error
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.adapters.imagery.item_store import FolderItemStore, ItemStore
from chalicelib.adapters.imagery.s3_item_store import S3ItemStore
from infra.archive.bar import Bar
from infra.errors import OperatorError

_WORK = ".adding-"  # hidden: an archive does not look into it
_SMALL = 4_000_000  # bytes: sent at once, on the condition that nobody has the name
_AWS_ERRORS = (ClientError, BotoCoreError, Boto3Error)
_LEFT_OVER_S = 86_400  # of a process that was killed


class Place(Protocol):
    """An archive to put files into."""

    def work(self) -> Any:  # noqa: ANN401 (a context manager of a path)
        """Give a folder to prepare files in; what is left there goes."""
        ...

    def check_free(self, name: str) -> None:
        """Check that a name is nobody's. Raises OperatorError."""
        ...

    def holds(self, file: Path) -> str:
        """Return the name of a file that lies in this archive already; "" of any other."""
        ...

    def put(self, files: list[Path], bar: Bar, *, below: str = "") -> list[str]:
        """Put files there by their names, in this order, all or none; return where each lies. Raises OperatorError.

        `below` is a folder of the archive that is there.
        """
        ...

    def pictures(self) -> ItemStore:
        """Give what lies there, to be read."""
        ...


def place_at(place: str, aws_client: Callable[[str], Any]) -> Place:
    """Return an archive in a folder, or at `s3://bucket/prefix`. Raises OperatorError."""
    if not place:
        raise OperatorError("no archive is set up here: say --to FOLDER, or set BHUPRAHARI_ARCHIVE")
    check_said(place)
    parts = urlsplit(place)
    if parts.scheme == "s3":
        return Bucket(aws_client("s3"), bucket=parts.netloc, prefix=parts.path.strip("/"))
    folder = Path(place)
    try:
        folder.mkdir(exist_ok=True)  # the first picture makes the archive; a path that begins nowhere is a slip
    except FileNotFoundError:
        raise OperatorError(f"there is no folder {folder.parent} to make {folder.name} in: say --to FOLDER") from None
    except OSError as error:
        raise OperatorError(f"{place} cannot be an archive: {error.strerror or error}") from None
    return Folder(folder)


def check_said(place: str) -> None:
    """Check that it is said as archives are. Raises OperatorError."""
    parts = urlsplit(place)
    if "://" in place and (parts.scheme != "s3" or not parts.netloc):
        raise OperatorError(f"an archive is a folder, or s3://bucket/prefix, and not {place:.100}")


class Folder:
    """A folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @contextmanager
    def work(self) -> Iterator[Path]:
        """Work in a hidden folder beside the pictures: a file is moved to its place and not copied."""
        for old in self._folder.glob(f"{_WORK}*"):
            if time.time() - old.stat().st_mtime > _LEFT_OVER_S:
                shutil.rmtree(old, ignore_errors=True)
        with tempfile.TemporaryDirectory(prefix=_WORK, dir=self._folder) as made:
            yield Path(made)

    def check_free(self, name: str) -> None:
        """Check that no file has that name."""
        if os.path.lexists(self._folder / name):
            raise OperatorError(f"{self._folder / name} is there already: say --name, or take it away")

    def holds(self, file: Path) -> str:
        """Return the name below the folder."""
        found, folder = file.resolve(), self._folder.resolve()
        return found.relative_to(folder).as_posix() if found.is_relative_to(folder) else ""

    def put(self, files: list[Path], bar: Bar, *, below: str = "") -> list[str]:  # noqa: ARG002 (it takes no time)
        """Move files into the folder."""
        placed: list[Path] = []
        try:
            for file in files:
                there = self._folder / below / file.name
                _move(file, there)
                placed.append(there)
        except BaseException:
            for there in placed:
                there.unlink(missing_ok=True)
            raise
        return [str(each) for each in placed]

    def pictures(self) -> ItemStore:
        """Read the folder."""
        return FolderItemStore(self._folder)


def _move(file: Path, there: Path) -> None:
    """Move a file to a name that is nobody's."""
    with file.open("rb") as stream:
        os.fsync(stream.fileno())
    try:
        os.link(file, there)
    except FileExistsError:
        raise OperatorError(f"{there} is there already: say --name, or take it away") from None
    except OSError:  # a file system without a second name for a file
        if os.path.lexists(there):
            raise OperatorError(f"{there} is there already: say --name, or take it away") from None
        file.rename(there)


class Bucket:
    """Objects below a prefix."""

    def __init__(self, client: Any, *, bucket: str, prefix: str) -> None:  # noqa: ANN401 (boto3 has no types)
        self._client, self._bucket = client, bucket
        self._prefix = f"{prefix}/" if prefix else ""

    @contextmanager
    def work(self) -> Iterator[Path]:
        """Work in a folder of the system's."""
        with tempfile.TemporaryDirectory(prefix=_WORK) as made:
            yield Path(made)

    def check_free(self, name: str) -> None:
        """Check that no object has that name."""
        key = self._prefix + name
        try:
            found = self._client.list_objects_v2(Bucket=self._bucket, Prefix=key, MaxKeys=1).get("Contents", [])
        except _AWS_ERRORS as error:
            raise OperatorError(f"the bucket {self._bucket} cannot be listed: {error}") from error
        if found and found[0]["Key"] == key:
            raise OperatorError(f"s3://{self._bucket}/{key} is there already: say --name, or take it away")

    def holds(self, _file: Path) -> str:
        """No file of this machine lies in a bucket."""
        return ""

    def put(self, files: list[Path], bar: Bar, *, below: str = "") -> list[str]:
        """Send files; each comes whole or not at all, and what came before a failure is deleted."""
        sent: list[str] = []
        whole = max(1, sum(file.stat().st_size for file in files))
        done = 0

        def count(more: int) -> None:
            nonlocal done
            done += more
            bar.show("sent", done / whole)

        try:
            for file in files:
                key = self._key(below, file)
                if file.stat().st_size <= _SMALL:  # the first one too: of two that add by one name at once one fails
                    self._client.put_object(Bucket=self._bucket, Key=key, Body=file.read_bytes(), IfNoneMatch="*")
                else:
                    self._client.upload_file(str(file), self._bucket, key, Callback=count)
                sent.append(key)
        except BaseException as error:
            # Behind the first one the names are ours: one whose answer was lost may lie there.
            for key in dict.fromkeys([*sent, *(self._key(below, file) for file in files if sent)]):
                with suppress(*_AWS_ERRORS):
                    self._client.delete_object(Bucket=self._bucket, Key=key)
            if isinstance(error, _AWS_ERRORS):
                raise OperatorError(f"the bucket {self._bucket} did not take it: {error}") from error
            raise
        return [f"s3://{self._bucket}/{key}" for key in sent]

    def _key(self, below: str, file: Path) -> str:
        return f"{self._prefix}{below}/{file.name}" if below else self._prefix + file.name

    def pictures(self) -> ItemStore:
        """Read the objects."""
        return S3ItemStore(self._client, bucket=self._bucket, prefix=self._prefix)
