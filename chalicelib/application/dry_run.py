"""Try other settings of an area on what was compared already, before they are kept. Nothing is written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from chalicelib.application.ports.dry_runs import DryRuns
from chalicelib.domain.changes import Reason
from chalicelib.domain.dry_runs import DryRun, KeptRegion, PastSession, Replayed, Why
from chalicelib.domain.thresholds import Thresholds

MOST_SESSIONS = 100
MOST_COMPARED = 1000  # tile runs: some seconds
AT_ONCE = 100  # tile runs in memory
MOST_SHOWN = 100  # alerts of a list; all are counted


class Told(NamedTuple):
    """A region, and why it is not told any more; None of one that is told."""

    region: KeptRegion
    why: Reason | Why | None


class AlertChange(NamedTuple):
    """An alert that would go, or come."""

    alert_id: int | None
    session_id: int
    tile: str
    regions: tuple[Told, ...]
    may_come_later: bool = False  # the next image is to settle what goes: that was not looked at


@dataclass
class Listed:
    """Alerts of one list: the first ones, and how many there are."""

    count: int = 0
    first: list[AlertChange] = field(default_factory=list)

    def add(self, replayed: Replayed, regions: Iterable[Told], *, may_come_later: bool = False) -> None:
        """Add the alert of a tile run."""
        self.count += 1
        if len(self.first) < MOST_SHOWN:
            run = replayed.run
            change = AlertChange(run.alert_id, run.session_id, run.tile, tuple(regions), may_come_later)
            self.first.append(change)


@dataclass
class SessionOutcome:
    """What one session told, and would have told."""

    session: PastSession
    alerts_now: int = 0
    alerts_then: int = 0
    may_come: int = 0
    may_go: int = 0  # of those that stay: from before what they would be judged by was kept
    is_exact: bool = True
    is_unseen_now: bool = False  # more of the area was not seen than it bears
    is_unseen_then: bool = False


@dataclass
class Outcome:
    """What a dry run comes to."""

    sessions: list[SessionOutcome]
    is_whole: bool
    goes: Listed = field(default_factory=Listed)
    comes: Listed = field(default_factory=Listed)
    may_come: Listed = field(default_factory=Listed)
    regions_now: int = 0
    regions_then: int = 0

    def total(self, name: str) -> int:
        """Sum up a number of the sessions."""
        return sum(int(getattr(each, name)) for each in self.sessions)

    @property
    def exact_since(self) -> datetime | None:
        """The first session since which all that the judgement needs was kept; None: not of the newest either."""
        since = None
        for each in reversed(self.sessions):
            if not each.is_exact:
                break
            since = each.session.started_at
        return since

    @property
    def says(self) -> str:
        """The outcome as a sentence."""
        now, then, may_come, may_go = (self.total(name) for name in ("alerts_now", "alerts_then", "may_come", "may_go"))
        if not self.sessions:
            return "nothing was compared in this time: there is nothing to try these settings on"
        said = [
            f"{_alerts(then)} instead of {now}" if self.goes.count or self.comes.count else f"{_alerts(now)}, as now"
        ]
        if may_come:
            said.append(f"{may_come} more may come: what decides about them was not looked at then")
        if may_go:
            said.append(f"{may_go} of them may go: they are from before what decides about them was kept")
        later = sum(change.may_come_later for change in self.goes.first)
        if later:
            said.append(f"{later} of those that go may come with the next image, if that shows it too")
        unseen_now, unseen_then = self.total("is_unseen_now"), self.total("is_unseen_then")
        if unseen_now != unseen_then:
            said.append(f"{unseen_then} sessions instead of {unseen_now} would say that ground was not seen")
        return "; ".join(said)


def _alerts(count: int) -> str:
    return "1 alert" if count == 1 else f"{count} alerts"


def dry_run(
    area_id: int,
    *,
    thresholds: Thresholds,
    tolerances: tuple[float, float],
    since: datetime,
    most_sessions: int,
    dry_runs: DryRuns,
) -> Outcome:
    """Replay an area's stored comparisons by other thresholds.

    `tolerances` are the share that may stay unseen, now and then.
    """
    past = dry_runs.past(area_id, since=since, most_sessions=most_sessions, most_compared=MOST_COMPARED)
    now, then = tolerances
    sessions = {session.session_id: SessionOutcome(session) for session in past.sessions}
    for each in sessions.values():
        unseen = each.session.unseen
        each.is_unseen_now = unseen is not None and unseen.is_more_than(now)
        each.is_unseen_then = unseen is not None and unseen.is_more_than(then)
    outcome = Outcome(list(sessions.values()), past.is_whole)
    replay = DryRun(thresholds, set(past.told_places))
    for part in dry_runs.compared(list(sessions), at_once=AT_ONCE):
        for run in part:
            _count(replay.replay(run), sessions[run.session_id], outcome)
    return outcome


def _count(replayed: Replayed, session: SessionOutcome, outcome: Outcome) -> None:
    is_now = replayed.run.alert_id is not None
    session.is_exact &= replayed.run.is_exact
    session.alerts_now += is_now
    session.alerts_then += replayed.is_alert
    session.may_come += replayed.may_come
    session.may_go += is_now and replayed.is_alert and not replayed.is_sure
    outcome.regions_now += sum(region.is_told for region in replayed.run.regions)
    outcome.regions_then += len(replayed.told)
    if is_now and not replayed.is_alert:
        later = any(dropped.may_come_later for dropped in replayed.dropped)
        outcome.goes.add(replayed, [Told(*dropped) for dropped in replayed.dropped], may_come_later=later)
    elif replayed.is_alert and not is_now:
        outcome.comes.add(replayed, [Told(region, None) for region in replayed.told])
    elif replayed.may_come:
        outcome.may_come.add(replayed, [Told(region, None) for region in replayed.open])
