import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.areas import checked_name, checked_size
from chalicelib.domain.errors import Invalid
from chalicelib.domain.extents import Extent
from chalicelib.domain.scenes import Grid

KM = {"north_km": 1.0, "south_km": 1.0, "east_km": 1.0, "west_km": 1.0}


def extent(**changed):
    return Extent(**({"center_lat": 20.3, "center_lon": 85.8} | KM | changed))


@given(st.floats(-80, 80), st.floats(0.01, 50), st.floats(0.01, 50))
def test_an_extent_is_as_many_kilometres_as_it_says(lat, north, east):
    box = extent(center_lat=lat, center_lon=0.0, north_km=north, east_km=east).bounds
    assert (box.north - lat) * 111.19493 == pytest.approx(north, rel=1e-9)
    assert box.east * 111.19493 * math.cos(math.radians(lat)) == pytest.approx(east, rel=1e-9)


def test_kilometres_may_be_fractions():
    box = extent(north_km=0.128, south_km=0.0).bounds
    assert (box.north - box.south) * 111_194.93 == pytest.approx(128)


@pytest.mark.parametrize(
    ("changed", "pointer"),
    [
        ({"center_lat": 91}, "/centerLat"),
        ({"center_lat": -90.0001}, "/centerLat"),
        ({"center_lon": 180.1}, "/centerLon"),
        ({"north_km": -1}, "/northKm"),
        ({"east_km": math.nan}, "/eastKm"),
        ({"west_km": math.inf}, "/westKm"),
        ({"south_km": 1e6}, "/southKm"),
        ({"north_km": 0, "south_km": 0}, "/northKm"),
        ({"center_lat": 85.045}, "/centerLat"),
        ({"center_lat": 90}, "/centerLat"),
        ({"center_lon": 179.999}, "/centerLon"),
        ({"center_lon": -180.0}, "/centerLon"),
    ],
)
def test_an_extent_that_makes_no_sense_says_where(changed, pointer):
    with pytest.raises(Invalid) as refused:
        extent(**changed)
    assert refused.value.pointer == pointer


def test_too_many_tiles_are_refused_with_their_number():
    grid = Grid(zoom=17, tile_px=512, margin_px=64)
    assert checked_size(extent(), grid, most_tiles=100, tiles_per_day=64) == 64
    with pytest.raises(Invalid, match="needs 64 tiles at zoom 17; at most 63 are allowed"):
        checked_size(extent(), grid, most_tiles=63, tiles_per_day=1)
    with pytest.raises(Invalid, match="needs 64 tiles at zoom 17 each time, and you have 63 a day"):
        checked_size(extent(), grid, most_tiles=100, tiles_per_day=63)


@pytest.mark.parametrize("name", ["", "   ", "x" * 201])
def test_a_name_is_neither_empty_nor_endless(name):
    with pytest.raises(Invalid):
        checked_name(name)
