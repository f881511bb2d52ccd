"""An area's state: written with the end of each session, and since when. On both databases."""

import pytest

from chalicelib.domain.area_states import AreaStanding, AreaState
from tests.support.builders.domain import a_change
from tests.support.trip import Trip


@pytest.fixture
def trip(engine):
    return Trip(engine)


def standing(trip, area):
    return trip.areas.standings([area.area_id]).get(area.area_id)


def look(trip, area, scene, *, days, clear_share=1.0, m2=None):
    trip.wait(hours=24)
    trip.clear_share = clear_share
    return trip.run_session(area, scene, days=days, change=a_change(m2, clear_share=clear_share))


def test_an_area_has_its_state_since_it_is_so(trip):
    area, other = trip.add_area(), trip.add_area()
    assert standing(trip, area) is None
    seen = []
    for day, (clear_share, m2) in enumerate([(1, None), (1, None), (0.5, None), (0.1, None), (0.1, None), (1, 900)]):
        look(trip, area, f"scene-{day}", days=day, clear_share=clear_share, m2=m2)
        seen.append((standing(trip, area), trip.now))
    began = [now for _, now in seen]
    assert [each for each, _ in seen] == [
        AreaStanding(AreaState.WATCHED, began[0]),
        AreaStanding(AreaState.WATCHED, began[0]),
        AreaStanding(AreaState.PARTLY_BLIND, began[2]),
        AreaStanding(AreaState.BLIND, began[3]),
        AreaStanding(AreaState.BLIND, began[3]),
        AreaStanding(AreaState.CHANGED, began[5]),
    ]
    assert standing(trip, other) is None


def test_a_cancel_leaves_the_state_as_it_was(trip):
    area = trip.add_area()
    look(trip, area, "march", days=0)
    before = standing(trip, area)
    trip.cancel(trip.capture_now(area))
    assert standing(trip, area) == before


def test_a_purged_area_has_no_state(trip):
    area = trip.add_area()
    look(trip, area, "march", days=0)
    trip.delete(area)
    trip.reconcile()
    assert standing(trip, area) is None
