"""Land that is changed while it is watched: nothing of the new ground is taken as seen that was not."""

from datetime import timedelta

import pytest
from sqlalchemy import text

from chalicelib.domain.jobs import Queue
from chalicelib.domain.scenes import Item, scene_of
from chalicelib.domain.sessions import Cause, SessionStatus
from tests.support.builders.domain import SPRING, a_change
from tests.support.changing_land import box, change, look, now_of, places_of, shape, verdicts, withdrawn
from tests.support.trip import Trip, jobs_of


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def area(trip):
    """Give an area on the first two tiles."""
    made = trip.add_area(tiles=1)
    return change(trip, made, land=box(0, 1))


@pytest.mark.parametrize("land", [box, shape])
def test_the_next_session_is_of_the_new_land_and_at_once(trip, area, land):
    trip.run_session(area, "march", days=0)
    changed = change(trip, area, land=land(1, 2))
    assert (changed.tiles, changed.m2) == (2, pytest.approx(land(1, 2).m2))
    assert changed.next_due_at == trip.now
    assert now_of(trip, area) == changed
    assert trip.tick() == 1
    trip.work()
    latest = trip.all_sessions()[0]
    assert (places_of(trip, latest), latest.unseen.of_m2) == ([1, 2], pytest.approx(changed.m2, rel=1e-3))


def test_a_shape_becomes_another_one_and_a_box_again(trip, area):
    first, second = shape(0, 1), shape(1, 2, inset=0.2)
    change(trip, area, land=first)
    assert trip.areas.shape_of(change(trip, area, land=second)).watched == tuple(
        [[tuple(position) for position in ring] for ring in outline] for outline in second.laid.shape.watched
    )
    back = change(trip, area, land=box(0, 0))
    assert (trip.areas.shape_of(back), back.size) == (None, None)
    with trip.engine.connect() as connection:
        for table in ("area_shapes", "area_tiles"):
            assert connection.execute(text(f"SELECT COUNT(*) FROM {table}")).scalar() == 0


@pytest.mark.parametrize("land", [box, shape])
def test_the_same_land_is_no_other(trip, area, land):
    change(trip, area, land=land(0, 1))
    session = trip.run_session(area, "march", days=0)
    again = change(trip, area, land=land(0, 1))
    assert again.is_of_its_land(session.session_id)
    assert again.next_due_at > trip.now


def test_nothing_newer_over_new_ground_is_a_baseline_and_no_all_clear(trip, area):
    trip.run_session(area, "march", days=0)
    assert look(trip, area).is_all_clear, "as long as the land stays"
    change(trip, area, land=box(0, 1, inset=0.01))
    session = look(trip, area)
    assert (session.counts_by_verdict, session.is_all_clear) == ({"BASELINE": 2}, False)
    assert trip.imagery.fetched.count(trip.imagery.fetched[0]) == 1, "what is stored is not fetched again"
    assert look(trip, area).counts_by_verdict == {"NO_NEW_IMAGERY": 2}


def test_so_it_is_where_an_older_picture_was_the_baseline(trip, area):
    trip.show("long ago", days=-400)
    trip.run_session(area, "march", days=0)
    change(trip, area, land=box(0, 1, inset=0.01))
    assert look(trip, area).counts_by_verdict == {"BASELINE": 2}
    assert look(trip, area).counts_by_verdict == {"NO_NEW_IMAGERY": 2}


def test_what_an_image_shows_of_the_new_ground_is_measured_anew(trip, area):
    trip.run_session(area, "march", days=0)
    change(trip, area, land=box(0, 1, inset=0.01))
    trip.clear_share = 0.5  # of the new ground a cloud hides much
    session = look(trip, area)
    assert session.status is SessionStatus.ERROR
    assert session.unseen.share == pytest.approx(0.5)


