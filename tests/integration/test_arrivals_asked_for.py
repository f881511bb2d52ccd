"""A provider that does not tell is asked whether a scene has come, a few areas a minute, of those that want it."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from chalicelib.adapters.database.arrivals import SqlArrivals
from chalicelib.adapters.database.tables import scene_searches
from chalicelib.application import look_for_arrivals as use_case
from chalicelib.domain.breakers import CLOSED, Breaker
from chalicelib.domain.cadences import ARRIVAL_WAIT
from chalicelib.domain.errors import ProviderRefused, ProviderUnavailable, Throttled
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
    asked |= {"breakers": trip.breakers, "clock": trip.clock, "jitter": lambda most_s: most_s / 2}
    return use_case.look_for_arrivals(**asked | {"has_time": lambda: True} | others)


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


def three_areas(trip):
    common = {"provider": "scripted", "looks_on_arrival": True, "cadence_hours": 120}
    made = [trip.add_area(tiles=tiles, **common) for tiles in (1, 2, 4)]
    trip.tick()
    trip.work()
    trip.wait(days=1)
    return made


def breaks_for_the_first(trip, error):
    """Let the search of the first area that is asked for always raise, and tell of which areas one was asked."""
    scenes, grounds = trip.imagery.scenes, []

    def broken(ground, **when):
        grounds.append(ground)
        if ground == grounds[0]:
            raise error
        return scenes(ground, **when)

    trip.imagery.scenes = broken
    return grounds


def test_a_provider_that_fails_is_left_alone_for_the_rest_of_a_tick(trip):
    three_areas(trip)
    breaks_for_the_first(trip, ProviderUnavailable("it is away"))
    assert look(trip) == 1


def test_nothing_waits_behind_an_area_whose_search_always_fails(trip):
    three_areas(trip)
    breaks_for_the_first(trip, ProviderUnavailable("it is away"))
    assert [look(trip) for _ in range(3)] == [1, 2, 0]
    trip.wait(minutes=61)
    assert sum(look(trip) for _ in range(2)) == 3


def test_nothing_waits_behind_an_area_whose_search_raises(trip):
    areas = three_areas(trip)
    breaks_for_the_first(trip, ValueError("nobody has thought of this"))
    trip.show("april", days=(trip.now - SPRING).days)
    with pytest.raises(ValueError, match="nobody"):
        look(trip)
    assert sum(due_at(trip, area) == trip.now + ARRIVAL_WAIT for area in areas) == 2


def test_for_whom_there_was_no_time_comes_first_in_the_next_tick(trip):
    three_areas(trip)
    times = iter([True, True, False])
    assert look(trip, has_time=lambda: next(times)) == 2
    assert look(trip) == 1


def test_nothing_waits_behind_a_search_that_cannot_be_read(trip):
    areas = three_areas(trip)
    first = select(func.min(scene_searches.c.session_id)).scalar_subquery()
    with trip.engine.begin() as connection:
        connection.execute(update(scene_searches).where(scene_searches.c.session_id == first).values(found={"new": 1}))
    assert look(trip) == 3
    assert sum(due_at(trip, area) == trip.now + ARRIVAL_WAIT for area in areas) == 1, "it is looked at instead"


def test_a_session_that_has_not_searched_asks_no_less(trip):
    area = an_area(trip)
    trip.imagery.error = ProviderUnavailable("it is away")
    trip.capture_now(area)
    trip.work()
    trip.wait(days=3)
    trip.reconcile()
    trip.imagery.error = None
    trip.show("april", days=(trip.now - SPRING).days)
    assert look(trip) == 1
    assert due_at(trip, area) == trip.now + ARRIVAL_WAIT


def test_a_clock_that_was_put_back_stops_no_asking(trip):
    area = an_area(trip)
    trip.reconcile()
    trip.wait(days=1)
    now = trip.now
    trip.wait(days=2)
    trip.reconcile()
    assert look(trip) == 1
    trip.now = now
    trip.reconcile()
    trip.wait(minutes=61)
    trip.show("april", days=(trip.now - SPRING).days)
    assert look(trip) == 1
    assert due_at(trip, area) == trip.now + ARRIVAL_WAIT


def test_two_clocks_at_once_ask_for_an_area_once(trip):
    an_area(trip)
    for _ in range(4):
        assert sum(at_once(*[lambda: look(trip)] * 3)) == 1
        trip.wait(hours=2)


def breaker_of(trip):
    return trip.breakers.of("scripted")


def test_a_provider_that_its_tiles_leave_alone_is_not_asked(trip):
    three_areas(trip)
    trip.breakers.put("scripted", Breaker(failures=5, open_until=trip.now + timedelta(minutes=10)))
    searches = trip.imagery.searches
    assert (look(trip), trip.imagery.searches) == (0, searches)
    trip.wait(minutes=11)
    assert look(trip) == 3, "the first finds that it is well, and no area was passed over"
    assert breaker_of(trip) == CLOSED


def test_what_a_search_is_asked_to_wait_all_wait(trip):
    three_areas(trip)
    breaks_for_the_first(trip, Throttled("too many requests", retry_after_s=120))
    assert look(trip) == 1
    assert breaker_of(trip).open_until >= trip.now + timedelta(seconds=120)
    assert look(trip) == 0
    trip.wait(minutes=3)
    assert look(trip) == 2


def test_one_area_whose_search_always_fails_holds_up_nobody_elses_tiles(trip):
    an_area(trip, cadence_hours=720)
    scenes = trip.imagery.scenes
    for _ in range(14):
        trip.imagery.scenes = refuse_all
        assert look(trip) == 1
        trip.wait(minutes=61)
    trip.imagery.scenes = scenes
    assert breaker_of(trip) == CLOSED


def test_the_first_search_of_a_provider_that_is_in_trouble_still_leaves_it_alone(trip):
    three_areas(trip)
    trip.breakers.put("scripted", Breaker(failures=5, open_until=trip.now))
    trip.imagery.scenes = refuse_all
    assert look(trip) == 1
    assert breaker_of(trip).open_until > trip.now


def test_areas_of_a_provider_that_is_left_alone_hold_up_none_of_another(trip, monkeypatch):
    monkeypatch.setattr(use_case, "AT_ONCE", 2)
    for provider in ("scripted", "scripted", "another"):
        trip.add_area(tiles=1, provider=provider, looks_on_arrival=True, cadence_hours=120)
    trip.tick()
    trip.work()
    trip.wait(days=1)
    trip.breakers.put("scripted", Breaker(failures=5, open_until=trip.now + timedelta(minutes=15)))
    assert look(trip, providers=["scripted", "another"]) == 1


def refuse_all(*_args, **_when):
    raise ProviderUnavailable("it is away")


def test_a_key_that_is_refused_says_nothing_of_its_provider(trip):
    three_areas(trip)
    breaks_for_the_first(trip, ProviderRefused("the key is not known"))
    look(trip)
    assert breaker_of(trip) == CLOSED
