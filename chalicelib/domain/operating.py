"""What an operator asks for: is it well, what is stuck, try it again."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from chalicelib.domain.jobs import Message, Queue, ids_in
from chalicelib.domain.ports import Clock, Jobs
from chalicelib.domain.tiles import Tile

log = logging.getLogger(__name__)


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


class Inspection(Protocol):
    """What the database shows an operator. Each raises Unavailable."""

    def revision(self) -> str | None:
        """Give the schema's revision; None where no migration has run."""
        ...

    def server(self) -> tuple[str, datetime | None, str]:
        """Give the server's name and version, its time where it has a clock of its own, and its SQL mode."""
        ...

    def oldest_session(self, *, now: datetime) -> tuple[int, float, float] | None:
        """Give the oldest open session: its id, its age and the time to its deadline, in seconds."""
        ...

    def stuck(self, *, now: datetime, limit: int) -> list[Stuck]:
        """Give what has waited too long: at most `limit` of each kind, the longest first."""
        ...


class Replays(Protocol):
    """A second try of what failed."""

    def replay(self, session_id: int, *, tile: Tile | None, now: datetime) -> Replayed:
        """Open a session on the tiles that failed, or ask for the pushes again. Raises NotFound, Conflict."""
        ...


def replay(session_id: int, *, tile: Tile | None, replays: Replays, jobs: Jobs, clock: Clock) -> str:
    """Try again what failed in a session; say what that came to. Asked for twice it makes no second alert or push."""
    done = replays.replay(session_id, tile=tile, now=clock())
    jobs.send(done.messages)
    log.info("session replayed", extra={"session_id": session_id, "outcome": done.says})
    return done.says


def redrive(*, jobs: Jobs) -> Mapping[Queue, int]:
    """Put the dead letters back on their queues; give how many of each. One that dies again is not taken twice."""
    waiting = sum(jobs.dead_letters_waiting().values())
    revived: dict[Queue, int] = {}
    while sum(revived.values()) < waiting and (letters := jobs.dead_letters()):
        for letter in letters[: waiting - sum(revived.values())]:
            jobs.revive(letter)
            queue = letter.message.queue
            revived[queue] = revived.get(queue, 0) + 1
            log.info("dead letter redriven", extra={"queue": queue, **ids_in(letter.message.body)})
    return revived


def age(seconds: float) -> str:
    """Write a span of time for people.

    >>> [age(s) for s in (4, 90, 5400, 200_000)]
    ['4 s', '90 s', '90 min', '56 h']
    """
    if seconds < 120:
        return f"{round(seconds)} s"
    return f"{round(seconds / 60)} min" if seconds < 7200 else f"{round(seconds / 3600)} h"
