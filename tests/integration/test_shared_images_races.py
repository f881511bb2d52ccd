"""Images that areas share: one worker captures one, whoever comes first. On both databases."""

from datetime import timedelta
from time import sleep

import pytest
from sqlalchemy import func, select

from chalicelib.adapters.database import tables as t
from chalicelib.domain.captures import SHARED, Capture
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.jobs import Queue
from chalicelib.domain.scenes import Scene
from chalicelib.domain.tile_runs import Captured, Outcome, Verdict
from tests.support.builders.domain import SPRING
from tests.support.shared_images import (
    OFFSETS_S,
    ROUNDS,
    VIEW,
    claim_of,
    keys_of,
    shared_keys,
)
from tests.support.timing import at_once
from tests.support.trip import LEASE_S, Trip, jobs_of


@pytest.fixture
def trip(engine):
    return Trip(engine)


# Races


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
        until = trip.now + timedelta(seconds=LEASE_S)
        times = {"since": trip.now, "now": trip.now, "until": until}
        begin = [lambda s=scene, t=times: trip.captures.begin(s, VIEW, "scripted", **t)] * 20
        assert sorted(type(answer).__name__ for answer in at_once(*begin)) == ["CaptureHold"] + ["NoneType"] * 19
        times |= {"now": until, "until": until + timedelta(seconds=LEASE_S)}
        again = [lambda s=scene, t=times: trip.captures.begin(s, VIEW, "scripted", **t)] * 20
        assert sorted(type(answer).__name__ for answer in at_once(*again)) == ["CaptureHold"] + ["NoneType"] * 19


def test_a_purge_and_a_session_that_begins_to_use_the_image(trip):
    """Whatever comes first, nobody points to an object that is gone."""
    seen = set()
    for number in range(ROUNDS):
        scene = Scene(scene_id=f"scene {number}", captured_at=SPRING + timedelta(minutes=number))
        times = {"since": trip.now, "now": trip.now, "until": trip.now + timedelta(seconds=LEASE_S)}
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
