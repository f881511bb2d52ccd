"""The fixtures that tests of imagery share: Google's stand-in, a catalogue of one scene of Sentinel-2, archives."""

from datetime import timedelta

import pytest

from chalicelib.adapters.database.archive_index import SqlArchiveIndex
from tests.support.asked_sentinel2 import NOW
from tests.support.builders import sentinel2
from tests.support.builders.products import product_of
from tests.support.indexed_archive import IndexedArchive
from tests.support.standins.google import GoogleStandIn
from tests.support.standins.stac import StacServer


@pytest.fixture
def google():
    with GoogleStandIn() as server:
        yield server


@pytest.fixture(scope="module")
def pixels(tmp_path_factory):
    """Give the folder of one scene's files."""
    folder = tmp_path_factory.mktemp("pixels")
    sentinel2.put(folder, "one", taken="2024-05-01T05:30:00Z")
    return folder / "one"


@pytest.fixture
def catalogue(pixels):
    """Give a running catalogue that has one scene, two days old."""
    with StacServer(product_of(pixels, taken="2024-05-30T05:30:00Z", tile="45QUD")) as made:
        made.shown_at = NOW - timedelta(hours=2)
        yield made


@pytest.fixture
def folder(tmp_path):
    """Give the folder of an archive, empty."""
    place = tmp_path / "land"
    place.mkdir()
    return place


@pytest.fixture
def home(tmp_path, engine):
    """Give an empty archive whose index is in the database."""
    folder = tmp_path / "pictures"
    folder.mkdir()
    return IndexedArchive(folder, SqlArchiveIndex(engine))
