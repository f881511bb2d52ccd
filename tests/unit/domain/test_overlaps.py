"""What two shapes share, against shapely's answer: of any shape, with holes, and where borders lie on each other."""

import math

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain import overlaps
from chalicelib.domain.outlines import Shape
from chalicelib.domain.overlaps import area_m2, inside_any_m2, overlap_m2, reaches_deeper

STEPS = st.integers(-40, 40).map(lambda steps: steps * 2.5)


@st.composite
def stars(draw):
    """Give a shape around a point, any number of corners, wound either way, with or without a hole."""
    east, north = draw(STEPS), draw(STEPS)
    reaches = draw(st.lists(st.floats(5, 60), min_size=3, max_size=24))
    turn = 2 * math.pi / len(reaches)

    def ring(share):
        corners = [
            (east + share * reach * math.cos(place * turn), north + share * reach * math.sin(place * turn))
            for place, reach in enumerate(reaches)
        ]
        return [*corners, corners[0]]

    rings = [ring(1), *([ring(0.4)] if draw(st.booleans()) and len(reaches) > 3 else [])]
    return Shape([list(reversed(each)) if draw(st.booleans()) else each for each in rings])


@st.composite
def boxes(draw):
    """Give a box on a grid: its border often lies on that of another."""
    west, south = draw(STEPS), draw(STEPS)
    east, north = (low + 2.5 * draw(st.integers(1, 12)) for low in (west, south))
    return Shape([[(west, south), (east, south), (east, north), (west, north), (west, south)]])


def polygon(shape):
    return shapely.Polygon(shape.rings[0], shape.rings[1:])


SHAPES = st.one_of(stars(), boxes())


@settings(max_examples=400, deadline=None)
@given(one=SHAPES, other=SHAPES)
def test_what_two_shapes_share_is_what_geos_says(one, other):
    right = polygon(one).intersection(polygon(other)).area
    rounding = 0.001 * (polygon(one).length + polygon(other).length)
    assert abs(overlap_m2(one, other) - right) <= rounding
    assert math.isclose(area_m2(one), polygon(one).area, abs_tol=1e-6)


@settings(max_examples=300, deadline=None)
@given(one=SHAPES, others=st.lists(SHAPES, max_size=4))
def test_what_lies_inside_of_any_is_what_geos_says(one, others):
    right = polygon(one).intersection(shapely.union_all([polygon(each) for each in others])).area if others else 0.0
    assert math.isclose(inside_any_m2(one, [*others, *others[:1]]), right, abs_tol=1e-3)


def test_of_very_many_borders_it_is_no_less(monkeypatch):
    monkeypatch.setattr(overlaps, "MOST_EDGES", 11)
    box = Shape([[(0, 0), (40, 0), (40, 40), (0, 40), (0, 0)]])
    assert math.isclose(inside_any_m2(box, [box.moved(20, 0)] * 6), 6 * 800, rel_tol=0.01)


@given(corner=st.floats(-30, 30), size=st.floats(1, 40), metres=st.floats(0.1, 20))
def test_what_is_said_to_reach_deeper_does(corner, size, metres):
    plot = Shape([[(0, 0), (45, 0), (45, 45), (0, 45), (0, 0)]])
    square = [(corner, corner), (corner + size, corner), (corner + size, corner + size), (corner, corner + size)]
    change = Shape([[*square, square[0]]])
    deep = polygon(plot).buffer(-metres)
    reaches = polygon(change).intersects(deep.buffer(1e-6))
    assert reaches or not reaches_deeper(change, plot, metres)
    if corner > 0 and corner + size < 45 and metres < 5 and 6 < corner + size / 2 < 39:
        assert reaches_deeper(change, plot, metres)


def test_of_shapes_apart_no_corner_is_asked(monkeypatch):
    near = Shape([[(0, 0), (40, 0), (40, 40), (0, 40), (0, 0)]])
    monkeypatch.setattr(Shape, "holds", lambda *_: pytest.fail("asked"))
    assert not reaches_deeper(near, near.moved(90, 0), 1.0)


def test_a_shape_in_a_hole_of_another_shares_nothing_with_it():
    ring = [(0, 0), (40, 0), (40, 40), (0, 40), (0, 0)]
    hole = [(10, 10), (30, 10), (30, 30), (10, 30), (10, 10)]
    pond = Shape([[(15, 15), (25, 15), (25, 25), (15, 25), (15, 15)]])
    assert overlap_m2(pond, Shape([ring, hole])) == 0
    assert math.isclose(overlap_m2(Shape([ring, hole]), Shape([ring])), 1200, abs_tol=0.1)


def test_of_shapes_apart_no_border_is_walked(monkeypatch):
    near = Shape([[(0, 0), (40, 0), (40, 40), (0, 40), (0, 0)]])
    monkeypatch.setattr(overlaps, "_crossings", lambda *_: pytest.fail("walked"))
    assert overlap_m2(near, near.moved(90, 0)) == 0
