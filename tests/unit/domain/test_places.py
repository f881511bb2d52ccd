"""Which regions are one place: outlines in metres, over seams and in any order."""

import math
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.places import NEAR_M, groups_of, lies_on, step_m2, touch
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import M_PER_DEGREE

LON, LAT = 85.8, 20.35
EAST_M = M_PER_DEGREE * math.cos(math.radians(LAT))
FEW = st.integers(0, 5)


def box(west, south, east, north, *, lon=LON):
    """Give the outline of a box in metres, as GeoJSON has it."""
    corners = [(west, south), (east, south), (east, north), (west, north), (west, south)]
    return [[(lon + x / EAST_M, LAT + y / M_PER_DEGREE) for x, y in corners]]


def cut(west, south, east, north, *, xs, ys):
    """Give a box cut into pieces along lines of constant x and y."""
    columns, rows = ([low, *sorted(at), high] for low, at, high in ((west, xs, east), (south, ys, north)))
    return [box(left, low, right, high) for left, right in pairwise(columns) for low, high in pairwise(rows)]


@settings(deadline=None)  # its time is the machine's: many pieces, on a loaded one
@given(
    width=st.floats(8, 200),
    height=st.floats(8, 200),
    seams=st.tuples(st.lists(st.floats(0.1, 0.9), max_size=3), st.lists(st.floats(0.1, 0.9), max_size=3)),
    order=st.randoms(use_true_random=False),
    rim_m=st.floats(0, NEAR_M * 0.45),
)
def test_a_change_that_any_seam_cuts_is_one_place_in_any_order(width, height, seams, order, rim_m):
    xs, ys = [share * width for share in seams[0]], [share * height for share in seams[1]]
    pieces = cut(0, 0, width, height, xs=xs, ys=ys)
    shrunk = [
        [[(x + rim_m / EAST_M * (1 if i in (0, 3, 4) else 0), y) for i, (x, y) in enumerate(p[0])]] for p in pieces
    ]
    wide = [p for p in shrunk if p[0][1][0] > p[0][0][0]]
    order.shuffle(wide)
    assert len(groups_of([[piece] for piece in wide])) == 1


@given(turned=st.booleans(), lon=st.sampled_from([LON, 180.0, -179.99995]))
def test_two_houses_fifteen_metres_apart_are_two(turned, lon):
    houses = [box(0, 0, 10, 10, lon=lon), box(25, 0, 35, 10, lon=lon)]
    if turned:
        houses = [[[(lon + (y - LAT), LAT + (x - lon)) for x, y in house[0]]] for house in houses]
    assert len(groups_of([[house] for house in houses])) == 2
    assert not touch([houses[0]], [houses[1]])


@given(gap_m=st.floats(0.1, 12))
def test_what_comes_within_three_metres_is_one(gap_m):
    groups = groups_of([[box(0, 0, 10, 10)], [box(10 + gap_m, 3, 20 + gap_m, 5)]])
    assert len(groups) == (1 if gap_m <= NEAR_M else 2) or abs(gap_m - NEAR_M) < 0.01


@settings(deadline=None)
@given(count=st.integers(2, 12), order=st.randoms(use_true_random=False))
def test_a_chain_is_one_place_although_its_ends_are_far_apart(count, order):
    links = [[box(12 * n, 0, 12 * n + 10, 10)] for n in range(count)]
    order.shuffle(links)
    assert groups_of(links) == [list(range(count))]


def test_two_places_are_one_from_the_moment_a_third_joins_them():
    far = [[box(0, 0, 10, 10)], [box(30, 0, 40, 10)]]
    assert len(groups_of(far)) == 2
    assert groups_of([*far, [box(8, 4, 32, 6)]]) == [[0, 1, 2]]


def test_what_is_known_to_be_one_place_stays_one():
    assert groups_of([[box(0, 0, 5, 5)], [box(90, 0, 95, 5)]], same=[[0, 1]]) == [[0, 1]]


def test_a_house_in_the_yard_that_a_ring_surrounds_is_another_place():
    ring = [box(0, 0, 40, 40)[0], box(5, 5, 35, 35)[0]]
    assert not touch([ring], [box(15, 15, 25, 25)])
    assert touch([ring], [box(34, 15, 36, 25)])


@given(corners=st.lists(st.tuples(FEW, FEW), min_size=3, max_size=7))
def test_any_outline_touches_itself(corners):
    outline = [[(LON + x / EAST_M, LAT + y / M_PER_DEGREE) for x, y in [*corners, corners[0]]]]
    assert touch([outline], [outline])
    assert groups_of([[outline], [outline]]) == [[0, 1]]


def test_what_was_seen_lies_on_what_it_grew_to_and_not_the_other_way_round():
    small, large = box(0, 0, 10, 10), box(-1, -1, 20, 11)
    assert lies_on([small], [large])
    assert not lies_on([large], [small])
    assert not lies_on([small], [box(10, 0, 20, 10)])


def test_a_place_that_is_accepted_needs_the_smallest_change_to_be_told_again():
    assert step_m2(0.0, Thresholds(min_changed_area_m2=40)) == 40
