"""The index of an archive's items: where each lies and what it says, so that nobody reads the archive to find out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Protocol

from chalicelib.domain.archives import Build, IndexedItem, IndexState, KeptFile
from chalicelib.domain.tiles import Bounds


class ArchiveIndex(Protocol):
    """Indexes of archives. Every method raises Unavailable.

    `archive` is a digest of the archive's place and of the code that reads it: what another version of the code has
    read may be wrong, or lack something.
    """

    def state(self, archive: str) -> IndexState:
        """Return how far the index has come."""
        ...

    def over(self, archive: str, ground: Bounds) -> list[IndexedItem]:
        """Return what shows some of the ground, and what may show any ground: those that cannot be used too."""
        ...

    def named(self, archive: str, item_ids: Collection[str]) -> list[IndexedItem]:
        """Return the items of these ids, as far as they are there."""
        ...

    def begin(self, archive: str, *, fence: int, now: datetime, lease_s: float) -> int | None:
        """Begin to build, and return the fence to publish with.

        None where another one builds, or has begun since the state with that fence was read: then the caller's listing
        of the archive may be older than the index.
        """
        ...

    def publish(self, archive: str, build: Build, *, fence: int, now: datetime) -> bool:
        """Put a build in the index's place, all of it at once; False, and nothing changes, if the fence is past.

        Areas of the archive's that are looked at on arrival are due soon where it has items that were not there before.
        """
        ...

    def release(self, archive: str, *, fence: int, now: datetime) -> None:
        """Let others build, where this one could not end it."""
        ...

    def looked(self, archive: str, *, listing: str, now: datetime) -> None:
        """Record that the archive was found as the index has it, unless that is of another listing by now."""
        ...

    def kept(self, archive: str, names: Collection[str]) -> list[KeptFile]:
        """Return what was kept of these files, whatever version of them."""
        ...

    def keep(self, archive: str, files: Sequence[KeptFile]) -> None:
        """Keep what was read of files, in the place of what was kept of them before."""
        ...

    def forget_others(self, archive: str, names: Collection[str]) -> None:
        """Forget what was kept of files that are not among these."""
        ...

    def delete_left_over(self, archive: str, *, before: datetime, limit: int) -> int:
        """Delete some of the other archives' indexes that nobody has looked at since then; return how many rows."""
        ...
