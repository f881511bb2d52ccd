"""Choosing: down the list, newest first, until the ground is clear."""

from dataclasses import replace
from datetime import timedelta

from chalicelib.domain.choosing import (
    MOST_OLDEST,
    Ground,
    Unusable,
    baselines,
    newer_unusable,
    steps_down,
    why_not_compared,
)
from chalicelib.domain.scenes import Found, Item, Refused, scene_of
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds, bounds_of
from tests.support.builders.domain import CORNER, GRID, NOON, a_stored_image

VIEW = GRID.view(CORNER)
TILE = bounds_of(CORNER)
LON = TILE.west


def a_scene(days, *, content="1"):
    """Give a scene of one item that was taken so many days before NOON."""
    return scene_of([Item(f"{days} days ago", NOON - timedelta(days=days), content)])


def stored(days, *, image_id=1, clear_share=1.0, content="1", **changes):
    """Give the stored image of such a scene."""
    image = a_stored_image(days=days, image_id=image_id, clear_share=clear_share)
    scene = a_scene(days, content=content)
    return replace(image, version=scene.version, items=scene.items, **changes)


def told(steps):
    """Say what each step looks at: a scene, a stored image, or both."""
    return [(step.scene.scene_id if step.scene else "", step.image.image_id if step.image else 0) for step in steps]


def test_everything_is_looked_at_where_nothing_is_stored():
    assert told(steps_down([a_scene(1), a_scene(9)], [], lon=LON)) == [("1 days ago", 0), ("9 days ago", 0)]


def test_a_clear_settled_image_is_the_floor():
    scenes = [a_scene(1), a_scene(5), a_scene(9)]
    assert told(steps_down(scenes, [stored(5)], lon=LON)) == [("1 days ago", 0), ("5 days ago", 1)]
    assert told(steps_down(scenes, [stored(5, is_settled=False)], lon=LON)) == [
        ("1 days ago", 0),
        ("5 days ago", 1),
        ("9 days ago", 0),
    ]


def test_below_one_that_hides_something_it_goes_on_down_to_the_baseline():
    hazy, baseline = stored(2, image_id=2, clear_share=0.6), stored(9, image_id=1, clear_share=0.6)
    scenes = [a_scene(2), a_scene(5), a_scene(9), a_scene(20)]
    assert told(steps_down(scenes, [hazy, baseline], lon=LON)) == [
        ("2 days ago", 2),
        ("5 days ago", 0),
        ("9 days ago", 1),
    ]


def test_an_image_that_showed_too_little_is_passed_over_and_known():
    cloudy = stored(1, image_id=2, clear_share=0.1, is_usable=False)
    assert told(steps_down([a_scene(1), a_scene(5)], [cloudy, stored(5)], lon=LON)) == [
        ("1 days ago", 2),
        ("5 days ago", 1),
    ]


def test_a_new_version_comes_before_the_stored_one_whatever_time_it_names():
    corrected = scene_of([Item("x", NOON - timedelta(hours=3), "2")])
    assert told(steps_down([corrected], [stored(0)], lon=LON)) == [("x", 0), ("", 1)]


def test_what_the_provider_has_no_more_is_still_looked_at():
    assert told(steps_down([a_scene(5)], [stored(1, image_id=2), stored(5)], lon=LON)) == [("", 2)]


def test_an_image_of_the_first_release_is_known_by_its_name_and_time():
    old = a_stored_image(days=5)
    assert told(steps_down([a_scene(5, content="whatever")], [old], lon=LON)) == [("5 days ago", 1)]


def test_a_baseline_is_sought_among_the_oldest_that_were_never_looked_at():
    scenes = [a_scene(days) for days in (0, 3, 5, 9, 12)]
    obscured = stored(12, clear_share=0.1, is_usable=False)
    found = baselines(scenes, [obscured], before=NOON, gsd_m=None, lon=LON)
    assert [scene.scene_id for scene in found] == ["9 days ago", "5 days ago"]
    assert len(found) == MOST_OLDEST
    assert baselines(scenes, [], before=NOON - timedelta(days=12), gsd_m=None, lon=LON) == []


def test_what_has_another_resolution_is_no_baseline_and_that_is_said():
    fine, coarse, alike = (
        scene_of([Item(f"{gsd}", NOON - timedelta(days=days), "1", None, gsd)])
        for gsd, days in ((0.1, 0), (0.5, 9), (0.12, 5))
    )
    assert baselines([fine, alike, coarse], [], before=NOON, gsd_m=0.1, lon=LON) == [alike]
    says = "a new baseline: the older pictures have 0.5 m a pixel, this one 0.1 m"
    assert why_not_compared([fine, alike, coarse], fine, lon=LON) == says
    assert why_not_compared([fine, alike], fine, lon=LON) is None


def test_only_what_is_as_new_as_the_answer_is_told_as_unusable():
    unusable = [Unusable(NOON, "b is damaged"), Unusable(NOON - timedelta(days=9), "a is damaged")]
    assert newer_unusable(unusable, than=NOON - timedelta(days=5), lon=LON) == "b is damaged"
    assert newer_unusable(unusable, than=NOON - timedelta(hours=2), lon=LON) == "b is damaged", (
        "a part of the scene is missing"
    )
    assert newer_unusable(unusable, than=NOON + timedelta(days=1), lon=LON) is None
    assert newer_unusable(unusable, than=None, lon=LON) == "b is damaged; a is damaged"
    assert newer_unusable([Unusable(None, "it is blank")], than=NOON, lon=LON) == "it is blank"


def test_only_what_is_refused_of_this_ground_counts():
    ground = Ground.of(VIEW, TILE)
    here, elsewhere = (Refused(NOON, bounds, "no") for bounds in (TILE, Bounds(0, 0, 1, 1)))
    found = Found(scenes=(), refused=(here, elsewhere, Refused(NOON, None, "who knows where")))
    assert [unusable.reason for unusable in ground.refused(found)] == ["no"], "of no known ground: it fails nobody"


def test_a_scene_that_reaches_only_a_corner_does_not_hide_the_next_one():
    ground = Ground.of(VIEW, TILE)
    corner = TILE._replace(west=TILE.west + (TILE.east - TILE.west) * 0.8)
    scraps, whole = (scene_of([Item("a", NOON, "1", bounds)]) for bounds in (corner, TILE))
    thresholds = Thresholds(min_changed_area_m2=25.0)
    assert ground.reached_by([scraps, whole], thresholds) == [whole]
    assert ground.reached_by([scraps], thresholds) == [scraps], "then it is looked at, and says how little there is"


def test_a_tile_that_only_touches_the_area_has_a_pixel_of_ground():
    sliver = TILE._replace(west=TILE.east - 1e-9, east=TILE.east + 1)
    ground = Ground.of(VIEW, sliver)
    assert ground.bounds.east - ground.bounds.west >= ground.slack[0] * 0.999


def test_a_baseline_whose_picture_was_dropped_is_sought_anew():
    scenes = [a_scene(days) for days in (0, 3, 5, 9)]
    dropped = replace(stored(9, is_usable=False), key="")
    found = baselines(scenes, [dropped], before=NOON, gsd_m=None, lon=LON)
    assert [scene.scene_id for scene in found] == ["9 days ago", "5 days ago"]