def test_a_newer_image_is_compared_with_the_reference_that_stood(trip, area):
    trip.run_session(area, "march", days=0)
    trip.run_session(area, "april", days=30)
    change(trip, area, land=box(0, 1, inset=0.01))
    session = trip.run_session(area, "may", days=60, change=a_change(900))
    assert session.counts_by_verdict == {"CHANGED": 2}
    april = SPRING + timedelta(days=30)
    assert {alert.reference_captured_at for alert, _ in trip.alerts_of(session)} == {april}


def test_what_was_told_is_not_told_again(trip, area):
    trip.run_session(area, "march", days=0)
    assert trip.run_session(area, "april", days=30, change=a_change(900)).alerts == 2
    change(trip, area, land=box(0, 1, inset=0.01))
    session = look(trip, area)
    assert session.counts_by_verdict == {"BASELINE": 2}, "april was compared: it is not compared with march again"
    assert trip.compare_now(area).session_id == session.session_id, "nor if somebody asks for it"


def test_what_a_session_that_was_ended_has_stored_is_compared_by_the_next_one(trip, area):
    trip.run_session(area, "march", days=0)
    trip.show("april", days=30, change=a_change(900))
    session = trip.capture_now(area)
    for job in jobs_of(trip, Queue.CAPTURES):
        trip.capture_tile(job)
    change(trip, area, land=box(0, 1, inset=0.01))
    assert verdicts(trip, session) == {"CANCELLED": 2}
    assert look(trip, area).counts_by_verdict == {"CHANGED": 2}


def test_what_was_stored_of_other_land_is_not_compared_on_demand(trip, area):
    trip.run_session(area, "march", days=0)
    trip.show("april", days=30, change=a_change(900))
    ended = trip.capture_now(area)
    for job in jobs_of(trip, Queue.CAPTURES):
        trip.capture_tile(job)
    change(trip, area, land=box(0, 1, inset=0.01))
    assert verdicts(trip, ended) == {"CANCELLED": 2}
    withdrawn(trip)
    look(trip, area)
    assert trip.session(trip.compare_now(now_of(trip, area))).cause is not Cause.COMPARISON


def test_a_picture_that_comes_back_behind_one_of_this_land_is_compared_with_it(trip, area):
    early, late = (
        Item(name, SPRING + timedelta(hours=hours), "1", None) for hours, name in enumerate(("early", "late"))
    )
    of_day = {name: scene_of(items) for name, items in {"early": [early], "both": [early, late]}.items()}

    def there_is(name):
        trip.imagery._scenes = [(of_day[name], lambda _view: name.encode(), lambda _view: None)]

    there_is("early")
    look(trip, area)
    change(trip, area, land=box(0, 1, inset=0.01))
    there_is("both")
    assert look(trip, area).counts_by_verdict == {"NO_CHANGE": 2}
    there_is("early")
    trip.change = a_change(900)
    assert look(trip, area).counts_by_verdict == {"CHANGED": 2}, "the later item is gone, and the day's picture another"


def test_a_picture_that_was_stored_alone_is_never_compared_with_itself(trip, area):
    trip.run_session(area, "march", days=0)
    with trip.engine.begin() as connection:  # as if nobody had taken it as the baseline
        connection.execute(text("UPDATE session_tiles SET verdict = 'FAILED'"))
    change(trip, area, land=box(0, 1, inset=0.01))
    assert look(trip, area).counts_by_verdict == {"BASELINE": 2}


def test_tiles_that_left_are_no_matter_any_more(trip, area):
    trip.run_session(area, "march", days=0)
    found = trip.run_session(area, "april", days=30, change=a_change(900))
    change(trip, area, land=box(0, 0))
    session = trip.run_session(area, "may", days=60)
    assert (places_of(trip, session), session.counts_by_verdict) == ([0], {"NO_CHANGE": 1})
    assert session.unseen.of_m2 == pytest.approx(box(0, 0).m2, rel=1e-3)
    assert len(trip.alerts_of(found)) == 2, "what was told stays"
    compared = trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, min_changed_area_m2=30.0)
    again = trip.compare_now(compared)
    assert places_of(trip, again) == [0]
