"""Images of the same season of earlier years: fetched beside the looks, stored apart, and given to comparisons."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.tile_images import SqlTileImages
from chalicelib.domain.errors import BadImage, NoCoverage, ProviderUnavailable
from chalicelib.domain.jobs import Queue
from chalicelib.domain.seasons import YEAR
from chalicelib.domain.thresholds import Thresholds
from tests.support.builders.domain import a_change
from tests.support.fakes.imagery import ScriptedImagery
from tests.support.trip import Trip, jobs_of

IMAGE = t.image_tiles
DAYS = (-18, -9, 0, 9, 18)  # about the day of a year before, of NOON


def bands(_view):
    return b"bands"


@pytest.fixture
def trip(engine):
    trip = Trip(engine)
    trip.imagery = ScriptedImagery(has_seasons=True)
    for years in (1, 2, 3):
        for days in DAYS:
            trip.imagery.show_earlier(f"{years}-{days}", trip.now - years * YEAR + timedelta(days=days), bands)
    return trip


def look(trip, area, name, *, days, bands=b"bands"):
    trip.show(name, days=days, bands=bands)
    session = trip.capture_now(area)
    trip.work()
    trip.wait(hours=1)
    return trip.sessions.get(session.session_id, user_id=area.user_id)


def apart(trip, area):
    of_area = select(IMAGE.c.scene_id).where(IMAGE.c.area_id == area.area_id, IMAGE.c.is_apart.is_(True))
    with trip.engine.connect() as connection:
        return sorted(connection.execute(of_area).scalars())


def test_each_look_fetches_two_of_each_year_until_there_are_four(trip):
    area = trip.add_area(tiles=1)
    counts = []
    for day in range(3):
        look(trip, area, f"scene {day}", days=day)
        counts.append(len(apart(trip, area)))
    assert counts == [6, 12, 12]
    fetched = [scene for _, scene in trip.imagery.fetched]
    assert len(fetched) == len(set(fetched)), "none is fetched twice"


def test_the_look_itself_is_what_it_is_without_them(trip):
    area = trip.add_area(tiles=2)
    first, second = (look(trip, area, f"scene {day}", days=day) for day in range(2))
    assert first.counts_by_verdict == {"BASELINE": 2}
    assert second.counts_by_verdict == {"NO_CHANGE": 2}
    assert {tile.image.scene_id for tile in trip.tiles(area)} == {"scene 0", "scene 1"}, "no image of the area's own"


def test_the_comparison_is_on_its_way_before_the_first_is_fetched(trip):
    area = trip.add_area(tiles=1)
    look(trip, area, "before", days=0)
    waiting = []
    fetch = trip.imagery.fetch

    def fetched(scene, view, ground):
        if scene.scene_id.startswith(("1-", "2-", "3-")):
            with trip.engine.connect() as connection:
                states = select(t.session_tiles.c.state).order_by(t.session_tiles.c.id)
                waiting.append(connection.execute(states).scalars().all()[-1])
        return fetch(scene, view, ground)

    trip.imagery.fetch = fetched
    look(trip, area, "after", days=1)
    assert waiting == ["CAPTURED"] * 6


def test_a_comparison_is_given_those_that_are_stored(trip):
    area = trip.add_area(tiles=1)
    given = []
    trip.compare = lambda *_pair, seasons=None, **_ground: given.append(seasons) or trip.change
    for number, day in enumerate((50, 55)):
        look(trip, area, f"scene {number}", days=day)
    [seasons] = given
    assert seasons.years == 3
    assert len(seasons.images) >= 3
    assert {read() for read in seasons.images} == {b"bands"}


def test_what_two_images_have_to_show_is_held_against_the_season_in_all_its_comparisons(trip):
    area = trip.add_area(tiles=1, thresholds=Thresholds(min_changed_area_m2=25.0, is_confirmed_twice=True))
    asked = []

    def compare(before, after, *, seasons=None, **_ground):
        asked.append((before, after, seasons is not None))
        return trip.change

    trip.compare = compare
    for day in (50, 55, 60):
        trip.show(f"scene {day}", days=day, bands=b"bands", change=a_change(m2=900))
        trip.capture_now(area)
        trip.work()
        trip.wait(hours=1)
    days = [b"scene 50", b"scene 55", b"scene 60"]
    assert asked == [(*days[:2], True), (*days[1:], True), (days[0], days[2], True)]


def test_an_image_without_bands_is_held_against_none(trip):
    area = trip.add_area(tiles=1)
    given = []
    trip.compare = lambda *_pair, seasons=None, **_ground: given.append(seasons) or trip.change
    for day in range(2):
        look(trip, area, f"scene {day}", days=day, bands=None)
    assert given == [None]


def test_a_provider_without_them_is_asked_for_nothing(engine):
    trip = Trip(engine)
    trip.imagery.around = lambda *_asked, **_until: pytest.fail("searched")
    area = trip.add_area(tiles=1)
    look(trip, area, "scene", days=0)
    assert apart(trip, area) == []


@pytest.mark.parametrize("failure", [ProviderUnavailable("away"), BadImage("damaged"), NoCoverage("gone")])
def test_what_cannot_be_fetched_fails_no_look_and_is_fetched_by_the_next_one(trip, failure):
    area = trip.add_area(tiles=1)
    fetch, trip.imagery.fetch = trip.imagery.fetch, _failing(trip.imagery.fetch, failure)
    assert look(trip, area, "first", days=0).counts_by_verdict == {"BASELINE": 1}
    assert apart(trip, area) == []
    trip.imagery.fetch = fetch
    assert look(trip, area, "second", days=1).counts_by_verdict == {"NO_CHANGE": 1}
    assert len(apart(trip, area)) == 6


def test_none_is_begun_when_the_workers_time_is_nearly_over(trip):
    area = trip.add_area(tiles=1)
    fetch = trip.imagery.fetch

    def slow(scene, view, ground):
        trip.wait(hours=10 / 3600)
        return fetch(scene, view, ground)

    trip.imagery.fetch = slow
    assert look(trip, area, "first", days=0).counts_by_verdict == {"BASELINE": 1}
    fetched = len(apart(trip, area))
    assert 0 < fetched < 6
    trip.imagery.fetch = fetch
    look(trip, area, "second", days=1)
    assert len(apart(trip, area)) == fetched + 6, "the next look goes on"


def _failing(fetch, failure):
    def fetched(scene, view, ground):
        if "-" in scene.scene_id:
            raise failure
        return fetch(scene, view, ground)

    return fetched


def test_a_search_that_fails_fails_no_look(trip):
    area = trip.add_area(tiles=1)

    def around(*_asked, **_until):
        raise ProviderUnavailable("throttled")

    trip.imagery.around = around
    assert look(trip, area, "first", days=0).counts_by_verdict == {"BASELINE": 1}


def test_two_areas_on_a_tile_fetch_each_once(trip):
    areas = [trip.add_area(user=trip.add_user(), tiles=1) for _ in range(2)]
    for area in areas:
        look(trip, area, "scene", days=0)
    assert apart(trip, areas[0]) == apart(trip, areas[1])
    assert len(trip.imagery.fetched) == 1 + 6


def test_they_go_with_the_area_row_and_object(trip):
    area = trip.add_area(tiles=2)
    look(trip, area, "scene", days=0)
    trip.delete(area)
    trip.wait(days=2)
    trip.reconcile()
    with trip.engine.connect() as connection:
        assert [
            connection.execute(select(func.count()).select_from(table)).scalar() for table in (IMAGE, t.captures)
        ] == [
            0,
            0,
        ]
    assert not list(trip.images.keys_after(""))


def test_nothing_is_kept_of_an_area_that_goes_meanwhile(trip):
    area = trip.add_area(tiles=1)
    kept = []

    class Meanwhile(SqlTileImages):
        def keep_apart(self, claim, captured):
            trip.delete(area)
            kept.append(super().keep_apart(claim, captured))
            return kept[-1]

    trip.tile_images = Meanwhile(trip.engine)
    trip.show("scene", bands=b"bands")
    trip.capture_now(area)
    trip.work()
    assert kept == [False]
    assert apart(trip, area) == []


def test_a_job_that_comes_twice_fetches_once(trip):
    area = trip.add_area(tiles=1)
    trip.show("scene", bands=b"bands")
    trip.capture_now(area)
    [job] = jobs_of(trip, Queue.CAPTURES)
    for _ in range(2):
        trip.capture_tile(job)
    assert len(apart(trip, area)) == 6
    assert len(trip.imagery.fetched) == 7


def clouded(trip, *scenes):
    """Let the gate see next to nothing of some of the earlier scenes."""
    pictures = {}
    fetch, inspect = trip.imagery.fetch, trip.inspect

    def fetched(scene, view, ground):
        found = fetch(scene, view, ground)
        pictures[found.content] = scene.scene_id
        return found

    def inspected(content, *rest, **more):
        found = inspect(content, *rest, **more)
        return replace(found, clear_share=0.05) if pictures[content] in scenes else found

    trip.imagery.fetch, trip.inspect = fetched, inspected


def test_what_a_cloud_covers_is_no_image_of_its_season_and_is_not_fetched_again(trip):
    clouded(trip, "1-0", "1-9", "1--9")
    area = trip.add_area(tiles=1)
    for day in range(3):
        look(trip, area, f"scene {day}", days=day)
    of_year = [scene for scene in apart(trip, area) if scene.startswith("1-")]
    assert of_year == ["1--18", "1--9", "1-0", "1-18", "1-9"], "the two that are clear are fetched beside the others"
    fetched = [scene for _, scene in trip.imagery.fetched]
    assert len(fetched) == len(set(fetched))


def test_a_comparison_is_given_none_that_a_cloud_covers(trip):
    clouded(trip, *(f"{years}-{days}" for years in (1, 3) for days in DAYS))
    area = trip.add_area(tiles=1)
    given = []
    trip.compare = lambda *_pair, seasons=None, **_ground: given.append(seasons) or trip.change
    for number, day in enumerate((50, 55)):
        look(trip, area, f"scene {number}", days=day)
    [seasons] = given
    assert seasons.years == 1, "there are images of three, and clear ones of one"
