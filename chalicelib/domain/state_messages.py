"""What people are told about how areas stand: the words, and what is known of each area."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from typing_extensions import override

from chalicelib.domain.area_states import AreaState
from chalicelib.domain.plain_text import plain_name
from chalicelib.domain.pushes import Notice
from chalicelib.domain.sessions import percent
from chalicelib.domain.tile_runs import Verdict

MOST_NAMED = 3
LONGEST_NAME = 40  # of one among several: FCM takes 4 096 bytes in all
NO_PICTURE = ("there is no picture of tile", "no picture of tile")  # how the reasons of `choose_image` begin
NOTHING_NEW = "has had nothing new"  # stands in the reasons of a source that has stopped

_TITLES = {
    AreaState.FAILING: "Could not be looked at",
    AreaState.BLIND: "Not seen",
    AreaState.PARTLY_BLIND: "Partly not seen",
    AreaState.WATCHED: "Seen again",
}
_BLIND = (AreaState.PARTLY_BLIND, AreaState.BLIND)


class Why(StrEnum):
    """Why ground was not seen, as a landowner reads it."""

    HIDDEN = "clouds, or gaps in the pictures"
    NO_PICTURE = "there is no picture of it"
    PROVIDER = "the source of the pictures fails"
    SILENT = "the source of the pictures has nothing new of it"
    UNUSABLE = "a newer picture cannot be used"
    NO_BUDGET = "what may be looked at in a day is used up before its turn"


def why_unseen(state: AreaState, reasons: Sequence[str], *, failed: int, was_opened: bool = True) -> Why:
    """Return why an area is in a state, by the reasons of its last session's failures, or that it was not opened."""
    if state in _BLIND:
        return Why.HIDDEN
    if not was_opened:
        return Why.NO_BUDGET
    if not failed:
        return Why.UNUSABLE
    if reasons and all(text.startswith(NO_PICTURE) for text in reasons):
        return Why.NO_PICTURE
    return Why.SILENT if reasons and all(NOTHING_NEW in text for text in reasons) else Why.PROVIDER


def failed_in(counts: dict[str, int]) -> int:
    """Return how many tiles of a session failed."""
    return counts.get(Verdict.FAILED, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaNews:
    """What is told of one area."""

    area_id: int
    name: str
    session_id: int  # the one that said so last
    state: AreaState
    since: datetime
    share: float | None = None  # of the area, unseen; None: not measured
    m2: float | None = None
    why: Why = Why.HIDDEN
    clearly_seen_at: datetime | None = None  # by images of then; None: not known
    is_dated: bool = True  # do its images say when they were taken?

    @property
    def sentence(self) -> str:
        """What is told of it alone."""
        if self.state is AreaState.WATCHED:
            return f"It has been seen again since {_day(self.since)}: you are told of changes as before."
        verb = "could not be looked at" if self.state is AreaState.FAILING else "has not been seen"
        rest = "there" if self.share is None or self.share >= 0.995 else "what is not seen"
        return f"{self._how_much} {verb} since {_day(self.since)}: {self.why}. {self._last_seen}{_no_message(rest)}"

    @property
    def _last_seen(self) -> str:
        """When images showed it clearly last, by their own time, however long ago somebody looked at them."""
        if not self.is_dated:
            return "Its pictures do not say when they were taken. "
        if self.clearly_seen_at is None:
            return ""
        return f"It was last clearly seen in pictures of {_day(self.clearly_seen_at)}. "

    @property
    def _how_much(self) -> str:
        if self.share is None or self.m2 is None or (self.state is AreaState.FAILING and not self.m2):
            return {AreaState.PARTLY_BLIND: "Part of it"}.get(self.state, "It")
        amount = f"{self.m2:,.0f} m2"
        return f"All of it, {amount}," if self.share >= 0.995 else f"{percent(self.share)} of it, {amount},"


@dataclass(frozen=True, slots=True, kw_only=True)
class StateNotice(Notice):
    """What a person is told about how areas stand: one message, however many areas turned. Its area is the first."""

    notice_id: int
    areas: tuple[AreaNews, ...]  # the worst first

    @property
    @override
    def title(self) -> str:
        states = {area.state for area in self.areas}
        if len(self.areas) == 1:
            return f"{_TITLES[self.areas[0].state]}: {plain_name(self.areas[0].name, self.areas[0].area_id)}"
        if len(states) == 1:
            return f"{_TITLES[self.areas[0].state]}: {len(self.areas)} areas"
        return f"News of {len(self.areas)} areas"

    @property
    @override
    def body(self) -> str:
        if len(self.areas) == 1:
            return self.areas[0].sentence
        groups = [[area for area in self.areas if area.state is state] for state in _TITLES]
        sentences = [_of_several(group) for group in groups if group]
        if any(area.state is not AreaState.WATCHED for area in self.areas):
            sentences.append(_no_message("what is not seen"))
        return " ".join(sentences)

    @property
    @override
    def members(self) -> dict[str, str]:
        """The contract's data members, of the first area, and its state."""
        return {
            "area_config_id": str(self.area_id),
            "alert_session_id": str(self.session_id),
            "changes_count": "0",
            "state": self.areas[0].state.value,
        }

    @property
    @override
    def collapse_key(self) -> str:
        return f"areas-{self.notice_id}"


def state_notice(notice_id: int, areas: Sequence[AreaNews]) -> StateNotice:
    """Return the message about some areas, at least one: the worst first."""
    order = list(_TITLES)
    ordered = tuple(sorted(areas, key=lambda area: (order.index(area.state), area.since, area.area_id)))
    first = ordered[0]
    return StateNotice(
        notice_id=notice_id,
        areas=ordered,
        area_id=first.area_id,
        area_name=first.name,
        session_id=first.session_id,
        changes=0,
    )


def _of_several(areas: Sequence[AreaNews]) -> str:
    names = [_short(plain_name(area.name, area.area_id)) for area in areas[:MOST_NAMED]]
    more = len(areas) - len(names)
    listed = (
        f"{', '.join(names)} and {more} more"
        if more
        else " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
    )
    days = {_day(area.since): None for area in areas}
    since = f"since {next(iter(days))}" + (" or later" if len(days) > 1 else "")
    m2 = sum(area.m2 or 0.0 for area in areas)
    state = areas[0].state
    amount = f", {m2:,.0f} m2 in all" if m2 and state is not AreaState.WATCHED else ""
    whys = {area.why for area in areas}
    why = f" ({next(iter(whys))})" if len(whys) == 1 and state is not AreaState.WATCHED else ""
    return f"{_TITLES[state]} {since}{amount}: {listed}{why}."


def _no_message(place: str) -> str:
    return f"No message about changes can come from {place} until it is seen again."


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_NAME else name[: LONGEST_NAME - 1].rstrip() + "…"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"
