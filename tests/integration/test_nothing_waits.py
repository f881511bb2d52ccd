"""Nothing waits for what is broken or for what is large: each area and step is on its own, and the order is fair."""

import pytest
from sqlalchemy import select, update

from chalicelib.adapters.database.tables import area_configs, chores
from chalicelib.functions.reconcile import reconcile
from tests.support.api_server import Server
from tests.support.trip import ALL, Trip


@pytest.fixture
def trip(engine):
    return Trip(engine)


def test_an_area_that_cannot_be_read_stops_no_other(trip, engine):
    odd, well = trip.add_area(tiles=1), trip.add_area(tiles=1)
    with engine.begin() as connection:
        of_odd = area_configs.c.id == odd.area_id
        connection.execute(update(area_configs).where(of_odd).values(sensitivity="highest"))
    trip.show("march")
    with pytest.raises(ValueError, match="highest"):
        trip.tick()
    assert [session.area_id for session in trip.all_sessions()] == [well.area_id]
    assert [area.area_id for area in trip.areas.of_user(trip.user.user_id, page=ALL).items] == [well.area_id]


def test_a_step_of_reconcile_that_fails_stops_no_other(trip):
    trip.show("april", days=30)
    session = trip.capture_now(trip.add_area(tiles=2))
    trip.wait(hours=2)
    kept, trip.deliveries = trip.deliveries, None
    with pytest.raises(AttributeError):
        trip.reconcile()
    trip.deliveries = kept
    assert not trip.session(session).is_open, "the session that was overdue has ended"


class Broken:
    """A port of which nothing works."""

    def __getattr__(self, name):
        raise RuntimeError(f"{name} is broken")


@pytest.mark.parametrize("broken", ["deliveries", "removed_users", "layers", "area_exports", "buckets", "accounts"])
def test_a_part_of_the_minute_that_fails_stops_no_later_one(database_url, broken):
    server = Server(database_url)
    vars(server.ports)[broken] = Broken()
    with pytest.raises(RuntimeError, match="is broken"):
        reconcile.func.__wrapped__(None, server.ports)
    with server.engine.connect() as connection:
        taken = set(connection.scalars(select(chores.c.name)))
    server.engine.dispose()
    assert {"places", "orphans", "retention", "ended sign-ins", "verify"} <= taken


# Fair order


def worked_until_ended(trip, session):
    """Work until a session has ended; count the messages that it took."""
    count = 0
    while trip.sessions.is_open(session.session_id):
        assert trip.work_once()
        count += 1
    return count


def test_a_small_session_waits_for_no_large_one(trip):
    large, small = trip.add_area(tiles=60), trip.add_area(user=trip.add_user(), tiles=3)
    trip.show("march")
    first = trip.capture_now(large)
    for _ in range(10):
        trip.work_once()
    second = trip.capture_now(small)
    assert worked_until_ended(trip, second) <= 8, "one of its tiles for each of the large one's"
    trip.work()
    assert not trip.session(first).is_open


def test_a_user_with_many_areas_gets_no_larger_share(trip):
    trip.show("march")
    for _ in range(5):
        trip.capture_now(trip.add_area(tiles=10))
    other = trip.add_area(user=trip.add_user(), tiles=5)
    session = trip.capture_now(other)
    assert worked_until_ended(trip, session) <= 25, "five tiles of it take no more than four rounds of the others"


def test_what_was_captured_in_turn_is_compared_in_turn(trip):
    large, small = trip.add_area(tiles=20), trip.add_area(user=trip.add_user(), tiles=2)
    trip.show("march", days=-1)
    trip.capture_now(large), trip.capture_now(small)
    trip.work()
    trip.show("april", days=30)
    trip.capture_now(large)
    second = trip.capture_now(small)
    assert worked_until_ended(trip, second) <= 12
