"""When ground was last clearly seen: the time of the image that showed it, by tile and area. On both databases."""

import pytest

from tests.support.builders.domain import a_change, day_after
from tests.support.notices import BLIND, CLEAR, days, register, sentences, settle
from tests.support.trip import ALL, Trip


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def area(trip):
    return trip.add_area(tiles=1)


def seen(trip, area, scene, *, days, clear_share=1.0):
    """Run a session on a scene of which so much is clear."""
    trip.clear_share = clear_share
    return trip.run_session(area, scene, days=days, change=a_change(clear_share=clear_share))


def known(trip, area):
    """The day on which images showed the area clearly last."""
    at = trip.areas.standings([area.area_id])[area.area_id].clearly_seen_at
    return at and at.date()


def test_it_is_the_day_of_the_image_and_not_of_the_look_at_it(trip, area):
    seen(trip, area, "winter", days=-60)
    assert known(trip, area) == day_after(-60)
    trip.wait(days=30)
    session = seen(trip, area, "winter", days=-60)
    assert session.counts_by_verdict == {"NO_NEW_IMAGERY": 1}
    assert known(trip, area) == day_after(-60), "nothing newer was there to see it by"


@pytest.mark.parametrize(("clear_share", "day"), [(0.96, 30), (0.94, -1), (0.5, -1), (0.1, -1)])
def test_an_image_that_shows_less_than_the_area_bears_does_not_show_it_clearly(trip, area, clear_share, day):
    seen(trip, area, "march", days=-1)
    seen(trip, area, "april", days=30, clear_share=clear_share)
    assert known(trip, area) == day_after(day)


def test_an_owner_who_bears_more_sees_clearly_by_less(trip, area):
    seen(trip, area, "march", days=-1)
    trip.areas.change(area.area_id, user_id=area.user_id, now=trip.now, unseen_tolerance=0.5)
    seen(trip, area, "april", days=30, clear_share=0.6)
    assert known(trip, area) == day_after(30)


def test_through_a_monsoon_the_day_stands_and_then_moves(trip, area):
    seen(trip, area, "march", days=-1)
    for week in range(1, 6):
        session = seen(trip, area, f"cloud {week}", days=7 * week, clear_share=0.0)
        assert known(trip, area) == day_after(-1)
        assert not session.is_all_clear
        (tile,) = trip.alerts.unseen(session.session_id, user_id=trip.user.user_id, page=ALL).items
        assert tile.clearly_seen_at.date() == day_after(-1)
    seen(trip, area, "clear again", days=50)
    assert known(trip, area) == day_after(50)


def test_a_provider_that_fails_shows_nothing(trip, area):
    seen(trip, area, "march", days=-1)
    trip.change = ValueError("the detector crashed")
    trip.show("april", days=30)
    trip.change = ValueError("the detector crashed")
    trip.capture_now(area)
    for _ in range(6):
        trip.work()
        trip.wait(hours=1)
        trip.reconcile()
    assert known(trip, area) == day_after(-1), "an image that was not compared has shown nobody anything"


def test_an_area_was_clearly_seen_when_the_tile_was_that_waits_longest(trip):
    area = trip.add_area(tiles=2)
    seen(trip, area, "march", days=-1)
    inspect = trip.inspect

    def only_the_west(content, view, *about):
        trip.clear_share = 1.0 if view.tile.x % 2 == 0 else 0.0
        return inspect(content, view, *about)

    trip.inspect = only_the_west
    session = trip.run_session(area, "april", days=30, change=a_change())
    assert set(session.counts_by_verdict) == {"NO_CHANGE", "OBSCURED"}
    assert known(trip, area) == day_after(-1)
    images = trip.image_rows.of_area(area.area_id, user_id=area.user_id, page=ALL).items
    newest = {each.image.view.tile.x % 2: each.clearly_seen_at.date() for each in reversed(images)}
    assert newest == {0: day_after(30), 1: day_after(-1)}


def test_ground_that_was_never_clearly_seen_is_not_said_to_be(trip, area):
    seen(trip, area, "cloud", days=-1, clear_share=0.0)
    assert known(trip, area) is None
    session = seen(trip, area, "half", days=5, clear_share=0.5)
    assert known(trip, area) is None
    assert not session.is_all_clear


def test_an_undated_provider_never_says_when(trip, area):
    trip.imagery.show("", None, lambda _view: b"now")
    trip.capture_now(area)
    trip.work()
    assert known(trip, area) is None


def test_two_dates_that_somebody_asks_for_say_nothing_of_it(trip, area):
    seen(trip, area, "march", days=-30)
    trip.show("old", days=-400)
    trip.show("older", days=-800)
    trip.compare_dates(area, day_after(-800), day_after(-400))
    trip.work()
    assert known(trip, area) == day_after(-30)
    seen(trip, area, "cloud", days=30, clear_share=0.0)
    assert known(trip, area) == day_after(-30)


def test_people_are_told_when_it_was(trip, area):
    register(trip, trip.user, "phone")
    days(trip, [area], [CLEAR] + [BLIND] * 15)
    (body,) = sentences(trip)
    assert "It was last clearly seen in pictures of 31 December 2025. No message about changes" in body


def test_people_are_told_that_pictures_do_not_say_when(trip, area):
    register(trip, trip.user, "phone")
    trip.clear_share = BLIND
    for day in range(16):
        trip.imagery.show("", None, lambda _view, day=day: f"now {day}".encode())
        trip.capture_now(area)
        trip.work()
        settle(trip)
        trip.wait(days=1)
    (body,) = sentences(trip)
    assert "Its pictures do not say when they were taken. No message about changes" in body
