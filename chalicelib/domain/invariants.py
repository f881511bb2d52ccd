"""What always holds of what is stored: the rules by which live data is recounted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import NamedTuple

from chalicelib.domain.sessions import SessionStatus
from chalicelib.domain.tile_runs import Verdict

LATE = timedelta(hours=1)  # `reconcile` ends each minute what is overdue: what is open so much later, nobody ends


class Violation(NamedTuple):
    """Something that should always hold and does not. Numbers and keys, nothing about people."""

    rule: str
    says: str


class Spent(NamedTuple):
    """What sessions of one user cost on one day, by their rows and by the ledger."""

    user_id: int
    day: str
    kind: str
    planned: int  # by sessions that are there still: those of deleted areas were paid too
    charged: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFacts:
    """An ended session as its own row has it, and as its tile runs, alerts and sightings do."""

    session_id: int
    status: str
    planned: int
    kept: Mapping[str, int] | None  # by verdict, of its row; None: its release kept none
    counted: Mapping[str, int]  # by verdict, of its tile runs
    open_runs: int
    alerts: int
    without_image: int  # tile runs that name an image that is not there
    without_place: int  # sightings with an outline and no place, or with one that is not there
    without_picture: int = 0  # images that an alert or a place shows and that retention has dropped


def faults_of(facts: SessionFacts) -> Iterator[Violation]:
    """Say what of an ended session does not agree.

    >>> right = dict(session_id=7, planned=2, open_runs=0, without_image=0, without_place=0, alerts=1, kept=None)
    >>> counted = {"CHANGED": 1, "NO_CHANGE": 1}
    >>> list(faults_of(SessionFacts(**right, counted=counted, status="COMPLETED_CHANGES_DETECTED")))
    []
    >>> [fault.rule for fault in faults_of(SessionFacts(**right, counted=counted, status="COMPLETED_NO_CHANGES"))]
    ['a session says what its tile runs say']
    """
    session, runs = f"session {facts.session_id}", sum(facts.counted.values())
    if facts.open_runs:
        yield Violation("an ended session has no open tile run", f"{session} has {facts.open_runs}")
    if facts.planned != runs + facts.open_runs:
        says = f"{session} planned {facts.planned}, and has {runs + facts.open_runs}"
        yield Violation("each planned tile has its tile run", says)
    if facts.kept is not None and dict(facts.kept) != dict(facts.counted):
        says = f"{session} has {dict(facts.kept)}, its tile runs {dict(facts.counted)}"
        yield Violation("a session's counts are those of its tile runs", says)
    if not _agrees(facts):
        says = f"{session} is {facts.status}, its tile runs are {dict(facts.counted)}"
        yield Violation("a session says what its tile runs say", says)
    if facts.alerts != facts.counted.get(Verdict.CHANGED, 0):
        says = f"{session} has {facts.alerts} of {facts.counted.get(Verdict.CHANGED, 0)} changed tiles"
        yield Violation("each changed tile has one alert", says)
    if facts.without_image:
        yield Violation("what a tile run shows is there", f"{session}: {facts.without_image} images are not")
    if facts.without_picture:
        yield Violation("what is in use is not dropped", f"{session}: {facts.without_picture} images are")
    if facts.without_place:
        yield Violation("each sighting is of a place", f"{session}: {facts.without_place} sightings are of none")


def _agrees(facts: SessionFacts) -> bool:
    """Whether changes are told, and what failed or was cancelled is no all-clear."""
    if facts.counted.get(Verdict.CHANGED, 0):
        return facts.status == SessionStatus.CHANGES_DETECTED
    if facts.counted.get(Verdict.FAILED, 0) or facts.counted.get(Verdict.CANCELLED, 0):
        return facts.status == SessionStatus.ERROR
    return facts.status in (SessionStatus.NO_CHANGES, SessionStatus.ERROR)  # the area's tolerance may be another now


def overspent(spent: Spent) -> Violation | None:
    """Say that the ledger has less than was planned; more it may have, of areas that are deleted."""
    if spent.charged >= spent.planned:
        return None
    says = f"user {spent.user_id} planned {spent.planned} {spent.kind} on {spent.day} and was charged {spent.charged}"
    return Violation("what is planned is in the ledger", says)
