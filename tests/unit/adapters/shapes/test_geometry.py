"""Shapes by GEOS: what is no land and why, how far a margin reaches, and which tiles a shape touches."""

import math

import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.adapters.shapes.geometry import GeosShapes
from chalicelib.domain.errors import Invalid
from chalicelib.domain.scenes import Grid
from chalicelib.domain.tiles import M_PER_DEGREE, Bounds, bounds_of, shared_m2, tiles_covering
from chalicelib.domain.whereabouts import Spot
from tests.support.builders.geometries import box, of, shape

GRID = Grid(zoom=16, tile_px=256, margin_px=32)
LON, LAT = 77.59, 12.97
lats, lons = st.floats(-75, 75), st.floats(-170, 170)


def several(*polygons):
    return {"type": "MultiPolygon", "coordinates": [of(*rings)["coordinates"] for rings in polygons]}


def cover(land, grid=GRID, most_tiles=2500):
    return next(GeosShapes().covers(land, grid, most_tiles=most_tiles), None)


def polygon_of(land):
    return shapely.union_all([shapely.Polygon(each[0], each[1:]) for each in land.watched])


TRIANGLE = of([(LON, LAT), (LON + 0.02, LAT), (LON, LAT + 0.02), (LON, LAT)])
FAULTS = [
    (of([(0, 0), (1, 1), (1, 0), (0, 1), (0, 0)]), "this ring crosses itself at longitude 0.5, latitude 0.5", "/0"),
    (of([(0, 0), (2, 0), (2, 2), (1, 0), (0, 2), (0, 0)]), "this ring touches itself|crosses itself", "/0"),
    (of([(0, 0), (1, 0), (2, 0), (0, 0)]), "encloses nothing|crosses itself", "/0"),
    (of([(0, 0), (0, 0), (0, 0), (0, 0)]), "this ring encloses nothing", "/0"),
    (of(box(0, 0, 1, 1), box(2, 2, 3, 3)), "a hole lies outside of its polygon at longitude 2, latitude 2", ""),
    (of(box(0, 0, 9, 9), box(1, 1, 8, 8), box(2, 2, 3, 3)), "a hole lies in another hole", ""),
    (of(box(0, 0, 9, 9), box(1, 1, 8, 8), box(1, 1, 8, 8)), "crosses itself|in another hole|the same", ""),
]


@pytest.mark.parametrize(("geometry", "says", "pointer"), FAULTS)
def test_what_is_no_land_is_told_with_its_place(geometry, says, pointer):
    with pytest.raises(Invalid, match=says) as caught:
        shape(geometry)
    assert caught.value.pointer == f"/geometry/coordinates{pointer}"
    assert caught.value.position is not None


def test_the_polygon_of_many_that_is_wrong_is_named():
    bow_tie = [(0, 0), (1, 1), (1, 0), (0, 1), (0, 0)]
    with pytest.raises(Invalid, match="crosses itself") as caught:
        shape(several([box(3, 3, 4, 4)], [bow_tie]))
    assert caught.value.pointer == "/geometry/coordinates/1/0"


def test_rings_are_turned_and_parcels_that_adjoin_are_joined_and_both_is_said():
    clockwise = of(list(reversed(box(0, 0, 0.01, 0.01))))
    turned = shape(clockwise)
    assert shapely.is_ccw(shapely.LinearRing(turned.geometry["coordinates"][0]))
    assert [note.split(":")[0] for note in turned.notes] == ["rings were turned"]
    parcels = several([box(0, 0, 0.01, 0.01)], [box(0.01, 0, 0.02, 0.01)])
    joined = shape(parcels)
    assert (joined.geometry["type"], joined.notes) == ("Polygon", ("polygons that overlap or adjoin were joined",))
    assert shape(TRIANGLE).notes == ()


def test_what_is_left_out_is_no_land_and_must_leave_some():
    hole = of(box(LON + 0.001, LAT + 0.001, LON + 0.002, LAT + 0.002))
    whole, less = shape(TRIANGLE), shape(TRIANGLE, exclude=[hole])
    assert whole.m2 - less.m2 == pytest.approx(shape(hole).m2, rel=1e-4)
    assert (less.geometry, less.exclude["type"]) == (whole.geometry, "Polygon")
    with pytest.raises(Invalid, match="leaves nothing of this shape") as caught:
        shape(TRIANGLE, exclude=of(box(LON - 1, LAT - 1, LON + 1, LAT + 1)))
    assert caught.value.pointer == "/exclude"


@pytest.mark.parametrize(("buffer_m", "says"), [(None, "it is not said"), (0.1, "not 0.1"), (20_000, "not 20000")])
def test_a_line_says_how_far_it_reaches(buffer_m, says):
    with pytest.raises(Invalid, match=f"a LineString needs bufferM.*{says}") as caught:
        shape({"type": "LineString", "coordinates": [[LON, LAT], [LON + 0.01, LAT]]}, buffer_m)
    assert caught.value.pointer == "/bufferM"


def test_a_polygon_says_its_own_border():
    with pytest.raises(Invalid, match="a polygon says its own border"):
        shape(TRIANGLE, 20.0)


@pytest.mark.parametrize(("lon", "lat"), [(179.9999, 0), (-179.9999, 40)])
def test_a_margin_may_not_reach_over_the_180th_meridian(lon, lat):
    with pytest.raises(Invalid, match="180th meridian"):
        shape({"type": "Point", "coordinates": [lon, lat]}, 200.0)


