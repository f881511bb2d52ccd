"""A new area's first session is the clock's, if that was faster; it answers its owner's first request, and one only."""

import pytest

from tests.support.trip import Trip


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.mark.parametrize("asked_while", ["it is open", "it has ended"])
def test_the_clocks_first_session_answers_one_request(trip, asked_while):
    area = trip.add_area()
    trip.show("spring", days=0)
    assert trip.tick() == 1
    if asked_while == "it has ended":
        trip.work()
    [scheduled] = trip.all_sessions()
    assert trip.capture_now(area).session_id == scheduled.session_id
    trip.work()
    trip.show("summer", days=30)
    trip.wait(seconds=16)
    assert trip.capture_now(area).session_id != scheduled.session_id


def test_a_comparison_is_no_such_request(trip):
    area = trip.add_area()
    trip.show("spring", days=0)
    trip.tick()
    [scheduled] = trip.all_sessions()
    assert trip.compare_now(area).session_id == scheduled.session_id
    trip.work()
    assert trip.capture_now(area).session_id == scheduled.session_id
