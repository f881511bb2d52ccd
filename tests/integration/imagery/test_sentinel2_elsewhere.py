"""Products that two catalogues have: where the files of one cannot be had, those of the other are read."""

from datetime import UTC, datetime, timedelta

import pytest

from chalicelib.domain.errors import BadImage, ProviderUnavailable
from chalicelib.domain.scenes import SINCE
from chalicelib.domain.tiles import tiles_covering
from tests.support.builders import sentinel2
from tests.support.builders.catalogues import imagery
from tests.support.builders.products import as_planetary, product_of
from tests.support.standins.stac import StacServer

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
AREA = sentinel2.GROUND


@pytest.fixture(scope="module")
def pixels(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pixels")
    sentinel2.put(folder, "one", taken="2024-05-01T05:30:00Z", scl=sentinel2.classes())
    return folder / "one"


@pytest.fixture
def both(pixels):
    product = product_of(pixels, taken="2024-05-30T05:30:00Z", tile="45QUD", baseline="03.01")
    with StacServer(product) as first, StacServer(as_planetary(product), is_signed=True) as second:
        first.shown_at = second.shown_at = NOW - timedelta(hours=2)
        yield first, second


def fetch(made):
    (scene,) = made.scenes(AREA, since=SINCE, until=NOW).scenes
    view = made.grid(AREA).view(next(iter(tiles_covering(AREA, made.grid(AREA).zoom))))
    return made.fetch(scene, view, AREA)


@pytest.mark.parametrize("how", [{"status": 403}, {"status": 404}, {"status": 503}, {"cut": 100}], ids=str)
def test_files_that_one_does_not_give_are_read_of_the_other(both, how):
    first, second = both
    as_it_is = fetch(imagery(first, clock=lambda: NOW)).bands
    first.how_of_files += [how] * 99
    made = imagery(first, second, clock=lambda: NOW)
    assert fetch(made).bands == as_it_is
    assert second.count("range")[0] > 0


def test_the_next_tile_goes_there_at_once(both):
    first, second = both
    first.how_of_files += [{"status": 404}] * 99
    made = imagery(first, second, clock=lambda: NOW)
    (scene,) = made.scenes(AREA, since=SINCE, until=NOW).scenes
    view = made.grid(AREA).view(next(iter(tiles_covering(AREA, made.grid(AREA).zoom))))
    made.fetch(scene, view, AREA)
    asked = first.count("range")[0], second.count("search")[0]
    made.fetch(scene, view, AREA)
    assert (first.count("range")[0], second.count("search")[0]) == asked


def test_where_the_other_gives_none_either_it_is_the_first_ones_reason(both):
    first, second = both
    first.how_of_files += [{"status": 404}] * 99
    made = imagery(first, second, clock=lambda: NOW)
    second.products.clear()
    with pytest.raises(BadImage, match=r"is not there \(404\)"):
        fetch(made)
    second.how += [{"status": 503}] * 9
    with pytest.raises(BadImage, match=r"is not there \(404\)"):
        fetch(made)


def test_one_whose_item_has_no_name_that_both_know_is_read_of_its_own_alone(pixels):
    product = product_of(pixels, taken="2024-05-30T05:30:00Z", tile="45QUD")
    del product.item["properties"]["s2:product_uri"]
    with StacServer(product) as first, StacServer(product) as second:
        first.shown_at = second.shown_at = NOW
        first.how_of_files += [{"status": 503}] * 99
        with pytest.raises(ProviderUnavailable):
            fetch(imagery(first, second, clock=lambda: NOW, sentinel2_signing=""))
        assert second.count("search")[0] == 0


def test_all_days_are_searched_for_once_for_all_pages_of_them(both):
    first, _ = both
    made = imagery(first, clock=lambda: NOW)
    for _ in range(3):
        assert len(made.history(AREA, until=NOW).scenes) == 1
    assert first.count("search")[0] == 1
    assert made.history(AREA, until=NOW + timedelta(minutes=11)).scenes
    assert first.count("search")[0] == 2
