"""Pushes: what is told to people's phones about a session, to whom, and how far each delivery has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.errors import Invalid
from chalicelib.domain.kinds import ReadingKind
from chalicelib.domain.plain_text import plain_name
from chalicelib.domain.severity import Severity
from chalicelib.domain.two_dates import TwoDates

PUSH_TTL_S = 24 * 3600.0  # a phone that is off at night shows it in the morning; an older alert is found in the app
LONGEST_PUSH_WAIT_S = 900.0


def push_wait_s(attempts: int) -> float:
    """Return the seconds that a push refused for now waits before its next attempt.

    >>> [push_wait_s(attempts) for attempts in (1, 2, 3, 9)]
    [30.0, 60.0, 120.0, 900.0]
    """
    return float(min(LONGEST_PUSH_WAIT_S, 30 * 2 ** (attempts - 1)))


class TargetKind(StrEnum):
    """What a push is addressed to."""

    TOKEN = "token"  # noqa: S105 (a kind, not a secret)
    TOPIC = "topic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where one push goes: a device's token, or a topic."""

    kind: TargetKind
    address: str

    def __post_init__(self) -> None:
        if not 1 <= len(self.address) <= 4096:
            raise Invalid("a push target must have 1 to 4096 characters")

    @classmethod
    def parse(cls, text: str) -> Target:
        """Parse an operator's setting: `/topics/NAME` or `topic:NAME` is a topic, anything else a token."""
        for prefix in ("/topics/", "topic:"):
            if text.startswith(prefix):
                return cls(kind=TargetKind.TOPIC, address=text.removeprefix(prefix))
        return cls(kind=TargetKind.TOKEN, address=text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What people are told about one session."""

    area_id: int
    area_name: str
    session_id: int
    changes: int
    severity: Severity | None = None  # the highest of its alerts; None for those from before there were severities
    kinds: tuple[ReadingKind, ...] = ()  # of its alerts; none of those from before there were kinds
    dates: TwoDates | None = None  # that somebody asked to be compared: it is no news of today
    parcels: int = 0  # that its alerts name, of its owner's layers

    @property
    def title(self) -> str:
        """The push's first line."""
        return f"Change detected: {plain_name(self.area_name, self.area_id)}"

    @property
    def body(self) -> str:
        """The push's second line."""
        tiles = "1 tile changed" if self.changes == 1 else f"{self.changes} tiles changed"
        when = f" between {self.dates.before} and {self.dates.after}, as asked" if self.dates else ""
        kinds = f": {', '.join(self.kinds)}" if self.kinds else ""
        parcels = ""
        if self.parcels:
            parcels = " on 1 parcel" if self.parcels == 1 else f" on {self.parcels} parcels"
        return f"{tiles}{parcels}{when}{kinds}" + (f", severity {self.severity}" if self.severity else "")

    @property
    def members(self) -> dict[str, str]:
        """The contract's data members, the severity and the kinds, all text."""
        severity = {"severity": str(self.severity)} if self.severity else {}
        kinds = {"kinds": ", ".join(self.kinds)} if self.kinds else {}
        return (
            severity
            | kinds
            | {
                "area_config_id": str(self.area_id),
                "alert_session_id": str(self.session_id),
                "changes_count": str(self.changes),
            }
        )

    @property
    def collapse_key(self) -> str:
        """A repeat of the same session's push replaces the first on the phone."""
        return f"session-{self.session_id}"


class DeliveryStatus(StrEnum):
    """How far one push to one target has come."""

    PENDING = "PENDING"
    SENT = "SENT"
    DEAD_TARGET = "DEAD_TARGET"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """What the push service answered for one target. PENDING: try again later."""

    target: Target
    status: DeliveryStatus
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """One push to one target: at most one row for each session and target."""

    delivery_id: int
    target: Target
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PushMade:
    """One push about one session, as the area's owner sees it."""

    delivery_id: int
    notice: Notice
    kind: TargetKind
    status: DeliveryStatus
    detail: str
    created_at: datetime
    sent_at: datetime | None
