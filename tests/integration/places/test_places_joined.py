"""Regions over seams and sessions are one place, on both databases and with everybody at the same gate."""

from dataclasses import replace

from chalicelib.domain.jobs import Queue
from chalicelib.domain.places import PlaceState
from chalicelib.domain.tile_runs import Verdict
from tests.support.found_places import EAST, NOTHING, WEST, box, change, history, place_ids, places
from tests.support.timing import at_once
from tests.support.trip import jobs_of

ROUNDS = 12


def test_a_change_over_a_seam_is_two_alerts_and_one_place(trip, land, area):
    session = land.look(area, [WEST, EAST], [WEST, EAST])
    assert session.counts_by_verdict == {"CHANGED": 2, "NO_CHANGE": 1}
    (place,) = places(trip)
    assert (place.area_m2, place.state, place.area_id) == (160.0, PlaceState.OPEN, area.area_id)
    assert place_ids(trip, session) == [(place.place_id,)] * 2
    assert len(trip.places.get(place.place_id, user_id=trip.user.user_id).outlines) == 2
    assert history(trip, place) == [(160.0, True)]


def test_two_changes_that_are_apart_are_two_places(trip, land, area):
    session = land.look(area, [change((100.0, box(-40, -30))), EAST])
    assert len(places(trip)) == 2
    assert sorted(place_ids(trip, session)) == sorted((place.place_id,) for place in places(trip))


def test_the_last_two_tiles_at_once_make_one_place(trip, land):
    for number in range(ROUNDS):
        area = trip.add_area(tiles=2, name=f"Race {number}")
        land.look(area)
        land.take([WEST, EAST], [WEST, EAST])
        session = trip.capture_now(area)
        for job in jobs_of(trip, Queue.CAPTURES):
            trip.capture_tile(job)
        first, second = jobs_of(trip, Queue.COMPARISONS)
        deeds = [lambda job=job: trip.compare_tile(job) for job in (first, second, first, second)]
        at_once(*deeds)
        (place,) = places(trip, area_id=area.area_id)
        assert place.area_m2 == 160.0
        assert place_ids(trip, session) == [(place.place_id,)] * 2
        assert history(trip, place) == [(160.0, True)]


def test_a_worker_that_dies_at_the_end_and_its_job_delivered_again_make_one_place(trip, land, area):
    land.take([WEST, EAST], [WEST, EAST])
    trip.capture_now(area)
    for job in jobs_of(trip, Queue.CAPTURES):
        trip.capture_tile(job)
    jobs = jobs_of(trip, Queue.COMPARISONS)
    trip.runs.claim_comparison(jobs[0], now=trip.now, lease_s=60)  # and is never heard of again
    trip.wait(minutes=2)
    for job in (*jobs, *jobs):
        trip.compare_tile(job)
    (place,) = places(trip)
    assert history(trip, place) == [(160.0, True)]


def test_a_place_that_is_still_there_is_no_new_alert_and_its_growth_is_told(trip, land, area):
    first = land.look(area, [WEST, EAST], [WEST, EAST])
    again = land.look(area, slow=[WEST, EAST])
    assert (again.counts_by_verdict, again.alerts) == ({"NO_CHANGE": 3}, 0)
    wider = change((100.0, box(0, 10)))
    assert land.look(area, slow=[WEST, wider]).alerts == 0, "one image is not believed"
    grown = land.look(area, slow=[WEST, wider])
    assert grown.alerts == 1
    ((alert, _),) = trip.alerts_of(grown)
    (region,) = alert.change_log["regions"]
    assert (region["area_m2"], region["grew_from_m2"], region["compared_with"]) == (100.0, 60.0, "baseline")
    assert trip.images.get(alert.reference_key) == b"day 1"
    (place,) = places(trip)
    assert place_ids(trip, first)[0] == place_ids(trip, grown)[0] == (place.place_id,)
    assert history(trip, place) == [(160.0, True), (160.0, False), (200.0, False), (200.0, True)]
    assert place.first_seen_at < place.last_seen_at


def test_what_grows_over_the_seam_into_the_next_tile_stays_the_place_that_it_is(trip, land, area):
    land.look(area, [WEST], [WEST])
    whole = change((260.0, box(-10, 16)))  # its middle lies on the next tile from now on
    for _ in range(2):
        session = land.look(area, slow=[NOTHING, whole])
    (place,) = places(trip)
    assert (place.area_m2, session.alerts) == (260.0, 1)
    assert place_ids(trip, session) == [(place.place_id,)]


def test_two_places_that_a_third_joins_are_one_the_older(trip, land, area):
    first = land.look(area, [change((100.0, box(-40, -30)))])
    second = land.look(area, [EAST])
    older, younger = sorted(place.place_id for place in places(trip))
    joining = land.look(area, [change((280.0, box(-31, 1)))])
    (place,) = places(trip)
    assert place.place_id == older
    assert [place_ids(trip, each) for each in (first, second, joining)] == [[(older,)]] * 3
    assert trip.places.get(younger, user_id=trip.user.user_id).place_id == older


def test_a_slow_change_is_told_with_the_image_that_it_is_a_change_from(trip, land, area):
    session = land.look(area, slow=[change((36.0, box(-30, -26)))])
    assert session.counts_by_verdict == {"CHANGED": 1, "NO_CHANGE": 2}
    ((alert, _),) = trip.alerts_of(session)
    assert trip.images.get(alert.reference_key) == b"day 1"
    assert [place.area_m2 for place in places(trip)] == [36.0]
    assert land.look(area, slow=[change((36.0, box(-30, -26)))]).alerts == 0


def test_a_lost_baseline_is_another_baseline_and_no_failure(trip, land, area):
    oldest = [tile.image.key for tile in trip.tiles(area) if tile.image.scene_id == "day 1"]
    trip.images.delete(oldest)
    assert land.look(area).counts_by_verdict == {"NO_CHANGE": 3}
    session = land.look(area, slow=[WEST])
    ((alert, _),) = trip.alerts_of(session)
    assert trip.images.get(alert.reference_key) == b"day 2"


def test_a_failed_tile_shows_no_place(trip, land, area):
    land.take([WEST])
    session = trip.capture_now(area)
    for job in jobs_of(trip, Queue.CAPTURES):
        trip.capture_tile(job)
    trip.cancel(session)
    assert places(trip) == []


def test_an_obscured_tile_says_nothing_of_its_place(trip, land, area):
    land.look(area, [WEST], [WEST])
    dim = replace(NOTHING, clear_share=0.1)
    session = land.look(area, [dim], [dim])
    assert session.counts_by_verdict[Verdict.OBSCURED] == 1
    (place,) = places(trip)
    assert history(trip, place) == [(100.0, True)]
