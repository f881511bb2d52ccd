"""The provider of Sentinel-2 over a local catalogue, at a time that is given, and what is asked of it."""

from datetime import UTC, datetime, timedelta

from chalicelib.domain.scenes import SINCE
from chalicelib.domain.tiles import tiles_covering
from tests.support.builders import sentinel2
from tests.support.builders.catalogues import imagery

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
AREA = sentinel2.GROUND
UNTIL = NOW + timedelta(days=1)
HTML = b"<!DOCTYPE html><html><body>maintenance</body></html>"


def over(catalogue, *others, **settings):
    return imagery(catalogue, *others, clock=lambda: NOW, **settings)


def search(made):
    return made.scenes(AREA, since=SINCE, until=UNTIL)


def fetch(made):
    (scene,) = search(made).scenes
    grid = made.grid(AREA)
    return made.fetch(scene, grid.view(next(iter(tiles_covering(AREA, grid.zoom)))), AREA)
