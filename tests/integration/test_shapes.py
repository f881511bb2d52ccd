"""Areas that are no boxes, on the whole trip: only the tiles that they touch, and only their ground."""

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from chalicelib.adapters.database.area_shapes import watched_on
from chalicelib.adapters.database.arrivals import mark_due
from chalicelib.adapters.shapes.geometry import GeosShapes
from chalicelib.domain.areas import NewArea
from chalicelib.domain.extents import Extent
from chalicelib.domain.geojson import read_geometry
from chalicelib.domain.jobs import Queue
from chalicelib.domain.scenes import Found, Grid
from chalicelib.domain.sessions import Cause, SessionStatus
from chalicelib.domain.shapes import Laid
from chalicelib.domain.thresholds import Sensitivity
from chalicelib.domain.tiles import Tile, bounds_of, position
from tests.support.builders.domain import CORNER, GRID, a_change, a_plan, day_after
from tests.support.timing import at_once
from tests.support.trip import Trip, jobs_of

FIRST, LAST = bounds_of(CORNER), bounds_of(Tile(CORNER.z, CORNER.x + 2, CORNER.y + 2))
END_LON, END_LAT = position(CORNER.x + 2.9, CORNER.y + 2.9, CORNER.z)
# The upper left half of nearly three tiles by three: of the nine it touches six.
HALF = [(FIRST.west, FIRST.north), (FIRST.west, END_LAT), (END_LON, FIRST.north), (FIRST.west, FIRST.north)]


def laid(*rings, grid=GRID, most_tiles=2500):
    geometry = {"type": "Polygon", "coordinates": [[list(position) for position in ring] for ring in rings]}
    shapes = GeosShapes()
    shape = shapes.shape(read_geometry(geometry, "/geometry"), buffer_m=None, exclude=[])
    return Laid(shape, tuple(shapes.covers(shape, grid, most_tiles=most_tiles)))


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def area(trip):
    return add(trip, laid(HALF))


def add(trip, of, **changed):
    extent = Extent.around(of.shape.bounds)
    new = NewArea(user_id=trip.user.user_id, name="Tank", extent=extent, plan=a_plan(**changed), laid=of)
    return trip.areas.add(new, now=trip.now, most_areas=1000)


def runs(trip):
    """Give the tile runs' places within the three by three tiles, with what of each is watched."""
    with trip.engine.connect() as connection:
        rows = connection.execute(text("SELECT x, y, watched_m2, unseen_m2 FROM session_tiles ORDER BY id")).all()
    return {(row.x - CORNER.x, row.y - CORNER.y): (row.watched_m2, row.unseen_m2) for row in rows}


def test_an_area_is_kept_with_its_shape(trip, area):
    assert trip.areas.get(area.area_id, user_id=trip.user.user_id) == area
    assert (area.tiles, area.m2) == (6, pytest.approx(laid(HALF).shape.m2))
    kept = trip.areas.shape_of(area)
    said = laid(HALF).shape
    assert kept == replace(said, geometry=json.loads(json.dumps(said.geometry)))
    assert trip.areas.shape_of(trip.add_area()) is None


def test_only_tiles_that_it_touches_are_captured_and_only_its_ground_counts(trip, area):
    session = trip.run_session(area, "march", days=0)
    assert (session.tiles_planned, session.counts_by_verdict) == (6, {"BASELINE": 6})
    planned = runs(trip)
    assert list(planned) == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (0, 2)]
    assert sum(m2 for m2, _ in planned.values()) == pytest.approx(area.m2, rel=1e-5)
    assert planned[2, 0][0] == pytest.approx(planned[0, 0][0] * 0.9**2 / 2, rel=1e-3)
    assert len(trip.imagery.fetched) == 6


def test_what_is_not_seen_of_it_is_a_share_of_its_own_ground(trip, area):
    trip.clear_share = 0.75
    session = trip.run_session(area, "march", days=0)
    assert session.unseen.of_m2 == pytest.approx(area.m2, rel=1e-5)
    assert session.unseen.share == pytest.approx(0.25)


def test_gate_and_detector_are_told_what_of_each_tile_is_watched(trip, area):
    told = {}

    def told_by(inner, view_of):
        def seen(*given, **ground):
            view = view_of(given, ground)
            told.setdefault((view.tile.x - CORNER.x, view.tile.y - CORNER.y), []).append(ground.pop("outlines", None))
            return inner(*given, **ground)

        return seen

    trip.inspect = told_by(trip.inspect, lambda given, _: given[1])
    trip.compare = told_by(trip.compare, lambda _, ground: ground["view"])
    trip.compare_with_baseline = told_by(trip.compare_with_baseline, lambda _, ground: ground["view"])
    trip.run_session(area, "march", days=0)
    trip.run_session(area, "april", days=30, change=a_change(900))
    assert set(told) == set(runs(trip))
    whole = {place for place, outlines in told.items() if outlines[0] is None}
    assert whole == set(), "the margin of each reaches over the border"
    for outlines in told.values():
        assert len(outlines) >= 3
        assert all(each == outlines[0] for each in outlines)


