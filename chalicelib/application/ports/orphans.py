"""Stored objects that no row names."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Orphans(Protocol):
    """Stored objects that no row names."""

    def unreferenced(self, keys: Sequence[str]) -> list[str]:
        """Return those of the keys that no row names."""
        ...
