"""Land that is changed while it is watched: how it stands, what is told, and what becomes of what runs."""

from datetime import timedelta

import pytest

from chalicelib.adapters.database.replays import SqlReplays
from chalicelib.domain.area_states import AreaState
from chalicelib.domain.errors import ChangedMeanwhile, Conflict
from chalicelib.domain.jobs import Queue
from chalicelib.domain.scenes import Found, Grid
from chalicelib.domain.sessions import Cause, SessionStatus
from tests.support.builders.domain import GRID, a_change, day_after
from tests.support.changing_land import box, change, now_of, places_of, verdicts
from tests.support.trip import Trip, jobs_of


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def area(trip):
    """Give an area on the first two tiles."""
    made = trip.add_area(tiles=1)
    return change(trip, made, land=box(0, 1))


def test_how_it_stands_is_not_known_until_its_land_was_looked_at(trip, area):
    trip.clear_share = 0.0
    trip.run_session(area, "cloud", days=0)
    assert trip.areas.standings([area.area_id])[area.area_id].state is AreaState.BLIND
    trip.wait(days=40)
    change(trip, area, land=box(0, 2))
    assert trip.areas.standings([area.area_id]) == {}
    assert trip.state_notices.due(now=trip.now, limit=10) == []
    trip.clear_share = 1.0
    trip.run_session(area, "march", days=1)
    standing = trip.areas.standings([area.area_id])[area.area_id]
    assert (standing.state, standing.since) == (AreaState.WATCHED, trip.now)
    assert standing.unseen.of_m2 == pytest.approx(box(0, 2).m2, rel=1e-3)


def test_since_when_ground_is_not_seen_is_counted_anew(trip, area):
    trip.run_session(area, "march", days=0)
    trip.clear_share, haze = 0.5, a_change(clear_share=0.5)
    trip.run_session(area, "haze", days=1, change=haze)
    trip.wait(days=10)
    change(trip, area, land=box(0, 2))
    trip.run_session(area, "more haze", days=2, change=haze)
    standing = trip.areas.standings([area.area_id])[area.area_id]
    assert (standing.state, standing.since) == (AreaState.PARTLY_BLIND, trip.now)
    assert (standing.unseen.since, standing.clearly_seen_at) == (trip.now, None)


def test_nobody_is_told_of_a_land_that_is_another(engine):
    trip = Trip(engine)
    trip.accounts.add_device(trip.user.user_id, token="phone", platform="android", now=trip.now)
    area = trip.add_area(tiles=1)
    trip.clear_share = 0.0
    trip.run_session(area, "cloud", days=0)
    change(trip, area, land=box(0, 1))
    trip.wait(days=40)
    assert trip.state_notices.decide(trip.user.user_id, now=trip.now) == []
    trip.run_session(area, "more cloud", days=1)
    trip.wait(days=40)
    assert trip.state_notices.decide(trip.user.user_id, now=trip.now) != [], "nobody has seen the new land either"


def test_a_session_that_runs_ends_and_says_why(trip, area):
    trip.show("march")
    session = trip.capture_now(area)
    change(trip, area, land=box(0, 2))
    ended = trip.session(session)
    assert (ended.status, ended.counts_by_verdict) == (SessionStatus.ERROR, {"CANCELLED": 2})
    assert ended.reason == "2 of 2 tiles were cancelled: the land was changed while this session ran"
    assert trip.areas.standings([area.area_id]) == {}
    trip.work()
    assert trip.tick() == 1


def test_changes_of_one_moment_have_their_sessions_each(trip, area):
    trip.show("march")
    change(trip, area, land=box(0, 2))
    assert trip.tick() == 1
    change(trip, area, land=box(1, 2))
    trip.wait(seconds=1)
    assert trip.tick() == 1
    assert [session.is_open for session in trip.all_sessions()] == [True, False]


def test_one_that_compares_two_dates_ends_as_well(trip, area):
    for scene, days in (("long ago", -400), ("last year", -40)):
        trip.show(scene, days=days)
    session = trip.compare_dates(area, day_after(-400), day_after(-40))
    change(trip, area, land=box(0, 2))
    assert verdicts(trip, session) == {"CANCELLED": 2}
    again = trip.compare_dates(area, day_after(-400), day_after(-40))
    trip.work()
    assert (again.session_id != session.session_id, places_of(trip, again)) == (True, [0, 1, 2])
    change(trip, area, land=box(0, 1))
    other = trip.compare_dates(area, day_after(-400), day_after(-40))
    assert other.session_id != again.session_id, "what was compared was other land"


def test_whoever_changes_the_land_and_dies_leaves_the_end_to_reconcile(trip, area):
    trip.show("march")
    session = trip.capture_now(area)
    trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, land=box(0, 2))
    trip.work()
    assert trip.session(session).is_open
    trip.reconcile()
    assert verdicts(trip, session) == {"CANCELLED": 2}
    assert trip.tick() == 1


def test_other_land_is_of_the_settings_that_it_was_checked_with(trip, area):
    change(trip, area, min_changed_area_m2=1000.0)
    with pytest.raises(ChangedMeanwhile):
        change(trip, area, read=area, land=box(0, 2))


def test_a_grid_does_not_move_for_a_session_of_other_land(trip, area):
    session = trip.capture_now(area)
    trip.searches.begin(session.session_id, now=trip.now, until=trip.now + timedelta(seconds=60))
    change(trip, area, land=box(0, 2))
    finer = Grid(zoom=18, tile_px=64, margin_px=8)
    trip.searches.keep(session.session_id, Found(scenes=(), refused=(), says=""), finer=finer)
    assert now_of(trip, area).plan.grid == GRID


def test_what_failed_on_other_land_is_not_replayed(trip, area):
    trip.run_session(area, "march", days=0)
    trip.show("april", days=30, change=RuntimeError("broken"))
    session = trip.capture_now(area)
    for job in jobs_of(trip, Queue.CAPTURES):
        trip.capture_tile(job)
    trip.wait(hours=2)
    trip.reconcile()
    assert verdicts(trip, session).get("FAILED")
    change(trip, area, land=box(0, 2))
    replays = SqlReplays(trip.engine, deadline_s=3600, retry_s=900)
    with pytest.raises(Conflict, match="land of area"):
        replays.replay(session.session_id, tile=None, now=trip.now, request_id="")


def test_what_somebody_asks_for_after_a_change_is_looked_at(trip):
    area = trip.add_area(tiles=1)
    trip.show("march")
    trip.tick()
    trip.work()
    change(trip, area, land=box(0, 1))
    session = trip.capture_now(area)
    assert (session.cause, places_of(trip, session)) == (Cause.REQUESTED, [0, 1])


def test_a_paused_area_stays_so(trip, area):
    change(trip, area, is_paused=True)
    changed = change(trip, area, land=box(0, 2))
    assert changed.is_paused
    assert trip.tick() == 0
