"""Stored objects that nobody uses."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol


class Orphans(Protocol):
    """Stored objects that no row names, and images that no area uses."""

    def release(self, keys: Sequence[str]) -> list[str]:
        """Return those of the keys that nobody uses; the row of an image that no area uses is gone then."""
        ...
