"""How much of one shape lies inside another, in square metres: exactly, from their borders alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import chain, combinations, pairwise

from chalicelib.domain.outlines import Point, Segment, Shape

_ASIDE = (1.7e-4, 1.1e-4)  # metres: borders that lie on each other, as those of neighbours do, lie beside each other
MOST_EDGES = 250  # that are held against each other: some tenths of a second
_Cuts = dict[tuple[int, int], list[float]]  # by ring and edge: where along it the other shape's border crosses


def area_m2(shape: Shape) -> float:
    """Return the square metres of a shape, without its holes.

    >>> area_m2(Shape([[(0, 0), (4, 0), (4, 4), (0, 4), (0, 0)], [(1, 1), (2, 1), (2, 2), (1, 2), (1, 1)]]))
    15.0
    """
    return sum(_signed(ring, index) for index, ring in enumerate(shape.rings))


def overlap_m2(one: Shape, other: Shape) -> float:
    """Return the square metres that two shapes share.

    What goes around the shared ground is each border as far as it lies inside of the other shape. Right to the product
    of the border's length and a fifth of a millimetre.

    >>> left, right = (Shape([[(x, 0), (x + 4, 0), (x + 4, 4), (x, 4), (x, 0)]]) for x in (0, 3))
    >>> round(overlap_m2(left, right), 2), overlap_m2(left, left.moved(9, 9))
    (4.0, 0.0)
    """
    if not one.box.is_within(0, other.box):
        return 0.0
    # Around a middle of theirs, so that what is small is not the difference of large numbers.
    east, north = -other.rings[0][0][0], -other.rings[0][0][1]
    first, second = one.moved(east + _ASIDE[0], north + _ASIDE[1]), other.moved(east, north)
    cuts_of_first, cuts_of_second = _crossings(first, second)
    shared = _inside(first, second, cuts_of_first) + _inside(second, first, cuts_of_second)
    return max(0.0, min(shared, area_m2(one), area_m2(other)))


def shared_m2(shapes: Sequence[Shape], others: Sequence[Shape]) -> float:
    """Return the square metres that shapes share with others; none overlap among themselves."""
    return sum(overlap_m2(one, other) for one in shapes for other in others)


def inside_any_m2(shape: Shape, others: Sequence[Shape]) -> float:
    """Return the square metres of a shape that lie inside of any of some others: once, where these overlap.

    Of very many borders (MOST_EDGES) it is what each shares with the shape, added up: that is more, where they overlap.

    >>> one, two = (Shape([[(x, 0), (x + 4, 0), (x + 4, 4), (x, 4), (x, 0)]]) for x in (0, 3))
    >>> inside_any_m2(one, [two, two, one.moved(0, 2)])
    10.0
    """
    inside = _inside_any_m2(shape, others)
    return sum(overlap_m2(shape, other) for other in others) if inside is None else inside


def is_inside_any(shape: Shape, others: Sequence[Shape], *, m2: float) -> bool:
    """Whether so many square metres of a shape surely lie inside of any of some others: once, where these overlap.

    Of very many borders (MOST_EDGES) what others share counts for none of them, so that never too much is said.

    >>> one, two = (Shape([[(x, 0), (x + 4, 0), (x + 4, 4), (x, 4), (x, 0)]]) for x in (0, 3))
    >>> [is_inside_any(one, [two, two, one.moved(0, 2)], m2=m2) for m2 in (9.9, 10.1)]
    [True, False]
    """
    shared = sorted(((overlap_m2(shape, other), place) for place, other in enumerate(others)), reverse=True)
    if sum(each for each, _ in shared) < m2:
        return False
    at_least, counted = 0.0, list[Shape]()
    for each, place in shared:  # the largest first: it is enough by itself, mostly
        new = each - sum(overlap_m2(others[place], other) for other in counted)
        if new > 0:
            at_least += new
            counted.append(others[place])
        if at_least >= m2:
            return True
    inside = _inside_any_m2(shape, others)
    return inside is not None and inside >= m2


def _inside_any_m2(shape: Shape, others: Sequence[Shape]) -> float | None:
    """Return what of a shape is inside of any of some others; None where they have too many borders for that.

    It is cut into strips in which no border ends or crosses another: each is as wide on average as in its middle.
    """
    near = [other for other in others if shape.box.is_within(0, other.box)]
    south, north = shape.box.south, shape.box.north
    every = [_edges_between(each, south, north) for each in (shape, *near)]
    if sum(map(len, every)) > MOST_EDGES:
        return None
    ends = {y for edges in every for edge in edges for _, y in edge}
    cuts = {y for one, other in combinations(every, 2) for y in _crossed_at(one, other)}
    heights = sorted({south, north, *(y for y in ends | cuts if south < y < north)})
    total = 0.0
    for low, high in pairwise(heights):
        (own, *spans) = (_spans(edges, (low + high) / 2) for edges in every)
        total += (high - low) * _common(own, sorted(chain.from_iterable(spans)))
    return total


def reaches_deeper(shape: Shape, other: Shape, metres: float) -> bool:
    """Whether a point that both share is seen to lie farther than that from the border of the other.

    Looked for among the shape's corners, between them and its middle, and at the middle of the other.
    """
    if not shape.box.is_within(0, other.box):
        return False
    corners, middle = shape.rings[0], _middle(shape)
    halfway = [((x + middle[0]) / 2, (y + middle[1]) / 2) for x, y in corners]
    west, south, east, north = other.box
    deep = (  # so deep inside its box, which is quickly seen: most are not
        point
        for point in (middle, *halfway, *corners, _middle(other))
        if west + metres < point[0] < east - metres and south + metres < point[1] < north - metres
    )
    return any(other.holds(point) and other.border_distance(point) > metres and shape.holds(point) for point in deep)


def _edges_between(shape: Shape, south: float, north: float) -> list[Segment]:
    """Return the edges of a shape that come between two heights, but those along one."""
    edges = (edge for ring in shape.rings for edge in pairwise(ring))
    return [(a, b) for a, b in edges if a[1] != b[1] and min(a[1], b[1]) < north and max(a[1], b[1]) > south]


def _crossed_at(edges: Iterable[Segment], others: Sequence[Segment]) -> Iterator[float]:
    """Yield the heights at which edges cross others."""
    for (ax, ay), (bx, by) in edges:
        for (cx, cy), (dx, dy) in others:
            turn = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx)
            here = ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / turn if turn else -1.0
            if 0 < here < 1:
                yield ay + here * (by - ay)


def _spans(edges: Iterable[Segment], y: float) -> list[tuple[float, float]]:
    """Return from where to where the inside of a shape reaches at a height, from the west."""
    at = sorted(ax + (y - ay) / (by - ay) * (bx - ax) for (ax, ay), (bx, by) in edges if min(ay, by) <= y < max(ay, by))
    return list(zip(at[::2], at[1::2], strict=True))


def _common(own: Iterable[tuple[float, float]], spans: Sequence[tuple[float, float]]) -> float:
    """Return how much of some spans lies in any of others, which are sorted."""
    total = 0.0
    for west, east in own:
        reached = west
        for begin, end in spans:
            if min(end, east) > max(begin, reached):
                total += min(end, east) - max(begin, reached)
                reached = min(end, east)
    return total


def _middle(shape: Shape) -> Point:
    return (shape.box.west + shape.box.east) / 2, (shape.box.south + shape.box.north) / 2


def _crossings(one: Shape, other: Shape) -> tuple[_Cuts, _Cuts]:
    """Return where along the edges of each the border of the other crosses them, as shares of an edge's length."""
    found: tuple[_Cuts, _Cuts] = {}, {}
    others = list(_edges_near(other, one))
    for key, ((ax, ay), (bx, by)) in _edges_near(one, other):
        along, up = bx - ax, by - ay
        west, east = (ax, bx) if ax < bx else (bx, ax)
        south, north = (ay, by) if ay < by else (by, ay)
        for other_key, ((cx, cy), (dx, dy)) in others:
            if (cx < west and dx < west) or (cx > east and dx > east):
                continue
            if (cy < south and dy < south) or (cy > north and dy > north):
                continue
            turn = along * (dy - cy) - up * (dx - cx)
            if turn == 0:
                continue
            here = ((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx)) / turn
            there = ((cx - ax) * up - (cy - ay) * along) / turn
            if 0 <= here < 1 and 0 <= there < 1:
                found[0].setdefault(key, []).append(here)
                found[1].setdefault(other_key, []).append(there)
    return found


