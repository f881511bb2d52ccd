"""Alerts from before there were places become places, once; what old code leaves behind is found."""

from sqlalchemy import delete, insert, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.purging import PART
from tests.support.found_places import EAST, NOTHING, WEST, box, change, place_ids, places, rows
from tests.support.timing import at_once


def forget_places(trip):
    """Leave the database as a release that knows no places would have."""
    with trip.engine.begin() as connection:
        for table in (t.places, t.place_sightings):
            connection.execute(delete(table))


def test_alerts_from_before_become_places_once_and_however_many_reconcile(trip, land, area):
    sessions = [
        land.look(area, [WEST, EAST]),
        land.look(area, [change((100.0, box(-40, -30)))]),
        land.look(area, [EAST]),
    ]
    expected = [(place.area_m2, place.first_seen_at, place.last_seen_at) for place in places(trip)]
    forget_places(trip)
    assert [alert.place_ids for alert, _ in trip.alerts_of(sessions[0])] == [(), ()]
    at_once(*[trip.reconcile] * 4)
    trip.reconcile()
    assert [(place.area_m2, place.first_seen_at, place.last_seen_at) for place in places(trip)] == expected
    assert len({ids for session in sessions for ids in place_ids(trip, session)}) == 2
    assert trip.place_upkeep.waiting(after=0, until=10**6, limit=10) == []


def test_alerts_from_before_wait_while_their_area_is_looked_at(trip, land, area):
    session = land.look(area, [WEST])
    forget_places(trip)
    land.take([NOTHING, EAST])
    trip.capture_now(area)
    assert trip.place_upkeep.waiting(after=0, until=10**6, limit=10) == []
    assert trip.place_upkeep.join(session.session_id) is False
    trip.work()
    trip.reconcile()
    (place,) = places(trip)
    assert place.area_m2 == 160.0


def test_what_old_code_leaves_of_a_deleted_area_is_deleted(trip, land, area):
    land.look(area, [WEST])
    with trip.engine.begin() as connection:
        connection.execute(update(t.places).values(area_id=area.area_id + 1000))
    trip.reconcile()
    assert trip.place_upkeep.delete_left_over(after=0, limit=10) is None
    assert rows(trip, t.places) == 0


def test_places_that_are_left_over_are_found_from_area_to_area(trip, land, area):
    land.look(area, [WEST])
    with trip.engine.begin() as connection:
        place = dict(connection.execute(select(t.places)).mappings().one()) | {"id": None}
        many = [place | {"area_id": area.area_id + 1000}] * (PART + 1)
        connection.execute(insert(t.places), [*many, place | {"area_id": area.area_id + 1001}])
    found, after = [], 0
    while after is not None:
        after = trip.place_upkeep.delete_left_over(after=after, limit=2)
        found.append((after, rows(trip, t.places)))
    assert found == [(area.area_id + 999, 3), (area.area_id + 1001, 1), (None, 1)]
