"""Access tokens."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol


class Tokens(Protocol):
    """Access tokens: each names a sign-in, and cannot be forged."""

    def issue(self, sign_in_id: int, *, now: datetime, expires_at: datetime) -> str:
        """Make the access token of a sign-in."""
        ...

    def sign_in_id(self, token: str, *, now: datetime) -> int:
        """Return the sign-in that a token names. Raises NotSignedIn for anything but a valid, current token of ours."""
        ...
