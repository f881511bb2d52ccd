"""Legal holds: what may not be deleted until somebody says why it may again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from chalicelib.domain.errors import Conflict, Invalid
from chalicelib.domain.plain_text import plain

MOST_REASON = 500
MOST_NAMED = 5  # holds in one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What is held: an area, or a place or a session of one. Raises Invalid unless it is exactly one of them."""

    area_id: int | None = None
    place_id: int | None = None
    session_id: int | None = None

    def __post_init__(self) -> None:
        if sum(each is not None for each in (self.area_id, self.place_id, self.session_id)) != 1:
            raise Invalid("say one of placeId, sessionId and areaConfigId: what is held")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """A legal hold; it stands until it is lifted. Nothing of what it holds is deleted, and its area is not either."""

    hold_id: int
    area_id: int
    place_id: int | None  # held alone, or its session, or else the whole area; the whole place, whatever part was meant
    session_id: int | None
    reason: str
    placed_at: datetime
    lifted_at: datetime | None = None
    lift_reason: str | None = None

    @property
    def holds(self) -> str:
        """What it holds, in words."""
        if self.place_id is not None:
            return f"place {self.place_id}"
        return f"area {self.area_id}" if self.session_id is None else f"session {self.session_id}"


def checked_reason(text: str, *, most: int = MOST_REASON) -> str:
    """Return why somebody holds, lifts or pins, on one line. Raises Invalid, pointing at `/reason`."""
    reason = plain(text)
    if not 1 <= len(reason) <= most:
        raise Invalid(f"say why, in 1 to {most} characters", pointer="/reason")
    return reason


def check_free(what: str, standing: Sequence[Hold]) -> None:
    """Let something be deleted that no hold stands on. Raises Conflict, naming the holds."""
    if standing:
        named = ", ".join(f"hold {hold.hold_id} on {hold.holds}" for hold in standing[:MOST_NAMED])
        more = f" and {len(standing) - MOST_NAMED} more" if len(standing) > MOST_NAMED else ""
        raise Conflict(f"{what} is under a legal hold ({named}{more}): nothing of it is deleted before that is lifted")
