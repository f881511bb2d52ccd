import json
from datetime import UTC, datetime

import pytest

from chalicelib.adapters.imagery.stac import BadItem, NotAnItem, read_item
from chalicelib.domain.tiles import Bounds
from tests.support.builders.archives import item

HERE = Bounds(77.0, 28.0, 77.1, 28.1)


def read(document) -> object:
    return read_item(json.dumps(document).encode(), name="file-name")


def with_properties(**properties):
    return read(item(HERE, **properties))


def without(*path):
    document = item(HERE)
    at = document
    for step in path[:-1]:
        at = at[step]
    del at[path[-1]]
    return document


def test_an_item_says_when_where_and_which_picture():
    found = with_properties()

    assert found.item_id == "a"
    assert found.captured_at == datetime(2024, 5, 1, 10, 30, tzinfo=UTC)
    assert found.bounds == HERE
    assert (found.image, found.is_lonlat, found.gsd_m, found.attribution) == ("a.png", False, None, None)


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2024-05-01T10:30:00.123456789Z", 10), ("2024-05-01T10:30:00+05:30", 5), ("2024-05-01T10:30:00", 10)],
)
def test_a_time_is_read_as_utc(text, hour):
    assert with_properties(taken=text).captured_at.hour == hour
    assert with_properties(taken=text).captured_at.tzinfo is UTC


def test_a_period_counts_from_its_end():
    found = with_properties(taken=None, start_datetime="2024-05-01T00:00:00Z", end_datetime="2024-05-31T00:00:00Z")
    assert found.captured_at == datetime(2024, 5, 31, tzinfo=UTC)


def test_a_box_may_have_heights():
    document = item(HERE) | {"bbox": [77.0, 28.0, -5, 77.1, 28.1, 300]}
    assert read(document).bounds == HERE


@pytest.mark.parametrize(
    ("properties", "is_lonlat"),
    [
        ({}, False),
        ({"proj:code": "EPSG:3857"}, False),
        ({"proj:code": "EPSG:4326"}, True),
        ({"proj:epsg": 4326}, True),
        ({"proj:code": None, "proj:epsg": 3857}, False),
    ],
)
def test_the_projection_is_web_mercator_unless_stated(properties, is_lonlat):
    assert with_properties(**properties).is_lonlat is is_lonlat


@pytest.mark.parametrize(
    ("properties", "attribution"),
    [
        ({"attribution": "City of Cuttack"}, "City of Cuttack"),
        ({"providers": [{"name": "ISRO"}, {"roles": []}, {"name": "NRSC"}]}, "ISRO, NRSC"),
        ({"providers": "ISRO"}, None),
    ],
)
def test_the_attribution_is_the_items(properties, attribution):
    assert with_properties(**properties).attribution == attribution


def test_an_item_without_an_id_has_its_files_name():
    assert read(without("id")).item_id == "file-name"


def test_a_byte_order_mark_and_an_encoded_name_are_read():
    document = item(HERE, href="my%20picture.png")
    assert read_item(b"\xef\xbb\xbf" + json.dumps(document).encode(), name="x").image == "my picture.png"


def test_a_catalogue_is_no_broken_item():
    with pytest.raises(NotAnItem):
        read({"type": "Collection", "id": "c"})


@pytest.mark.parametrize(
    "href",
    [
        "https://example.com/a.png",
        "//example.com/a.png",
        "s3://bucket/a.png",
        "file:///etc/a.png",
        "/etc/a.png",
        "../a.png",
        "b/../../a.png",
        "%2e%2e/a.png",
        "..\\a.png",
        "C:\\a.png",
        "",
        7,
    ],
)
def test_a_picture_lies_beside_its_item(href):
    with pytest.raises(BadItem, match=r"assets\.image\.href"):
        read(item(HERE, href=href))


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([], "the file must be a JSON object"),
        ({"type": "FeatureCollection", "features": []}, "properties must be a JSON object"),
        (without("properties", "datetime"), "datetime is missing"),
        (without("assets", "image"), r"assets\.image must be a JSON object"),
        (without("bbox"), "bbox must be a list"),
        (item(HERE) | {"bbox": [77, 28, 77.1]}, "bbox must be a list"),
        (item(HERE) | {"bbox": [77, 28, 77.1, float("nan")]}, "nan is not a number"),
        (item(HERE) | {"bbox": [77, 28, 77.1, True]}, "True is not a number"),
        (item(HERE) | {"bbox": [77, 28, 77.1, "28.1"]}, "not a number"),
        (item(HERE) | {"bbox": [77.1, 28, 77, 28.1]}, "180th meridian"),
        (item(HERE) | {"bbox": [77, 28.1, 77.1, 28]}, "in degrees"),
        (item(HERE) | {"bbox": [77, 28, 77.1, 88]}, "in degrees"),
        (item(HERE) | {"bbox": [8570000, 3250000, 8580000, 3260000]}, "in degrees"),
        (item(HERE, gsd=0), "more than 0"),
        (item(HERE, gsd="0.5 m"), "not a number"),
        (item(HERE, taken="last spring"), "not a date and time"),
        (item(HERE, taken=None, start_datetime="2024-05-01T00:00:00Z"), "datetime is missing"),
        (item(HERE, **{"proj:code": "EPSG:32643"}), "proj:code must be"),
        (item(HERE, **{"proj:code": ["EPSG:3857"]}), "proj:code must be"),
    ],
)
def test_what_is_no_item_says_why(document, reason):
    with pytest.raises(BadItem, match=reason):
        read(document)


@pytest.mark.parametrize("cut", [0, 1, 100])
def test_half_an_item_is_none(cut):
    with pytest.raises(BadItem, match="no whole JSON"):
        read_item(json.dumps(item(HERE)).encode()[:cut], name="x")


def test_bytes_that_are_no_text_or_nested_without_end_are_no_item():
    for content in (b"\xff\xfe\x00", b"[" * 500_000):
        with pytest.raises(BadItem, match="no whole JSON"):
            read_item(content, name="x")
