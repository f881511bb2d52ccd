"""Which pixels of an image are watched: those whose centre lies in the outlines, or in the box."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.domain.tiles import Bounds
from chalicelib.vision.pixels import ground_mask, watched_mask
from tests.support.builders.land import EVERYWHERE, VIEW

SIDE, TILE = VIEW.size_px, slice(VIEW.margin_px, VIEW.margin_px + VIEW.tile_px)


def outline(*rings):
    """Give rings of pixels as an outline in degrees."""
    return [[VIEW.lonlat(*position) for position in (*ring, ring[0])] for ring in rings]


def square(left, top, right, bottom):
    return [(left, top), (right, top), (right, bottom), (left, bottom)]


def test_without_outlines_it_is_the_box():
    west, _, _, north = EVERYWHERE
    half = Bounds(west, VIEW.lonlat(0, 100)[1], VIEW.lonlat(200, 0)[0], north)
    mask = watched_mask(VIEW, half)
    assert (mask[:100, :200].all(), mask.sum()) == (True, 100 * 200)
    assert watched_mask(VIEW, EVERYWHERE).all()


def test_a_square_with_a_hole_is_its_pixels_without_those_of_the_hole():
    mask = watched_mask(VIEW, EVERYWHERE, (outline(square(50, 60, 150, 200), square(80, 90, 100, 110)),))
    expected = np.zeros((SIDE, SIDE), np.bool_)
    expected[60:200, 50:150] = True
    expected[90:110, 80:100] = False
    assert (mask == expected).all()


def test_two_that_adjoin_are_one():
    mask = watched_mask(VIEW, EVERYWHERE, (outline(square(50, 60, 100, 80)), outline(square(100, 60, 150, 80))))
    assert (mask[60:80, 50:150].all(), mask.sum()) == (True, 20 * 100)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(-40, 360), st.floats(-40, 360)), min_size=3, max_size=3, unique=True))
def test_of_a_triangle_a_pixel_is_watched_whose_centre_lies_in_it_to_half_a_pixel(corners):
    triangle = shapely.Polygon(corners)
    mask = watched_mask(VIEW, EVERYWHERE, (outline(corners),))
    columns, rows = np.meshgrid(np.arange(SIDE) + 0.5, np.arange(SIDE) + 0.5)
    inside = shapely.contains_xy(triangle, columns, rows)
    if inside.sum() < 10:
        return  # a speck: the next test's
    off = mask != inside
    assert (shapely.distance(shapely.boundary(triangle), shapely.points(columns[off], rows[off])) < 0.5).all()


def test_what_is_thinner_than_a_pixel_still_has_those_that_it_lies_in():
    mask = ground_mask(VIEW, EVERYWHERE, (outline(square(50.1, 60.1, 50.3, 90)),))
    assert mask[60:90, 50].all()
    assert mask.sum() == pytest.approx(30, abs=4)


def test_the_ground_of_a_tile_is_what_is_watched_of_the_tile_itself():
    mask = ground_mask(VIEW, EVERYWHERE, (outline(square(0, 0, 100, SIDE)),))
    assert mask.sum() == (100 - VIEW.margin_px) * VIEW.tile_px
    assert not mask[:, : VIEW.margin_px].any()


def test_of_a_sliver_on_the_tile_the_pixels_count_that_it_lies_in_whatever_the_margin_has():
    right = VIEW.margin_px + VIEW.tile_px
    sliver = outline([(right - 0.3, 60), (SIDE, 60), (SIDE, 200), (right - 0.3, 200)])
    ground = ground_mask(VIEW, EVERYWHERE, (sliver,))
    assert 0 < ground.sum() <= 2 * 142
    assert ground[60:200, right - 1].all()
