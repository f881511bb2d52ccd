"""Two dates that somebody asks to be compared: which scenes are near each, and which of them is the clearest."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import NamedTuple

from chalicelib.domain.errors import Conflict, Invalid
from chalicelib.domain.scenes import MOST_ITEMS, SINCE, Found, Scene, day_of
from chalicelib.domain.tiles import Bounds, centre_of

NEAR = timedelta(days=45)  # of a date, at most: what was taken later or earlier answers for another season
MOST_NEAR = 12  # scenes of one date that are kept to choose from
MOST_NAMED = 12  # days in a sentence
MOST_REASONS = 3  # of pictures that cannot be used
CLEAR_ENOUGH = 0.1  # of a scene under cloud: below that the nearer one is the better one
_A_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TwoDates:
    """An earlier day and a later one. Every scene is nearer to one of them, and so is never compared with itself."""

    before: date
    after: date

    def __post_init__(self) -> None:
        if self.before >= self.after:
            raise Invalid(f"before is a day before {self.after}, not {self.before}", pointer="/before")

    def __str__(self) -> str:
        return f"{self.before} with {self.after}"

    def is_earlier(self, day: date) -> bool:
        """Whether a day is the earlier date's; else it is the later one's."""
        return abs(day - self.before) <= abs(day - self.after)

    def sides(self, scenes: Iterable[Scene], *, lon: float) -> tuple[list[Scene], list[Scene]]:
        """Return the scenes of the earlier date and those of the later one, in the order that they come in."""
        sides: tuple[list[Scene], list[Scene]] = ([], [])
        for scene in scenes:
            if scene.captured_at is not None:
                sides[not self.is_earlier(day_of(scene.captured_at, lon))].append(scene)
        return sides


def near(scenes: Iterable[Scene], day: date, *, lon: float) -> list[Scene]:
    """Return the scenes near a day: the one with the least cloud first, as far as that is known, then the nearest.

    Of one that says nothing of clouds they are found out by looking at it.
    """

    def rank(scene: Scene) -> tuple[float, timedelta, float]:
        at = scene.captured_at.timestamp() if scene.captured_at else 0.0
        return max(0.0, (scene.cloud_share or 0.0) - CLEAR_ENOUGH), abs(day_of(scene.captured_at, lon) - day), -at

    dated = [scene for scene in scenes if scene.captured_at is not None]
    return sorted((each for each in dated if abs(day_of(each.captured_at, lon) - day) <= NEAR), key=rank)


def scenes_of(dates: TwoDates, found: Found, *, lon: float) -> Found:
    """Return what of a search is near two dates, in the order to look at it.

    Raises Conflict, with the days that there are, where nothing is.
    """
    kept: list[Scene] = []
    for name, day, of_date in zip(
        ("before", "after"), (dates.before, dates.after), dates.sides(found.scenes, lon=lon), strict=True
    ):
        near_it = near(of_date, day, lon=lon)
        if not near_it:
            unusable = _unusable_near(day, found, dates, lon=lon)
            raise Conflict(_nothing_near(day, found.scenes, lon=lon) + unusable, pointer=f"/{name}")
        kept += _as_many_as_are_kept(near_it)
    return Found(scenes=tuple(kept), says=found.says)


def _as_many_as_are_kept(scenes: Sequence[Scene]) -> list[Scene]:
    items = [sum(len(scene.items) for scene in scenes[: place + 1]) for place in range(len(scenes))]
    return [each for place, each in enumerate(scenes[:MOST_NEAR]) if not place or items[place] <= MOST_ITEMS // 2]


def _nothing_near(day: date, scenes: Sequence[Scene], *, lon: float) -> str:
    days = sorted({day_of(scene.captured_at, lon) for scene in scenes if scene.captured_at is not None})
    says = f"there is no picture of this area within {NEAR.days} days of {day} that is not nearer to the other date"
    if not days:
        return f"{says}: there is none of any date"
    named = sorted(sorted(days, key=lambda each: abs(each - day))[:MOST_NAMED])
    others = f" and of {len(days) - len(named)} other days" if len(days) > len(named) else ""
    return f"{says}; there are pictures of {', '.join(map(str, named))}{others}"


def _unusable_near(day: date, found: Found, dates: TwoDates, *, lon: float) -> str:
    """Say what was taken near a date and cannot be used: mending that is the answer."""
    taken = [(day_of(each.captured_at, lon), each.reason) for each in found.refused if each.bounds is not None]
    is_earlier = day == dates.before
    near_it = [(at, why) for at, why in taken if abs(at - day) <= NEAR and dates.is_earlier(at) == is_earlier]
    reasons = dict.fromkeys(why for _, why in sorted(near_it, key=lambda each: abs(each[0] - day)))
    return "".join(f"; {why}" for why in list(reasons)[:MOST_REASONS])


def checked_day(text: str, *, now: datetime, pointer: str) -> date:
    """Read a day that somebody names, as `2025-01-15`. Raises Invalid for what is none, or can be no picture's."""
    try:
        day = date.fromisoformat(text) if _A_DAY.fullmatch(text) else None
    except ValueError:
        day = None
    if day is None:
        raise Invalid(f"a date is written as 2025-01-15, not {text[:40]!r}", pointer=pointer)
    if day < SINCE.date():
        raise Invalid(f"no picture from the air is older than {SINCE:%Y}, and this says {day}", pointer=pointer)
    if day > (now + timedelta(hours=14)).date():  # where the day begins first
        raise Invalid(f"{day} has not come yet", pointer=pointer)
    return day


