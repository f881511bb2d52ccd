import json
from contextlib import suppress
from datetime import UTC, datetime
from random import Random

import pytest

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.georeference import Georeference
from chalicelib.adapters.imagery.stac import MAX_DOCUMENT_BYTES, Item, read_document
from chalicelib.domain.tiles import Bounds
from tests.support.builders.archives import item

HERE = Bounds(77.0, 28.0, 77.1, 28.1)


def of_bytes(content, *, name="file-name.json") -> Item:
    """Read a document with one item; raise what is wrong with it."""
    document = read_document(content, name=name)
    if document.bad is not None:
        raise document.bad
    (found,) = document.items
    if isinstance(found, BadItem):
        raise found
    return found


def read(document) -> Item:
    return of_bytes(json.dumps(document).encode())


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
    (asset,) = found.assets
    assert asset.georeference.bounds == HERE
    stated = asset.georeference
    assert (asset.href, stated.is_lonlat, stated.gsd, found.attribution) == ("a.png", False, None, None)


@pytest.mark.parametrize(
    ("text", "hour"),
    [("2024-05-01T10:30:00.123456789Z", 10), ("2024-05-01T10:30:00+05:30", 5), ("2024-05-01T10:30:00", 10)],
)
def test_a_time_is_read_as_utc(text, hour):
    assert with_properties(taken=text).captured_at.hour == hour
    assert with_properties(taken=text).captured_at.tzinfo is UTC


@pytest.mark.parametrize(
    ("text", "notes"),
    [
        ("2024-05-01T10:30:00Z", ()),
        ("2024-05-01t10:30:00z", ()),
        ("2024-05-01 10:30:00+00:00", ()),
        ("20240501T103000Z", ()),
        ("2024-05-01T10:30:00", ("its time has no zone and is taken as UTC",)),
        ("2024-05-01", ("its time has no zone and is taken as UTC",)),
    ],
)
def test_a_time_without_a_zone_is_told(text, notes):
    assert with_properties(taken=text).captured_at.date().isoformat() == "2024-05-01"
    assert with_properties(taken=text).notes == notes


@pytest.mark.parametrize(
    "taken",
    [
        *("01/05/2024", "2024:05:01 10:30:00", "2024-05-01 10:30:00 UTC", "2024", "2024-05", "2024-W18-3", "2024-121"),
        *("2024-05-01T10:30:00Z/2024-05-02T10:30:00Z", "2024-02-30", "2024-05-01T10:30:60Z", "", " ", "1711011231200"),
        *(1711011231200, 1714559400, 20240501, 1.5e9, True, [], {}, "2024-05-01X10:30", "2024-05-01T10:30:00+99:00"),
    ],
)
def test_what_is_no_time_is_never_another_time(taken):
    with pytest.raises(BadItem, match=r"properties\.datetime is not a date and time"):
        with_properties(taken=taken)


def test_a_period_counts_from_its_end():
    found = with_properties(taken=None, start_datetime="2024-05-01T00:00:00Z", end_datetime="2024-05-31T00:00:00Z")
    assert found.captured_at == datetime(2024, 5, 31, tzinfo=UTC)


def test_a_box_may_have_heights():
    document = item(HERE) | {"bbox": [77.0, 28.0, -5, 77.1, 28.1, 300]}
    assert read(document).assets[0].georeference.bounds == HERE


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


def test_a_byte_order_mark_is_read():
    document = item(HERE, href="my%20picture.png")
    assert of_bytes(b"\xef\xbb\xbf" + json.dumps(document).encode()).assets[0].href == "my%20picture.png"


