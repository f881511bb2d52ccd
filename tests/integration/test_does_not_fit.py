"""An image that does not fit its reference: it changes nothing, and the odd one of the two is found out."""

import pytest

from chalicelib.domain.errors import DoesNotFit
from chalicelib.domain.sessions import SessionStatus
from tests.support.builders.domain import a_change
from tests.support.trip import Trip

CHANGE = a_change(m2=900)


@pytest.fixture
def trip(engine):
    return Trip(engine)


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
