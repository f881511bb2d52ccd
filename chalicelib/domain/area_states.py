"""How an area stands: what its last whole session said of it, and since when that has been so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from chalicelib.domain.sessions import Cause, Ending
from chalicelib.domain.tile_runs import Verdict
from chalicelib.domain.unseen import Unseen

BLIND_SHARE = 0.95  # of the area: who sees less than the rest of it sees nothing


class AreaState(StrEnum):
    """The states of an area, each worse than watched told in its own way."""

    WATCHED = "watched"
    CHANGED = "changed"
    PARTLY_BLIND = "partly blind"
    BLIND = "blind"
    FAILING = "failing"


SEEN = (AreaState.WATCHED, AreaState.CHANGED)
"""What is worse is not, or not wholly, seen."""


@dataclass(frozen=True, slots=True)
class AreaStanding:
    """An area's state, since when it has been in it, and what of its ground was not seen."""

    state: AreaState
    since: datetime
    unseen: Unseen | None = field(default=None, compare=False)  # None: not measured by the release that said so
    clearly_seen_at: datetime | None = field(default=None, compare=False)  # by images of then; None: not known


def state_after(
    ending: Ending,
    counts: Mapping[Verdict, int],
    *,
    cause: Cause,
    unseen: Unseen | None,
    tolerance: float,
    untold: int = 0,
    known: int = 0,
) -> AreaState | None:
    """Return the state that a session leaves its area in; None if it says nothing of the area as a whole.

    Blind is not failing: cloud is nobody's fault. A session that somebody stopped, or that compared what was stored,
    leaves the state as it was. Of so many changed tiles (`untold`) nobody is told, for permits allow it or people know,
    so where there are no others what was not seen is told as if nothing had changed. Of these so many were `known`: an
    area is no changed one by them.
    """
    is_changed = counts.get(Verdict.CHANGED, 0) > untold
    is_failing = counts.get(Verdict.FAILED, 0) > 0
    if cause is Cause.COMPARISON or (counts.get(Verdict.CANCELLED, 0) and not (is_changed or is_failing)):
        return None
    if is_changed:
        return AreaState.CHANGED
    if is_failing:
        return AreaState.FAILING
    if unseen is not None and unseen.share >= BLIND_SHARE:
        state = AreaState.BLIND
    elif unseen is not None and unseen.is_more_than(tolerance):
        state = AreaState.PARTLY_BLIND
    elif not ending.is_whole:
        state = AreaState.FAILING
    else:
        state = AreaState.CHANGED if counts.get(Verdict.CHANGED, 0) > known else AreaState.WATCHED
    return state


def as_it_is_told(state: AreaState, unseen: Unseen | None, *, tolerance: float) -> AreaState:
    """Return what people are told of a state: a change beside too much unseen ground leaves the area partly blind."""
    if state is AreaState.CHANGED and unseen is not None and unseen.is_more_than(tolerance):
        return AreaState.PARTLY_BLIND
    return state
