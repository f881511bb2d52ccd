"""What an operator is told: is it well, what is stuck, and what a second try came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.jobs import Message


class Level(StrEnum):
    """How bad a finding is."""

    OK = "ok"
    WARN = "WARN"
    FAIL = "FAIL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one check found, and what to do about it."""

    level: Level
    subject: str
    says: str
    remedy: str = ""


def ok(subject: str, says: str) -> Finding:
    """Return the finding that something is well."""
    return Finding(level=Level.OK, subject=subject, says=says)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stuck:
    """Something that should have gone on: how long it has waited, and what will happen to it, and when."""

    what: str
    waits_s: float
    next: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """What a replay did, in a sentence; its messages are in the outbox already."""

    says: str
    messages: tuple[Message, ...] = ()


def age(seconds: float) -> str:
    """Write a span of time in words.

    >>> [age(s) for s in (4, 90, 5400, 200_000)]
    ['4 s', '90 s', '90 min', '56 h']
    """
    if seconds < 120:
        return f"{round(seconds)} s"
    return f"{round(seconds / 60)} min" if seconds < 7200 else f"{round(seconds / 3600)} h"
