"""What a page of an area's images costs the database: how many statements, and by which index, on both databases."""

import pytest
from sqlalchemy import event

from chalicelib.domain.paging import PageRequest
from tests.support.builders.domain import CORNER
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
