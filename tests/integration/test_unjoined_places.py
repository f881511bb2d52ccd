"""A place that cannot be joined keeps no session open, and is joined once it can be, on both databases."""

import pytest
from pymysql.err import OperationalError as DriverError
from sqlalchemy import event, func, select, update
from sqlalchemy.exc import OperationalError

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.place_upkeep import MOST_TILES
from chalicelib.domain.places import PlaceFilter
from chalicelib.domain.pushes import Target, TargetKind
from tests.support.builders.domain import a_change
from tests.support.trip import ALL, Trip

PHONE = Target(kind=TargetKind.TOKEN, address="phone")
CHANGE, LARGER = a_change(m2=900), a_change(m2=2500)


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def area(trip):
    made = trip.add_area(tiles=2)
    trip.run_session(made, "march", days=-1)
    trip.run_session(made, "april", days=10, change=CHANGE)
    return made


def spoil_places(trip, word="severe", **which):
    """Leave the rows as another release would, that knows a word more."""
    of = [t.places.c[name] == value for name, value in which.items()]
    with trip.engine.begin() as connection:
        connection.execute(update(t.places).where(*of).values(severity=word))


def sizes(trip):
    return [place.area_m2 for place in trip.places.of_user(trip.user.user_id, wanted=PlaceFilter(), page=ALL).items]


def unjoined(trip):
    query = select(func.count()).where(t.place_sightings.c.place_m2.is_(None))
    with trip.engine.connect() as connection:
        return connection.execute(query).scalar_one()


def test_a_session_ends_though_a_place_cannot_be_joined(trip, area, caplog):
    trip.targets.append(PHONE)
    spoil_places(trip)
    session = trip.run_session(area, "may", days=20, change=LARGER)
    assert session.counts_by_verdict == {"CHANGED": 2}
    assert not session.is_open
    assert [record.message for record in caplog.records if record.exc_info] == ["places not joined"]
    assert len(trip.alerts_of(session)) == 2
    assert len(trip.pushes()) == 1


def test_what_was_not_joined_is_joined_once_it_can_be(trip, area):
    spoil_places(trip)
    trip.run_session(area, "may", days=20, change=LARGER)
    spoil_places(trip, "low")
    assert (sizes(trip), unjoined(trip)) == ([1800.0], 2)
    trip.wait(hours=2)
    trip.reconcile()
    assert (sizes(trip), unjoined(trip)) == ([5000.0], 0)
    assert trip.place_upkeep.waiting(after=0, until=10**6, limit=10) == []


def test_one_area_that_cannot_be_joined_holds_up_no_other(trip, area):
    other = trip.add_area(tiles=1)
    trip.run_session(other, "may", days=20)
    trip.run_session(other, "june", days=30, change=CHANGE)
    spoil_places(trip)
    left = [trip.run_session(each, "july", days=40, change=LARGER).session_id for each in (area, other)]
    assert trip.place_upkeep.waiting(after=0, until=10**6, limit=10) == left
    spoil_places(trip, "low", area_id=other.area_id)
    trip.wait(hours=2)
    with pytest.raises(ValueError, match="severe"):  # the tick counts as failed, and has done the rest
        trip.reconcile()
    assert trip.place_upkeep.waiting(after=0, until=10**6, limit=10) == left[:1]


def test_those_that_cannot_be_joined_are_passed_by(trip, area):
    spoil_places(trip)
    sessions = [trip.run_session(area, f"{n}", days=20 + n, change=LARGER).session_id for n in range(3)]
    assert trip.place_upkeep.waiting(after=0, until=10**6, limit=2) == sessions[:2]
    assert trip.place_upkeep.waiting(after=sessions[1], until=10**6, limit=2) == sessions[2:]


def test_sessions_are_looked_through_a_part_at_a_time_and_all_of_them(trip, area):
    spoil_places(trip)
    for n in range(3):
        trip.run_session(area, f"{n}", days=20 + n, change=LARGER)
    spoil_places(trip, "low")
    with trip.engine.begin() as connection:  # of two such there are too many tiles
        connection.execute(update(t.alert_sessions).values(tiles_planned=MOST_TILES // 2 + 1))
        ids = list(connection.execute(select(t.alert_sessions.c.id).order_by(t.alert_sessions.c.id)).scalars())
    assert [trip.place_upkeep.part_after(each) for each in (0, *ids)] == [*ids, None]
    trip.wait(hours=2)
    left = []
    for _ in ids:
        trip.reconcile()
        left.append(unjoined(trip))
        trip.wait(minutes=1)
    assert left == [6, 6, 4, 2, 0]


def test_a_deadlock_while_places_are_joined_takes_the_transaction_anew(trip, area, engine):
    trip.show("may", days=20, change=LARGER)
    session = trip.capture_now(area)
    met = []

    def deadlock(_connection, _cursor, statement, *_more):
        if statement.startswith("UPDATE places") and not met:
            met.append(statement)
            raise OperationalError(statement, {}, DriverError(1213, "Deadlock found"))

    event.listen(engine, "before_cursor_execute", deadlock)
    trip.work()
    assert met
    assert not trip.session(session).is_open
    assert (sizes(trip), unjoined(trip)) == ([5000.0], 0)
