"""What is left to read of an item that cannot be used: over whose ground it may lie, and when it was taken."""

import json

import pytest

from chalicelib.adapters.imagery.remains import grounds_in, readable, times_in
from chalicelib.adapters.imagery.stac import read_document
from chalicelib.domain.tiles import Bounds

BOX = [85.7, 20.3, 85.8, 20.4]
RING = [[85.7, 20.3], [85.8, 20.3], [85.8, 20.4], [85.7, 20.4], [85.7, 20.3]]
TEXT = json.dumps({"type": "Feature", "stac_version": "1.0.0", "bbox": BOX, "properties": {"datetime": "2025-01-15"}})


@pytest.mark.parametrize(
    "content",
    [
        TEXT.replace("}", ",}").encode(),
        TEXT[:-2].encode(),
        ("// of the drone\n" + TEXT).encode(),
        TEXT.encode("utf-16"),
        TEXT.encode("utf-32-be"),
        TEXT.replace("Feature", "Vermessung süd").encode("cp1252"),
        TEXT.replace('"', "'").encode(),
        f"[{TEXT}]".encode(),
        TEXT.replace('"bbox"', '"bbox": [1, 2, 3, 4], "bbox"').encode(),
        TEXT.replace(str(BOX), str([85.7, 20.3, 0, 85.8, 20.4, 90])).encode()[:-1],
        json.dumps(json.loads(TEXT), indent=2).encode()[:-1],
        TEXT.replace(f'"bbox": {BOX}', f'"geometry": {{"coordinates": [{RING}]}}').encode()[:-1],
    ],
)
def test_of_a_text_that_is_no_json_the_ground_and_the_time_are_read(content):
    bad = read_document(content, name="a.json").bad
    assert Bounds(*BOX) in bad.grounds
    assert f"{bad.captured_at:%Y-%m-%d}" == "2025-01-15"


@pytest.mark.parametrize(
    ("box", "meant"),
    [
        (BOX, [BOX]),
        (["85.7", "20.3", "85.8", "20.4"], [BOX]),
        ([85.7, 20.4, 85.8, 20.3], [BOX]),
        ([85.8, 20.3, 85.7, 20.4], [BOX]),
        ([20.3, 91.7, 20.4, 91.8], [[91.7, 20.3, 91.8, 20.4]]),
        ([20.3, 86.0, 20.4, 86.1], [[20.3, 86.0, 20.4, 86.1], [86.0, 20.3, 86.1, 20.4]]),
        ([179.9, -17, -179.9, -16], [[-180, -17, -179.9, -16], [179.9, -17, 180, -16]]),
        ([179.9, -17, 180.1, -16], [[-180, -17, -179.9, -16], [179.9, -17, 180, -16]]),
        ([9_550_000, 2_300_000, 9_560_000, 2_310_000], []),
        ([85.7, 20.3, 85.8], []),
        (["1e999", 0, 1, 1], []),
    ],
)
def test_a_box_that_is_none_lies_where_it_can_be_meant(box, meant):
    found = [[round(value, 6) for value in each] for each in grounds_in(json.dumps({"bbox": box}))]
    assert found == meant


def test_a_point_has_some_ground_around_it():
    (found,) = grounds_in('{"bbox": [85.7, 20.3, 85.7, 20.3]}')
    assert found.west < 85.7 < found.east
    assert found.south < 20.3 < found.north


def test_where_nothing_can_be_read_nothing_is_known():
    for content in (b"", b"\x1f\x8b\x08", b"{", b'{"bbox": [1, 2', b'{"geometry": null', bytes(1000)):
        assert (grounds_in(readable(content)), times_in(readable(content))) == ((), [])


@pytest.mark.parametrize("times", ['"datetime": "2025-02-30"', '"datetime": "2024-01-01", "end_datetime": "soon"', ""])
def test_a_time_that_is_none_is_not_guessed(times):
    assert read_document(f'{{"bbox": {BOX}, {times}'.encode(), name="a.json").bad.captured_at is None


@pytest.mark.parametrize(
    "text",
    ['"bbox"' * 100_000, '"bbox": [' * 100_000, '"bbox"' + " " * 1_000_000, '"coordinates": ' + "[" * 1_000_000,
     '"coordinates": [' + "1" * 300_000 + "[", '"datetime": "' * 100_000],
)  # fmt: skip
def test_a_hostile_text_is_read_in_no_time(text):
    grounds_in(text)
    times_in(text)
