"""An image is of a scene and a tile: captured and stored once, whatever number of areas use it, on both databases."""

from datetime import timedelta
from time import sleep

import pytest
from sqlalchemy import func, select

from chalicelib.adapters.database import tables as t
from chalicelib.domain.captures import SHARED, Capture
from chalicelib.domain.errors import BadImage, ProviderUnavailable, Unavailable
from chalicelib.domain.jobs import Queue, TileJob
from chalicelib.domain.scenes import FetchedImage, Item, Scene, scene_of
from chalicelib.domain.tile_runs import Captured, Outcome, Verdict
from chalicelib.domain.tiles import bounds_of
from tests.support.builders.domain import CORNER, GRID, SPRING, a_change
from tests.support.timing import at_once
from tests.support.trip import LEASE_S, Trip, jobs_of

ROUNDS = 200
OFFSETS_S = ((0, 0), (0, 0.02), (0.02, 0), (0, 0.002), (0.002, 0))  # both together, and each of them first
VIEW = GRID.view(CORNER)
CHANGE = a_change(m2=900)


@pytest.fixture
def trip(engine):
    return Trip(engine)


def captures_of(trip):
    with trip.engine.connect() as connection:
        return connection.execute(select(t.captures).order_by(t.captures.c.id)).all()


def shared_keys(trip):
    return {item.key for item in trip.images.keys_after("", prefix=f"{SHARED}/")}


def keys_of(trip, area):
    return {tile.image.key for tile in trip.tiles(area)}


def together(trip, *areas):
    """Run a session of each area, all of them at the same time."""
    sessions = [trip.capture_now(area) for area in areas]
    trip.work()
    users = {area.area_id: area.user_id for area in areas}
    return [trip.sessions.get(one.session_id, user_id=users[one.area_id]) for one in sessions]


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

    def seen(content, view, area, terms):
        trip.clear_share = 1.0 if area == two[1].extent.bounds else 0.1
        return inspect(trip, content, view, area, terms)

    trip.inspect = seen
    trip.show("march")
    sessions = together(trip, *two)
    assert [session.counts_by_verdict for session in sessions] == [{"OBSCURED": 1}, {"BASELINE": 2}]
    assert [{tile.image.clear_share for tile in trip.tiles(area)} for area in two] == [{0.1}, {1.0}]
    assert len(trip.imagery.fetched) == 2


def test_while_another_captures_it_a_tile_run_waits_without_a_try(trip):
    area = trip.add_area(tiles=1)
    trip.show("march")
    times = {"since": trip.now, "now": trip.now, "lease_s": LEASE_S}
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
    times = {"since": trip.now, "now": trip.now, "lease_s": LEASE_S}
    trip.captures.begin(Scene(scene_id="march", captured_at=SPRING), VIEW, "scripted", **times)
    session = trip.capture_now(area)
    trip.wait(seconds=LEASE_S)
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


# The same for neighbours


def half(scene_id, *, west, content="1", hours=0):
    """An item of the western or the eastern half of the corner's tile, and of what lies beside it."""
    ground = bounds_of(CORNER)
    middle, reach = (ground.west + ground.east) / 2, ground.east - ground.west
    east = middle + (0 if west else reach)
    bounds = ground._replace(west=middle - (reach if west else 0), east=east)
    return Item(scene_id, SPRING + timedelta(hours=hours), content, bounds)


def show_items(trip, *items):
    scene = scene_of(items)
    trip.imagery._scenes = [(scene, lambda _view: str([(item.item_id, item.content) for item in scene.items]).encode())]
    found = trip.imagery.scenes

    def fetch(asked, view, area, own=trip.imagery.fetch):
        return own(scene, view, area) if set(asked.items) == set(scene.items) else own(asked, view, area)

    trip.imagery.fetch = fetch
    return found


def a_part(trip, *, west):
    """An area in the western or the eastern tenth of the corner's tile."""
    ground = bounds_of(CORNER)
    width = ground.east - ground.west
    left = ground.west + width * (0.05 if west else 0.85)
    area = trip.add_area(user=trip.add_user(), tiles=1)
    extent = area.extent
    with trip.engine.begin() as connection:
        of_part = {"center_lon": left + width * 0.05, "west_km": extent.west_km / 10, "east_km": extent.east_km / 10}
        connection.execute(t.area_configs.update().where(t.area_configs.c.id == area.area_id).values(**of_part))
    return trip.areas.get(area.area_id, user_id=area.user_id)


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


