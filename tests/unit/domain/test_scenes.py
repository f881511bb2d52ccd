"""Scenes: their versions, what of them shows a tile, and what is kept of a search."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.scenes import MOST_ITEMS, Found, Item, Scene, day_of, kept_of, scene_of
from chalicelib.domain.tiles import Bounds

NOON = datetime(2026, 1, 15, 12, tzinfo=UTC)
GROUND = Bounds(85.0, 20.0, 85.1, 20.1)
SLACK = (0.0002, 0.0002)
WEST, EAST = GROUND._replace(east=85.05), GROUND._replace(west=85.05)


def an_item(name="a", *, content="1", at=NOON, bounds=None):
    return Item(name, at, content, bounds)


def test_a_scene_of_one_item_is_called_by_it_and_one_of_several_by_its_day():
    assert scene_of([an_item("a")]).scene_id == "a"
    several = scene_of([an_item("a"), an_item("b", at=NOON + timedelta(minutes=5))])
    assert (several.scene_id, several.captured_at) == ("2026-01-15", NOON + timedelta(minutes=5))


@pytest.mark.parametrize(
    "other",
    [
        [an_item("a"), an_item("b")],
        [an_item("a", content="2")],
        [an_item("a", at=NOON + timedelta(seconds=1))],
        [an_item("b")],
    ],
)
def test_another_item_content_or_time_is_another_version(other):
    assert scene_of(other).version != scene_of([an_item("a")]).version


def test_the_order_of_the_items_is_no_other_version():
    items = [an_item("a"), an_item("b")]
    assert scene_of(items).version == scene_of(items[::-1]).version
    assert replace(scene_of(items), items=tuple(items)).version == scene_of(items).version
    assert Scene(scene_id="x", captured_at=NOON).version == ""


def test_a_scene_over_a_tile_is_what_of_it_shows_some_of_the_ground():
    far = an_item("far", bounds=Bounds(10, 10, 11, 11))
    beside = an_item("beside", bounds=GROUND._replace(west=GROUND.east, east=GROUND.east + 1))
    scene = scene_of([an_item("west", bounds=WEST), an_item("east", bounds=EAST), far, beside])
    over = scene.over(GROUND, slack=SLACK)
    assert {item.item_id for item in over.items} == {"west", "east"}
    assert over.shown_share(GROUND, slack=SLACK) == 1.0
    assert scene_of([far]).over(GROUND, slack=SLACK) is None
    assert scene_of([an_item("anywhere")]).over(GROUND, slack=SLACK) is not None
    half = scene_of([an_item("west", bounds=WEST)])
    assert half.shown_share(GROUND, slack=SLACK) == pytest.approx(0.502, abs=0.01)


def test_what_was_not_seen_yet_lies_on_top():
    scene = scene_of([an_item(name) for name in "abc"])
    assert [item.item_id for item in scene.news_first([an_item("c"), an_item("a")]).items] == ["b", "c", "a"]
    touched = scene_of([an_item("a", content="2"), an_item("b")])
    assert [item.item_id for item in touched.news_first([an_item("b"), an_item("a")]).items] == ["b", "a"]
    later, earlier = (an_item(name, at=NOON + timedelta(hours=hours)) for name, hours in (("l", 1), ("e", -1)))
    assert [item.item_id for item in scene_of([earlier, later]).news_first([later]).items] == ["l", "e"]


def test_of_a_search_the_newest_scenes_are_kept_and_the_oldest():
    scenes = tuple(
        scene_of([an_item(f"{day}-{number}", at=NOON - timedelta(days=day)) for number in range(MOST_ITEMS // 4)])
        for day in range(6)
    )
    kept = kept_of(Found(scenes=scenes)).scenes
    assert kept == (scenes[0], scenes[1], scenes[2], scenes[5])
    large = scene_of([an_item(str(number)) for number in range(2 * MOST_ITEMS)])
    assert kept_of(Found(scenes=(large, *scenes))).scenes == (large,)
    for few in ((), scenes[:1], scenes[:2], scenes[:3]):
        assert kept_of(Found(scenes=few)).scenes == few


@pytest.mark.parametrize(
    ("lon", "one_flight", "another_day"),
    [
        (77.2, ("2026-01-14T23:40", "2026-01-15T00:20"), "2026-01-15T23:40"),
        (85.8, ("2026-01-14T22:30", "2026-01-15T11:00"), "2026-01-14T11:00"),
        (-157.8, ("2026-01-14T23:40", "2026-01-15T00:20"), "2026-01-15T19:00"),
        (-74.0, ("2026-01-14T22:00", "2026-01-15T01:00"), "2026-01-15T14:00"),
        (178.0, ("2026-01-14T19:30", "2026-01-15T03:00"), "2026-01-14T03:00"),
        (0.0, ("2026-01-15T06:00", "2026-01-15T18:00"), "2026-01-14T18:00"),
    ],
)
def test_a_flight_by_daylight_is_of_one_day_wherever_it_is(lon, one_flight, another_day):
    first, last, other = (datetime.fromisoformat(f"{time}+00:00") for time in (*one_flight, another_day))
    assert day_of(first, lon) == day_of(last, lon) != day_of(other, lon)


@pytest.mark.parametrize("lon", [-179.0, -0.1, 0.0, 77.2, 179.0])
def test_a_date_without_a_time_is_that_day_everywhere(lon):
    assert day_of(datetime(2026, 1, 15, tzinfo=UTC), lon).isoformat() == "2026-01-15"
    assert day_of(None, lon) > day_of(NOON, lon)
