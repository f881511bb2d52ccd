"""A provider that does not tell is asked whether a scene has come, a few areas a minute, of those that want it."""

from datetime import timedelta

import pytest

from chalicelib.adapters.database.arrivals import SqlArrivals
from chalicelib.application import look_for_arrivals as use_case
from chalicelib.domain.cadences import ARRIVAL_WAIT
from chalicelib.domain.errors import ProviderUnavailable
from tests.support.builders.domain import SPRING
from tests.support.timing import at_once
from tests.support.trip import Trip


@pytest.fixture
def trip(engine):
    made = Trip(engine)
    made.show("march")
    return made


def an_area(trip, **plan):
    """An area whose first session has been, a day ago: it is due in days."""
    made = trip.add_area(tiles=1, **({"provider": "scripted", "looks_on_arrival": True, "cadence_hours": 120} | plan))
    trip.tick()
    trip.work()
    trip.wait(days=1)
    return made


def look(trip, **others):
    asked = {"providers": ["scripted"], "arrivals": SqlArrivals(trip.engine), "imagery": trip.provider}
    return use_case.look_for_arrivals(**asked | {"clock": trip.clock, "has_time": lambda: True} | others)


def due_at(trip, area):
    return trip.areas.get(area.area_id, user_id=area.user_id).next_due_at


def test_an_area_over_which_a_scene_has_come_is_due_soon_and_is_asked_for_once_an_hour(trip):
    area = an_area(trip)
    before = due_at(trip, area)
    assert (look(trip), look(trip)) == (1, 0)
    assert due_at(trip, area) == before, "what its session has found is no news"
    trip.show("april", days=(trip.now - SPRING).days)
    assert look(trip) == 0
    trip.wait(minutes=61)
    assert look(trip) == 1
    assert due_at(trip, area) == trip.now + ARRIVAL_WAIT
    trip.wait(minutes=6)
    assert trip.tick() == 1
    trip.work()
    trip.wait(days=1)
    assert look(trip) == 1
    assert due_at(trip, area) > trip.now + timedelta(days=1), "it was looked at"


@pytest.mark.parametrize("plan", [{"looks_on_arrival": False}, {"provider": "another"}])
def test_areas_that_do_not_ask_for_it_cost_no_search(trip, plan):
    an_area(trip, **plan)
    searches = trip.imagery.searches
    assert (look(trip), trip.imagery.searches) == (0, searches)
    assert look(trip, providers=[]) == 0


def test_an_area_that_is_paused_or_was_just_looked_at_is_not_asked_for(trip):
    area = an_area(trip)
    trip.areas.change(area.area_id, user_id=area.user_id, version=None, now=trip.now, is_paused=True)
    assert look(trip) == 0
    trip.areas.change(area.area_id, user_id=area.user_id, version=None, now=trip.now, is_paused=False)
    trip.capture_now(area)
    assert look(trip) == 0, "it is being looked at"
    trip.work()
    trip.wait(hours=11)
    assert look(trip) == 0
    trip.wait(hours=2)
    assert look(trip) == 1


def test_so_many_are_asked_for_in_a_minute_and_the_others_later(trip, monkeypatch):
    monkeypatch.setattr(use_case, "AT_ONCE", 2)
    for _ in range(3):
        trip.add_area(tiles=1, provider="scripted", looks_on_arrival=True, cadence_hours=120)
    trip.tick()
    trip.work()
    trip.wait(days=1)
    assert [look(trip) for _ in range(3)] == [2, 1, 0]


def test_a_provider_that_fails_is_left_alone_for_the_rest_of_a_tick(trip):
    for _ in range(3):
        trip.add_area(tiles=1, provider="scripted", looks_on_arrival=True, cadence_hours=120)
    trip.tick()
    trip.work()
    trip.wait(days=1)

    def away(_ground, **_when):
        raise ProviderUnavailable("it is away")

    trip.imagery.scenes = away
    assert look(trip) == 1


def test_two_clocks_at_once_ask_for_an_area_once(trip):
    an_area(trip)
    for _ in range(4):
        assert sum(at_once(*[lambda: look(trip)] * 3)) == 1
        trip.wait(hours=2)
