"""An area's state: written with the end of each session, and since when. On both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import event

from chalicelib.domain.area_states import AreaStanding, AreaState
from tests.support.builders.domain import a_change
from tests.support.trip import Trip


@pytest.fixture
def trip(engine):
    return Trip(engine)


def standing(trip, area):
    return trip.areas.standings([area.area_id]).get(area.area_id)


def look(trip, area, scene, *, days, clear_share=1.0, m2=None):
    trip.wait(hours=24)
    trip.clear_share = clear_share
    return trip.run_session(area, scene, days=days, change=a_change(m2, clear_share=clear_share))


def test_an_area_has_its_state_since_it_is_so(trip):
    area, other = trip.add_area(), trip.add_area()
    assert standing(trip, area) is None
    seen = []
    for day, (clear_share, m2) in enumerate([(1, None), (1, None), (0.5, None), (0.1, None), (0.1, None), (1, 900)]):
        look(trip, area, f"scene-{day}", days=day, clear_share=clear_share, m2=m2)
        seen.append((standing(trip, area), trip.now))
    began = [now for _, now in seen]
    assert [each for each, _ in seen] == [
        AreaStanding(AreaState.WATCHED, began[0]),
        AreaStanding(AreaState.WATCHED, began[0]),
        AreaStanding(AreaState.PARTLY_BLIND, began[2]),
        AreaStanding(AreaState.BLIND, began[3]),
        AreaStanding(AreaState.BLIND, began[3]),
        AreaStanding(AreaState.CHANGED, began[5]),
    ]
    assert standing(trip, other) is None


def test_a_cancel_leaves_the_state_as_it_was(trip):
    area = trip.add_area()
    look(trip, area, "march", days=0)
    before = standing(trip, area)
    trip.cancel(trip.capture_now(area))
    assert standing(trip, area) == before


def test_a_purged_area_has_no_state(trip):
    area = trip.add_area()
    look(trip, area, "march", days=0)
    trip.delete(area)
    trip.reconcile()
    assert standing(trip, area) is None


def test_an_area_says_what_of_it_its_last_whole_session_did_not_see(trip):
    areas = [trip.add_area() for _ in range(3)]
    for area in areas[:2]:
        look(trip, area, "march", days=0, clear_share=0.6)
    began = trip.now
    last = look(trip, areas[0], "april", days=1, clear_share=0.75)
    found = trip.areas.standings([area.area_id for area in areas])
    unseen = found[areas[0].area_id].unseen
    assert (unseen.m2, unseen.of_m2) == pytest.approx((last.unseen.m2, last.unseen.of_m2), abs=0.1)
    assert unseen.share == pytest.approx(0.25)
    assert unseen.since == began - timedelta(hours=24)
    assert found[areas[1].area_id].unseen.share == pytest.approx(0.4)
    assert areas[2].area_id not in found
    trip.cancel(trip.capture_now(areas[0]))
    assert standing(trip, areas[0]).unseen == unseen, "what was stopped says nothing of the area"


def test_how_many_areas_stand_is_one_statement(trip):
    areas = [trip.add_area() for _ in range(5)]
    for area in areas:
        look(trip, area, "march", days=0)
    asked = []
    event.listen(trip.engine, "before_cursor_execute", lambda *about: asked.append(about[2]))
    trip.areas.standings([area.area_id for area in areas])
    assert len([statement for statement in asked if statement.startswith("SELECT")]) == 1


def test_an_area_whose_turn_comes_after_the_days_budget_fails_until_it_is_looked_at(engine):
    trip = Trip(engine, tiles_per_day=5)
    first, second = trip.add_area(tiles=3), trip.add_area(tiles=3)
    trip.show("march")
    for area in (first, second):
        trip.capture_now(area)
        trip.work()
        trip.wait(days=1)
    assert standing(trip, second).state is AreaState.WATCHED
    before = standing(trip, second)
    trip.capture_now(first)
    trip.work()
    refused_at = trip.now
    for _ in range(3):
        assert trip.tick() == 0
        trip.wait(hours=2)
    after = standing(trip, second)
    assert (after.state, after.since) == (AreaState.FAILING, refused_at)
    assert (after.clearly_seen_at, after.unseen) == (before.clearly_seen_at, before.unseen), "what is known is kept"
    trip.wait(days=1)
    trip.capture_now(second)
    trip.work()
    assert standing(trip, second).state is AreaState.WATCHED


def test_an_area_that_was_never_looked_at_for_want_of_a_budget_fails(engine):
    trip = Trip(engine, tiles_per_day=5)
    trip.show("march")
    trip.capture_now(trip.add_area(tiles=3))
    late = trip.add_area(tiles=3)
    assert trip.tick() == 0
    assert standing(trip, late).state is AreaState.FAILING
