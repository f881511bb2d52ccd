"""Products of Sentinel-2 without a class layer: where their clouds are is not known, so one with clouds is not used."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from chalicelib.domain.errors import BadImage
from chalicelib.domain.scenes import SINCE
from chalicelib.domain.tiles import tiles_covering
from tests.support.builders import sentinel2
from tests.support.builders.catalogues import imagery
from tests.support.builders.products import L2A, product_of
from tests.support.standins.stac import StacServer

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
AREA = sentinel2.GROUND


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("classes")
    sentinel2.put(made, "without", taken="2024-05-01T05:30:00Z")
    sentinel2.put(made, "with", taken="2024-05-01T05:30:00Z", scl=sentinel2.classes())
    sentinel2.put(made, "empty", taken="2024-05-01T05:30:00Z", scl=np.zeros_like(sentinel2.classes()))
    return made


def found(server):
    server.shown_at = NOW - timedelta(hours=2)
    made = imagery(server, clock=lambda: NOW)
    return made, made.scenes(AREA, since=SINCE, until=NOW)


def product(folder, name, **about):
    return product_of(folder / name, taken="2024-05-30T05:30:00Z", tile="45QUD", **about)


def fetch(made, scene):
    grid = made.grid(AREA)
    return made.fetch(scene, grid.view(next(iter(tiles_covering(AREA, grid.zoom)))), AREA)


@pytest.mark.parametrize(("cloud", "says"), [(3, "3.0% of it is cloud"), (100, "100.0% of it"), (None, "may be cloud")])
def test_with_clouds_it_cannot_be_used_and_says_why(folder, cloud, says):
    with StacServer(product(folder, "without", cloud=cloud)) as server:
        _, searched = found(server)
    (refused,) = searched.refused
    assert searched.scenes == ()
    assert f"cannot be used: {says}" in refused.reason
    assert "has no class layer that says where" in refused.reason


@pytest.mark.parametrize("cloud", [0, 0.05])
def test_without_clouds_it_can(folder, cloud):
    with StacServer(product(folder, "without", cloud=cloud)) as server:
        made, searched = found(server)
        assert fetch(made, searched.scenes[0]).bands


def test_the_same_of_another_collection_that_has_one_is_taken(folder):
    with StacServer(product(folder, "without", cloud=30), product(folder, "with", cloud=30, collection=L2A)) as server:
        made, searched = found(server)
        assert searched.refused == ()
        assert fetch(made, searched.scenes[0]).bands


def test_a_class_layer_that_is_empty_is_none(folder):
    with StacServer(product(folder, "empty")) as server:
        made, searched = found(server)
        with pytest.raises(BadImage, match="its class layer, which says where the clouds are, is empty"):
            fetch(made, searched.scenes[0])
