"""Places: a change as people know it. Regions that touch, over tile seams and over sessions, are one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from chalicelib.domain.kinds import Kind
from chalicelib.domain.outlines import Plane, Shape
from chalicelib.domain.parcels import NamedParcel
from chalicelib.domain.severity import Severity
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds, Outline, Tile

NEAR_M = 3.0  # outlines that come so near are one place: a pixel or two of rim on either side of a seam
GROWTH_SHARE = 0.2  # of what was told of a place, by which it must grow to be told again


class PlaceState(StrEnum):
    """Whether a place still waits for somebody."""

    OPEN = "open"
    ACCEPTED = "accepted"  # its area's baseline was moved past it


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownPart:
    """What is known of one place on one tile."""

    place_id: int
    is_here: bool  # on the tile in question, not on one beside it
    outlines: tuple[Outline, ...]
    area_m2: float  # when it was seen last
    told_m2: float  # when people were told of it last; 0 where the baseline holds it
    known_m2: float = 0.0  # as `told_m2`, and what was told of it before it was accepted
    is_told_since: bool = False  # people were told of it by an image that came after the reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """What one tile's comparison showed of a place: of a known one, or, without an id, of one that is to be joined."""

    place_id: int | None
    outlines: tuple[Outline, ...]
    area_m2: float
    severity: Severity | None
    is_told: bool  # in an alert
    is_news: bool = True  # not of what people know: that opens no place again
    kind: Kind | None = None  # of its largest region
    kind_probability: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place."""

    place_id: int
    area_id: int
    state: PlaceState
    first_seen_at: datetime
    last_seen_at: datetime
    area_m2: float
    severity: Severity | None  # the highest that was told
    bounds: Bounds
    outlines: tuple[Outline, ...]  # as seen last, tile by tile
    kind: Kind = (
        Kind.OTHER
    )  # of its largest sighting that told one; other as well of a place from before there were kinds
    kind_probability: float | None = None
    parcels: tuple[NamedParcel, ...] = ()  # that it touches, as seen last


class Seen(NamedTuple):
    """One session's view of a place."""

    session_id: int
    seen_at: datetime
    area_m2: float
    is_told: bool
    tiles: tuple[SeenTile, ...]


class SeenTile(NamedTuple):
    """One tile of that view, with its image and, where people were told, its alert."""

    tile: Tile
    image_id: int
    image_key: str
    alert_id: int | None


class PlaceFilter(NamedTuple):
    """Which places are asked for; None asks for all."""

    area_id: int | None = None
    since: datetime | None = None  # seen at that time or later
    is_open: bool | None = None


def step_m2(told_m2: float, thresholds: Thresholds) -> float:
    """Return by how much a place must grow to be told again.

    >>> step_m2(100, Thresholds(min_changed_area_m2=25)), step_m2(500, Thresholds(min_changed_area_m2=25))
    (25, 100.0)
    """
    return max(thresholds.min_changed_area_m2, GROWTH_SHARE * told_m2)


def touch(one: Sequence[Outline], other: Sequence[Outline]) -> bool:
    """Whether outlines are one place: they overlap, or come within NEAR_M of each other."""
    plane = Plane(one[0][0][0])
    return any(plane.shape(mine).is_within(NEAR_M, plane.shape(theirs)) for mine in one for theirs in other)


def lies_on(one: Sequence[Outline], other: Sequence[Outline]) -> bool:
    """Whether most of each of the outlines `one` lies on the outlines `other`: the same change, seen anew."""
    plane = Plane(one[0][0][0])
    covers = [plane.shape(outline) for outline in other]
    return all(any(cover.covers(plane.shape(outline)) for cover in covers) for outline in one)


def groups_of(outlines: Sequence[Sequence[Outline]], *, same: Sequence[Sequence[int]] = ()) -> list[list[int]]:
    """Return the indices of those that are one place, group by group: what touches, and what touches that.

    `same` are indices that are known to be one place. Neither order nor cuts matter.
    """
    groups = _Groups(len(outlines))
    for first, *others in same:
        for other in others:
            groups.join(first, other)
    if outlines:
        plane = Plane(outlines[0][0][0][0])
        shapes = [(plane.shape(outline), index) for index, several in enumerate(outlines) for outline in several]
        _join_what_touches(sorted(shapes, key=lambda pair: pair[0].box.west), groups)
    return groups.all()


def _join_what_touches(west_to_east: Sequence[tuple[Shape, int]], groups: _Groups) -> None:
    ahead: list[tuple[Shape, int]] = []  # those that the next one from the west may still touch
    for shape, index in west_to_east:
        ahead = [pair for pair in ahead if pair[0].box.east + NEAR_M >= shape.box.west]
        for beside, other in ahead:
            if groups.lead(other) != groups.lead(index) and shape.is_within(NEAR_M, beside):
                groups.join(other, index)
        ahead.append((shape, index))


class _Groups:
    """Disjoint sets of indices; the lowest of a set leads it."""

    def __init__(self, count: int) -> None:
        self._leader = list(range(count))

    def lead(self, index: int) -> int:
        while self._leader[index] != index:
            self._leader[index] = self._leader[self._leader[index]]
            index = self._leader[index]
        return index

    def join(self, one: int, other: int) -> None:
        first, last = sorted((self.lead(one), self.lead(other)))
        self._leader[last] = first

    def all(self) -> list[list[int]]:
        groups: dict[int, list[int]] = {}
        for index in range(len(self._leader)):
            groups.setdefault(self.lead(index), []).append(index)
        return list(groups.values())


def bounds_around(outlines: Sequence[Outline]) -> Bounds:
    """Return the box in degrees around outlines."""
    corners = [corner for outline in outlines for corner in outline[0]]
    lons, lats = [lon for lon, _ in corners], [lat for _, lat in corners]
    return Bounds(min(lons), min(lats), max(lons), max(lats))
