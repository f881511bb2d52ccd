"""The fixtures that tests of several use cases share."""

import pytest

from tests.support.api_server import Server


@pytest.fixture
def server(database_url):
    """Give the API in a world that is given, on a fresh database of each engine."""
    made = Server(database_url)
    yield made
    made.engine.dispose()


@pytest.fixture
def asha(server):
    """Give somebody who is signed in."""
    return server.user()
