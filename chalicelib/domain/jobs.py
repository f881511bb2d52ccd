"""What the queues carry: ids, never pixels, and no state."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from chalicelib.domain.errors import BadMessage

SCHEMA = 1  # of the messages; a worker refuses one that it does not know


class Queue(StrEnum):
    """Which function a message is for."""

    CAPTURES = "captures"
    COMPARISONS = "comparisons"
    NOTIFICATIONS = "notifications"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A job on its way: an outbox row, written in the transaction that made it necessary."""

    message_id: int
    queue: Queue
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """A message that its queue gave up on."""

    message: Message
    receipt: str  # what the queue wants back when the letter is buried
    reason: str


def _read(body: str, fields: tuple[str, ...]) -> dict[str, int]:
    try:
        job: Any = json.loads(body)
    except ValueError as error:
        raise BadMessage(f"not JSON: {error}") from None
    if not isinstance(job, dict) or job.get("schema") != SCHEMA:
        raise BadMessage(f"not a message of schema {SCHEMA}")
    values = {name: job.get(name) for name in fields}
    wrong = [name for name, value in values.items() if type(value) is not int]
    if wrong:
        raise BadMessage(f"{wrong[0]} must be a whole number")
    return {name: int(value) for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class TileJob:
    """Capture, or compare, the tile of one tile run."""

    session_id: int
    tile_run_id: int

    def to_json(self) -> str:
        """Write the message's body."""
        return json.dumps({"schema": SCHEMA, **asdict(self)})

    @classmethod
    def from_json(cls, body: str) -> Self:
        """Read a message's body. Raises BadMessage."""
        return cls(**_read(body, ("session_id", "tile_run_id")))


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionJob:
    """Tell people how one session ended."""

    session_id: int

    def to_json(self) -> str:
        """Write the message's body."""
        return json.dumps({"schema": SCHEMA, **asdict(self)})

    @classmethod
    def from_json(cls, body: str) -> Self:
        """Read a message's body. Raises BadMessage."""
        return cls(**_read(body, ("session_id",)))
