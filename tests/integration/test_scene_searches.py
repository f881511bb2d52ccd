"""A session searches for scenes once, by whichever of its workers, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.scenes import found_of
from chalicelib.domain.errors import ProviderUnavailable, Unavailable
from tests.support.builders.domain import SPRING
from tests.support.tile_runs import runs_of
from tests.support.trip import LEASE_S, Trip


@pytest.fixture
def trip(engine):
    return Trip(engine)


def begins(trip, session):
    """Take a session's search for a lease from now on; whether it was free."""
    return trip.searches.begin(session.session_id, now=trip.now, until=trip.now + timedelta(seconds=LEASE_S))


def test_a_session_searches_once_and_keeps_what_it_found(trip):
    area = trip.add_area(tiles=5)
    session = trip.run_session(area, "march", days=0)
    assert session.counts_by_verdict == {"BASELINE": 5}
    assert trip.imagery.searches == 1
    with trip.engine.connect() as connection:
        (kept,) = connection.execute(select(t.scene_searches.c.found)).scalars()
    assert [scene.scene_id for scene in found_of(kept).scenes] == ["march"]


def test_of_several_workers_one_searches_and_the_others_wait_without_a_try(trip):
    area = trip.add_area(tiles=2)
    trip.show("march")
    session = trip.capture_now(area)
    assert begins(trip, session)
    assert not begins(trip, session)
    trip.work()
    assert {(run.state, run.attempts) for run in runs_of(trip, session)} == {("PLANNED", 0)}
    assert trip.imagery.searches == 0
    trip.searches.keep(
        session.session_id, trip.imagery.scenes(area.extent.bounds, since=SPRING, until=trip.now), finer=None
    )
    trip.wait(seconds=2)
    trip.work()
    assert trip.session(session).counts_by_verdict == {"BASELINE": 2}
    assert trip.imagery.searches == 1, "that of this test"


def test_a_database_that_is_away_behind_a_search_holds_up_no_other_tile(trip):
    area = trip.add_area(tiles=1)
    trip.show("march")
    session = trip.capture_now(area)

    def away(_area):
        raise Unavailable("the database does not answer")

    trip.imagery.grid = away
    trip.work()
    assert begins(trip, session), "the search was given back"


def test_a_search_whose_worker_died_is_taken_over(trip):
    area = trip.add_area(tiles=2)
    trip.show("march")
    session = trip.capture_now(area)
    assert begins(trip, session)
    trip.wait(seconds=LEASE_S + 1)
    trip.work()
    assert trip.session(session).counts_by_verdict == {"BASELINE": 2}


def test_a_search_that_fails_is_the_next_ones(trip):
    area = trip.add_area(tiles=2)
    trip.show("march")
    session = trip.capture_now(area)
    failing = trip.imagery.scenes
    trip.imagery.scenes = lambda *_area, **_time: (_ for _ in ()).throw(ProviderUnavailable("it rains"))
    trip.work_once()
    trip.imagery.scenes = failing
    for _ in range(3):
        trip.work()
        trip.wait(minutes=1)
    assert trip.session(session).counts_by_verdict == {"BASELINE": 2}
    assert trip.imagery.searches == 1


def test_what_was_found_first_stays_and_goes_with_its_area(trip):
    area = trip.add_area(tiles=1)
    session = trip.run_session(area, "march", days=0)
    other = trip.show("april", days=30) or trip.imagery.scenes(area.extent.bounds, since=SPRING, until=trip.now)
    trip.searches.keep(session.session_id, other, finer=None)
    trip.searches.give_up(session.session_id)
    trip.wait(days=1)
    assert not begins(trip, session)
    trip.delete(area)
    trip.reconcile()
    with trip.engine.connect() as connection:
        assert connection.execute(select(t.scene_searches)).all() == []
