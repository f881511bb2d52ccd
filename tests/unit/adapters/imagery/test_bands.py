"""Which assets are bands, and what their numbers mean: as the catalogues of Sentinel-2 and others say it."""

from datetime import UTC, datetime

import pytest

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.bands import Coding, find_bands

TIFF = "image/tiff; application=geotiff; profile=cloud-optimized"
OLD, NEW = datetime(2018, 3, 19, tzinfo=UTC), datetime(2025, 3, 19, tzinfo=UTC)
SENTINEL_2 = {"platform": "sentinel-2a"}
SAID = {"scale": 0.0001, "offset": -0.1, "nodata": 0}


def an_asset(key="red", *, media_type=TIFF, **members):
    return {"href": f"./{key}.tif", "type": media_type, **members}


def found(assets, properties=SENTINEL_2, *, at=OLD, **item):
    bands, notes = find_bands({"assets": assets, **item}, properties, at)
    return {band.name: band.ranked.key for band in bands}, notes


def coding(properties=None, *, at=NEW, is_sentinel_2=True, **members):
    item = {"assets": {"red": an_asset(**members)}}
    bands, _ = find_bands(item, {**(SENTINEL_2 if is_sentinel_2 else {}), **(properties or {})}, at)
    return bands[0].coding if bands else None


@pytest.mark.parametrize(
    ("assets", "names"),
    [
        ({key: {} for key in ("nir", "blue", "swir22", "green", "swir16", "red", "scl")}, None),
        ({"B02": {}, "B03": {}, "B04": {}, "B08": {}, "B11": {}, "B12": {}, "SCL": {}}, None),
        ({"B02_10m": {}, "B02_20m": {}, "SCL_20m": {}}, {"blue": "B02_10m", "class": "SCL_20m"}),
        ({"B4": {"eo:bands": [{"name": "B4", "common_name": "red"}]}}, {"red": "B4"}),
        ({"x": {"bands": [{"name": "B04", "eo:common_name": "red"}]}}, {"red": "x"}),
        ({"a": {"bands": [{"name": "B04"}]}}, {"red": "a"}),
        ({"nir08": {}}, {"nir": "nir08"}),
        ({"nir08": {}, "nir": {}}, {"nir": "nir"}),
        ({"visual": {"eo:bands": [{"common_name": "red"}, {"common_name": "green"}, {"common_name": "blue"}]}}, {}),
        ({"red": {"roles": ["overview"]}}, {}),
        ({"class": {}}, {}),
        ({"B01": {}, "coastal": {}, "B8A": {}, "aot": {}}, {}),
        ({"red": {"type": "image/jp2", "href": "red.jp2"}}, {}),
        ({"red": {"href": ""}, "blue": {"href": 3}}, {}),
    ],
)
def test_bands_are_known_by_their_common_names_or_their_keys(assets, names):
    bands, _ = found({key: an_asset(key) | members for key, members in assets.items()})
    layers = ["blue", "green", "red", "nir", "swir16", "swir22", "class"]
    assert bands == names if names is not None else list(bands) == layers


def test_the_numbers_of_bands_are_sentinel_2s_and_no_other_sensors():
    """B11 of Landsat is heat, and its B08 has all colours."""
    said = {key: an_asset(key, **{"raster:bands": [SAID]}) for key in ("B02", "B08", "B11")}
    assert found(said, {"platform": "landsat-8"})[0] == {}


@pytest.mark.parametrize("assets", [None, [], "x", {"red": None}, {"red": "red.tif"}])
def test_what_are_no_assets_are_no_bands(assets):
    assert found(assets) == ({}, [])


@pytest.mark.parametrize(
    ("members", "properties", "at", "offset"),
    [
        ({"raster:bands": [SAID]}, {}, NEW, -0.1),
        ({"bands": [{"name": "red", "raster:scale": 0.0001, "raster:offset": -0.1, "nodata": 0}]}, {}, NEW, -0.1),
        ({"raster:scale": 0.0001, "raster:offset": -0.1}, {}, NEW, -0.1),
        ({"raster:bands": [SAID]}, {"earthsearch:boa_offset_applied": True}, NEW, 0.0),
        ({"raster:bands": [SAID]}, {"earthsearch:boa_offset_applied": False}, NEW, -0.1),
        ({"raster:bands": [SAID | {"offset": 0}]}, {"s2:processing_baseline": "05.00"}, NEW, 0.0),
        ({"raster:bands": [{"scale": 0.0001}]}, {"s2:processing_baseline": "05.00"}, NEW, -0.1),
        ({}, {"s2:processing_baseline": "05.11"}, NEW, -0.1),
        ({}, {"s2:processing_baseline": "03.01"}, NEW, 0.0),
        ({}, {"s2:processing_baseline": "05.00"}, OLD, -0.1),
        ({}, {"processing:version": "05.09"}, NEW, -0.1),
        ({}, {"sentinel:processing_baseline": "04.00", "sentinel:boa_offset_applied": True}, NEW, 0.0),
        ({}, {}, OLD, 0.0),
    ],
)
def test_the_offset_is_that_of_the_scene(members, properties, at, offset):
    found = coding(properties, at=at, **members)
    assert found == Coding(scale=0.0001, offset=offset, no_data=0)


def test_an_offset_that_nobody_says_is_not_guessed():
    bands, (note,) = found({"red": an_asset()}, at=NEW)
    assert bands == {}
    assert "does not say raster:scale and raster:offset" in note


def test_another_sensor_says_itself_what_its_numbers_mean():
    assert coding(is_sentinel_2=False) is None
    landsat = {"raster:bands": [{"scale": 0.0000275, "offset": -0.2, "nodata": 0}]}
    assert coding(is_sentinel_2=False, **landsat) == Coding(0.0000275, -0.2, 0)
    assert coding(is_sentinel_2=False, **{"raster:bands": [{"scale": 0.5}]}) == Coding(0.5, 0.0, None)


@pytest.mark.parametrize(
    "said",
    [{"scale": 0}, {"scale": -1}, {"scale": 2}, {"scale": 0.1, "offset": 5}, {"scale": True}, {"scale": [1]}],
)
def test_what_makes_no_reflectance_is_refused(said):
    with pytest.raises(BadItem):
        coding(**{"raster:bands": [said]})
