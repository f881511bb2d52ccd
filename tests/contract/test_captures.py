"""What everybody may expect of the captured images that areas share, on both engines."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.captures import SqlCaptures
from chalicelib.domain.captures import Capture, CaptureFailed, CaptureHold, image_key
from chalicelib.domain.scenes import Item, Scene, scene_of
from tests.support.builders.domain import CORNER, GRID, NOON, SPRING

LEASE_S = 60.0
VIEW = GRID.view(CORNER)
MARCH = Scene(scene_id="march", captured_at=SPRING)
NOW = Scene(scene_id="", captured_at=None)


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def begin(captures, scene=MARCH, *, view=VIEW, provider="scripted", since=NOON, now=NOON):
    return captures.begin(scene, view, provider, since=since, now=now, until=now + timedelta(seconds=LEASE_S))


def stored(hold, scene=MARCH, *, content=b"x", fetched_at=NOON):
    key = image_key(capture_id=hold.capture_id, tile=CORNER, content=content)
    about = {"sha256": content.hex(), "size_bytes": len(content), "attribution": "Test"}
    return Capture(capture_id=hold.capture_id, key=key, scene=scene, fetched_at=fetched_at, **about)


def item(name, content="1", *, hours=0):
    return Item(name, SPRING + timedelta(hours=hours), content)


@pytest.fixture
def captures(engine):
    return SqlCaptures(engine)


def test_one_worker_captures_and_all_others_use_what_it_stored(captures):
    hold = begin(captures)
    assert isinstance(hold, CaptureHold)
    assert begin(captures) is None, "another one is at it"
    assert captures.keep(hold, stored(hold))
    assert begin(captures) == stored(hold)


@pytest.mark.parametrize(
    "other",
    [
        {"scene": Scene(scene_id="april", captured_at=SPRING)},
        {"scene": Scene(scene_id="march", captured_at=NOON)},
        {"scene": scene_of([item("march")])},
        {"view": GRID.view(CORNER._replace(x=CORNER.x + 1))},
        {"provider": "archive"},
    ],
    ids=["scene", "time", "items", "tile", "provider"],
)
def test_another_image_is_another_ones_work(captures, other):
    hold = begin(captures)
    captures.keep(hold, stored(hold))
    other = begin(captures, **other)
    assert isinstance(other, CaptureHold)
    assert other.capture_id != hold.capture_id


def test_a_version_is_the_same_whatever_its_items_order(captures):
    east, west = item("east"), item("west")
    hold = begin(captures, scene_of([east, west]))
    captures.keep(hold, stored(hold, scene_of([east, west])))
    assert isinstance(begin(captures, Scene(scene_id="x", captured_at=SPRING, items=(west, east))), Capture)
    assert isinstance(begin(captures, scene_of([east, item("west", "2")])), CaptureHold)


def test_a_hold_ends_with_its_lease_and_writes_nothing_then(captures):
    late = begin(captures)
    assert begin(captures, now=at(LEASE_S - 1)) is None
    hold = begin(captures, now=at(LEASE_S))
    assert hold.capture_id != late.capture_id, "the key of what the late one may still store is not the other's"
    assert not captures.keep(late, stored(late))
    captures.give_up(late, reason="it is late", now=at(LEASE_S))
    assert captures.keep(hold, stored(hold))
    assert begin(captures) == stored(hold)


def test_what_was_given_up_the_next_one_tries(captures):
    hold = begin(captures)
    captures.give_up(hold, reason=None, now=at(1))
    assert isinstance(begin(captures, now=at(1)), CaptureHold)


def test_a_failure_is_heard_for_a_minute_by_those_who_asked_before_it(captures):
    captures.give_up(begin(captures), reason="it is damaged", now=at(10))
    assert begin(captures, now=at(11)) == CaptureFailed("it is damaged")
    assert isinstance(begin(captures, since=at(12), now=at(13)), CaptureHold), "a later session asks anew"


def test_a_failure_ends(captures):
    captures.give_up(begin(captures), reason="it is damaged", now=at(10))
    assert isinstance(begin(captures, now=at(71)), CaptureHold)


def test_a_lost_image_is_restored_by_one(captures):
    hold = begin(captures)
    captures.keep(hold, stored(hold))
    lost = begin(captures)
    again = captures.begin_again(lost, now=at(1), until=at(1 + LEASE_S))
    assert captures.begin_again(lost, now=at(2), until=at(2 + LEASE_S)) is None
    assert captures.keep(again, stored(again))
    assert begin(captures) == lost
    late = captures.begin_again(lost, now=at(2), until=at(2 + LEASE_S))
    assert captures.begin_again(lost, now=at(2 + LEASE_S), until=at(2 + 2 * LEASE_S))
    assert not captures.keep(late, stored(late, content=b"y"))


def test_an_image_of_now_is_shared_by_those_who_asked_before_it_was_fetched(captures):
    hold = begin(captures, NOW)
    assert begin(captures, NOW) is None
    captures.keep(hold, stored(hold, NOW, fetched_at=at(5)))
    assert begin(captures, NOW, since=at(4)) == stored(hold, NOW, fetched_at=at(5))
    later = begin(captures, NOW, since=at(6))
    assert isinstance(later, CaptureHold)
    captures.keep(later, stored(later, NOW, fetched_at=at(7)))
    assert begin(captures, NOW, since=at(4)).capture_id == later.capture_id


def test_the_order_of_a_mosaic_comes_from_the_latest_of_its_tile_and_day(captures):
    east, west, north = item("east"), item("west"), item("north")
    assert begin(captures, scene_of([east])).before == ()
    first = begin(captures, scene_of([east, west]))
    assert first.before == ()
    order = Scene(scene_id="x", captured_at=SPRING, items=(west, east))
    captures.keep(first, stored(first, order))
    assert begin(captures, scene_of([east, west, north])).before == (west, east)
    next_day = scene_of([item("east", hours=24), item("west", hours=24)])
    assert begin(captures, next_day).before == ()


def test_rows_of_images_that_nobody_stored_are_deleted_and_others_stay(captures):
    kept = begin(captures)
    captures.keep(kept, stored(kept))
    begin(captures, Scene(scene_id="april", captured_at=SPRING))
    assert captures.delete_left_over(before=at(LEASE_S), limit=10) == 0
    assert captures.delete_left_over(before=at(LEASE_S + 1), limit=10) == 1
    with captures.engine.connect() as connection:
        assert list(connection.execute(select(t.captures.c.id)).scalars()) == [kept.capture_id]
