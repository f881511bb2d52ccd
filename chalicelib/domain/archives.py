"""What becomes of each file of an operator's archive. Its names are for the operator alone."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


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
