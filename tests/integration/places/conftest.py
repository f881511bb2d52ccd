"""The fixtures of places: an area whose comparisons find what a test says."""

import pytest

from tests.support.found_places import Land
from tests.support.trip import Trip


@pytest.fixture
def trip(engine):
    return Trip(engine)


@pytest.fixture
def land(trip):
    return Land(trip)


@pytest.fixture
def area(trip, land):
    """Give an area of three tiles in a row that was looked at twice."""
    made = trip.add_area(tiles=3)
    for _ in range(2):
        land.look(made)
    return made
