"""Exports of areas: what is known of one, as one archive; `README` in `export_files.py` lists it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

PREFIX = "exports/"  # of the archives' objects in the images' store
WRITTEN_WITHIN = timedelta(days=1)  # an archive that is not written by then is forgotten
MOST_TRIES = 2  # a worker that was heard of no more is followed by one more, once
GIVEN_UP = (
    "this archive could not be written: it takes too long, or more memory than there is for it. Try once more, with "
    "fewer pictures"
)
_KEY = re.compile(rf"({PREFIX}\d+-[A-Za-z0-9_-]+)-\d+\.zip")


class ExportState(StrEnum):
    """How far an export has come."""

    WAITING = "WAITING"
    WRITING = "WRITING"
    READY = "READY"  # its archive is there, until it expires
    FAILED = "FAILED"  # `problem` says why


class WhichImages(StrEnum):
    """Which stored images an archive has."""

    USED = "used"  # by alerts, places, baselines, comparisons to come, pins and holds
    ALL = "all"  # that are kept
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewExport:
    """An export that somebody asks for."""

    area_id: int
    user_id: int
    images: WhichImages
    since: datetime | None  # images that were taken before are left out
    token: str  # in the names of its objects: what is deleted is never another one's


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaExport:
    """An export of an area."""

    export_id: int
    area_id: int
    user_id: int
    images: WhichImages
    since: datetime | None
    stem: str  # of its objects' keys
    state: ExportState
    created_at: datetime
    expires_at: datetime  # then it goes, whatever has become of it
    fence: int  # of the latest claim
    size_bytes: int | None = None
    sha256: str | None = None
    files: int | None = None
    problem: str | None = None

    @property
    def key(self) -> str:
        """The key of its archive, as the latest claim's holder writes it."""
        return key_of(self.stem, self.fence)

    @property
    def keys(self) -> list[str]:
        """The keys of all that was ever put for it."""
        return [key_of(self.stem, fence) for fence in range(1, self.fence + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportClaim:
    """A worker's hold on an export: only with its fence is anything written."""

    export: AreaExport


def stem_of(area_id: int, token: str) -> str:
    """Return what the keys of an export's objects begin with."""
    return f"{PREFIX}{area_id}-{token}"


def key_of(stem: str, fence: int) -> str:
    """Return the key of the archive that one claim's holder writes: of two, neither ever overwrites the other's.

    >>> key_of(stem_of(7, "a-b"), 2)
    'exports/7-a-b-2.zip'
    """
    return f"{stem}-{fence}.zip"


def stem_in(key: str) -> str | None:
    """Return the stem of an archive's key; None for another object's.

    >>> stem_in("exports/7-a-b-2.zip"), stem_in("7/12-17-3-4-mask-ab.png")
    ('exports/7-a-b', None)
    """
    found = _KEY.fullmatch(key)
    return found[1] if found else None


def too_large(size_bytes: int, most_bytes: int) -> str:
    """Say that an archive would be too large, and what helps.

    >>> too_large(3 * 2**30, 400 * 2**20).partition(":")[0]
    'this archive would have 3072 MiB, and at most 400 are written'
    """
    size_mib, most_mib = -(-size_bytes // 2**20), most_bytes // 2**20
    return (
        f"this archive would have {size_mib} MiB, and at most {most_mib} are written: ask for the pictures alone that "
        "are used, or that were taken since a later time, or for none"
    )
