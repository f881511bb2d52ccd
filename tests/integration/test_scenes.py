"""Scenes: looked at newest first, on both databases."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select

from chalicelib.adapters.database import tables as t
from chalicelib.domain.errors import BadImage, Unavailable
from chalicelib.domain.jobs import Queue
from chalicelib.domain.scenes import Item, Scene, scene_of
from chalicelib.domain.sessions import SessionStatus
from chalicelib.domain.tile_runs import Captured
from tests.support.builders.domain import SPRING, a_change
from tests.support.tile_runs import runs_of
from tests.support.trip import LEASE_S, Trip, jobs_of

CHANGE = a_change(m2=900)


@pytest.fixture
def trip(engine):
    return Trip(engine)


def clear_shares(trip, **by_scene):
    """Let the gate see of each scene so much."""
    inspect = Trip.inspect

    def seen(content, *ground):
        return replace(inspect(trip, content, *ground), clear_share=by_scene.get(content.decode(), 1.0))

    trip.inspect = seen


# Down the list


def test_dates_that_are_there_from_the_start_are_compared_the_oldest_with_the_newest(trip):
    area = trip.add_area(tiles=2)
    for number, scene in enumerate(("january", "february", "march")):
        trip.show(scene, days=30 * number, change=CHANGE)
    session = trip.capture_now(area)
    trip.work()
    assert trip.session(session).counts_by_verdict == {"CHANGED": 2}
    assert {trip.images.get(alert.reference_key) for alert, _ in trip.alerts_of(session)} == {b"january"}
    assert {tile.image.scene_id for tile in trip.tiles(area)} == {"january", "march"}
    again = trip.capture_now(area)
    trip.work()
    assert trip.session(again).counts_by_verdict == {"NO_NEW_IMAGERY": 2}
    assert len(trip.tiles(area)) == 4


def test_an_older_date_that_comes_later_is_compared_once_and_only_the_oldest(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=50)
    session = trip.run_session(area, "january", days=0, change=CHANGE)
    assert session.counts_by_verdict == {"CHANGED": 1}
    ((alert, _),) = trip.alerts_of(session)
    assert (trip.images.get(alert.reference_key), trip.images.get(alert.image_key)) == (b"january", b"march")
    assert trip.run_session(area, "february", days=30).counts_by_verdict == {"NO_NEW_IMAGERY": 1}


def test_an_older_date_whose_worker_came_no_further_is_compared_all_the_same(trip, monkeypatch):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=50)

    def goes_away(*_arguments, **_named):
        raise Unavailable("the database does not answer")

    with monkeypatch.context() as once:
        once.setattr(trip.runs, "compare_stored", goes_away)
        trip.show("january", days=0, change=CHANGE)
        session = trip.capture_now(area)
        trip.work()
    trip.wait(minutes=30)
    trip.reconcile()
    trip.work()
    assert trip.session(session).counts_by_verdict == {"CHANGED": 1}


def test_a_newest_scene_of_cloud_does_not_hide_the_next_one_and_is_not_fetched_again(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=0)
    clear_shares(trip, may=0.1)
    trip.show("april", days=30)
    trip.show("may", days=50, change=CHANGE)
    session = trip.capture_now(area)
    trip.work()
    assert trip.session(session).counts_by_verdict == {"CHANGED": 1}
    fetched = len(trip.imagery.fetched)
    again = trip.capture_now(area)
    trip.work()
    assert trip.session(again).counts_by_verdict == {"OBSCURED": 1}
    assert len(trip.imagery.fetched) == fetched
    assert [run.unusable for run in runs_of(trip, again)] == [None], "cloud is unseen ground, not unusable"


def test_ground_that_the_newest_image_hides_is_looked_for_in_an_older_one(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=0)
    clear_shares(trip, may=0.5)
    trip.show("april", days=30)
    trip.show("may", days=50, change=a_change(clear_share=0.5))
    first = trip.capture_now(area)
    trip.work()
    assert [tile.image.scene_id for tile in trip.tiles(area)] == ["may", "march"]
    trip.change = CHANGE
    second = trip.capture_now(area)
    trip.work()
    assert trip.session(first).counts_by_verdict == {"NO_CHANGE": 1}
    assert trip.session(second).counts_by_verdict == {"CHANGED": 1}
    ((alert, _),) = trip.alerts_of(second)
    assert trip.images.get(alert.image_key) == b"april"
    third = trip.capture_now(area)
    trip.work()
    assert trip.session(third).counts_by_verdict == {"NO_NEW_IMAGERY": 1}


def test_where_the_newest_is_damaged_the_next_best_is_used_and_the_reason_kept(trip):
    area = trip.add_area(tiles=2)
    trip.run_session(area, "march", days=0)
    trip.show("april", days=30, change=CHANGE)
    trip.show("may", days=50, change=CHANGE)
    trip.imagery.fail(None, BadImage("may is damaged"), times=1)
    session = trip.capture_now(area)
    trip.work()
    assert trip.session(session).counts_by_verdict == {"CHANGED": 2}
    assert [run.unusable for run in runs_of(trip, session)] == ["may is damaged", None]
    again = trip.capture_now(area)
    trip.work()
    assert [run.unusable for run in runs_of(trip, again)] == [None, None]


def test_a_reason_of_an_earlier_try_is_forgotten_where_it_holds_no_more(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=0)
    trip.show("april", days=30)
    trip.show("may", days=50)
    trip.imagery.fail(None, BadImage("may is damaged"), times=1)
    session = trip.capture_now(area)
    put, trip.images.put = trip.images.put, lambda *_: (_ for _ in ()).throw(RuntimeError("a defect"))
    trip.work_once()
    trip.images.put = put
    trip.wait(minutes=1)
    trip.work()
    assert trip.session(session).counts_by_verdict == {"NO_CHANGE": 1}
    assert [run.unusable for run in runs_of(trip, session)] == [None]


def test_where_nothing_newer_can_be_used_there_is_no_all_clear(trip):
    area = trip.add_area(tiles=2)
    trip.run_session(area, "march", days=0)
    trip.show("april", days=30)
    trip.imagery.fail(None, BadImage("april is damaged"), times=1)
    session = trip.capture_now(area)
    trip.work()
    ended = trip.session(session)
    assert (ended.status, ended.counts_by_verdict) == (SessionStatus.ERROR, {"FAILED": 1, "NO_CHANGE": 1})
    assert ended.failures[0].reason == "april is damaged"
    assert [run.unusable for run in runs_of(trip, session)] == ["april is damaged", None]


def test_a_scene_that_disappears_after_it_was_found_costs_nothing_but_itself(trip):
    area = trip.add_area(tiles=3)
    trip.run_session(area, "march", days=0)
    trip.show("april", days=30, change=CHANGE)
    trip.show("may", days=50, change=CHANGE)
    session = trip.capture_now(area)
    trip.work_once()
    trip.imagery._scenes.pop()
    trip.work()
    ended = trip.session(session)
    assert ended.counts_by_verdict == {"CHANGED": 3}
    assert [run.unusable is None for run in runs_of(trip, session)] == [True, False, False]
    shown = {trip.images.get(alert.image_key) for alert, _ in trip.alerts_of(session)}
    assert shown == {b"april", b"may"}


def test_a_date_that_has_not_come_is_never_asked_for(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=0)
    trip.show("april", days=30)
    trip.show("typo", days=20_000, change=CHANGE)
    session = trip.capture_now(area)
    trip.work()
    assert trip.session(session).counts_by_verdict == {"CHANGED": 1}
    assert [tile.image.scene_id for tile in trip.tiles(area)] == ["april", "march"]


def test_a_picture_of_one_corner_of_a_tile_is_obscured_and_no_failure(trip):
    area = trip.add_area(tiles=1)
    box = area.extent.bounds
    corner = box._replace(west=box.west + (box.east - box.west) * 0.9)
    scene = scene_of([Item("march", SPRING, "1", corner)])
    clear_shares(trip, march=0.1)
    trip.imagery._scenes = [(scene, lambda _view: b"march", lambda _view: None)]
    for _ in range(2):
        session = trip.capture_now(area)
        trip.work()
        assert trip.session(session).counts_by_verdict == {"OBSCURED": 1}
    assert len(trip.imagery.fetched) == 1


# Fences


def a_capture(trip, claim, name):
    scene = Scene(scene_id=name, captured_at=SPRING)
    times = {"since": trip.now, "now": trip.now, "until": trip.now + timedelta(seconds=LEASE_S)}
    hold = trip.captures.begin(scene, claim.view, claim.provider, **times)
    return Captured(
        capture_id=hold.capture_id, key=f"1/{name}", sha256="0", size_bytes=1, scene=scene, fetched_at=SPRING,
        attribution="", clear_share=1.0, is_usable=True,
    )  # fmt: skip


def test_a_claim_that_is_no_longer_the_latest_keeps_nothing(trip):
    area = trip.add_area(tiles=1)
    trip.show("march")
    trip.capture_now(area)
    (job,) = jobs_of(trip, Queue.CAPTURES)
    stale = trip.runs.claim_capture(job, now=trip.now, lease_s=1)
    trip.wait(seconds=2)
    latest = trip.runs.claim_capture(job, now=trip.now, lease_s=LEASE_S)
    assert trip.tile_images.keep(stale, a_capture(trip, stale, "stale"), is_baseline=True) is None
    trip.tile_images.note_unusable(stale, "it is damaged")
    kept = trip.tile_images.keep(latest, a_capture(trip, latest, "latest"), is_baseline=True)
    assert (kept.scene_id, kept.is_usable) == ("latest", True)
    assert trip.tile_images.keep(latest, a_capture(trip, latest, "again"), is_baseline=False) is None, (
        "one image of a time"
    )
    assert [tile.image.scene_id for tile in trip.tiles(area)] == ["latest"]
    assert {run.unusable for run in trip.engine.connect().execute(select(t.session_tiles))} == {None}