def test_a_shape_may_be_so_wide_and_no_wider():
    with pytest.raises(Invalid, match="2 224 km wide or high; at most 2 000 are allowed"):
        shape(of(box(0, -10, 1, 10)))
    with pytest.raises(Invalid, match=r"within 85\.0511 degrees"):
        shape({"type": "Point", "coordinates": [0, 85.05]}, 5000.0)


@given(lons, lats, st.floats(1, 5000))
def test_a_point_reaches_as_many_metres_on_all_sides(lon, lat, buffer_m):
    (outline,) = shape({"type": "Point", "coordinates": [lon, lat]}, buffer_m).watched
    for corner_lon, corner_lat in outline[0]:
        away_m = 1000 * Spot(lat, lon).km_to(Spot(corner_lat, corner_lon))
        assert away_m == pytest.approx(buffer_m, rel=0.006)  # the sphere's metres differ by so much from the earth's


@given(lons, lats, st.floats(0, 360), st.floats(100, 20_000))
def test_a_canal_has_its_metres_on_either_side(lon, lat, degrees, long_m):
    turned = math.radians(degrees)
    away = long_m / M_PER_DEGREE
    end = (lon + away * math.sin(turned) / math.cos(math.radians(lat)), lat + away * math.cos(turned))
    land = shape({"type": "LineString", "coordinates": [[lon, lat], list(end)]}, 200.0)
    assert land.m2 == pytest.approx(long_m * 400 + math.pi * 200**2, rel=0.012)


rings = st.lists(st.tuples(st.floats(-0.02, 0.02), st.floats(-0.02, 0.02)), min_size=3, max_size=12)


def around(lon, lat, offsets):
    """Give a ring of random offsets: mostly one that crosses itself."""
    ring = [(round(lon + dx, 6), round(lat + dy, 6)) for dx, dy in offsets]
    return [*ring, ring[0]]


def star(lon, lat, offsets):
    """Give a ring that goes once around its middle: mostly a valid one."""
    return around(lon, lat, sorted(offsets, key=lambda offset: math.atan2(offset[1], offset[0])))


@given(lons, lats, rings)
def test_a_ring_is_taken_where_shapely_calls_it_valid_and_else_refused(lon, lat, offsets):
    ring = around(lon, lat, offsets)
    polygon = shapely.Polygon(ring)
    if not polygon.is_valid or polygon.area == 0:
        with pytest.raises(Invalid):
            shape(of(ring))
        return
    assume(polygon.area > 1e-10)  # less is a square metre
    assert polygon_of(shape(of(ring))).equals(polygon)


@given(lons, lats, rings, st.integers(13, 18))
def test_the_cover_is_the_tiles_that_touch_and_its_square_metres_are_the_shape_s(lon, lat, offsets, zoom):
    polygon = shapely.Polygon(star(lon, lat, offsets))
    assume(polygon.is_valid and polygon.area > 1e-9)
    land = shape(of(star(lon, lat, offsets)))
    parts = cover(land, Grid(zoom=zoom, tile_px=256, margin_px=32), most_tiles=100_000)
    covered = {part.tile: part for part in parts}
    box_of_it = Bounds(*polygon.bounds)
    for tile in tiles_covering(box_of_it, zoom):
        west, south, east, north = bounds_of(tile)
        shared = polygon.intersection(shapely.box(west, south, east, north)).area
        if shared > 1e-6 * (east - west) * (north - south):
            assert tile in covered
        if polygon.distance(shapely.box(west, south, east, north)) > 1e-7:
            assert tile not in covered
    assert sum(part.m2 for part in parts) == pytest.approx(land.m2, rel=1e-5, abs=0.1)


@given(lons, lats, rings)
def test_what_is_kept_of_a_tile_is_what_the_shape_is_of_its_image(lon, lat, offsets):
    ring = star(lon, lat, offsets)
    polygon = shapely.Polygon(ring)
    assume(polygon.is_valid and polygon.area > 1e-8)
    for part in cover(shape(of(ring))):
        image = shapely.box(*GRID.view(part.tile).bounds)
        if part.outlines is None:
            assert polygon.buffer(1e-7).covers(image)
            assert part.m2 == pytest.approx(shared_m2(part.tile, bounds_of(part.tile)))
        else:
            kept = shapely.union_all([shapely.Polygon(each[0], each[1:]).buffer(0) for each in part.outlines])
            assert (
                kept.symmetric_difference(polygon.intersection(image)).area < 1e-4 * image.area
            )  # kept to a centimetre


def test_a_box_as_a_shape_covers_what_the_box_does():
    bounds = Bounds(LON, LAT, LON + 0.03, LAT + 0.02)
    parts = cover(shape(of(box(*bounds))))
    assert [part.tile for part in parts] == list(tiles_covering(bounds, GRID.zoom))
    assert [part.m2 for part in parts] == pytest.approx([shared_m2(part.tile, bounds) for part in parts], rel=1e-5)


def test_a_thin_slanting_shape_costs_its_own_tiles_and_no_more():
    canal = shape({"type": "LineString", "coordinates": [[LON, LAT], [LON + 0.5, LAT + 0.5]]}, 20.0)
    assert len(cover(canal)) < 250 < len(list(tiles_covering(canal.bounds, GRID.zoom)))


def test_finer_grids_are_covered_as_far_as_they_may_be():
    land = shape(TRIANGLE)
    levels = list(GeosShapes().covers(land, GRID, most_tiles=200))
    assert [(level[0].tile.z, len(level) <= 200) for level in levels] == [(16, True), (17, True), (18, True)][
        : len(levels)
    ]
    assert len(levels) > 1
    for level in levels:
        assert sum(part.m2 for part in level) == pytest.approx(land.m2, rel=1e-5)
    assert cover(land, most_tiles=3) is None
