"""A provider in trouble is left alone by all; a tile, or a picture, in trouble holds up no other."""

from datetime import timedelta

import pytest

from chalicelib.domain.breakers import Breaker
from chalicelib.domain.errors import PictureUnavailable, ProviderRefused, ProviderUnavailable, Throttled
from chalicelib.domain.tiles import Tile
from tests.support.builders.domain import CORNER
from tests.support.trip import Trip

PROVIDER = "sample"


@pytest.fixture
def trip(engine):
    made = Trip(engine)
    made.show("march", days=-1)
    return made


def watch(trip, *, tiles, bad=(), failure=None):
    """Open a session of so many tiles, some of which always fail."""
    for number in bad:
        trip.imagery.fail(Tile(17, CORNER.x + number, CORNER.y), failure)
    return trip.capture_now(trip.add_area(tiles=tiles))


def work_for(trip, *, minutes):
    for _ in range(minutes):
        trip.wait(minutes=1)
        trip.work()


def counts(trip, session):
    return trip.session(session).counts_by_verdict


def ended(trip, session):
    return trip.session(session).tiles_done


# A tile in trouble


@pytest.mark.parametrize("kind", [ProviderUnavailable, PictureUnavailable])
def test_what_one_tile_is_asked_to_wait_is_no_matter_to_another(trip, kind):
    session = watch(trip, tiles=20, bad=[0], failure=kind("a picture's server is busy", retry_after_s=3600))
    trip.work()
    assert ended(trip, session) == 19
    work_for(trip, minutes=55)
    assert len(trip.imagery.fetched) == 20, "nobody asks before the time that was asked for"
    work_for(trip, minutes=15)
    assert len(trip.imagery.fetched) == 21


@pytest.mark.parametrize("asked_s", [None, 3600])
def test_tiles_that_always_fail_hold_up_the_others_for_minutes_only(trip, asked_s):
    failure = ProviderUnavailable("no answer for this ground", retry_after_s=asked_s)
    session = watch(trip, tiles=20, bad=range(6), failure=failure)
    trip.work()
    assert ended(trip, session) == 0, "the breaker is open: the first five failed"
    work_for(trip, minutes=20)
    assert ended(trip, session) == 14
    assert len(trip.imagery.fetched) - 14 <= 6 * 8, "each by its own waits, that double"


def test_pictures_that_do_not_come_open_no_breaker(trip):
    session = watch(trip, tiles=20, bad=range(8), failure=PictureUnavailable("a picture's server is away"))
    trip.work()
    assert ended(trip, session) == 12


# A provider in trouble


def test_a_provider_that_is_down_for_all_is_asked_a_few_times_an_hour(trip):
    trip.imagery.fail(None, ProviderUnavailable("it rains"))
    session = watch(trip, tiles=30)
    trip.work()
    assert len(trip.imagery.fetched) == 5
    work_for(trip, minutes=55)
    assert len(trip.imagery.fetched) <= 5 + 15
    trip.imagery.heal()
    work_for(trip, minutes=20)
    assert counts(trip, session) == {"BASELINE": 30}


@pytest.mark.parametrize(("asked_s", "waited_s"), [(60, 60), (3600, 300)])
def test_a_throttle_is_for_all_and_then_one_tile_asks_again(trip, asked_s, waited_s):
    trip.imagery.fail(None, Throttled("too many requests (429)", retry_after_s=asked_s))
    session = watch(trip, tiles=9)
    trip.work()
    trip.wait(seconds=waited_s - 1)
    trip.work()
    assert len(trip.imagery.fetched) == 1, "no tile asks before the time that was asked for"
    trip.wait(seconds=1 + waited_s / 10)
    trip.work()
    assert len(trip.imagery.fetched) == 2, "one asks, and is told to wait once more"
    trip.imagery.heal()
    trip.wait(seconds=2 * waited_s)
    trip.work()
    assert ended(trip, session) >= 7, "one asks, is answered, and all go on but those who were told to wait"


def test_a_tile_that_is_refused_finds_nothing_out_and_the_next_one_tries(trip):
    trip.imagery.fail(None, ProviderUnavailable("it rains"))
    session = watch(trip, tiles=9, bad=[5], failure=ProviderRefused("not this ground"))
    trip.work()
    trip.imagery.heal()
    trip.imagery.fail(Tile(17, CORNER.x + 5, CORNER.y), ProviderRefused("not this ground"))
    work_for(trip, minutes=3)
    assert counts(trip, session) == {"BASELINE": 8, "FAILED": 1}


def test_of_several_tiles_at_once_one_finds_out_whether_a_provider_is_well(trip):
    tripped = Breaker(failures=5, open_until=trip.now)
    trip.breakers.put(PROVIDER, tripped)
    until = trip.now + timedelta(seconds=10)
    assert [trip.breakers.begin_trial(PROVIDER, tripped, until=until) for _ in range(3)] == [True, False, False]
    trip.breakers.put(PROVIDER, Breaker())
    assert not trip.breakers.begin_trial(PROVIDER, tripped, until=until)


def test_a_count_of_a_slow_worker_closes_no_breaker(trip):
    tripped = Breaker(failures=5, open_until=trip.now)
    trip.breakers.put(PROVIDER, tripped)
    trip.breakers.put(PROVIDER, Breaker(failures=1))
    assert trip.breakers.begin_trial(PROVIDER, tripped, until=trip.now + timedelta(seconds=10))
