"""Sessions: one run over an area, why it was opened, and how it ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.kinds import ReadingKind
from chalicelib.domain.severity import Severity
from chalicelib.domain.tile_runs import Verdict
from chalicelib.domain.two_dates import TwoDates
from chalicelib.domain.unseen import DEFAULT_TOLERANCE, Unseen

FIRST_SESSION_COUNTS = timedelta(minutes=10)
FAILURES_LISTED = 10  # of each session in a list: all of a page's would be two thousand


class SessionStatus(StrEnum):
    """How a session stands; the contract's words."""

    IN_PROGRESS = "IN_PROGRESS"
    CHANGES_DETECTED = "COMPLETED_CHANGES_DETECTED"
    NO_CHANGES = "COMPLETED_NO_CHANGES"
    ERROR = "COMPLETED_ERROR"


class Cause(StrEnum):
    """Why a session was opened."""

    SCHEDULED = "SCHEDULED"
    REQUESTED = "REQUESTED"  # "supervise now"
    COMPARISON = "COMPARISON"  # compare what is stored, capture nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a session ended, and the sentence that says why where it is not a plain answer."""

    status: SessionStatus
    reason: str | None
    is_whole: bool = True  # False: something of its ground it could not answer for, whatever changed elsewhere

    @property
    def is_told(self) -> bool:
        """Whether people are told: a session is news only if something changed."""
        return self.status is SessionStatus.CHANGES_DETECTED


def ending_of(
    counts: Mapping[Verdict, int],
    *,
    unseen: Unseen | None = None,
    tolerance: float = DEFAULT_TOLERANCE,
    unusable: int = 0,
    untold: str | None = None,
    waiting: int = 0,
    why_cancelled: str | None = None,
) -> Ending:
    """Judge a finished session by its verdicts, and by what of its ground it did not see. None: that is not known.

    An error is never an all-clear, and neither is blindness, nor a newer scene that could not be used (in `unusable`
    tiles). What changed is told first, with the rest beside it. What the provider could not use and may show any ground
    (`untold`, a sentence) fails nobody: it is the reason of what is no all-clear then; so is what was seen once, in
    `waiting` tiles, and is told when a later image shows it still.

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
        why = f": {why_cancelled}" if why_cancelled else ""
        sentences.append(f"{cancelled} of {total} tiles were cancelled{why}")
    if obscured == total and total:
        sentences.append("nothing could be seen: every tile was obscured")
    elif unseen is not None and unseen.is_more_than(tolerance) and failed + cancelled < total:
        sentences.append(f"{percent(unseen.share)} of the area was not seen, {unseen.m2:,.0f} m2")
    if unusable:
        sentences.append(f"in {unusable} of {total} tiles a newer scene could not be used")
    is_error = bool(sentences)
    if untold:
        sentences.append(untold)
    if waiting:
        sentences.append(f"in {waiting} of {total} tiles something was seen once, to be confirmed by a later image")
    reason = "; ".join(sentences) or None
    if counts.get(Verdict.CHANGED, 0):
        status = SessionStatus.CHANGES_DETECTED
    else:
        status = SessionStatus.ERROR if is_error else SessionStatus.NO_CHANGES
    return Ending(status=status, reason=reason, is_whole=not is_error)


def percent(share: float) -> str:
    """Write a share as percent.

    >>> percent(0.052), percent(0.4)
    ('5.2 %', '40 %')
    """
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.1f} %"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A tile run that could not be answered, and why."""

    tile: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """One run over an area, as far as it has come."""

    session_id: int
    area_id: int
    cause: Cause
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
    kinds: tuple[ReadingKind, ...]  # of its alerts; none of those from before there were kinds
    failures: tuple[Failure, ...]
    is_notification_sent: bool
    authorised: int = 0  # of its alerts, those that permits allow: nobody is told of them
    unseen: Unseen | None = None  # None: a session of before this was measured, or one that is open
    dates: TwoDates | None = None  # that somebody asked to be compared; None: it is of the area as it is now

    @property
    def is_all_clear(self) -> bool:
        """Whether all of the area was seen and compared, and nothing had changed.

        A baseline was compared with nothing, and a comparison of what is stored looks at some of the tiles. With a
        reason there may be something newer.
        """
        if self.status is not SessionStatus.NO_CHANGES or self.cause is Cause.COMPARISON or self.reason is not None:
            return False
        return not self.counts_by_verdict.get(Verdict.BASELINE, 0)

    @property
    def is_open(self) -> bool:
        """Whether it is still running."""
        return self.status is SessionStatus.IN_PROGRESS

    @property
    def alerts(self) -> int:
        """The number of tiles that changed."""
        return self.counts_by_verdict.get(Verdict.CHANGED, 0)


class PastSession(NamedTuple):
    """What of an area's earlier session bears on a new request."""

    cause: Cause
    ended_at: datetime | None
    verdicts: frozenset[str]


def answers_first_request(sessions: Sequence[PastSession], *, now: datetime) -> bool:
    """Whether an area's only session answers the first request of its owner.

    A new area is due at once, so the clock may have been faster than the person who drew it: what they ask for is then
    there already, and another run would only find nothing new.
    """
    if len(sessions) != 1:
        return False
    (only,) = sessions
    return (
        only.cause is Cause.SCHEDULED
        and only.ended_at is not None
        and only.ended_at > now - FIRST_SESSION_COUNTS
        and bool(only.verdicts)
        and only.verdicts <= {Verdict.BASELINE, Verdict.CHANGED, Verdict.NO_CHANGE}
    )
