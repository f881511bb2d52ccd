"""What a provider cannot use: an error on its ground; of no known ground a reason for all, and an error for nobody.

On both databases.
"""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.area_states import AreaState
from chalicelib.domain.scenes import Refused
from chalicelib.domain.sessions import SessionStatus
from tests.support.builders.domain import SPRING, a_change
from tests.support.trip import Trip

ERROR, NO_CHANGES = SessionStatus.ERROR, SessionStatus.NO_CHANGES
SAYS = "a file of the archive cannot be used"


@pytest.fixture
def trip(engine):
    return Trip(engine)


def refuse(trip, *, days, bounds=None):
    """Let the provider have something of that day, at the latest, which it cannot give."""
    scenes = trip.imagery.scenes

    def with_refused(area, **times):
        return replace(scenes(area, **times), refused=(Refused(SPRING + timedelta(days=days), bounds, SAYS),))

    trip.imagery.scenes = with_refused


def ended(trip, area):
    session = trip.capture_now(area)
    trip.work()
    return trip.session(session)


def test_what_is_of_no_known_ground_fails_nobody_and_is_no_all_clear(trip):
    areas = [trip.add_area(tiles=2), trip.add_area(tiles=1)]
    for area in areas:
        trip.run_session(area, "march", days=0)
    refuse(trip, days=5)
    for area in areas:
        session = ended(trip, area)
        assert (session.status, session.is_all_clear, session.reason) == (NO_CHANGES, False, SAYS)
        assert session.counts_by_verdict == {"NO_NEW_IMAGERY": len(trip.tiles(area))}
        assert trip.areas.standings([area.area_id])[area.area_id].state is AreaState.WATCHED
    session = trip.run_session(areas[0], "april", days=3)
    assert (session.counts_by_verdict, session.is_all_clear) == ({"NO_CHANGE": 2}, False), "it may be newer still"
    session = trip.run_session(areas[0], "may", days=6)
    assert (session.counts_by_verdict, session.is_all_clear, session.reason) == ({"NO_CHANGE": 2}, True, None)


def test_what_changed_and_what_failed_say_it_beside_their_own(trip):
    area = trip.add_area(tiles=1)
    trip.run_session(area, "march", days=0)
    refuse(trip, days=40)
    session = trip.run_session(area, "april", days=30, change=a_change(m2=900))
    assert (session.status, session.reason) == (SessionStatus.CHANGES_DETECTED, SAYS)
    refuse(trip, days=40)
    trip.clear_share = 0.1
    session = trip.run_session(area, "may", days=35)
    assert session.status is ERROR
    assert session.reason.endswith(f"; {SAYS}")


def test_what_may_be_newer_on_known_ground_is_an_error_there_alone(trip):
    area = trip.add_area(tiles=2)
    trip.run_session(area, "march", days=0)
    whole = area.extent.bounds
    refuse(trip, days=5, bounds=whole._replace(east=whole.west + 0.3 * (whole.east - whole.west)))
    session = ended(trip, area)
    assert (session.status, session.failures[0].reason) == (ERROR, SAYS)
    assert session.counts_by_verdict == {"FAILED": 1, "NO_NEW_IMAGERY": 1}
    session = trip.run_session(area, "april", days=6)
    assert (session.counts_by_verdict, session.is_all_clear) == ({"NO_CHANGE": 2}, True), "it lies behind now"
