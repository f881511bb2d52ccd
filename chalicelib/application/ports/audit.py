"""The audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from chalicelib.domain.audit import AuditFindings, AuditPlace, Deed


class Audit(Protocol):
    """What was done by whom, in one chain that only grows."""

    def record(self, deed: Deed, *, now: datetime, user_id: int = 0, network: str = "", about: str = "") -> None:
        """Append an entry. What a port does in a transaction of its own it records there itself."""
        ...

    def verify(self, *, after: AuditPlace | None = None, most: int | None = None) -> AuditFindings:
        """Walk through the whole chain, or through about `most` entries after a place that an earlier walk came to."""
        ...

    def forget_user(self, user_id: int, *, now: datetime) -> int:
        """Forget from where a user did what he did, and return in how many entries; the chain stays whole.

        It is an operator's deed, which is written down.
        """
        ...

    def forget_before(self, before: datetime, *, limit: int) -> int:
        """Forget from where anybody did what was done before, in at most that many entries; return in how many."""
        ...
