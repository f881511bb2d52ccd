"""One sweep over an area: its states, its verdicts and how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from chalicelib.domain.imagery import Scene, StoredImage
from chalicelib.domain.severity import Severity
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds, Outline, View


class Verdict(StrEnum):
    """The answer for one tile run, written once."""

    CHANGED = "CHANGED"
    NO_CHANGE = "NO_CHANGE"
    BASELINE = "BASELINE"
    NO_NEW_IMAGERY = "NO_NEW_IMAGERY"
    OBSCURED = "OBSCURED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"


class TileState(StrEnum):
    """Where an open tile run is. An ended one has the state ENDED and a verdict."""

    PLANNED = "PLANNED"
    CAPTURING = "CAPTURING"
    CAPTURED = "CAPTURED"
    COMPARING = "COMPARING"
    ENDED = "ENDED"


class SessionStatus(StrEnum):
    """How a session stands; the contract's words."""

    IN_PROGRESS = "IN_PROGRESS"
    CHANGES_DETECTED = "COMPLETED_CHANGES_DETECTED"
    NO_CHANGES = "COMPLETED_NO_CHANGES"
    ERROR = "COMPLETED_ERROR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a session ended, and the sentence that says why where it is not a plain answer."""

    status: SessionStatus
    reason: str | None


def ending_of(counts: Mapping[Verdict, int]) -> Ending:
    """Judge a finished session. An error is never an all-clear, and neither is blindness.

    >>> ending_of({Verdict.NO_CHANGE: 3, Verdict.FAILED: 1}).status.value
    'COMPLETED_ERROR'
    """
    total = sum(counts.values())
    failed, cancelled = counts.get(Verdict.FAILED, 0), counts.get(Verdict.CANCELLED, 0)
    obscured = counts.get(Verdict.OBSCURED, 0)
    sentences = []
    if failed:
        sentences.append(f"{failed} of {total} tiles could not be captured or compared")
    if cancelled:
        sentences.append(f"{cancelled} of {total} tiles were cancelled")
    if obscured == total and total:
        sentences.append("nothing could be seen: every tile was obscured")
    reason = "; ".join(sentences) or None
    if counts.get(Verdict.CHANGED, 0):
        return Ending(status=SessionStatus.CHANGES_DETECTED, reason=reason)
    if reason is not None:
        return Ending(status=SessionStatus.ERROR, reason=reason)
    return Ending(status=SessionStatus.NO_CHANGES, reason=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A tile run that could not be answered, and why."""

    tile: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One sweep over an area, as far as it has come."""

    session_id: int
    area_id: int
    status: SessionStatus
    reason: str | None
    started_at: datetime
    ended_at: datetime | None
    tiles_planned: int
    tiles_done: int
    counts_by_verdict: Mapping[str, int]
    clear_share: float | None
    newest_captured_at: datetime | None
    severity: Severity | None  # the highest of its alerts
    failures: tuple[Failure, ...]
    is_notification_sent: bool

    @property
    def is_open(self) -> bool:
        """Is it still running?"""
        return self.status is SessionStatus.IN_PROGRESS

    @property
    def alerts(self) -> int:
        """How many tiles changed."""
        return self.counts_by_verdict.get(Verdict.CHANGED, 0)


class Cause(StrEnum):
    """Why a session was opened."""

    SCHEDULED = "SCHEDULED"
    REQUESTED = "REQUESTED"  # supervise now
    COMPARISON = "COMPARISON"  # compare what is stored, capture nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class CaptureClaim:
    """A worker's hold on one tile run while it captures. Only the holder of the latest fence can end the run."""

    tile_run_id: int
    session_id: int
    area_id: int
    fence: int
    area: Bounds
    view: View
    provider: str
    newest: StoredImage | None  # the last usable picture of this tile from this provider
    thresholds: Thresholds


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonClaim:
    """A worker's hold on one tile run while it compares."""

    tile_run_id: int
    session_id: int
    area_id: int
    fence: int
    area: Bounds
    image: StoredImage
    reference: StoredImage
    thresholds: Thresholds
    is_compared: bool  # this pair has its comparison already, from an earlier session
    older: tuple[StoredImage, ...] = ()  # pictures from before the reference, to hold a change against
    doubted: tuple[Outline, ...] = ()  # what the comparison of the reference saw and doubted


Claim = CaptureClaim | ComparisonClaim


@dataclass(frozen=True, slots=True, kw_only=True)
class Captured:
    """A new picture whose bytes are stored already: object first, row second."""

    key: str
    sha256: str
    size_bytes: int
    scene: Scene
    fetched_at: datetime
    attribution: str
    clear_share: float
    is_usable: bool  # enough of it is clear to compare with, now and later


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a tile run ends."""

    verdict: Verdict
    reason: str | None = None
    clear_share: float | None = None
    compared_by: str | None = (
        None  # the thresholds' key, if a comparison was made: that pair need not be compared again
    )
    ignored: list[dict[str, Any]] | None = None  # what a comparison saw that is no alert
    change_log: dict[str, Any] | None = None
    mask_key: str | None = None
    overlay_key: str | None = None
    failed_provider: str | None = None  # whose imagery it was that could not be had
