"""Requests for two dates search the provider in as many places as there are, one of each user, on both databases."""

from threading import Lock

import pytest

from chalicelib.domain.errors import Conflict, LimitReached, ProviderUnavailable
from tests.support.builders.domain import day_after
from tests.support.timing import at_once
from tests.support.trip import Trip

PLACES = 4  # as many as the trip has


@pytest.fixture
def trip(engine):
    return Trip(engine)


def add_area(trip, user=None):
    return trip.add_area(user=user, tiles=1)


def ask(trip, area, **options):
    return trip.compare_dates(area, day_after(-400), day_after(-40), **options)


@pytest.fixture
def area(trip):
    made = add_area(trip)
    for scene, days in (("march", 0), ("long ago", -400), ("last year", -40)):
        trip.show(scene, days=days)
    return made


def while_searching(trip, deed):
    """Let something happen within the next search of the provider."""
    search, found = trip.imagery.history, []

    def history(bounds, *, until):
        trip.imagery.history = search
        found.append(deed())
        return search(bounds, until=until)

    trip.imagery.history = history
    return found


def test_a_user_searches_for_one_pair_of_dates_at_a_time(trip, area):
    def second():
        with pytest.raises(LimitReached, match="try again in 5 seconds") as refused:
            ask(trip, area)
        return refused.value.retry_after_s

    found = while_searching(trip, second)
    first = ask(trip, area)
    assert found == [5]
    assert ask(trip, area).session_id == first.session_id, "the place was given back"


def test_at_once_no_more_search_than_there_are_places(trip, area):
    areas = [area, *(add_area(trip, trip.add_user()) for _ in range(7))]
    search, lock, inside, most = trip.imagery.history, Lock(), [], []

    def history(bounds, *, until):
        with lock:
            inside.append(bounds)
            most.append(len(inside))
        found = search(bounds, until=until)
        with lock:
            inside.pop()
        return found

    trip.imagery.history = history
    answers = at_once(*[lambda each=each: ask(trip, each) for each in areas])
    assert max(most) <= PLACES
    refused = [answer for answer in answers if isinstance(answer, Exception)]
    assert all(isinstance(answer, LimitReached) for answer in refused)
    assert len(most) == len(areas) - len(refused) >= 1


def test_who_waits_for_a_comparison_searches_for_none_and_the_other_way_round(trip, area):
    trip.capture_now(area)

    def refused(_s):
        with pytest.raises(LimitReached):
            ask(trip, area)
        trip.work()

    assert not trip.compare_now(area, sleep=refused, wait_s=5).is_open
    trip.show("april", days=30)
    trip.capture_now(area)

    def unwelcome(_s):
        raise AssertionError("it has no place to wait in")

    found = while_searching(trip, lambda: trip.compare_now(area, sleep=unwelcome, wait_s=5))
    assert not ask(trip, area, sleep=lambda _s: trip.work(), wait_s=5).is_open
    assert [session.is_open for session in found] == [True], "it is answered with the open one"


@pytest.mark.parametrize("error", [ProviderUnavailable("away"), Conflict("no dates")])
def test_a_search_that_fails_gives_its_place_back(trip, area, error):
    def fail():
        raise error

    while_searching(trip, fail)
    with pytest.raises(type(error)):
        ask(trip, area)
    assert ask(trip, area).is_open
