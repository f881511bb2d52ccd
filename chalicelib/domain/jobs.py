"""What the queues carry: ids, never pixels, and no state.

The id of the request that began a job travels along, so that one search in the logs follows a tap from end to end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any, Self

from chalicelib.domain.errors import BadMessage
from chalicelib.domain.tile_runs import CAPTURE_STATES, TileState

SCHEMA = 1  # of the messages; a worker refuses one that it does not know


class Queue(StrEnum):
    """Which function a message is for."""

    CAPTURES = "captures"
    COMPARISONS = "comparisons"
    NOTIFICATIONS = "notifications"
    IMPORTS = "imports"


def queue_for(state: TileState) -> Queue:
    """Return the queue whose worker takes an open tile run on.

    >>> queue_for(TileState.CAPTURED)
    <Queue.COMPARISONS: 'comparisons'>
    """
    return Queue.CAPTURES if state in CAPTURE_STATES else Queue.COMPARISONS


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A job on its way: an outbox row, written in the transaction that made it necessary."""

    message_id: int
    queue: Queue
    body: str


WITHOUT_AN_ANSWER = "without an answer"
NOT_SAID = "its function failed every time the queue delivered it"
"""The reason of a letter whose queue keeps none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that its queue gave up on."""

    message: Message
    receipt: str  # what the queue wants back when the dead letter is deleted
    reason: str

    @property
    def is_unexplained(self) -> bool:
        """Whether nobody knows that it was the work: the queue keeps no reason, or no worker was heard of again."""
        return self.reason.endswith((NOT_SAID, WITHOUT_AN_ANSWER))


def _read(body: str, numbers: tuple[str, ...], texts: tuple[str, ...], maybe: tuple[str, ...] = ()) -> dict[str, Any]:
    """Parse a message: its numbers are there, its texts may be missing, as in messages of an older release."""
    try:
        job: Any = json.loads(body)
    except ValueError as error:
        raise BadMessage(f"not JSON: {error}") from None
    if not isinstance(job, dict) or job.get("schema") != SCHEMA:
        raise BadMessage(f"not a message of schema {SCHEMA}")
    values = {name: job.get(name) for name in numbers}
    wrong = [name for name, value in values.items() if type(value) is not int]
    if wrong:
        raise BadMessage(f"{wrong[0]} must be a whole number")
    values |= {name: number for name in maybe if type(number := job.get(name)) is int}
    return values | {name: text for name in texts if isinstance(text := job.get(name), str)}


_OF_WORK = ("turn", "waits", "failures")  # of a tile's job, and of no interest to a log


@dataclass(frozen=True, slots=True, kw_only=True)
class _Job:
    """What every job says."""

    session_id: int
    request_id: str = field(default="", compare=False)  # "" where nobody's request began it

    @property
    def ids(self) -> dict[str, int | str]:
        """What stands on every log line about this job."""
        known = {name: value for name, value in asdict(self).items() if value not in ("", None)}
        return {name: value for name, value in known.items() if name not in _OF_WORK}

    @property
    def _more(self) -> dict[str, int]:
        """What the message carries beside its ids."""
        return {}

    def to_json(self) -> str:
        """Write the message's body."""
        return json.dumps({"schema": SCHEMA, **self.ids, **self._more})


@dataclass(frozen=True, slots=True, kw_only=True)
class TileJob(_Job):
    """Capture, or compare, the tile of one tile run."""

    tile_run_id: int
    tile: str = field(default="", compare=False)  # z/x/y, for the logs: the tile run's row says where to look
    turn: int = field(default=0, compare=False)  # its place in the fair order of all work
    waits: int = field(default=0, compare=False)  # how often in a row it was postponed
    failures: int = field(default=0, compare=False)  # how often its provider gave it no answer

    @property
    def _more(self) -> dict[str, int]:
        return {name: number for name in _OF_WORK if (number := getattr(self, name))}

    @classmethod
    def from_json(cls, body: str) -> Self:
        """Parse a message's body. Raises BadMessage."""
        return cls(**_read(body, ("session_id", "tile_run_id"), ("tile", "request_id"), _OF_WORK))


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionJob(_Job):
    """Tell people how one session ended; or, with a notice, how the areas stand that it is about."""

    notice_id: int | None = None

    @classmethod
    def from_json(cls, body: str) -> Self:
        """Parse a message's body. Raises BadMessage."""
        return cls(**_read(body, ("session_id",), ("request_id",), ("notice_id",)))


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportJob:
    """Read, or keep, one file that is to become a layer."""

    import_id: int

    @property
    def ids(self) -> dict[str, int | str]:
        """What stands on every log line about this job."""
        return {"import_id": self.import_id}

    def to_json(self) -> str:
        """Write the message's body."""
        return json.dumps({"schema": SCHEMA, **self.ids})

    @classmethod
    def from_json(cls, body: str) -> Self:
        """Parse a message's body. Raises BadMessage."""
        return cls(**_read(body, ("import_id",), ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob:
    """Write one area's archive."""

    export_id: int

    @property
    def ids(self) -> dict[str, int | str]:
        """What stands on every log line about this job."""
        return {"export_id": self.export_id}

    def to_json(self) -> str:
        """Write the message's body."""
        return json.dumps({"schema": SCHEMA, **self.ids})

    @classmethod
    def from_json(cls, body: str) -> Self:
        """Parse a message's body. Raises BadMessage."""
        return cls(**_read(body, ("export_id",), ()))


FileJob = ImportJob | ExportJob
"""What the queue `imports` carries: files that come in, and archives that go out."""
Job = TileJob | SessionJob | FileJob


def file_job_of(body: str) -> FileJob:
    """Parse a message of the queue `imports`. Raises BadMessage."""
    return ExportJob.from_json(body) if '"export_id"' in body else ImportJob.from_json(body)


def turns(tiles: int, *, begin: int, open_sessions: int) -> range:
    """Return the turns of a new session's tiles in the fair order of all work.

    Fair queueing: a session begins at the turn that is being served, so it waits for no other session's end; and each
    session of a user with several takes as many turns a tile, so that users share alike, whatever they ask for.

    >>> list(turns(3, begin=100, open_sessions=2))
    [100, 102, 104]
    """
    return range(begin, begin + tiles * open_sessions, open_sessions)


def ids_in(body: str) -> dict[str, int | str]:
    """Return the ids that a message names, for the logs; none if it cannot be read."""
    is_of_file = '"import_id"' in body or '"export_id"' in body
    read: Callable[[str], Job] = (
        TileJob.from_json if "tile_run_id" in body else file_job_of if is_of_file else SessionJob.from_json
    )
    try:
        return read(body).ids
    except BadMessage:
        return {}
