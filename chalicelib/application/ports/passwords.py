"""Slow hashes of passwords."""

from __future__ import annotations

from typing import Protocol


class Passwords(Protocol):
    """Hashes passwords, slowly."""

    def hash(self, password: str) -> str:
        """Return the text to keep in a password's place."""
        ...

    def verify(self, password: str, password_hash: str | None) -> bool:
        """Is this the password? None, for a user who does not exist, takes as long and is never right."""
        ...

    def is_common(self, password: str) -> bool:
        """Is it, in capitals or not, one of those that everybody tries first?"""
        ...

    def is_outdated(self, password_hash: str) -> bool:
        """Was it made with older parameters than today's?"""
        ...