def test_a_tile_whose_image_lies_in_it_is_watched_whole(trip):
    wide = [(FIRST.west, FIRST.north), (FIRST.west, LAST.south), (LAST.east, LAST.south), (LAST.east, FIRST.north)]
    of = laid([*wide, wide[0]])
    assert [part.outlines is None for part in of.covers[0]] == [False] * 4 + [True] + [False] * 4


def test_two_dates_are_compared_on_its_tiles_alone(trip, area):
    for scene, days in (("long ago", -400), ("last year", -40)):
        trip.show(scene, days=days)
    trip.change = a_change(900)
    session = trip.compare_dates(area, day_after(-400), day_after(-40))
    trip.work()
    ended = trip.session(session)
    assert (ended.status, ended.tiles_planned, ended.alerts) == (SessionStatus.CHANGES_DETECTED, 6, 6)


def test_what_is_stored_is_compared_again_on_its_own_ground(trip, area):
    trip.run_session(area, "march", days=0)
    trip.run_session(area, "april", days=30)
    trip.areas.change(area.area_id, user_id=trip.user.user_id, now=trip.now, sensitivity=Sensitivity.HIGH)
    session = trip.compare_now(area)
    trip.work()
    ended = trip.session(session)
    assert (ended.cause, ended.tiles_planned) == (Cause.COMPARISON, 6)
    assert ended.unseen.of_m2 == pytest.approx(area.m2, rel=1e-5)


def test_where_imagery_becomes_finer_its_grid_moves_as_far_as_its_tiles_are_known(trip):
    of = laid(HALF, most_tiles=30)
    area = add(trip, of)
    assert [len(cover) for cover in of.covers] == [6, 21]
    session_id = trip.capture_now(area).session_id
    trip.searches.begin(session_id, now=trip.now, until=trip.now + timedelta(seconds=60))
    finer = Grid(zoom=18, tile_px=64, margin_px=8)
    trip.searches.keep(session_id, Found(scenes=(), refused=(), says=""), finer=finer)
    moved = trip.areas.get(area.area_id, user_id=trip.user.user_id)
    assert (moved.plan.grid.zoom, moved.tiles, moved.m2) == (18, 21, area.m2)


def test_many_who_look_at_once_open_one_session_of_its_tiles(trip, area):
    trip.show("march")
    at_once(lambda: trip.capture_now(area), lambda: trip.capture_now(area), lambda: trip.capture_now(area))
    assert len(runs(trip)) == 6


def test_a_run_whose_ground_is_not_known_fails_and_is_no_all_clear(trip, area):
    trip.show("march")
    session = trip.capture_now(area)
    with trip.engine.begin() as connection:
        connection.execute(text("DELETE FROM area_tiles"))
    job = jobs_of(trip, Queue.CAPTURES)[0]
    with pytest.raises(Exception, match="No row was found"):
        trip.capture_tile(job)
    assert not trip.session(session).is_all_clear


def test_nothing_is_left_of_a_deleted_one(trip, area):
    trip.run_session(area, "march", days=0)
    trip.delete(area)
    for _ in range(5):
        trip.reconcile()
    with trip.engine.connect() as connection:
        for table in ("area_shapes", "area_tiles", "area_configs"):
            assert connection.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar() == 0


def test_of_a_tile_beside_the_shape_nothing_is_watched(trip, area):
    """The release before plans a new shape as the box around it."""
    beside = Tile(CORNER.z, CORNER.x + 2, CORNER.y + 2)
    with trip.engine.connect() as connection:
        watched = watched_on(connection, area, beside)
        assert watched_on(connection, area, CORNER).m2 > 0
    assert (watched.outlines, watched.m2) == ((), 0)


def test_a_picture_beside_the_shape_makes_nothing_due(trip):
    made = add(trip, laid(HALF), provider="archive", looks_on_arrival=True)
    trip.tick()
    trip.work()
    before = trip.areas.get(made.area_id, user_id=made.user_id).next_due_at
    for tile, comes in ((Tile(CORNER.z, CORNER.x + 2, CORNER.y + 2), False), (CORNER, True)):
        with trip.engine.begin() as connection:
            mark_due(connection, "archive", [bounds_of(tile)], now=trip.now)
        due_at = trip.areas.get(made.area_id, user_id=made.user_id).next_due_at
        assert (due_at < before) == comes
