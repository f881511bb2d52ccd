import hashlib

import pytest

from chalicelib.adapters.imagery.assets import ranked_assets
from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.checksums import check_checksum, is_known
from chalicelib.domain.errors import BadImage

COG = "image/tiff; application=geotiff; profile=cloud-optimized"


def asset(href="a.png", media_type=None, *roles):
    return {"href": href, **({"type": media_type} if media_type else {}), **({"roles": list(roles)} if roles else {})}


def keys(**assets):
    return [each.key for each in ranked_assets(assets)[0]]


def why(**assets):
    with pytest.raises(BadItem) as bad:
        ranked_assets(assets)
    return str(bad.value)


@pytest.mark.parametrize(
    ("assets", "best"),
    [
        ({"x": asset()}, "x"),
        ({"a": asset("a.png", None, "data"), "b": asset("b.png", None, "visual")}, "b"),
        ({"a": asset("a.png"), "b": asset("b.png", None, "data")}, "b"),
        ({"a": asset("a.png", None, "overview"), "b": asset("b.png")}, "b"),
        ({"a": asset("a.png", None, "thumbnail", "overview"), "b": asset("b.png", None, "thumbnail")}, "a"),
        ({"visual": asset("v.png"), "data": asset("d.png"), "thumbnail": asset("t.png")}, "visual"),
        ({"thumbnail": asset("t.png"), "overview": asset("o.png")}, "overview"),
        ({"visual": asset("v.png", None, "overview"), "b": asset("b.png", None, "data")}, "b"),
        ({"b": asset("b.png"), "image": asset("i.jpg"), "a": asset("a.png")}, "image"),
        ({"a": asset("a.jpg"), "b": asset("b.webp"), "c": asset("c.png")}, "c"),
        ({"b": asset("b.png"), "a": asset("a.png")}, "a"),
        ({"meta": asset("m.json", "application/json", "data"), "b": asset("b.png", "image/png; profile=x")}, "b"),
        ({"mask": asset("m.png", "image/png", "data-mask"), "b": asset("b.png")}, "b"),
        ({"qa": asset("q.png", "image/png", "cloud"), "b": asset("b.png", None, "overview")}, "b"),
        ({"a": asset("A.PNG", "IMAGE/PNG")}, "a"),
        ({"a": asset("a", "image/jpg")}, "a"),
        ({"a": asset("a"), "b": asset("b.png")}, "b"),
        ({"a": asset("a.bin", "application/octet-stream")}, "a"),
        ({"visual": asset("v.tif", COG, "visual"), "png": asset("p.png", None, "data")}, "visual"),
        ({"a": asset("v.tif", COG), "png": asset("p.png")}, "png"),
        ({"a": asset("s3://bucket/v.tif")}, "a"),
        ({"red": {**asset("r.tif", COG, "data"), "eo:bands": [{}]}, "o": asset("o.png", None, "overview")}, "o"),
        ({"red": {**asset("r.tif", COG, "data"), "bands": [{}]}, "all": asset("a.tif", COG, "data")}, "all"),
        ({"visual": asset("https://example.org/v.tif", COG, "visual"), "png": asset("p.png", None, "data")}, "visual"),
        ({"a": asset("a.png", "image/x-png")}, "a"),
        ({"QA_PIXEL": asset("q.png", "image/png"), "zz": asset("z.png", "image/png")}, "zz"),
        ({"cloud_mask": asset("m.png"), "rgb": asset("r.png")}, "rgb"),
        ({"cloud": asset("m.png"), "rgb": asset("r.png")}, "rgb"),
        ({"ortho_udm2": asset("u.png"), "ortho_visual": asset("v.png")}, "ortho_visual"),
        ({"hillshade-1m": asset("h.png"), "ortho": asset("o.tif", COG)}, "ortho"),
        ({"browse": asset("b.png"), "ortho": asset("o.tif", COG)}, "ortho"),
        ({"small_thumbnail": asset("t.png"), "x": asset("x.jpg")}, "x"),
        ({"cloudless": asset("c.png"), "y": asset("y.png")}, "cloudless"),
        ({"mask_free": asset("m.png", None, "data"), "y": asset("y.png")}, "mask_free"),
        ({"a": asset("a.png", "PNG")}, "a"),
        ({"a": asset("a.png?x=1", "image/png")}, "a"),
    ],
)
def test_the_picture_is_chosen_by_role_and_type_whatever_the_order(assets, best):
    assert keys(**assets)[0] == best
    assert keys(**dict(reversed(assets.items())))[0] == best


@pytest.mark.parametrize(
    ("assets", "words"),
    [
        ({"visual": asset("v.jp2"), "thumbnail": asset("t.jpg")}, "JPEG 2000, which is not read: PNG, JPEG, WebP"),
        ({"a": asset("a.jp2")}, "of the format JPEG 2000"),
        ({"a": asset("s3://b/a.jp2")}, "on another machine (a remote asset) is of the format JPEG 2000"),
        ({"a": asset("a", "image/heic")}, "of the format image/heic"),
        ({"a": asset("a.gif")}, "of the format GIF"),
        ({"t": asset("t.png", "image/png", "thumbnail")}, "it has nothing but a thumbnail: assets 't'"),
        ({"m": asset("m.xml"), "n": asset("n", "text/html")}, "none of its assets is a picture: assets 'm', 'n'"),
        ({}, "none of its assets is a picture: assets none"),
        ({"a": {"href": 7}}, "the address of its picture is missing: assets.a.href"),
        ({"image": "a.png", "b": asset()}, "is missing: assets.image.href"),
        ({str(number): asset() for number in range(201)}, "it has 201 assets: at most 200"),
    ],
)
def test_where_there_is_none_the_reason_names_what_there_is(assets, words):
    assert words in why(**assets)


def test_a_better_one_that_is_not_read_is_told():
    there = "https://example.org/v.jp2"
    (note,) = ranked_assets({"visual": asset(there), "o": asset("o.png", None, "overview")})[1]
    assert note.startswith("its asset 'visual' is not used: its picture on another machine (a remote asset) is of the")
    assert ranked_assets({"thumbnail": asset()})[1] == ["its only picture is called a thumbnail"]
    assert ranked_assets({"visual": asset(), "thumbnail": asset()})[1] == []


CONTENT = b"a picture"


@pytest.mark.parametrize(
    ("begin", "kind"), [("1114", "sha1"), ("1220", "sha256"), ("1340", "sha512"), ("d50110", "md5")]
)
def test_a_checksum_that_is_stated_is_that_of_the_picture(begin, kind):
    stated = begin + hashlib.new(kind, CONTENT, usedforsecurity=False).hexdigest()
    assert is_known(stated)
    check_checksum(CONTENT, stated)
    check_checksum(CONTENT, stated.upper())
    with pytest.raises(BadImage, match=r"file:checksum says .*, the picture has"):
        check_checksum(CONTENT + b"!", stated)


@pytest.mark.parametrize("stated", ["", "1220", "1220" + "0" * 63, "9920" + "0" * 64, "zz"])
def test_a_checksum_of_an_unknown_kind_says_nothing(stated):
    assert not is_known(stated)
    check_checksum(CONTENT, stated)


@pytest.mark.parametrize("key", ["cloud_mask", "dsm", "QA_PIXEL", "shadow"])
def test_what_its_key_calls_a_mask_or_a_model_is_no_picture_alone_either(key):
    assert why(**{key: asset("a.png", "image/png")}) == f"none of its assets is a picture: assets '{key}'"
