"""An operator's archive of images."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.archives import FileUse


class Archive(Protocol):
    """What lies in an archive."""

    def inventory(self, *, now: datetime, most_bytes: int | None = None) -> list[FileUse]:
        """List each file, in the order of their names: used, or why not. Raises ProviderUnavailable.

        So many bytes of pictures are read at most, to hold them against the checksums that their items state.
        """
        ...

    def refresh(self) -> None:
        """Take notice of files that are new, changed or gone. Raises ProviderUnavailable, Unavailable."""
        ...
