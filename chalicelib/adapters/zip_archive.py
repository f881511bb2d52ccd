"""Archives as ZIP files, written to a file without a name: a process that dies leaves nothing."""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import BinaryIO
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from typing_extensions import override

from chalicelib.application.ports.archive_files import FileIn, NewArchive, Written
from chalicelib.domain.errors import Invalid
from chalicelib.domain.exports import too_large

EARLIEST = datetime(1980, 1, 1, tzinfo=UTC)  # a ZIP knows no earlier time
PART = 2**20
NO_SPACE = "there is no space to write this archive: ask for fewer pictures, or for none"


@contextmanager
def zip_archive(*, most_bytes: int) -> Iterator[NewArchive]:
    """Begin an archive of at most so many bytes."""
    with TemporaryFile() as file, ZipFile(file, "w", ZIP_DEFLATED, strict_timestamps=False) as archive:
        yield ZipArchive(file, archive, most_bytes=most_bytes)


class ZipArchive(NewArchive):
    """The port `NewArchive`."""

    def __init__(self, file: BinaryIO, archive: ZipFile, *, most_bytes: int) -> None:
        self._file, self._archive, self._most_bytes = file, archive, most_bytes
        self._files: list[FileIn] = []

    @property
    @override
    def files(self) -> list[FileIn]:
        return self._files

    @override
    def add(self, name: str, parts: Iterable[bytes], *, at: datetime, is_packed: bool = False) -> FileIn:
        about = ZipInfo(name, max(at.astimezone(UTC), EARLIEST).timetuple()[:6])
        about.compress_type = ZIP_STORED if is_packed else ZIP_DEFLATED
        about.external_attr = 0o644 << 16  # for whoever unpacks it on Unix
        digest, size = hashlib.sha256(), 0
        try:
            with self._archive.open(about, "w", force_zip64=True) as place:
                for part in parts:
                    place.write(part)
                    digest.update(part)
                    size += len(part)
                    self._check()
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise Invalid(NO_SPACE) from error
        self._files.append(FileIn(name, size, digest.hexdigest()))
        return self._files[-1]

    def _check(self) -> None:
        if (size := self._file.tell()) > self._most_bytes:
            raise Invalid(too_large(size, self._most_bytes))

    @override
    def end(self) -> Written:
        self._archive.close()
        self._check()
        self._file.seek(0)
        digest, size = hashlib.sha256(), 0
        while part := self._file.read(PART):
            digest.update(part)
            size += len(part)
        self._file.seek(0)
        return Written(self._file, size, digest.hexdigest())
