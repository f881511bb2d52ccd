"""The grid, held against mercantile; and that every square metre of an area lies on a tile."""

import math

import mercantile
import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.errors import Invalid
from chalicelib.domain.extents import Extent
from chalicelib.domain.scenes import Grid
from chalicelib.domain.tiles import (
    Bounds,
    Tile,
    View,
    bounds_of,
    count_covering,
    grid_position,
    gsd_m,
    position,
    tiles_covering,
)

lats, lons, zooms = st.floats(-84, 84), st.floats(-179.9, 179.9), st.integers(0, 20)
reaches = st.floats(0.001, 3)


@given(lons, lats, zooms)
def test_a_place_lies_on_the_tile_that_mercantile_says(lon, lat, zoom):
    x, y = grid_position(lon, lat, zoom)
    ours, theirs = Tile(zoom, math.floor(x), math.floor(y)), mercantile.tile(lon, lat, zoom)
    is_on_a_seam = min(x % 1, 1 - x % 1, y % 1, 1 - y % 1) < 1e-6
    assert is_on_a_seam or (ours.x, ours.y) == (theirs.x, theirs.y)


@given(lons, lats, zooms)
def test_bounds_are_those_of_mercantile(lon, lat, zoom):
    theirs = mercantile.tile(lon, lat, zoom)
    assert bounds_of(Tile(zoom, theirs.x, theirs.y)) == pytest.approx(mercantile.bounds(theirs), abs=1e-9)


@given(lons, lats, zooms)
def test_position_is_the_inverse_of_grid_position(lon, lat, zoom):
    assert position(*grid_position(lon, lat, zoom), zoom) == pytest.approx((lon, lat), abs=1e-9)


@given(st.floats(-70, 70), st.floats(-170, 170), reaches, reaches, reaches, reaches, st.integers(12, 17))
def test_every_part_of_an_area_lies_on_one_of_its_tiles(lat, lon, north, south, east, west, zoom):
    extent = Extent(center_lat=lat, center_lon=lon, north_km=north, south_km=south, east_km=east, west_km=west)
    box = extent.bounds
    tiles = set(tiles_covering(box, zoom))
    assert len(tiles) == count_covering(box, zoom)
    for share_x in (0.0, 0.13, 0.5, 0.77, 1.0):
        for share_y in (0.0, 0.21, 0.5, 0.93, 1.0):
            x, y = grid_position(
                box.west + (box.east - box.west) * share_x, box.south + (box.north - box.south) * share_y, zoom
            )
            on_a_seam = [math.floor(x - 1e-6), math.floor(x + 1e-6)], [math.floor(y - 1e-6), math.floor(y + 1e-6)]
            assert any(Tile(zoom, i, j) in tiles for i in on_a_seam[0] for j in on_a_seam[1])


@given(st.floats(-70, 70), st.floats(-170, 170), st.integers(12, 19))
def test_an_area_exactly_as_large_as_a_tile_is_covered_by_that_tile(lat, lon, zoom):
    x, y = grid_position(lon, lat, zoom)
    tile = Tile(zoom, math.floor(x), math.floor(y))
    assert list(tiles_covering(bounds_of(tile), zoom)) == [tile]


def test_an_area_smaller_than_a_tile_has_the_tiles_it_touches():
    corner = bounds_of(Tile(17, 96788, 57975))
    box = Bounds(corner.east - 1e-5, corner.south - 1e-5, corner.east + 1e-5, corner.south + 1e-5)
    assert count_covering(box, 17) == 4


def test_a_world_wide_box_is_counted_without_being_walked():
    assert count_covering(Bounds(-180, -85.05, 180, 85.05), 23) > 7e13


@pytest.mark.parametrize("key", ["", "1/2", "a/b/c", "3/8/0", "3/0/-1", "99/0/0", "1/1/1/1"])
def test_a_tile_that_is_none_is_refused(key):
    with pytest.raises(Invalid):
        Tile.parse(key)


@given(st.integers(1, 20), st.data())
def test_a_tile_reads_its_own_key(zoom, data):
    side = st.integers(0, 2**zoom - 1)
    tile = Tile(zoom, data.draw(side), data.draw(side))
    assert Tile.parse(str(tile)) == tile


@given(lats, st.floats(-170, 170), st.floats(-20, 660), st.floats(-20, 660))
def test_pixels_and_places_of_a_view_agree(lat, lon, column, row):
    x, y = grid_position(lon, lat, 17)
    view = Grid(zoom=17, tile_px=512, margin_px=64).view(Tile(17, math.floor(x), math.floor(y)))
    assert view.pixel(*view.lonlat(column, row)) == pytest.approx((column, row), abs=1e-4)


def test_a_view_shows_its_tile_within_its_margin():
    tile = Tile(17, 96788, 57975)
    view = Grid(zoom=17, tile_px=512, margin_px=64).view(tile)
    box = bounds_of(tile)
    assert view.size_px == 640
    assert view.pixel(box.west, box.north) == pytest.approx((64, 64), abs=1e-6)
    assert view.pixel(box.east, box.south) == pytest.approx((576, 576), abs=1e-6)
    assert view.gsd_m == pytest.approx(gsd_m((box.north + box.south) / 2, 17, 512), rel=1e-6)


def test_the_reach_of_an_area_is_the_ground_of_its_images_whatever_part_of_a_tile_it_has():
    tile = Tile(17, 96_788, 57_975)
    view = View(tile=tile, tile_px=64, margin_px=8)
    ground = bounds_of(tile)
    tenth = (ground.east - ground.west) / 10
    for part in (ground, ground._replace(east=ground.west + tenth), ground._replace(west=ground.east - tenth)):
        assert view.reach(part) == view.bounds
    wider = view.reach(ground._replace(east=ground.east + tenth))
    assert (wider.west, wider.north) == (view.bounds.west, view.bounds.north)
    assert wider.east == View(tile=tile._replace(x=tile.x + 1), tile_px=64, margin_px=8).bounds.east
