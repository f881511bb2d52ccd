import pytest

from tests.support.standins.google import GoogleStandIn


@pytest.fixture
def google():
    with GoogleStandIn() as server:
        yield server
