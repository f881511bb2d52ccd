"""Two dates that somebody asked for, beside what an operator replays and an upgrade."""

import pytest
from sqlalchemy import func, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database import two_dates
from chalicelib.adapters.database.replays import SqlReplays
from chalicelib.domain.errors import BadImage, Conflict
from chalicelib.domain.sessions import SessionStatus
from tests.support.builders.domain import a_change, day_after
from tests.support.trip import Trip


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def area(trip):
    made = trip.add_area(tiles=1)
    trip.run_session(made, "march", days=0)
    for scene, days in (("long ago", -400), ("last year", -40)):
        trip.show(scene, days=days)
    return made


def replayed(trip, session):
    replays = SqlReplays(trip.engine, deadline_s=3600, retry_s=900)
    return replays.replay(session.session_id, tile=None, now=trip.now, request_id="")


def compared(trip, area):
    session = trip.compare_dates(area, day_after(-400), day_after(-40))
    trip.work()
    return trip.session(session)


def test_two_dates_that_failed_are_not_replayed_as_the_areas_own(trip, area):
    trip.change = BadImage("its worker crashed")
    session = compared(trip, area)
    assert session.status is SessionStatus.ERROR
    with pytest.raises(Conflict, match="compares two dates: ask for them again"):
        replayed(trip, session)
    with trip.engine.connect() as connection:
        assert connection.execute(select(func.count()).select_from(t.alert_sessions)).scalar_one() == 2
        assert connection.execute(select(func.count()).select_from(t.places)).scalar_one() == 0


def test_two_old_dates_are_no_answer_for_a_tile_that_failed(trip, area):
    trip.show("april", days=30)
    trip.imagery.fail(None, BadImage("cut off"))
    own = trip.capture_now(area)
    trip.work()
    assert set(trip.session(own).counts_by_verdict) == {"FAILED"}
    trip.imagery.heal()
    trip.wait(minutes=2)
    trip.change = a_change()
    assert set(compared(trip, area).counts_by_verdict) == {"NO_CHANGE"}
    assert "nothing to replay" not in replayed(trip, own).says


def test_the_same_two_dates_are_compared_anew_by_another_detector(trip, area, monkeypatch):
    trip.change = a_change()
    first = compared(trip, area)
    assert compared(trip, area).session_id == first.session_id
    monkeypatch.setattr(two_dates, "DETECTOR", "another")
    assert compared(trip, area).session_id != first.session_id
