"""Lists of areas: which of them are wanted, in which order, and what in them waits for a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.area_states import AreaStanding
from chalicelib.domain.errors import Invalid
from chalicelib.domain.sessions import Session

MOST_SEARCHED = 200  # characters: no name is longer
MOST_COUNTED = 1000  # open places of an area: further is not counted


class Attention(StrEnum):
    """What of an area waits for a person; in the order in which one wants to see them."""

    CHANGED = "changed"  # its last whole session found a change
    FAILING = "failing"  # or its last session was stopped, or could not begin
    BLIND = "blind"
    PARTLY_BLIND = "partly blind"
    UNSETTLED = "unsettled"  # nothing new, but a place that was found before is still open
    NOT_LOOKED_AT = "not looked at"
    NONE = "none"


class AreaOrder(StrEnum):
    """In which order areas are listed."""

    OLDEST = "oldest"
    ATTENTION = "attention"  # what waits for a person first, in the order of `Attention`; of those the oldest first


@dataclass(frozen=True, slots=True, kw_only=True)
class AreaFilter:
    """Which areas of a user are wanted; by itself, all of them."""

    search: str = ""  # what their names or tags hold, in either case
    attention: frozenset[Attention] = frozenset()  # one of these; none: any
    ids: tuple[int, ...] = ()  # these; none: any
    order: AreaOrder = AreaOrder.OLDEST

    def __post_init__(self) -> None:
        if len(self.search) > MOST_SEARCHED:
            raise Invalid(f"search for at most {MOST_SEARCHED} characters", pointer="search")


class AreaLook(NamedTuple):
    """How an area stands, and what was seen of it last."""

    standing: AreaStanding | None  # None: no whole session has looked at it yet
    attention: Attention
    latest: Session | None  # of the area as it is now: none that compared two dates; without its failures
    latest_change: Session | None  # the newest that found a change
    open_places: int  # `MOST_COUNTED` where there are more


class AttentionCounts(NamedTuple):
    """How many areas of a user there are, and how many wait for what."""

    areas: int
    running: int  # that are being looked at right now
    by_attention: Mapping[Attention, int]
