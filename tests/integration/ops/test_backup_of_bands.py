"""What a sensor measured is backed up with its picture, and missed where it is lost."""

import pytest
from sqlalchemy import select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import make_engine
from chalicelib.adapters.images.folder import FolderImages
from infra.ops.backup import back_up
from tests.support.trip import Trip


@pytest.fixture
def keys(home):
    """Give the keys of the bands of a home with one picture that has some."""
    engine = make_engine(f"sqlite:///{home / 'bhuprahari.db'}")
    trip = Trip(engine)
    trip.images = FolderImages(home / "images")
    trip.images.make(is_used=False)
    trip.show("march", days=0, bands=b"the bands")
    trip.capture_now(trip.add_area(tiles=1))
    trip.work()
    with engine.connect() as connection:
        found = list(connection.execute(select(t.image_tiles.c.bands_key)).scalars())
    engine.dispose()
    assert all(found)
    return found


def test_bands_are_in_the_backup(home, keys, to):
    folder, manifest = back_up(home, to)
    assert manifest.missing == []
    assert [(folder / "images" / key).read_bytes() for key in keys] == [b"the bands"]


def test_bands_that_the_home_has_lost_are_named(home, keys, to):
    for key in keys:
        (home / "images" / key).unlink()
    assert set(keys) <= set(back_up(home, to)[1].missing)
