"""Nothing is missed: what was captured is compared once, whatever ended the session before, on both databases."""

import pytest

from chalicelib.domain.errors import BadImage
from chalicelib.domain.jobs import Queue, TileJob
from chalicelib.domain.retries import MAX_ATTEMPTS
from chalicelib.domain.sessions import SessionStatus
from tests.support.builders.domain import a_change
from tests.support.trip import Trip

CHANGE = a_change(m2=900)


@pytest.fixture
def trip(engine):
    return Trip(engine)


def look_again(trip, area, change=CHANGE):
    """Run a session while the provider shows what it showed before."""
    trip.change = change
    session = trip.capture_now(area)
    trip.work()
    return trip.session(session)


def broken(trip, area):
    """The detector raises what an image that cannot be compared raises."""
    return trip.run_session(area, "april", days=30, change=BadImage("it broke"))


def raised(trip, area):
    """A defect of ours: the work raises until its message is dead, and reconcile ends the tile runs."""
    trip.show("april", days=30, change=RuntimeError("a defect"))
    session = trip.capture_now(area)
    for _ in range(MAX_ATTEMPTS + 1):
        trip.work()
        trip.wait(minutes=2)
    trip.reconcile()
    return trip.session(session)


def cancelled(trip, area):
    trip.show("april", days=30)
    session = trip.capture_now(area)
    while received := trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=60):
        trip.capture_tile(TileJob.from_json(received.message.body))
    return trip.cancel(session)


def overdue(trip, area):
    trip.show("april", days=30)
    session = trip.capture_now(area)
    trip.work_once()
    trip.wait(hours=2)
    trip.reconcile()
    return trip.session(session)


@pytest.mark.parametrize("end_early", [broken, raised, cancelled, overdue])
def test_what_a_session_did_not_compare_the_next_one_does(trip, area, end_early):
    ended = end_early(trip, area)
    assert ended.status is SessionStatus.ERROR
    session = look_again(trip, area)
    assert session.counts_by_verdict == {"CHANGED": 2}
    assert {trip.images.get(alert.reference_key) for alert, _ in trip.alerts_of(session)} == {b"march"}
    assert look_again(trip, area).counts_by_verdict == {"NO_NEW_IMAGERY": 2}, "and once is enough"


def test_a_new_scene_is_compared_with_the_last_one_that_was_compared(trip, area):
    broken(trip, area)
    session = trip.run_session(area, "may", days=60, change=CHANGE)
    assert session.counts_by_verdict == {"CHANGED": 2}
    assert {trip.images.get(alert.reference_key) for alert, _ in trip.alerts_of(session)} == {b"march"}


def test_a_lost_object_is_fetched_again_before_anything_is_said(trip, area):
    trip.run_session(area, "april", days=30)
    key = next(tile.image.key for tile in trip.tiles(area) if tile.image.scene_id == "april")
    trip.images.delete([key])
    assert look_again(trip, area).counts_by_verdict == {"NO_NEW_IMAGERY": 2}
    assert trip.images.get(key) == b"april"


def test_a_lost_object_that_the_provider_has_no_more_is_no_all_clear(trip, area):
    trip.run_session(area, "april", days=30)
    key = next(tile.image.key for tile in trip.tiles(area) if tile.image.scene_id == "april")
    trip.images.delete([key])
    trip.imagery = Trip(trip.engine).imagery
    trip.show("march", days=-1)
    session = look_again(trip, area)
    assert session.counts_by_verdict == {"FAILED": 1, "NO_NEW_IMAGERY": 1}
    assert "is lost, and the provider has only an older one" in session.failures[0].reason
    assert look_again(trip, area).counts_by_verdict == {"NO_NEW_IMAGERY": 2}, "march is the newest again"


def test_a_lost_reference_is_replaced_by_the_one_before(trip, area):
    for scene, days in (("april", 30), ("may", 40)):
        trip.run_session(area, scene, days=days)
    lost = [tile.image.key for tile in trip.tiles(area) if tile.image.scene_id in ("april", "may")]
    trip.images.delete(lost)
    session = trip.run_session(area, "june", days=60, change=CHANGE)
    assert session.counts_by_verdict == {"CHANGED": 2}
    assert {trip.images.get(alert.reference_key) for alert, _ in trip.alerts_of(session)} == {b"march"}


def test_an_image_whose_only_reference_is_lost_becomes_the_baseline(trip, area):
    trip.images.delete([tile.image.key for tile in trip.tiles(area)])
    assert trip.run_session(area, "april", days=30).counts_by_verdict == {"FAILED": 2}
    assert look_again(trip, area).counts_by_verdict == {"BASELINE": 2}


# Clocks


@pytest.mark.parametrize("hours", [-7, 7])
def test_a_clock_that_jumps_stops_nothing(trip, area, hours):
    trip.reconcile()
    trip.show("april", days=-0.5, change=CHANGE)
    session = trip.capture_now(area)
    trip.work_once()
    received = trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=60)
    assert trip.runs.claim_capture(TileJob.from_json(received.message.body), now=trip.now, lease_s=60)
    trip.wait(hours=hours)
    for _ in range(30):
        trip.reconcile()
        trip.work()
        trip.wait(minutes=1)
    assert not trip.session(session).is_open
    while trip.session(session).status is SessionStatus.ERROR:  # its deadline came with the jump: the next one goes on
        session = look_again(trip, area)
    assert {alert.reference_key for each in trip.all_sessions() for alert, _ in trip.alerts_of(each)}
    changed = sum(each.counts_by_verdict.get("CHANGED", 0) for each in trip.all_sessions())
    assert changed == 2
    trip.wait(hours=24)
    assert trip.tick() == 1, "and the area is due again within a day"


def test_only_a_clock_that_was_put_back_is_repaired(trip):
    trip.reconcile()
    trip.wait(minutes=1)
    assert trip.clock_repairs.repair(now=trip.now) is False
    trip.wait(minutes=-1)
    assert trip.clock_repairs.repair(now=trip.now) is False, "clocks differ by that much"
    trip.wait(hours=-3)
    assert trip.clock_repairs.repair(now=trip.now) is True
    assert trip.clock_repairs.repair(now=trip.now) is False


def test_behind_a_cloud_what_was_never_compared_is_compared(trip, area):
    broken(trip, area)
    trip.clear_share = 0.1
    seen = trip.run_session(area, "may", days=60, change=CHANGE)
    assert seen.counts_by_verdict == {"CHANGED": 2}, "April's image shows it"
    assert trip.run_session(area, "june", days=61).counts_by_verdict == {"OBSCURED": 2}
