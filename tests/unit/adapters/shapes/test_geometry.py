"""Shapes by GEOS: what is no land and why, how far a margin reaches, and which tiles a shape touches."""

import math

import pytest
import shapely
from hypothesis import assume, given
from hypothesis import strategies as st

from chalicelib.adapters.shapes import cover as joining
from chalicelib.adapters.shapes.geometry import GeosShapes
from chalicelib.domain.errors import Invalid
from chalicelib.domain.geojson import read_geometry, read_polygons
from chalicelib.domain.scenes import Grid
from chalicelib.domain.shapes import Ground
from chalicelib.domain.tiles import M_PER_DEGREE, Bounds, bounds_of, shared_m2, tiles_covering
from chalicelib.domain.whereabouts import Spot

GRID = Grid(zoom=16, tile_px=256, margin_px=32)
LON, LAT = 77.59, 12.97
lats, lons = st.floats(-75, 75), st.floats(-170, 170)


def of(*rings):
    return {"type": "Polygon", "coordinates": [[list(position) for position in ring] for ring in rings]}


def box(west, south, east, north):
    return [(west, south), (east, south), (east, north), (west, north), (west, south)]


def several(*polygons):
    return {"type": "MultiPolygon", "coordinates": [of(*rings)["coordinates"] for rings in polygons]}


def shape(geometry, buffer_m=None, exclude=None):
    left_out = [] if exclude is None else read_polygons(exclude, "/exclude")
    return GeosShapes().shape(read_geometry(geometry, "/geometry"), buffer_m=buffer_m, exclude=left_out)


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


def line(*positions):
    return {"type": "LineString", "coordinates": [[float(lon), float(lat)] for lon, lat in positions]}


@pytest.mark.parametrize(
    ("geometry", "says"),
    [
        (line(*((-80 + 160 * (each % 2), 10) for each in range(400))), "17 521 km wide or high"),
        (line(*((80 + 18 * (each % 2), 10 + each / 1000) for each in range(4999))), "more than 55 660 km long in all"),
        (
            line(*((80 + each * 37 % 101 / 1000, 20 + each * 53 % 97 / 1000) for each in range(1200))),
            "cross each other",
        ),
        (  # and every 99th edge, by which it was judged once, crosses none
            line(
                *(
                    (80 + n % 2 / 10, 20 + n * 53 % 97 / 1000 + i / 1e7)
                    for i in range(4999)
                    for n in [i - (i + 98) // 99]
                )
            ),
            "cross each other",
        ),
    ],
)
def test_what_would_be_pieces_by_the_million_is_refused_before_they_are_made(geometry, says, monkeypatch):
    monkeypatch.setattr("chalicelib.adapters.shapes.geometry.around", None)
    with pytest.raises(Invalid, match=says) as refused:
        shape(geometry, buffer_m=10)
    assert refused.value.pointer.startswith("/geometry")


def test_a_border_of_more_corners_than_an_answer_holds_is_refused(monkeypatch):
    monkeypatch.setattr("chalicelib.adapters.shapes.geometry.MOST_CORNERS", 20)
    with pytest.raises(Invalid, match=r"has \d+ corners; at most 20 are kept"):
        shape(of([(LON + 0.01 * math.cos(a / 4), LAT + 0.01 * math.sin(a / 4)) for a in [*range(25), 0]]))
    assert shape(of(box(LON, LAT, LON + 0.01, LAT + 0.01))).m2 > 0


def test_round_corners_by_the_thousand_become_angular(monkeypatch):
    there = line(*((LON + i / 10_000, LAT + 0.0001 * math.sin(i / 9)) for i in range(900)))
    exact = shape(there, buffer_m=50)
    monkeypatch.setattr("chalicelib.adapters.shapes.geometry.MOST_CORNERS", 500)
    plain = shape(there, buffer_m=50)
    assert sum(map(len, plain.watched[0])) < sum(map(len, exact.watched[0])) / 2
    assert plain.m2 == pytest.approx(exact.m2, rel=0.02)


PLOT, BUND = 45.0 / M_PER_DEGREE, 1.5 / M_PER_DEGREE  # at the equator


def plots_with_bunds(side, gap=BUND):
    """Give so many plots in each direction, with a gap between them."""
    step = PLOT + gap
    corners = [(column * step, row * step) for row in range(side) for column in range(side)]
    return tuple([tuple(box(x, y, x + PLOT, y + PLOT))] for x, y in corners)


def test_gaps_between_parcels_are_watched_where_their_borders_were_too_many(monkeypatch):
    apart = GeosShapes().of_parcels(Ground(plots_with_bunds(6)), buffer_m=None, exclude=[])
    assert (len(apart.watched), apart.notes) == (36, ())
    monkeypatch.setattr(joining, "MOST_CORNERS", 100)
    whole = GeosShapes().of_parcels(Ground(plots_with_bunds(6)), buffer_m=None, exclude=[])
    assert whole.notes == ("gaps between these parcels, of up to 2 m, are watched as well",)
    assert len(whole.watched) == 1
    assert whole.m2 == pytest.approx((6 * 45 + 5 * 1.5) ** 2, rel=1e-3)
    land = joining.joined_land([shapely.Polygon(ring) for (ring,) in plots_with_bunds(6)])
    assert (land.corners <= 100, land.filled_m) == (True, 2.0)
    kept = GeosShapes().of_parcels(Ground(land.outlines, land.filled_m), buffer_m=None, exclude=[])
    assert (kept.notes, kept.m2) == (whole.notes, pytest.approx(whole.m2, rel=1e-6)), "of a whole layer it is told too"


def slivers(number):
    """Give so many plots of a hand's breadth that lie across each other."""
    turned = [(math.cos(each / number * math.pi), math.sin(each / number * math.pi)) for each in range(number)]
    at = [each * 37 % 101 * BUND for each in range(number)]
    ends = [
        (x + PLOT * 40 * east, x + PLOT * 40 * north, east, north) for x, (east, north) in zip(at, turned, strict=True)
    ]
    return tuple(
        [[(2 * x - a, 2 * x - b), (a, b), (a - BUND / 5 * north, b + BUND / 5 * east), (2 * x - a, 2 * x - b)]]
        for x, (a, b, east, north) in zip(at, ends, strict=True)
    )


def test_parcels_that_lie_across_each_other_are_refused_before_they_are_joined(monkeypatch):
    few = GeosShapes().of_parcels(Ground(slivers(40)), buffer_m=None, exclude=[])
    assert few.m2 > 0
    beside = plots_with_bunds(20)  # that cross none, and are many more
    monkeypatch.setattr(joining, "joined", None)
    for parcels in (slivers(700), beside + slivers(600)):
        with pytest.raises(Invalid, match=r"the border of these parcels has [\d ]+ corners; at most 40 000") as refused:
            GeosShapes().of_parcels(Ground(parcels), buffer_m=None, exclude=[])
        assert refused.value.pointer == "/layerId"
    land = joining.joined_land([shapely.Polygon(ring) for (ring,) in beside + slivers(1500)])
    assert (land.corners > 2_000_000, land.outlines) == (True, None), "a layer has more time"


def test_parcels_too_far_apart_are_not_joined_over_what_lies_between(monkeypatch):
    monkeypatch.setattr(joining, "MOST_CORNERS", 100)
    far = [shapely.Polygon(ring) for (ring,) in plots_with_bunds(6, gap=30 / M_PER_DEGREE)]
    assert joining.joined_land(far) == (180, None, 0.0)
