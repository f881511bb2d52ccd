"""Secrets by name."""

from __future__ import annotations

from typing import Protocol


class Secrets(Protocol):
    """Secrets by name."""

    def get(self, name: str) -> str:
        """Return a secret's text. Raises NotFound, Unavailable."""
        ...
