"""Signed, expiring links to images."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Links(Protocol):
    """Signed, expiring links to one image each."""

    def sign(self, key: str, *, now: datetime) -> str:
        """Return the key with the query that lets its holder load it; the same text all through an hour."""
        ...

    def check(self, key: str, *, expires: str, signature: str, now: datetime) -> None:
        """Raise NotAllowed unless this link was signed here, for this very object, and has not expired."""
        ...
