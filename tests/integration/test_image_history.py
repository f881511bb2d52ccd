"""What a page of an area's images costs the database: how many statements, and by which index, on both databases."""

import pytest
from sqlalchemy import event

from chalicelib.adapters.database.retention import tiles_after
from chalicelib.domain.holds import Held
from chalicelib.domain.paging import PageRequest
from chalicelib.domain.tiles import Tile
from tests.support.builders.domain import CORNER, a_change
from tests.support.retained import KeepingTrip

BRACKETS = ("BEGIN", "COMMIT", "ROLLBACK", "SET")
OF_TILE, OF_AREA = "ix_image_tiles_area_id_z_x_y_taken_at", "ix_image_tiles_area_id_taken_at"
PAGE = PageRequest(10, count_to=0)


@pytest.fixture
def trip(engine):
    return KeepingTrip(engine)


def asked(trip, area, **wanted):
    """Give the statements of a page, and the page."""
    said = []

    def listen(*call):
        said.append(call[2:4])

    event.listen(trip.engine, "before_cursor_execute", listen)
    page = trip.past(area, page=PAGE, **wanted)
    event.remove(trip.engine, "before_cursor_execute", listen)
    return [call for call in said if not call[0].startswith(BRACKETS)], page


def indexes_of(trip, call):
    is_sqlite = trip.engine.dialect.name == "sqlite"
    with trip.engine.connect() as connection:
        if not is_sqlite:
            connection.exec_driver_sql("ANALYZE TABLE image_tiles")
        plan = connection.exec_driver_sql(f"EXPLAIN {'QUERY PLAN' if is_sqlite else ''} {call[0]}", call[1])
        return " ".join(" ".join(map(str, row)) if is_sqlite else str(row.key) for row in plan)


def test_a_page_takes_as_many_statements_of_many_images_as_of_few(trip):
    few, many = (trip.add_area(tiles=tiles, name=f"{tiles} tiles") for tiles in (1, 4))
    trip.look_each_day(few, range(2), name="few")
    trip.look_each_day(many, range(10, 18), name="many")
    (of_few, _), (of_many, page) = asked(trip, few), asked(trip, many)
    assert len(page.items) == 10
    assert len(of_many) == len(of_few) <= 7


def test_the_images_of_a_tile_and_of_an_area_are_found_by_their_index(trip):
    area = trip.add_area(tiles=4)
    for number in range(4):
        trip.look_each_day(trip.add_area(tiles=4, name=f"other {number}"), [number], name=f"other {number}")
    trip.look_each_day(area, range(10, 20))
    of_tile, page = asked(trip, area, tile=CORNER)
    assert {past.image.view.tile for past in page.items} == {CORNER}
    of_area, _ = asked(trip, area)
    lists = [
        next(call for call in calls if "ORDER BY" in call[0] and "LIMIT" in call[0]) for calls in (of_tile, of_area)
    ]
    assert OF_TILE in indexes_of(trip, lists[0])
    assert OF_AREA in indexes_of(trip, lists[1])
    standing = next(call for call in of_tile if "is_settled" in call[0])
    assert OF_TILE in indexes_of(trip, standing)


def test_a_page_takes_as_many_statements_with_many_holds_on_sessions_as_with_one(trip):
    area = trip.add_area(tiles=2)
    sessions = {session.session_id for session in trip.look_each_day(area, range(6))}
    said = []
    for session_id in sorted(sessions):
        hold = Held(session_id=session_id)
        trip.holds.place(hold, user_id=area.user_id, reason="a complaint", now=trip.now, most_holds=1000)
        said.append(len(asked(trip, area)[0]))
    assert said == [said[0]] * 6
    assert all("hold" in uses for uses in trip.uses(area).values())


def test_what_is_known_of_a_page_is_found_tile_by_tile_and_the_area_not_walked(trip):
    area = trip.add_area(tiles=4)
    trip.look_each_day(area, range(6), change=a_change(m2=900))
    calls, page = asked(trip, area)
    assert len({past.image.view.tile for past in page.items}) == 4
    standing = next(call for call in calls if "is_settled" in call[0])
    assert OF_TILE in indexes_of(trip, standing)
    assert "dropped_at" not in indexes_of(trip, standing)
    if trip.engine.dialect.name == "sqlite":  # MariaDB reads the whole of a table that is so small
        seen = next(call for call in calls if "FROM place_sightings" in call[0])
        assert "(area_id=? AND is_latest=? AND z=? AND x=? AND y=?)" in indexes_of(trip, seen)


def test_the_next_tiles_of_an_area_are_found_from_any_tile_on(trip):
    area = trip.add_area(tiles=4)
    trip.look_each_day(area, range(2))
    expected = sorted({Tile(row.z, row.x, row.y) for row in trip.rows(area)})
    with trip.engine.connect() as connection:
        tiles = tiles_after(connection, area.area_id, Tile(-1, -1, -1))
        assert tiles == expected
        for number, tile in enumerate(tiles):
            assert tiles_after(connection, area.area_id, tile) == tiles[number + 1 :]


def test_the_next_tiles_of_an_area_are_read_and_none_before_them(trip):
    area = trip.add_area(tiles=4)
    trip.look_each_day(area, range(2))
    last = trip.rows(area)[-1]
    with trip.engine.connect() as connection:
        said = []
        event.listen(trip.engine, "before_cursor_execute", lambda *call: said.append(call[2:4]))
        tiles_after(connection, area.area_id, Tile(last.z, last.x, last.y))
    bounds = ("z=? AND x=? AND y>?", "z=? AND x>?", "z>?")
    calls = [call for call in said if not call[0].startswith(BRACKETS)]
    for call, bound in zip(calls, bounds, strict=True):
        plan = indexes_of(trip, call)
        assert (bound if trip.engine.dialect.name == "sqlite" else OF_TILE) in plan
