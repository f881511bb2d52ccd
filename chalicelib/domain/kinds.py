"""Which kind of change a region is, what people read of it, and which kinds an area wants to be told of."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from enum import StrEnum

from chalicelib.domain.errors import Invalid


class Kind(StrEnum):
    """What changed, from the older image to the newer one."""

    BUILT = "built"
    ROAD = "road"
    BARE_EARTH = "bare_earth"  # cleared, dug, filled
    VEGETATION_LOST = "vegetation_lost"
    VEGETATION_GROWN = "vegetation_grown"
    CROP_OR_SEASON = "crop_or_season"
    WATER_GAINED = "water_gained"
    WATER_LOST = "water_lost"
    OTHER = "other"


class ReadingKind(StrEnum):
    """The five words that people read."""

    BUILT = "built"
    EARTH_MOVED = "earth moved"
    PLANTS_LOST = "plants lost"
    WATER_LOST = "water lost"
    OTHER = "other"


WORKS = frozenset({Kind.BUILT, Kind.ROAD, Kind.BARE_EARTH})
DEFAULT_ALERT_KINDS = WORKS | {Kind.VEGETATION_LOST, Kind.WATER_LOST}
SURE = 0.8  # how probable it must be that a change is of kinds that do not alert, for it to be ignored
_READ_AS = {
    Kind.BUILT: ReadingKind.BUILT,
    Kind.ROAD: ReadingKind.BUILT,
    Kind.BARE_EARTH: ReadingKind.EARTH_MOVED,
    Kind.VEGETATION_LOST: ReadingKind.PLANTS_LOST,
    Kind.WATER_LOST: ReadingKind.WATER_LOST,
}


def reading_kind(kind: str | None) -> ReadingKind:
    """Return the word that people read for a kind; of a region from before there were kinds it is "other".

    >>> str(reading_kind(Kind.ROAD)), str(reading_kind(None))
    ('built', 'other')
    """
    return next((word for known, word in _READ_AS.items() if known == kind), ReadingKind.OTHER)


def read_as(words: Iterable[ReadingKind | str | None]) -> tuple[ReadingKind, ...]:
    """Return the different ones of some reading kinds, in the order that they are always told in.

    >>> [str(word) for word in read_as(["other", "built", None, "built"])]
    ['built', 'other']
    """
    said = set(words)
    return tuple(word for word in ReadingKind if word in said)


def is_surely_unwanted(chances: Mapping[Kind, float], alert_kinds: Collection[Kind]) -> bool:
    """Whether a change is surely of kinds that an area does not want to be told of.

    Other is what is not told well enough to be any of them: it makes nobody sure.

    >>> is_surely_unwanted({Kind.CROP_OR_SEASON: 0.95, Kind.BUILT: 0.05}, WORKS), is_surely_unwanted({}, WORKS)
    (True, False)
    """
    unwanted = sum(chance for kind, chance in chances.items() if kind not in alert_kinds and kind is not Kind.OTHER)
    return unwanted >= SURE


def checked_alert_kinds(words: Collection[str]) -> frozenset[Kind]:
    """Parse the kinds that an area wants to be told of. Raises Invalid."""
    known = ", ".join(Kind)
    for place, word in enumerate(words):
        if word not in set(Kind):
            raise Invalid(f"a kind is one of {known}, not {word[:40]!r}", pointer=f"/alertKinds/{place}")
    if not words:
        raise Invalid(f"an area alerts on one kind at least: {known}", pointer="/alertKinds")
    return frozenset(Kind(word) for word in words)
