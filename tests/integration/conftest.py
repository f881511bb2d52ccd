"""The fixtures that tests of several use cases share."""

import pytest

from tests.support.api_server import Server
from tests.support.standins.stac import StacServer
from tests.support.watched_sentinel2 import Watched, put_scenes


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


@pytest.fixture(scope="module")
def scenes(tmp_path_factory):
    """Give the folder of the scenes that a catalogue of Sentinel-2 may show."""
    return put_scenes(tmp_path_factory.mktemp("scenes"))


@pytest.fixture
def watched(engine, scenes):
    """Give an area that is watched by Sentinel-2, from a catalogue that runs here."""
    with StacServer() as server:
        yield Watched(engine, server, scenes)


@pytest.fixture
def area(trip):
    """Give an area of two tiles with a baseline of March."""
    made = trip.add_area(tiles=2)
    trip.run_session(made, "march", days=-1)
    return made
