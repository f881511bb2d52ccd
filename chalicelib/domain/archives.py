"""What becomes of each file of an operator's archive. Its names are for the operator alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.tiles import Bounds

PROVIDER = "archive"
"""The name of the provider whose areas an archive shows."""


class Use(StrEnum):
    """What becomes of a file."""

    USED = "used"
    NOT_USED = "NOT USED"  # and it should be
    ASIDE = "aside"  # nothing that an archive reads, and none the worse for it


@dataclass(frozen=True, slots=True, kw_only=True)
class FileUse:
    """One file of an archive: what becomes of it, why, and what to do about it."""

    name: str
    use: Use
    says: str
    remedy: str = ""


def summary(uses: Sequence[FileUse]) -> str:
    """Count an archive's files in a sentence.

    >>> summary([FileUse(name="a.json", use=Use.USED, says="an item")])
    '1 file: 1 used, 0 not used that should be, 0 aside'
    """
    by_use = Counter(each.use for each in uses)
    counts = f"{by_use[Use.USED]} used, {by_use[Use.NOT_USED]} not used that should be, {by_use[Use.ASIDE]} aside"
    return f"{len(uses)} {'file' if len(uses) == 1 else 'files'}: {counts}"


class KeptFile(NamedTuple):
    """What was read of one version of a file, as its reader wrote it down: it need not be read again."""

    name: str
    version: str
    size: int  # bytes
    says: bytes


class IndexedItem(NamedTuple):
    """What an archive's index has of one item, or of one that cannot be used."""

    item_id: str  # empty of one that cannot be used
    bounds: Bounds | None  # None: it is not known, and may be any ground
    says: str  # as its reader wrote it down


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexState:
    """How far the index of an archive has come."""

    listing: str = ""  # which listing of the archive's files it is of; empty before it was built first
    fence: int = 0  # counts who built it
    lease_until: datetime | None = None  # of whoever builds it now
    looked_at: datetime | None = None  # when it was last known to be what the archive holds
    usable: int = 0  # items
    bad: int = 0  # files and items that cannot be used
    unread: int = 0  # files that could not be read just now

    @property
    def is_built(self) -> bool:
        """Whether it says what the archive holds, or held a while ago."""
        return bool(self.listing)


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What one reading of a whole archive found."""

    listing: str
    items: Sequence[IndexedItem]
    usable: int
    bad: int
    unread: int
