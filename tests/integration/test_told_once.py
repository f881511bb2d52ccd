"""What people know is not told again: compared by other settings, accepted, or in a later version of its scene."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.jobs import SessionJob
from chalicelib.domain.places import PlaceFilter, PlaceState
from chalicelib.domain.sessions import SessionStatus
from chalicelib.domain.thresholds import Sensitivity
from tests.support.builders.domain import SPRING, a_change, a_region
from tests.support.notices import register
from tests.support.trip import ALL, Trip

FAR = [[(86.0, 20.0), (86.001, 20.0), (86.001, 20.001), (86.0, 20.001), (86.0, 20.0)]]
CHANGE = a_change(m2=900)


@pytest.fixture
def trip(engine):
    made = Trip(engine)
    register(made, made.user, "phone")
    return made


@pytest.fixture
def area(trip):
    """Give an area of which a change was told."""
    made = trip.add_area(tiles=1)
    trip.run_session(made, "march", days=-1)
    assert trip.run_session(made, "april", days=1, change=CHANGE).counts_by_verdict == {"CHANGED": 1}
    assert pushes(trip) == 1
    return made


def pushes(trip):
    trip.work()
    return len(trip.push.pushes)


def compare_by(trip, area, sensitivity, change=CHANGE):
    """Ask for a comparison by another sensitivity; give its session, ended."""
    trip.change = change
    trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, sensitivity=sensitivity)
    session = trip.compare_now(area)
    trip.work()
    return trip.session(session)


def place(trip):
    (only,) = trip.places.of_user(trip.user.user_id, wanted=PlaceFilter(), page=ALL).items
    return only


def alert_of(trip, session):
    ((alert, _),) = trip.alerts_of(session)
    return alert


def test_a_pair_that_is_compared_by_another_sensitivity_is_not_told_again(trip, area):
    session = compare_by(trip, area, Sensitivity.HIGH)
    assert (session.status, session.counts_by_verdict) == (SessionStatus.CHANGES_DETECTED, {"CHANGED": 1})
    assert alert_of(trip, session).is_told_before
    assert alert_of(trip, session).place_ids == (place(trip).place_id,)
    assert pushes(trip) == 1
    assert [seen.is_told for seen in trip.places.history(place(trip).place_id, most=9)] == [True, True]


def test_what_another_sensitivity_shows_beside_it_is_told(trip, area):
    more = replace(CHANGE, regions=(*CHANGE.regions, replace(a_region(400), outline=FAR)))
    session = compare_by(trip, area, Sensitivity.HIGH, more)
    assert not alert_of(trip, session).is_told_before
    assert pushes(trip) == 2
    assert len(trip.places.of_user(trip.user.user_id, wanted=PlaceFilter(), page=ALL).items) == 2


def test_what_was_accepted_is_not_compared_by_another_sensitivity(trip, area):
    trip.places.accept_baseline(area.area_id, user_id=area.user_id, now=trip.now)
    latest = trip.all_sessions()[0]
    session = compare_by(trip, area, Sensitivity.HIGH)
    assert session.session_id == latest.session_id
    assert (pushes(trip), place(trip).state) == (1, PlaceState.ACCEPTED)


def test_what_came_after_it_was_accepted_is_compared_by_another_sensitivity(trip, area):
    trip.places.accept_baseline(area.area_id, user_id=area.user_id, now=trip.now)
    trip.wait(minutes=1)
    trip.run_session(area, "may", days=2)
    assert compare_by(trip, area, Sensitivity.HIGH).counts_by_verdict == {"CHANGED": 1}
    assert (pushes(trip), place(trip).state) == (2, PlaceState.OPEN), "it is there in a newer picture, and changed anew"


def test_a_later_version_of_its_scene_is_not_told_again(trip, area):
    trip.images.delete([tile.image.key for tile in trip.tiles(area) if tile.image.scene_id == "april"])
    trip.imagery = Trip(trip.engine).imagery
    trip.show("march", days=-1)
    trip.imagery.show("april", SPRING + timedelta(days=1), lambda _view: b"april, made anew")
    trip.change = CHANGE
    session = trip.capture_now(area)
    trip.work()
    assert trip.session(session).counts_by_verdict == {"CHANGED": 1}
    assert alert_of(trip, session).is_told_before
    assert pushes(trip) == 1


def test_nothing_of_the_state_turns_by_what_people_know(trip, area):
    before = trip.areas.get(area.area_id, user_id=area.user_id)
    compare_by(trip, area, Sensitivity.HIGH)
    trip.wait(days=1)
    trip.reconcile()
    assert pushes(trip) == 1
    assert trip.areas.get(area.area_id, user_id=area.user_id).next_due_at == before.next_due_at


def test_who_stood_still_while_it_claimed_a_push_leaves_it_to_who_did_not(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=-1)
    claim = trip.deliveries.claim

    def stands_still(session_id, **asked):
        trip.deliveries.claim = claim
        claimed = claim(session_id, **asked)
        trip.wait(minutes=2)
        trip.notify(SessionJob(session_id=session_id))
        return claimed

    trip.deliveries.claim = stands_still
    trip.run_session(area, "april", days=1, change=CHANGE)
    assert pushes(trip) == 1
