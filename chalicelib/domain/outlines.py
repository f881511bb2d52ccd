"""Outlines on the ground: how far apart they are, in metres, and whether one lies on another."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from chalicelib.domain.tiles import M_PER_DEGREE, Outline

DRAWN_IN = 0.8  # of the way from an outline's middle to its corner: where the corner is looked for in another outline
Point = tuple[float, float]
Segment = tuple[Point, Point]


class Box(NamedTuple):
    """A box in metres."""

    west: float
    south: float
    east: float
    north: float

    def is_within(self, metres: float, other: Box) -> bool:
        """Whether the two are no farther apart than that, along each axis."""
        return (
            self.west - metres <= other.east
            and other.west - metres <= self.east
            and self.south - metres <= other.north
            and other.south - metres <= self.north
        )


class Plane:
    """A flat piece of the earth: outlines of (lon, lat) become shapes in metres, right within a few kilometres."""

    def __init__(self, origin: Point) -> None:
        """Take the (lon, lat) that is (0, 0) in metres."""
        self._lon, self._lat = origin
        self._metres_of_lon = M_PER_DEGREE * math.cos(math.radians(self._lat))

    def shape(self, outline: Outline) -> Shape:
        """Return an outline in metres. It may reach over the antimeridian."""
        return Shape([[self._point(*corner) for corner in ring] for ring in outline])

    def _point(self, lon: float, lat: float) -> Point:
        return (((lon - self._lon + 180) % 360) - 180) * self._metres_of_lon, (lat - self._lat) * M_PER_DEGREE


class Shape:
    """Closed rings in metres, the outer one first, then its holes."""

    def __init__(self, rings: Sequence[Sequence[Point]]) -> None:
        self.rings = rings
        easts, norths = zip(*rings[0], strict=True)
        self.box = Box(min(easts), min(norths), max(easts), max(norths))

    def holds(self, point: Point) -> bool:
        """Whether a point lies inside, and in no hole.

        >>> Shape([[(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)]]).holds((1, 3))
        True
        """
        x, y = point
        is_inside = False
        for ring in self.rings:
            for (ax, ay), (bx, by) in _segments(ring):
                if (ay > y) != (by > y) and x < ax + (y - ay) / (by - ay) * (bx - ax):
                    is_inside = not is_inside
        return is_inside

    def moved(self, east: float, north: float) -> Shape:
        """Return the shape, so many metres farther east and north."""
        return Shape([[(x + east, y + north) for x, y in ring] for ring in self.rings])

    def border_distance(self, point: Point) -> float:
        """Return how many metres a point lies from the nearest rim, of the shape or of a hole."""
        return min(_distance(point, segment) for ring in self.rings for segment in _segments(ring))

    def is_within(self, metres: float, other: Shape) -> bool:
        """Whether two shapes overlap, or come as near to each other as that.

        >>> one, other = (Shape([[(x, 0), (x + 4, 0), (x + 4, 4), (x, 4), (x, 0)]]) for x in (0, 9))
        >>> one.is_within(5, other), one.is_within(4.9, other)
        (True, False)
        """
        if not self.box.is_within(metres, other.box):
            return False
        if self.holds(other.rings[0][0]) or other.holds(self.rings[0][0]):
            return True
        mine, others = list(self._near(other.box, metres)), list(other._near(self.box, metres))
        return any(_are_within(metres, one, two) for one in mine for two in others)

    def covers(self, other: Shape) -> bool:
        """Whether most of the other lies inside this one, by its corners, drawn in a little: rims may be the same."""
        if not self.box.is_within(0, other.box):
            return False
        corners = other.rings[0][:-1]
        middle = [sum(values) / len(corners) for values in zip(*corners, strict=True)]
        drawn_in = [
            (middle[0] + DRAWN_IN * (x - middle[0]), middle[1] + DRAWN_IN * (y - middle[1])) for x, y in corners
        ]
        return 2 * sum(map(self.holds, drawn_in)) > len(corners)

    def _near(self, box: Box, metres: float) -> Iterator[Segment]:
        """Yield the segments that may come near a box: the others need not be measured."""
        for ring in self.rings:
            for (ax, ay), (bx, by) in _segments(ring):
                if Box(min(ax, bx), min(ay, by), max(ax, bx), max(ay, by)).is_within(metres, box):
                    yield (ax, ay), (bx, by)


def _segments(ring: Sequence[Point]) -> Iterator[Segment]:
    return pairwise(ring)


def _are_within(metres: float, one: Segment, two: Segment) -> bool:
    if _cross(one, two):
        return True
    ends = [(end, two) for end in one] + [(end, one) for end in two]
    return any(_distance(end, segment) <= metres for end, segment in ends)


def _cross(one: Segment, two: Segment) -> bool:
    sides = (_side(two, one[0]) > 0) != (_side(two, one[1]) > 0)
    return sides and (_side(one, two[0]) > 0) != (_side(one, two[1]) > 0)


def _side(segment: Segment, point: Point) -> float:
    (ax, ay), (bx, by) = segment
    return (bx - ax) * (point[1] - ay) - (by - ay) * (point[0] - ax)


def _distance(point: Point, segment: Segment) -> float:
    (ax, ay), (bx, by) = segment
    along, length = (bx - ax, by - ay), (bx - ax) ** 2 + (by - ay) ** 2
    share = ((point[0] - ax) * along[0] + (point[1] - ay) * along[1]) / length if length else 0.0
    share = max(0.0, min(1.0, share))
    return math.hypot(point[0] - ax - share * along[0], point[1] - ay - share * along[1])
