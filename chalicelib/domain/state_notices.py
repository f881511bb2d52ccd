"""When people are told how an area stands: not at once, for clouds pass, and once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from chalicelib.domain.area_states import SEEN, AreaState

A_DAY = timedelta(days=1)
"""Between two messages of one person, and the time in which areas turn together."""

_RANK = {
    AreaState.WATCHED: 0,
    AreaState.CHANGED: 0,
    AreaState.PARTLY_BLIND: 1,
    AreaState.BLIND: 2,
    AreaState.FAILING: 3,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Periods:
    """How long a state has to hold until it is told."""

    blind: timedelta
    blind_in_monsoon: timedelta  # while the day on which it is decided lies in one of the months
    monsoon_months: frozenset[int]
    failing: timedelta

    def blind_on(self, day: datetime) -> timedelta:
        """Return how long an area has to be blind on a day, or partly."""
        return max(self.blind, self.blind_in_monsoon) if day.month in self.monsoon_months else self.blind

    def blind_until(self, since: datetime) -> datetime:
        """Return when an area that has been blind since then has been so for long enough.

        >>> fortnight, month = timedelta(days=14), timedelta(days=30)
        >>> periods = Periods(blind=fortnight, blind_in_monsoon=month, monsoon_months=frozenset({6, 7, 8, 9}),
        ...                   failing=timedelta(days=2))
        >>> [f"{periods.blind_until(datetime(2026, *day)):%d %B}" for day in ((5, 1), (6, 20), (9, 10), (9, 25))]
        ['15 May', '20 July', '01 October', '09 October']
        """
        then, latest = since + self.blind, since + max(self.blind, self.blind_in_monsoon)
        while then < latest and then.month in self.monsoon_months:
            next_month = then.replace(day=1, hour=0, minute=0, second=0, microsecond=0) + timedelta(days=32)
            then = next_month.replace(day=1)
        return min(then, latest)


class Course(NamedTuple):
    """An area's state, since when it is in it, and since when it has been seen at all, or not."""

    state: AreaState
    since: datetime
    side_since: datetime


class Told(NamedTuple):
    """What people know of an area."""

    state: AreaState = AreaState.WATCHED
    worse_at: datetime | None = None  # when a state worse than watched was told last
    is_again: bool = False  # it was told soon after the one before: the area flaps

    def after(self, state: AreaState, *, now: datetime, periods: Periods) -> Told:
        """Return what they know once a state was told."""
        if state in SEEN:
            return self._replace(state=state)
        is_again = self.is_again
        if self.state in SEEN:
            is_again = self.worse_at is not None and now - self.worse_at < periods.blind_on(now)
        return Told(state, now, is_again)


class News(NamedTuple):
    """What is to be told of an area, since when that has been so, and from when on it is told."""

    state: AreaState
    since: datetime
    due_at: datetime


def news_of(course: Course, told: Told, *, periods: Periods, now: datetime) -> News | None:
    """Return what is to be told of an area, now or later; None if people know it.

    Worse than they know is told when it has held for its period: blind is also partly blind, and counts for that. That
    it is seen again is told only to who knows of worse, and when that has held as long as a failure has to: as long as
    blindness, where the area flaps.
    """
    state, since, side_since = course
    blind_from, partly_from = periods.blind_until(since), periods.blind_until(side_since)
    if state in SEEN:
        if told.state in SEEN:
            return None
        return News(AreaState.WATCHED, side_since, partly_from if told.is_again else side_since + periods.failing)
    every = {
        AreaState.FAILING: [News(state, since, since + periods.failing)],
        AreaState.BLIND: [News(state, since, blind_from), News(AreaState.PARTLY_BLIND, side_since, partly_from)],
        AreaState.PARTLY_BLIND: [News(state, side_since, partly_from)],
    }[state]
    worse = [news for news in every if _RANK[news.state] > _RANK[told.state]]
    ready = [news for news in worse if news.due_at <= now]
    return ready[0] if ready else min(worse, key=lambda news: news.due_at, default=None)


def wait_for_more(every: Collection[News], *, now: datetime) -> datetime | None:
    """Return until when a message waits for areas that turned within a day of its first; None if it is due now.

    Four areas under one cloud have sessions at different hours, and are one message.
    """
    first = min((news for news in every if news.due_at <= now), key=lambda news: news.due_at, default=None)
    if first is None:
        return min((news.due_at for news in every), default=None)
    last = max(news.due_at for news in every if news.state is first.state and news.due_at <= first.due_at + A_DAY)
    return last if last > now else None
