"""A scene that comes into an archive: the areas below it that look at what arrives are due soon, and no others."""

from datetime import timedelta

import pytest

from chalicelib.adapters.database.archive_index import SqlArchiveIndex
from chalicelib.domain.archives import Build, IndexedItem
from chalicelib.domain.cadences import ARRIVAL_WAIT
from chalicelib.domain.tiles import Bounds
from tests.support.builders.domain import NOON
from tests.support.trip import Trip

PLACE = "archive " * 8
ELSEWHERE = Bounds(10.0, 50.0, 10.1, 50.1)
A_DAY = timedelta(days=1)


@pytest.fixture
def trip(engine):
    return Trip(engine)


def an_area(trip, **plan):
    """An area whose first session has been: it is due in a day."""
    made = trip.add_area(tiles=1, **({"provider": "archive", "looks_on_arrival": True} | plan))
    trip.tick()
    trip.work()
    return made


def due_at(trip, area):
    return trip.areas.get(area.area_id, user_id=area.user_id).next_due_at


def read(trip, **items):
    """Let the archive be read as it is now: items by their ids, each with its ground."""
    index = SqlArchiveIndex(trip.engine)
    fence = index.begin(PLACE, fence=index.state(PLACE).fence, now=trip.now, lease_s=60)
    made = [IndexedItem(item_id, ground, says="{}") for item_id, ground in items.items()]
    build = Build(listing=str(fence), items=made, usable=len(made), bad=0, unread=0)
    assert index.publish(PLACE, build, fence=fence, now=trip.now)


def test_an_area_below_a_new_scene_is_due_soon(trip):
    made = an_area(trip)
    ground = made.extent.bounds
    read(trip, old=ELSEWHERE)
    assert due_at(trip, made) == NOON + A_DAY
    trip.wait(hours=3)
    read(trip, old=ELSEWHERE, new=ground)
    assert due_at(trip, made) == NOON + timedelta(hours=3) + ARRIVAL_WAIT
    trip.wait(minutes=4)
    read(trip, old=ELSEWHERE, new=ground, more=ground)  # the rest of the flight
    assert due_at(trip, made) == NOON + timedelta(hours=3) + ARRIVAL_WAIT, "what follows does not put it off"
    trip.wait(minutes=2)
    assert trip.tick() == 1
    assert due_at(trip, made) == NOON + timedelta(hours=3) + ARRIVAL_WAIT + A_DAY


@pytest.mark.parametrize(
    "plan", [{"looks_on_arrival": False}, {"provider": "scripted"}], ids=["a cadence of its own", "another provider"]
)
def test_other_areas_keep_their_cadence(trip, plan):
    made = an_area(trip, **plan)
    read(trip, old=ELSEWHERE)
    read(trip, old=ELSEWHERE, new=made.extent.bounds)
    assert due_at(trip, made) == NOON + A_DAY


def test_a_scene_beside_an_area_or_of_no_known_ground_is_no_arrival_there(trip):
    made = an_area(trip)
    ground = made.extent.bounds
    read(trip, old=ELSEWHERE)
    beside = Bounds(ground.east, ground.south, ground.east + 0.1, ground.north)
    far = Bounds(ground.west - 0.2, ground.north + 0.1, ground.west - 0.1, ground.north + 0.2)
    read(trip, old=ELSEWHERE, beside=beside, far=far, anywhere=None)
    assert due_at(trip, made) == NOON + A_DAY


def test_what_is_read_for_the_first_time_or_goes_or_stays_has_not_come(trip):
    made = an_area(trip)
    ground = made.extent.bounds
    read(trip, old=ELSEWHERE, here=ground)
    read(trip, here=ground)
    read(trip)
    assert due_at(trip, made) == NOON + A_DAY


def test_a_scene_that_became_another_one_has_come(trip):
    made = an_area(trip)
    read(trip, here=made.extent.bounds)
    ground = made.extent.bounds
    read(trip, here=Bounds(ground.west, ground.south, ground.east, ground.north - 1e-5))
    assert due_at(trip, made) == NOON + ARRIVAL_WAIT


def test_an_area_that_is_due_sooner_is_left_alone(trip):
    soon = trip.add_area(tiles=1, provider="archive", looks_on_arrival=True)
    before = due_at(trip, soon)
    read(trip, old=ELSEWHERE)
    read(trip, old=ELSEWHERE, new=soon.extent.bounds)
    assert due_at(trip, soon) == before


def test_one_far_away_is_untouched_whatever_else_comes(trip):
    made = an_area(trip)
    ground = made.extent.bounds
    around = [
        Bounds(ground.west - 2, ground.south - 2, ground.west - 1, ground.south - 1),
        Bounds(ground.east + 1, ground.north + 1, ground.east + 2, ground.north + 2),
    ]  # together they lie around it
    read(trip, old=ELSEWHERE)
    read(trip, old=ELSEWHERE, west=around[0], east=around[1])
    assert due_at(trip, made) == NOON + A_DAY
