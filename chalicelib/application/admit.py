"""Admission: let a request through, or say when to come back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from math import ceil

from chalicelib.application.ports.buckets import Buckets
from chalicelib.domain.admission import Limit
from chalicelib.domain.errors import LimitReached

AT_ONCE, ROUNDS = 1000, 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits of this deployment."""

    user: Limit
    address: Limit
    sign_ins: Limit  # of an address
    registrations: Limit  # of an address
    guesses: Limit  # at one account from one address
    strangers: Limit  # at one account from all addresses that it never signed in from


def admit(who: str, cost: int, limit: Limit, *, buckets: Buckets, now: datetime) -> None:
    """Let a request through that costs so many units of somebody's bucket. Raises LimitReached."""
    wait_s = buckets.take(bucket_key(limit, who), cost, limit, now=now)
    if wait_s > 0:
        seconds = ceil(wait_s)
        raise LimitReached(f"too many {limit.name}: try again in {spoken(seconds)}", retry_after_s=seconds)


def bucket_key(limit: Limit, who: str) -> str:
    """Return a bucket's key: short, and nobody's address or e-mail can be read in it."""
    return sha256(f"{limit.name}\0{who}".encode("utf-8", "surrogatepass")).hexdigest()[:40]


def spoken(seconds: int) -> str:
    """Return a number of seconds as people say it.

    >>> spoken(1), spoken(90), spoken(600)
    ('1 second', '2 minutes', '10 minutes')
    """
    count, unit = (seconds, "second") if seconds < 90 else (ceil(seconds / 60), "minute")
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def delete_full_buckets(*, buckets: Buckets, now: datetime) -> int:
    """Delete what is kept of buckets that are full again: those of a minute, however many came by."""
    deleted = 0
    for _ in range(ROUNDS):
        gone = buckets.delete_full(now=now, limit=AT_ONCE)
        deleted += gone
        if gone < AT_ONCE:
            break
    return deleted