class Day(NamedTuple):
    """What there is of an area of one day."""

    day: date
    captured_at: datetime  # the latest of it
    items: int  # pictures that it is of; 0: the provider does not say
    shown_share: float  # of the area, 0 to 1: how much of it they may show
    cloud_share: float | None  # of the pictures, as whoever took them says


def days_of(found: Found, area: Bounds) -> list[Day]:
    """Return the days of which there are pictures of an area, the latest first."""
    lon = centre_of(area)[0]
    return [
        Day(
            day=day_of(scene.captured_at, lon),
            captured_at=scene.captured_at,
            items=len(scene.items),
            shown_share=covered_share([item.bounds for item in scene.items], area),
            cloud_share=scene.cloud_share,
        )
        for scene in sorted(found.scenes, key=lambda scene: scene.captured_at or SINCE, reverse=True)
        if scene.captured_at is not None
    ]


class Span(NamedTuple):
    """A stretch of time: from its beginning, and up to its end without that."""

    since: datetime
    until: datetime


def spans_of(day: date, lon: float) -> tuple[Span, ...]:
    """Return when a picture is of a day at a longitude: the other way round than `day_of`.

    West of Greenwich the sun's day holds the midnight after, which is a date without a time: that of the next day.

    >>> [str(span.since) for span in spans_of(date(2026, 1, 15), 90.0)]
    ['2026-01-14 18:00:00+00:00']
    """
    midnight, one_day, instant = datetime.combine(day, time(tzinfo=UTC)), timedelta(days=1), timedelta(microseconds=1)
    ahead = timedelta(days=lon / 360)
    begins, ends, next_midnight = midnight - ahead, midnight + one_day - ahead, midnight + one_day
    if begins <= midnight:
        return (Span(begins, ends),)
    return Span(midnight, midnight + instant), Span(begins, next_midnight), Span(next_midnight + instant, ends)


def covered_share(boxes: Sequence[Bounds | None], area: Bounds) -> float:
    """Return how much of an area some boxes cover together, 0 to 1; all of it where there is none, or one unknown.

    >>> area = Bounds(0, 0, 4, 4)
    >>> covered_share([Bounds(0, 0, 2, 4), Bounds(1, 0, 3, 2)], area)
    0.625
    """
    known = [box for box in boxes if box is not None]
    if len(known) < len(boxes) or not boxes:
        return 1.0
    edges = sorted({min(max(x, area.west), area.east) for box in known for x in (box.west, box.east)})
    covered = 0.0
    for west, east in pairwise(edges):
        above = sorted((box.south, box.north) for box in known if box.west <= west and box.east >= east)
        reached = area.south
        for south, north in above:
            low, high = max(south, reached), min(north, area.north)
            covered += max(0.0, high - low) * (east - west)
            reached = max(reached, high)
    return covered / ((area.east - area.west) * (area.north - area.south))