# Lost and damaged


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
    (key,) = shared_keys(trip)
    trip.images.delete([key])
    trip.images.put(key, b"half of it")
    together(trip, second)
    assert len(trip.imagery.fetched) == 2
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


# Races


def claim_of(trip, area):
    """Open a session of an area of one tile and claim its tile run; the claim, and its job."""
    session = trip.capture_now(area)
    received = trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=9e9)
    job = TileJob.from_json(received.message.body)
    assert job.session_id == session.session_id
    return trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S), job


def test_of_twenty_who_want_one_image_one_fetches_it(trip):
    areas = [trip.add_area(user=trip.add_user(), tiles=1) for _ in range(20)]
    trip.show("march")
    sessions = [trip.capture_now(area) for area in areas]
    jobs = jobs_of(trip, Queue.CAPTURES)
    answers = at_once(*[lambda job=job: trip.capture_tile(job) for job in jobs])
    assert answers == [None] * 20
    trip.wait(seconds=3)  # those who came second wait so long at most
    trip.work()
    assert len(trip.imagery.fetched) == 1
    assert {key for area in areas for key in keys_of(trip, area)} == shared_keys(trip)
    assert len(shared_keys(trip)) == 1
    ended = [trip.sessions.get(one.session_id, user_id=a.user_id) for one, a in zip(sessions, areas, strict=True)]
    assert [one.counts_by_verdict for one in ended] == [{"BASELINE": 1}] * 20


def test_of_twenty_who_begin_one_image_one_holds_it(trip):
    for number in range(20):
        scene = Scene(scene_id=f"scene {number}", captured_at=SPRING)
        times = {"since": trip.now, "lease_s": LEASE_S}
        begin = [lambda s=scene: trip.captures.begin(s, VIEW, "scripted", now=trip.now, **times)] * 20
        assert sorted(type(answer).__name__ for answer in at_once(*begin)) == ["CaptureHold"] + ["NoneType"] * 19
        later = trip.now + timedelta(seconds=LEASE_S)
        again = [lambda s=scene, at=later: trip.captures.begin(s, VIEW, "scripted", now=at, **times)] * 20
        assert sorted(type(answer).__name__ for answer in at_once(*again)) == ["CaptureHold"] + ["NoneType"] * 19


def test_a_purge_and_a_session_that_begins_to_use_the_image(trip):
    """Whatever comes first, nobody points to an object that is gone."""
    seen = set()
    for number in range(ROUNDS):
        scene = Scene(scene_id=f"scene {number}", captured_at=SPRING + timedelta(minutes=number))
        times = {"since": trip.now, "now": trip.now, "lease_s": LEASE_S}
        (first, job), (second, _) = (claim_of(trip, trip.add_area(tiles=1)) for _ in range(2))
        hold = trip.captures.begin(scene, VIEW, "scripted", **times)
        key = f"{SHARED}/{hold.capture_id}.png"
        about = {"key": key, "sha256": "0", "size_bytes": 1, "scene": scene, "fetched_at": trip.now, "attribution": ""}
        assert trip.captures.keep(hold, Capture(capture_id=hold.capture_id, **about))
        use = Captured(capture_id=hold.capture_id, clear_share=1.0, is_usable=True, **about)
        trip.tile_images.keep(first, use, is_baseline=True)
        trip.runs.end_lost(job, Outcome(verdict=Verdict.CANCELLED), now=trip.now)
        trip.areas.mark_deleted(first.area_id, user_id=trip.user.user_id, now=trip.now)
        purge_late_s, keep_late_s = OFFSETS_S[number % len(OFFSETS_S)]
        purged, kept = at_once(
            lambda area_id=first.area_id, late_s=purge_late_s: sleep(late_s) or trip.areas.purge(area_id),
            lambda claim=second, use=use, late_s=keep_late_s: (
                sleep(late_s) or trip.tile_images.keep(claim, use, is_baseline=True)
            ),
        )
        is_gone = isinstance(kept, Unavailable)
        assert purged == ([key] if is_gone else [])
        assert is_gone or kept.key == key
        seen.add(is_gone)
    with trip.engine.connect() as connection:
        loose = select(func.count()).select_from(t.image_tiles).outerjoin(t.captures).where(t.captures.c.id.is_(None))
        assert connection.execute(loose).scalar_one() == 0
    assert seen == {True, False}, "each came first at times"