def _edges_near(shape: Shape, other: Shape) -> list[tuple[tuple[int, int], Segment]]:
    box = other.box
    return [
        ((ring, edge), (a, b))
        for ring, corners in enumerate(shape.rings)
        for edge, (a, b) in enumerate(pairwise(corners))
        if not (a[0] < box.west and b[0] < box.west)
        and not (a[0] > box.east and b[0] > box.east)
        and not (a[1] < box.south and b[1] < box.south)
        and not (a[1] > box.north and b[1] > box.north)
    ]


def _inside(shape: Shape, other: Shape, cuts: _Cuts) -> float:
    """Return what the border of a shape, as far as it lies inside of the other, adds to the area between both."""
    crossed = {ring for ring, _ in cuts}
    total = 0.0
    for index, ring in enumerate(shape.rings):
        if index not in crossed:  # all of it lies on one side
            total += _signed(ring, index) if other.holds(ring[0]) else 0.0
            continue
        turned = -1 if _twice(ring) < 0 else 1
        sign = turned if index == 0 else -turned
        is_inside = None
        for edge, (a, b) in enumerate(pairwise(ring)):
            at = cuts.get((index, edge))
            if at is None:
                is_inside = other.holds(a) if is_inside is None else is_inside
                if is_inside:
                    total += sign * (a[0] * b[1] - b[0] * a[1]) / 2
                continue
            points = [_along(a, b, share) for share in (0.0, *sorted(at), 1.0)]
            for c, d in pairwise(points):
                is_inside = other.holds(((c[0] + d[0]) / 2, (c[1] + d[1]) / 2))
                if is_inside:
                    total += sign * (c[0] * d[1] - d[0] * c[1]) / 2
    return total


def _along(a: Point, b: Point, share: float) -> Point:
    return a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])


def _signed(ring: Sequence[Point], index: int) -> float:
    area = abs(_twice(ring)) / 2
    return area if index == 0 else -area


def _twice(ring: Sequence[Point]) -> float:
    return sum(a[0] * b[1] - b[0] * a[1] for a, b in pairwise(ring))
