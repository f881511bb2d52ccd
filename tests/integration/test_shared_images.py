"""Images that areas share: each captured once, on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from chalicelib.adapters.database import tables as t
from chalicelib.domain.errors import BadImage, ProviderUnavailable
from chalicelib.domain.scenes import Scene
from tests.support.builders.domain import SPRING
from tests.support.shared_images import CHANGE, VIEW, keys_of, shared_keys, together
from tests.support.trip import LEASE_S, Trip


@pytest.fixture
def trip(engine):
    return Trip(engine)


# Captured once


def test_neighbours_on_a_tile_capture_it_once(trip):
    areas = [trip.add_area(user=trip.add_user(), tiles=tiles) for tiles in (1, 2, 2)]
    trip.show("march")
    together(trip, *areas)
    assert len(trip.imagery.fetched) == 2, "two tiles, whoever watches them"
    assert keys_of(trip, areas[1]) == keys_of(trip, areas[2]) == shared_keys(trip)
    assert keys_of(trip, areas[0]) < shared_keys(trip)


def test_each_area_compares_and_is_told_by_itself(trip):
    areas = [trip.add_area(user=trip.add_user(), tiles=2) for _ in range(3)]
    trip.show("march", days=0)
    together(trip, *areas)
    trip.show("april", days=1, change=CHANGE)
    sessions = together(trip, *areas)
    assert [session.counts_by_verdict for session in sessions] == [{"CHANGED": 2}] * 3
    assert len(trip.imagery.fetched) == 4
    masks = {item.key for item in trip.images.keys_after("")} - shared_keys(trip)
    assert {key.partition("/")[0] for key in masks} == {str(area.area_id) for area in areas}


def test_an_area_that_is_added_later_asks_the_provider_for_nothing(trip):
    trip.show("march", days=0)
    together(trip, trip.add_area(tiles=2))
    fetched = len(trip.imagery.fetched)
    trip.wait(days=3)
    late = trip.add_area(user=trip.add_user(), tiles=2)
    (session,) = together(trip, late)
    assert session.counts_by_verdict == {"BASELINE": 2}
    assert len(trip.imagery.fetched) == fetched
    assert {tile.image.fetched_at for tile in trip.tiles(late)} == {trip.now}, "when this area got it"


def test_how_much_is_clear_is_each_areas_own(trip):
    two = [trip.add_area(tiles=1), trip.add_area(tiles=2)]
    inspect = Trip.inspect

    def seen(content, view, area, terms, bands):
        trip.clear_share = 1.0 if area == two[1].extent.bounds else 0.1
        return inspect(trip, content, view, area, terms, bands)

    trip.inspect = seen
    trip.show("march")
    sessions = together(trip, *two)
    assert [session.counts_by_verdict for session in sessions] == [{"OBSCURED": 1}, {"BASELINE": 2}]
    assert [{tile.image.clear_share for tile in trip.tiles(area)} for area in two] == [{0.1}, {1.0}]
    assert len(trip.imagery.fetched) == 2


def test_while_another_captures_it_a_tile_run_waits_without_a_try(trip):
    area = trip.add_area(tiles=1)
    trip.show("march")
    times = {"since": trip.now, "now": trip.now, "until": trip.now + timedelta(seconds=LEASE_S)}
    hold = trip.captures.begin(Scene(scene_id="march", captured_at=SPRING), VIEW, "scripted", **times)
    session = trip.capture_now(area)
    for _ in range(7):  # more often than a run may be tried
        trip.work()
        trip.wait(seconds=2)
    with trip.engine.connect() as connection:
        (run,) = connection.execute(select(t.session_tiles))
    assert (run.state, run.attempts, run.reason) == ("PLANNED", 0, "another tile run captures this image")
    trip.captures.give_up(hold, reason=None, now=trip.now)
    trip.work()
    assert trip.session(session).counts_by_verdict == {"BASELINE": 1}


def test_a_worker_that_dies_is_waited_for_no_longer_than_its_lease(trip):
    area = trip.add_area(tiles=1)
    trip.show("march")
    times = {"since": trip.now, "now": trip.now, "until": trip.now + timedelta(seconds=LEASE_S)}
    trip.captures.begin(Scene(scene_id="march", captured_at=SPRING), VIEW, "scripted", **times)
    session = trip.capture_now(area)
    trip.wait(seconds=LEASE_S)
    trip.work()
    assert trip.session(session).counts_by_verdict == {"BASELINE": 1}


class Died(BaseException):
    """The worker's process is gone."""


@pytest.mark.parametrize("at_what", ["search", "capture"])
def test_its_own_run_waits_for_no_hold_of_the_worker_that_died(trip, monkeypatch, at_what):
    area = trip.add_area(tiles=1)
    trip.show("march")

    def die(*_what, **_it_has):
        raise Died

    def provider(_name):  # whatever it was busy with, since its claim
        trip.wait(seconds=3)
        return trip.imagery

    session = trip.capture_now(area)
    with monkeypatch.context() as while_it_dies:
        while_it_dies.setattr(trip, "provider", provider)
        while_it_dies.setattr(*((trip.imagery, "scenes") if at_what == "search" else (trip, "inspect")), die)
        with pytest.raises(Died):
            trip.work()
    with trip.engine.connect() as connection:
        [until] = connection.execute(select(t.session_tiles.c.lease_until)).scalars()
    trip.wait(seconds=(until - trip.now).total_seconds())
    trip.work_once()
    trip.work()
    assert trip.session(session).counts_by_verdict == {"BASELINE": 1}


def test_a_damaged_scene_is_fetched_once_a_minute_and_clears_nobody(trip):
    areas = [trip.add_area(user=trip.add_user(), tiles=1) for _ in range(5)]
    trip.show("march")
    trip.imagery.fail(None, BadImage("it is damaged"))
    sessions = [trip.capture_now(area) for area in areas]
    trip.wait(seconds=1)
    trip.work()
    assert len(trip.imagery.fetched) == 1
    ended = [trip.sessions.get(one.session_id, user_id=a.user_id) for one, a in zip(sessions, areas, strict=True)]
    assert [one.counts_by_verdict for one in ended] == [{"FAILED": 1}] * 5
    assert {one.failures[0].reason for one in ended} == {"it is damaged"}
    trip.imagery.heal()
    trip.wait(seconds=1)
    assert together(trip, areas[0])[0].counts_by_verdict == {"BASELINE": 1}, "a later session asks anew"


def test_a_provider_that_is_away_is_left_alone_by_all_who_wait_for_one_image(trip):
    areas = [trip.add_area(user=trip.add_user(), tiles=1) for _ in range(20)]
    trip.show("march")
    trip.imagery.fail(None, ProviderUnavailable("the provider answered 503"))
    for area in areas:
        trip.capture_now(area)
    trip.work()
    assert len(trip.imagery.fetched) == 5, "then the breaker opens"


def test_an_undated_image_is_shared_by_sessions_that_were_open_when_it_was_fetched(trip):
    areas = [trip.add_area(user=trip.add_user(), tiles=1) for _ in range(3)]
    trip.imagery.show("", None, lambda _view: b"now")
    for area in areas[:2]:
        trip.capture_now(area)
    trip.wait(seconds=1)
    trip.work()
    assert len(trip.imagery.fetched) == 1
    trip.wait(seconds=1)
    together(trip, areas[2])
    assert len(trip.imagery.fetched) == 2, "another session asks for another view"
