"""Areas on one tile that see different items of a scene share its image. On both databases."""

import pytest

from chalicelib.adapters.database import tables as t
from chalicelib.domain.errors import BadImage
from chalicelib.domain.scenes import FetchedImage, scene_of
from tests.support.builders.domain import SPRING
from tests.support.shared_images import a_part, half, keys_of, shared_keys, show_items, together
from tests.support.trip import Trip


@pytest.fixture
def trip(engine):
    return Trip(engine)


# The same for neighbours


def test_areas_that_see_other_items_of_a_tile_share_its_image(trip):
    west, east = a_part(trip, west=True), a_part(trip, west=False)
    show_items(trip, half("a", west=True), half("b", west=False))
    sessions = together(trip, west, east)
    assert [session.counts_by_verdict for session in sessions] == [{"BASELINE": 1}] * 2
    assert len(trip.imagery.fetched) == 1
    assert keys_of(trip, west) == keys_of(trip, east)


def test_a_broken_part_beside_an_area_hides_nothing_of_its_own_ground(trip):
    west, east = a_part(trip, west=True), a_part(trip, west=False)
    show_items(trip, half("a", west=True), half("b", west=False))

    def fetch(scene, _view, _area):
        names = [item.item_id for item in scene.items]
        trip.imagery.fetched.append(names)
        if "b" in names:
            raise BadImage("b is damaged")
        return FetchedImage(content=str(names).encode(), scene=scene, attribution="")

    trip.imagery.fetch = fetch
    sessions = together(trip, west, east)
    assert [session.counts_by_verdict for session in sessions] == [{"BASELINE": 1}, {"FAILED": 1}]
    assert sessions[1].failures[0].reason == "b is damaged"


def test_what_comes_beside_an_area_is_no_news_for_it(trip):
    west, east = a_part(trip, west=True), a_part(trip, west=False)
    show_items(trip, half("a", west=True))
    sessions = together(trip, west)
    show_items(trip, half("a", west=True), half("b", west=False))
    sessions = together(trip, west, east)
    assert [session.counts_by_verdict for session in sessions] == [{"NO_NEW_IMAGERY": 1}, {"BASELINE": 1}]
    show_items(trip, half("a", west=True, content="2"), half("b", west=False))
    sessions = together(trip, west, east)
    assert [session.counts_by_verdict for session in sessions] == [{"NO_CHANGE": 1}, {"NO_NEW_IMAGERY": 1}]


def test_an_image_stored_the_old_way_is_no_new_version_after_the_upgrade(trip):
    """The release before took a scene's version over the area's part of a tile, and stored an object for each area."""
    west = a_part(trip, west=True)
    show_items(trip, half("a", west=True), half("b", west=False))
    together(trip, west)
    only = scene_of([half("a", west=True)])
    (shared,) = shared_keys(trip)
    old_key = f"{west.area_id}/1-17-96780-57975-image-0123456789abcdef0123456789abcdef.png"
    trip.images.put(old_key, trip.images.get(shared))
    with trip.engine.begin() as connection:
        kept = [["a", SPRING.isoformat(), "1", only.items[0].bounds, None]]
        old = {"scene_version": only.version, "scene_items": kept, "capture_id": None, "object_key": old_key}
        connection.execute(t.image_tiles.update().values(**old))
        connection.execute(t.captures.delete())
    trip.images.delete([shared])
    fetched = len(trip.imagery.fetched)
    (session,) = together(trip, west)
    assert session.counts_by_verdict == {"NO_NEW_IMAGERY": 1}
    assert len(trip.imagery.fetched) == fetched
    assert shared_keys(trip) == set()
    neighbour = a_part(trip, west=False)
    assert together(trip, neighbour)[0].counts_by_verdict == {"BASELINE": 1}
    trip.delete(west)
    trip.reconcile()
    assert keys_of(trip, neighbour) == shared_keys(trip)
    assert not trip.images.has(old_key)