def test_a_catalogue_says_what_it_links_to():
    links = [
        {"rel": "self", "href": "https://example.org/catalog.json"},
        *({"rel": rel, "href": f"./{rel}.json"} for rel in ("item", "child", "parent")),
        *({"rel": "item", "href": href} for href in (7, None, " ")),
        "no link",
    ]
    found = read_document(json.dumps({"type": "Collection", "id": "c", "links": links}).encode(), name="c.json")
    assert (found.kind, found.links, found.items, found.bad) == (
        "a Collection",
        ("./item.json", "./child.json"),
        (),
        None,
    )
    for odd in ({"rel": "item"}, [{"rel": ["item"], "href": "a.json"}], [{"rel": {}, "href": []}], 7, None):
        content = json.dumps({"type": "Catalog", "links": odd}).encode()
        assert read_document(content, name="c.json").links == ()


def test_several_items_in_one_file_are_each_on_its_own():
    features = [item(HERE, item_id="a"), item(HERE, item_id="b", taken="never"), 7, without("id")]
    found = read_document(json.dumps({"type": "FeatureCollection", "features": features}).encode(), name="d/all.json")
    assert [type(each).__name__ for each in found.items] == ["Item", "BadItem", "BadItem", "Item"]
    assert [each.item_id for each in found.items if isinstance(each, Item)] == ["a", "all-4"]
    assert found.bad is None


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ({"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}}]}, "GeoJSON without assets"),
        ({"type": "Feature", "properties": {"name": "plot 12"}}, "GeoJSON without assets"),
        ({"name": "a-package", "version": "1"}, "JSON of another kind"),
        ({"type": []}, "JSON of another kind"),
    ],
)
def test_what_is_no_stac_is_left_aside_and_no_broken_item(document, kind):
    found = read_document(json.dumps(document).encode(), name="x.json")
    assert found.kind.startswith(kind)
    assert (found.is_aside, found.bad, found.items) == (True, None, ())


@pytest.mark.parametrize("item_id", ["a" * 201, "a\nb", "\x00", [], {}, True])
def test_an_id_is_a_short_text(item_id):
    with pytest.raises(BadItem, match="id must be text"):
        read(item(HERE) | {"id": item_id})


def test_what_an_item_that_cannot_be_used_says_of_when_and_where_is_kept():
    with pytest.raises(BadItem) as bad:
        with_properties(**{"proj:code": "EPSG:32643"})
    assert (bad.value.captured_at, bad.value.grounds) == (datetime(2024, 5, 1, 10, 30, tzinfo=UTC), (HERE,))


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([item(HERE)], "it is a list: items lie alone"),
        (7, "the file must be a JSON object"),
        ({"type": "FeatureCollection", "features": {}}, "features must be a list"),
        (without("properties"), "properties must be a JSON object"),
        (item(HERE) | {"properties": []}, "properties must be a JSON object"),
        (item(HERE) | {"assets": []}, "assets must be a JSON object"),
        (without("properties", "datetime"), "datetime is missing"),
        (without("assets", "image"), r"none of its assets is a picture: assets none"),
        (item(HERE) | {"assets": {"image": "a.png"}}, r"is missing: assets\.image\.href"),
        (without("bbox"), "bbox must be a list"),
        (item(HERE) | {"bbox": [77, 28, 77.1]}, "bbox must be a list"),
        (item(HERE) | {"bbox": [77, 28, 77.1, float("nan")]}, "NaN is not a number"),
        (item(HERE) | {"bbox": [77, 28, 77.1, True]}, "True is not a number"),
        (item(HERE) | {"bbox": [77, 28, 77.1, "28.1"]}, "not a number"),
        (item(HERE) | {"bbox": [77.1, 28, 77, 28.1]}, "180th meridian"),
        (item(HERE) | {"bbox": [77, 28.1, 77.1, 28]}, "in degrees"),
        (item(HERE) | {"bbox": [77, 28, 77.1, 88]}, "in degrees"),
        (item(HERE) | {"bbox": [8570000, 3250000, 8580000, 3260000]}, "in degrees"),
        (item(HERE, gsd=0), "more than 0"),
        (item(HERE, gsd="0.5 m"), "text and not a number"),
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
        of_bytes(json.dumps(item(HERE)).encode()[:cut])


def test_a_file_without_end_is_not_parsed():
    with pytest.raises(BadItem, match="at most 10000000 bytes, this has 10000001"):
        of_bytes(b" " * (MAX_DOCUMENT_BYTES + 1))


