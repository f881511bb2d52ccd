"""The same season of earlier years: which images of it a comparison is given, and which are still to be fetched."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, TypeVar

from chalicelib.domain.image_take import ImageTake
from chalicelib.domain.scenes import Scene

YEARS = 3  # before a day
YEAR = timedelta(days=365.25)
SEASON = timedelta(days=20)  # either side of the same day of an earlier year
LEAST_DAYS = math.ceil((YEARS * YEAR + SEASON) / timedelta(days=1))  # for which images of seasons are needed
MOST_OF_A_YEAR = 6  # of one earlier year
LEAST_CLEAR = 0.1  # of an image: with less it says next to nothing

WANTED = 4  # of one season of one earlier year
MOST_OF_A_LOOK = 2  # of each earlier year, that are fetched beside one look
MOST_TRIED = 6  # scenes of it: some cannot be used
APART = timedelta(days=4)  # of one year's images, at least
MOST_CLOUD = 0.6  # of a scene, as the catalogue says
FIRST_LOOKS = -(-WANTED // MOST_OF_A_LOOK)  # after so many a tile has what is wanted of all years, if all goes well


class Dated(Protocol):
    """What the choice looks at."""

    @property
    def taken_at(self) -> datetime:
        """When it was taken."""
        ...


D = TypeVar("D", bound=Dated)


class SeasonsTake(NamedTuple):
    """What fetching the season of earlier years takes, about: of an area's first looks, all its tiles together."""

    images: int
    looks: int
    requests: int
    received_bytes: int
    stored_bytes: int
    seconds: float


def seasons_take(tiles: int, image: ImageTake) -> SeasonsTake:
    """Say what an area of so many tiles takes until its first looks have all that is wanted.

    >>> seasons_take(4, ImageTake(requests=16, received_bytes=17_000_000, stored_bytes=3_000_000, seconds=3)).images
    48
    """
    images = tiles * YEARS * WANTED
    requests, received_bytes, stored_bytes = (images * each for each in image[:3])
    return SeasonsTake(images, FIRST_LOOKS, requests, received_bytes, stored_bytes, images * image.seconds)


class Window(NamedTuple):
    """A time, both ends within it."""

    since: datetime
    until: datetime

    def holds(self, time: datetime) -> bool:
        """Whether a time lies in it."""
        return self.since <= time <= self.until


def season_of(day: datetime, years_ago: int) -> Window:
    """Return the same season of an earlier year.

    >>> from datetime import UTC
    >>> season_of(datetime(2026, 3, 1, tzinfo=UTC), 1).since.date().isoformat()
    '2025-02-08'
    """
    then = day - years_ago * YEAR
    return Window(then - SEASON, then + SEASON)


def windows(taken_at: datetime) -> list[Window]:
    """Return when images were taken that one of a time may be held against."""
    return [season_of(taken_at, years) for years in range(1, YEARS + 1)]


def choose_of_seasons(images: Iterable[D], *, taken_at: datetime) -> list[D]:
    """Choose, out of images of one tile, those of the same season of earlier years: so many of each at most."""
    newest_first = sorted(images, key=_taken_at, reverse=True)
    of_years = ([each for each in newest_first if window.holds(each.taken_at)] for window in windows(taken_at))
    return [each for of_year in of_years for each in _spread(of_year, MOST_OF_A_YEAR)]


def years_of(images: Sequence[Dated], taken_at: datetime) -> int:
    """Return of how many earlier years' season there are images."""
    return sum(any(window.holds(each.taken_at) for each in images) for window in windows(taken_at))


def lacking(stored: Sequence[datetime], *, day: datetime) -> dict[int, int]:
    """Return how many images of the season of each earlier year are still wanted, of those that lack some."""
    have = {years: sum(map(season_of(day, years).holds, stored)) for years in range(1, YEARS + 1)}
    return {years: WANTED - count for years, count in have.items() if count < WANTED}


def worth_fetching(
    scenes: Iterable[Scene], stored: Sequence[datetime], *, day: datetime, years_ago: int
) -> list[Scene]:
    """Return the scenes of the season of an earlier year that are not stored: the clearest first, then the nearest."""
    season = season_of(day, years_ago)
    found = [
        (scene, scene.captured_at)
        for scene in scenes
        if scene.captured_at is not None
        and season.holds(scene.captured_at)
        and (scene.cloud_share or 0.0) <= MOST_CLOUD
        and all(abs(scene.captured_at - known) >= APART for known in stored)
    ]
    then = day - years_ago * YEAR

    def rank(each: tuple[Scene, datetime]) -> tuple[float, int, datetime]:
        scene, taken_at = each  # coarsely: areas that share a tile fetch the same ones, whenever each is looked at
        return round(scene.cloud_share or 0.0, 1), abs(taken_at - then) // APART, taken_at

    return [scene for scene, _ in sorted(found, key=rank)]


def _taken_at(image: Dated) -> datetime:
    return image.taken_at


def _spread(images: Sequence[D], most: int) -> list[D]:
    """Leave so many, spread over all."""
    if len(images) <= most:
        return list(images)
    return [images[round(n * (len(images) - 1) / (most - 1))] for n in range(most)]
