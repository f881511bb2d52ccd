"""Images that areas share: lost, damaged, deleted with the last area. On both databases."""

import pytest

from chalicelib.domain.errors import NoCoverage, Unavailable
from tests.support.builders.domain import SPRING
from tests.support.shared_images import captures_of, keys_of, shared_keys, together
from tests.support.trip import Trip


@pytest.fixture
def trip(engine):
    return Trip(engine)


# Lost and damaged


def damage(trip):
    """Let half of the stored picture be gone; give its key."""
    (key,) = shared_keys(trip)
    trip.images.delete([key])
    trip.images.put(key, b"half of it")
    return key


def test_a_lost_image_is_fetched_again_once_for_all(trip):
    areas = [trip.add_area(user=trip.add_user(), tiles=1) for _ in range(3)]
    trip.show("march")
    together(trip, *areas)
    (key,) = shared_keys(trip)
    trip.images.delete([key])
    sessions = together(trip, *areas)
    assert [session.counts_by_verdict for session in sessions] == [{"NO_NEW_IMAGERY": 1}] * 3
    assert len(trip.imagery.fetched) == 2
    assert shared_keys(trip) == {key}


def test_a_damaged_image_is_replaced_before_another_area_uses_it(trip):
    first, second = trip.add_area(tiles=1), trip.add_area(user=trip.add_user(), tiles=1)
    trip.show("march")
    together(trip, first)
    key = damage(trip)
    together(trip, second)
    assert len(trip.imagery.fetched) == 2
    assert trip.images.get(key) == b"march"


def test_a_damaged_image_that_the_provider_has_no_more_stays_where_it_is(trip):
    first, second = trip.add_area(tiles=1), trip.add_area(user=trip.add_user(), tiles=1)
    trip.show("march")
    together(trip, first)
    key = damage(trip)
    trip.imagery.fail(None, NoCoverage("it was withdrawn"), times=1)
    (session,) = together(trip, second)
    assert session.counts_by_verdict == {"FAILED": 1}
    assert trip.images.get(key) == b"half of it", "there is nothing to put in its place"
    trip.wait(minutes=5)
    (session,) = together(trip, second)
    assert (session.counts_by_verdict, trip.images.get(key)) == ({"BASELINE": 1}, b"march")


def test_a_damaged_image_that_comes_back_with_other_bytes_is_noticed_by_all_who_use_it(trip):
    first = trip.add_area(tiles=1)
    trip.show("march")
    together(trip, first)
    damage(trip)
    trip.imagery = Trip(trip.engine).imagery
    trip.imagery.show("march", SPRING, lambda _view: b"march, made anew")
    together(trip, trip.add_area(user=trip.add_user(), tiles=1))
    trip.wait(hours=1)
    together(trip, first)
    newest = max((tile.image for tile in trip.tiles(first)), key=lambda image: image.image_id)
    assert trip.images.get(newest.key) == b"march, made anew"


def test_a_slow_worker_deletes_nothing_that_another_has_put_right(trip):
    first = trip.add_area(tiles=1)
    trip.show("march")
    together(trip, first)
    key = damage(trip)
    second, third = (trip.add_area(user=trip.add_user(), tiles=1) for _ in range(2))
    fetch, put = trip.imagery.fetch, trip.images.put

    def full(*_args):
        trip.images.put = put
        raise Unavailable("the disk is full")

    def slow(*asked):
        trip.imagery.fetch = fetch
        trip.wait(minutes=5)  # its hold ends; another takes over and puts it right
        assert together(trip, third)[0].counts_by_verdict == {"BASELINE": 1}
        trip.images.put = full
        return fetch(*asked)

    trip.imagery.fetch = slow
    trip.capture_now(second)
    trip.work_once()
    assert trip.images.get(key) == b"march"


# Deleted


def test_the_last_area_takes_the_image_with_it(trip):
    asha, other = trip.add_area(tiles=1), trip.add_area(user=trip.add_user(), tiles=2)
    trip.show("march")
    together(trip, asha, other)
    trip.delete(asha)
    trip.reconcile()
    assert keys_of(trip, other) == shared_keys(trip) != set()
    assert all(trip.images.has(key) for key in shared_keys(trip))
    trip.delete(other)
    trip.reconcile()
    assert trip.images.keys_after("") == []
    assert captures_of(trip) == []


def test_an_image_that_no_area_came_to_use_goes_after_a_day(trip):
    """The same bytes under another name: they are stored, and no area needs them."""
    area = trip.add_area(tiles=1)
    trip.imagery.show("", None, lambda _view: b"the same")
    for _ in range(2):
        together(trip, area)
        trip.wait(hours=1)
    assert len(captures_of(trip)) == 2
    trip.wait(days=2)
    trip.reconcile()
    assert [capture.object_key for capture in captures_of(trip)] == list(keys_of(trip, area)) == list(shared_keys(trip))


def test_an_image_that_goes_while_it_is_looked_at_is_captured_anew(trip):
    area, late = trip.add_area(tiles=1), trip.add_area(user=trip.add_user(), tiles=1)
    trip.show("march")
    together(trip, area)
    session = trip.capture_now(late)
    inspect = trip.inspect

    def deleted_meanwhile(*seen):
        trip.inspect = inspect
        trip.delete(area)
        trip.reconcile()
        return inspect(*seen)

    trip.inspect = deleted_meanwhile
    trip.work()
    assert shared_keys(trip) == set()
    trip.wait(seconds=10)
    trip.work()
    ended = trip.sessions.get(session.session_id, user_id=late.user_id)
    assert ended.counts_by_verdict == {"BASELINE": 1}
    assert keys_of(trip, late) == shared_keys(trip) != set()
