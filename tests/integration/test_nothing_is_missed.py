"""Nothing is missed: what was captured is compared, what failed is tried again, on both databases."""

import pytest

from chalicelib.application.tile_work import released_on_failure
from chalicelib.domain.errors import BadImage, DoesNotFit, ProviderRefused, ProviderUnavailable, Unavailable
from chalicelib.domain.jobs import Queue, TileJob
from chalicelib.domain.retries import MAX_ATTEMPTS
from chalicelib.domain.sessions import SessionStatus
from tests.support.builders.domain import a_change
from tests.support.trip import Trip

CHANGE = a_change(m2=900)


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def area(trip):
    """Give an area of two tiles with a baseline of March."""
    made = trip.add_area(tiles=2)
    trip.run_session(made, "march", days=-1)
    return made


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


# Transient is not final


@pytest.mark.parametrize("times", [1, 4])
def test_a_provider_that_was_away_is_asked_again_in_the_same_session(trip, area, times):
    trip.show("april", days=30, change=CHANGE)
    trip.imagery.fail(None, ProviderUnavailable("busy (429)", retry_after_s=60), times=times)
    session = trip.capture_now(area)
    trip.work()
    assert trip.session(session).is_open
    assert not trip.work_once(), "nobody asks before the time that was asked for"
    for _ in range(times + 2):
        trip.wait(minutes=20)
        trip.work()
    assert trip.session(session).counts_by_verdict == {"CHANGED": 2}


def test_a_store_that_is_full_uses_up_no_try(trip, area):
    trip.show("april", days=30, change=CHANGE)
    session = trip.capture_now(area)
    trip.images.away = True
    for _ in range(3 * MAX_ATTEMPTS):
        trip.work()
        trip.wait(minutes=1)
    trip.images.away = False
    trip.wait(minutes=15)  # the wait has grown meanwhile
    trip.work()
    assert trip.session(session).counts_by_verdict == {"CHANGED": 2}


def test_what_stays_away_fails_at_the_deadline_and_says_why(trip, area):
    trip.show("april", days=30)
    trip.imagery.fail(None, ProviderUnavailable("it rains"))
    session = trip.capture_now(area)
    for _ in range(7):
        trip.work()
        trip.wait(minutes=10)
        trip.reconcile()
    ended = trip.session(session)
    assert ended.counts_by_verdict == {"FAILED": 2}
    assert ended.failures[0].reason == "not done by the session's deadline; last: it rains"


def test_a_provider_in_trouble_is_left_alone_by_all_of_its_tiles(trip):
    area = trip.add_area(tiles=9)
    trip.show("march")
    trip.imagery.fail(None, ProviderUnavailable("it rains"))
    trip.capture_now(area)
    trip.work()
    assert len(trip.imagery.fetched) == 5, "the breaker is open after five in a row"
    trip.imagery.heal()
    trip.wait(minutes=20)
    trip.work()
    assert len(trip.imagery.fetched) == 5 + 9


def test_a_refusal_is_final(trip, area):
    trip.show("april", days=30)
    trip.imagery.fail(None, ProviderRefused("the key is wrong"))
    session = trip.capture_now(area)
    trip.work()
    assert trip.session(session).counts_by_verdict == {"FAILED": 2}


def test_work_that_never_answers_is_given_up_at_the_claim(trip, area):
    """A worker that crashes, hangs or runs out of memory answers nothing: only its claims can be counted."""
    trip.show("april", days=30)
    session = trip.capture_now(area)
    received = trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=1)
    job = TileJob.from_json(received.message.body)
    for _ in range(MAX_ATTEMPTS):
        assert trip.runs.claim_capture(job, now=trip.now, lease_s=60) is not None
        trip.wait(seconds=61)
    trip.capture_tile(job)
    trip.work()
    ended = trip.session(session)
    assert ended.counts_by_verdict == {"FAILED": 1, "NO_CHANGE": 1}
    (failure,) = ended.failures
    assert failure.reason == (
        "given up after 5 tries without an answer: its worker crashed, hung or ran out of memory each time"
    )


