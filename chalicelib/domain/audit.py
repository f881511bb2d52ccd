"""The audit log as values: entries in one chain, each hashed with the one before."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

BEGINNING = "0" * 64  # what the first entry is hashed with


class Deed(StrEnum):
    """What is written down."""

    REGISTERED = "registered"
    SIGNED_IN = "signed in"
    SIGN_IN_FAILED = "sign-in failed"
    SIGNED_OUT = "signed out"
    SIGN_IN_ENDED = "sign-in ended"
    REFRESH_REUSED = "refresh token reused"
    PASSWORD_CHANGED = "password changed"  # noqa: S105 (a deed)
    AREA_CHANGED = "area changed"
    AREA_DELETED = "area deleted"
    AREA_EXPORTED = "area exported"
    LAYER_CHANGED = "layer changed"
    LAYER_DELETED = "layer deleted"
    HOLD_PLACED = "hold placed"
    HOLD_LIFTED = "hold lifted"
    USER_REMOVED = "user removed"
    USER_PURGED = "user purged"  # nothing of him is left but this log and the ledger
    OPERATED = "operated"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """One entry. `network` is all of it that says where somebody was, and it can be forgotten: only its digest counts.

    `user_id` is a number that names nobody once the user is gone; 0 is nobody who is known, and an operator.
    """

    number: int  # 1, 2, 3 and so on
    at: datetime
    deed: str
    user_id: int
    about: str
    network: str | None
    salt: str | None
    network_digest: str

    @property
    def is_forgotten(self) -> bool:
        """Was it forgotten from where it was done?"""
        return self.salt is None

    def chained(self, previous: str) -> str:
        """Return the entry's hash, given the hash of the one before."""
        parts = [previous, self.number, self.at.isoformat(), self.deed, self.user_id, self.about, self.network_digest]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()

    def fault(self, expected: int, previous: str, kept: str) -> str | None:
        """Say what is wrong with an entry at its place in the chain; None if nothing is."""
        if self.number != expected:
            return f"entry {expected} is missing"
        if self.chained(previous) != kept:
            return f"entry {self.number} was changed, or what stood before it"
        is_whole = (
            self.network is None if self.salt is None else digest(self.network or "", self.salt) == self.network_digest
        )
        if not is_whole:
            return f"the address of entry {self.number} was changed"
        return None


@dataclass(frozen=True, slots=True)
class AuditPlace:
    """A place in the chain: the last entry that was looked at, and its hash.

    >>> str(AuditPlace.parse("")) == str(AuditPlace()), str(AuditPlace.parse("12:ab"))
    (True, '12:ab')
    """

    number: int = 0
    hash: str = BEGINNING

    @classmethod
    def parse(cls, text: str) -> AuditPlace:
        """Read what `str` writes; nothing is the beginning."""
        number, _, kept = text.partition(":")
        return cls(int(number), kept) if text else cls()

    def __str__(self) -> str:
        return f"{self.number}:{self.hash}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditFindings:
    """What a look at the chain found. `head` is the last hash: noted elsewhere, it holds all before it."""

    entries: int  # that are whole, from the first on
    forgotten: int  # of those that were looked at
    head: str
    first_broken: int | None
    fault: str
    next: AuditPlace | None = None  # where the look ended, if that was not the chain's end


def digest(network: str, salt: str) -> str:
    """Return the form in which an address counts in the chain: salted, so that nobody tries out a forgotten one."""
    return hashlib.sha256(f"{salt}\0{network}".encode()).hexdigest()
