import pytest

from tests.google_stand_in import GoogleStandIn


@pytest.fixture
def google():
    with GoogleStandIn() as server:
        yield server