def test_a_database_that_goes_away_uses_up_no_try(trip, area):
    session = trip.capture_now(area)
    job = TileJob.from_json(trip.outbox.receive([Queue.CAPTURES], now=trip.now, lease_s=1).message.body)
    for _ in range(MAX_ATTEMPTS + 1):
        claim = trip.runs.claim_capture(job, now=trip.now, lease_s=60)
        with pytest.raises(Unavailable), released_on_failure(trip.runs, claim):
            raise Unavailable("the database does not answer")
    assert claim.attempts == 1
    trip.wait(minutes=1)
    trip.work()
    assert "FAILED" not in trip.session(session).counts_by_verdict


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


# What does not fit its reference


def odd(scene):
    """Compare as the gate answers where the image of one scene is misplaced."""

    def compare(before, after, **_ground):
        if scene in (before, after):
            raise DoesNotFit("does not fit its reference: mirrored", is_reference=before == scene)
        return CHANGE

    return compare


def test_an_image_that_does_not_fit_changes_nothing_and_is_never_a_reference(trip, area):
    trip.compare = odd(b"april")
    session = trip.run_session(area, "april", days=30)
    assert session.counts_by_verdict == {"FAILED": 2}
    assert session.status is SessionStatus.ERROR
    assert {failure.reason for failure in session.failures} == {"does not fit its reference: mirrored"}
    assert trip.alerts_of(session) == []
    session = trip.run_session(area, "may", days=60)
    assert session.counts_by_verdict == {"CHANGED": 2}
    assert {trip.images.get(alert.reference_key) for alert, _ in trip.alerts_of(session)} == {b"march"}


def test_a_reference_that_is_the_odd_one_is_passed_over_for_good(trip, area):
    trip.run_session(area, "april", days=30)
    trip.compare = odd(b"april")
    session = trip.run_session(area, "may", days=60)
    assert session.counts_by_verdict == {"CHANGED": 2}
    assert {trip.images.get(alert.reference_key) for alert, _ in trip.alerts_of(session)} == {b"march"}
    session = trip.run_session(area, "june", days=90)
    assert sum(session.counts_by_verdict.values()) == 2
    assert "FAILED" not in session.counts_by_verdict, "nothing was compared with april"


def misplaced(*scenes):
    """Compare as the gate answers where the images of some scenes lie elsewhere, all at one place."""

    def compare(before, after, *, older=(), refused=(), **_ground):
        is_odd = [image in scenes for image in (before, after)]
        if is_odd[0] == is_odd[1]:
            return a_change(m2=900)
        known = [read() for read in older]
        there = [number for number, read in enumerate(refused) if (read() in scenes) == is_odd[1]]
        witness = there[0] if there and not known else None
        reason = "does not fit its reference: about 36 m to the east"
        raise DoesNotFit(reason, is_reference=witness is not None, witness=witness)

    return compare


def test_a_first_image_that_is_misplaced_is_outvoted_by_two_and_they_are_compared(trip):
    area = trip.add_area(tiles=2)
    trip.run_session(area, "march", days=0)
    trip.compare = misplaced(b"march")
    assert trip.run_session(area, "april", days=30).counts_by_verdict == {"FAILED": 2}
    again = trip.capture_now(area)
    trip.work()
    assert trip.session(again).counts_by_verdict == {"FAILED": 2}, "the same image is no second voice"
    session = trip.run_session(area, "may", days=60)
    assert session.counts_by_verdict == {"CHANGED": 2}
    assert {trip.images.get(alert.reference_key) for alert, _ in trip.alerts_of(session)} == {b"april"}
    again = trip.capture_now(area)
    trip.work()
    assert trip.session(again).counts_by_verdict == {"NO_NEW_IMAGERY": 2}, "march is not taken for a baseline again"
    assert trip.run_session(area, "june", days=61).counts_by_verdict == {"CHANGED": 2}


def test_misplaced_later_images_unseat_no_reference_that_an_older_one_agrees_with(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=0)
    trip.compare = misplaced(b"may", b"june", b"july")
    trip.run_session(area, "april", days=30)
    for days, scene in enumerate(("may", "june", "july"), start=40):
        assert trip.run_session(area, scene, days=days).counts_by_verdict == {"FAILED": 1}
    session = trip.run_session(area, "august", days=60)
    assert session.counts_by_verdict == {"CHANGED": 1}
    assert {trip.images.get(alert.reference_key) for alert, _ in trip.alerts_of(session)} == {b"april"}