def test_no_mutation_of_an_item_raises_anything_else():
    random = Random(7)
    whole = json.dumps(item(HERE, gsd=0.5, **{"proj:code": "EPSG:3857", "proj:shape": [9, 9]}), indent=1).encode()
    for _ in range(3000):
        content = bytearray(whole)
        for _ in range(random.randint(1, 6)):
            at = random.randrange(len(content))
            content[at : at + random.randint(0, 3)] = random.choice(
                [b"", b"\xff", b'"', b"{", b"[", b"1e999", b"null", b"-"]
            )
        read_document(bytes(content), name="x.json")


ANYTHING = [
    None,
    True,
    0,
    -1,
    1e308,
    "",
    "x",
    "9",
    [],
    [[]],
    {},
    {"a": 1},
    [None],
    ["x"],
    [1, 2],
    [1, 2, 3, 4],
    [0] * 6,
]


@pytest.mark.parametrize(
    "path",
    [
        *(("type",), ("id",), ("bbox",), ("geometry",), ("crs",), ("properties",), ("assets",), ("links",)),
        *(("properties", name) for name in ("datetime", "gsd", "providers", "attribution", "start_datetime")),
        *(
            ("properties", f"proj:{name}")
            for name in ("code", "epsg", "wkt2", "projjson", "shape", "transform", "bbox")
        ),
        *(("properties", f"proj:{name}") for name in ("geometry", "centroid", "x")),
        *(("assets", "image", name) for name in ("href", "type", "roles", "gsd", "proj:code", "file:size")),
        *(("assets", "image", name) for name in ("file:checksum", "proj:transform")),
        ("assets", "image"),
        ("geometry", "type"),
        ("geometry", "coordinates"),
        ("properties", "proj:centroid", "lat"),
    ],
)
def test_no_value_of_a_member_raises_anything_else(path):
    for value in ANYTHING:
        document = json.loads(json.dumps(item(HERE, **{"proj:code": "EPSG:3857", "proj:centroid": {"lon": 77.05}})))
        document["geometry"] = {"type": "Polygon", "coordinates": [[[77.0, 28.0], [77.1, 28.1], [77.0, 28.1]]]}
        at = document
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value
        found = read_document(json.dumps(document).encode(), name="x.json")
        for each in found.items:
            if isinstance(each, Item) and isinstance(each.assets[0].georeference, Georeference):
                with suppress(BadItem):
                    each.assets[0].georeference.lay(100, 100)


@pytest.mark.parametrize(
    ("more", "kind"), [({}, "a Catalog"), ({"license": "CC-BY-4.0", "extent": {}}, "a Collection")]
)
def test_a_catalogue_of_before_1_0_says_no_type_and_is_one(more, kind):
    links = [{"rel": "item", "href": "items/a.json"}, {"rel": "root", "href": "catalog.json"}]
    stated = {"stac_version": "0.9.0", "id": "c", "description": "d", "links": links, **more}
    found = read_document(json.dumps(stated).encode(), name="catalog.json")
    assert (found.kind, found.links, found.bad, found.items) == (kind, ("items/a.json",), None, ())


def test_an_item_collection_is_read_whatever_it_calls_itself():
    found = read_document(json.dumps({"type": "ItemCollection", "features": [item(HERE)]}).encode(), name="s.json")
    assert [type(each) for each in found.items] == [Item]


def test_what_is_said_of_the_ground_beside_the_properties_counts_too():
    with pytest.raises(BadItem, match="proj:epsg must be EPSG:3857 or EPSG:4326, not 32645"):
        read({**item(HERE), "proj:epsg": 32645})
    with pytest.raises(BadItem, match="it says proj:epsg twice: 3857 beside its properties, 4326 in them"):
        read({**item(HERE, **{"proj:epsg": 4326}), "proj:epsg": 3857})
    assert read({**item(HERE), "gsd": 0.25}).assets[0].georeference.gsd == ("gsd", 0.25)
