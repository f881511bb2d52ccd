"""A GeoTIFF on a web server: by ranges, on one connection, and every way in which a server may answer otherwise."""

import logging

import numpy as np
import pytest

from chalicelib.adapters.imagery.geotiff.http_ranges import WHOLE_BYTES, Away, Gone, HttpRanges, session
from chalicelib.adapters.imagery.item_store import Changed, Unreadable
from chalicelib.domain.errors import ProviderUnavailable
from chalicelib.domain.image_formats.tiff_picture import read_picture
from chalicelib.intake.tiff_windows import Blocks, TiffFile, Window
from tests.support.builders.geotiffs import noise, read_by_gdal, write
from tests.support.standins.web_files import WebFiles


@pytest.fixture(scope="module")
def tif(tmp_path_factory):
    return write(tmp_path_factory.mktemp("web") / "a.tif", noise(900, 700, 3), compress="DEFLATE", blocksize=256)


@pytest.fixture
def web(tif):
    with WebFiles(**{"a.tif": tif.read_bytes()}) as served:
        yield served


@pytest.fixture
def ranges(web):
    with session() as kept:
        yield HttpRanges(kept, f"{web.host}/a.tif")


def test_it_is_read_by_ranges_on_one_connection(web, ranges, tif):
    picture = read_picture(ranges.read, ranges.size)
    file = TiffFile(picture, ranges.read, key="a", blocks=Blocks())
    window = Window(100, 300, 100, 400)
    assert np.array_equal(file.samples(0, window), read_by_gdal(tif, 0, window)[0])
    assert len(web.asked) <= 6
    assert len(web.connections) == 1
    assert all(headers["If-Match"] == ranges.version for _, headers in web.asked[1:])


WRONG = {
    "busy": ({"status": 503, "more": {"Retry-After": "7"}}, Away, "busy or in trouble"),
    "throttled": ({"status": 429, "more": {"Retry-After": "7"}}, Away, "busy or in trouble"),
    "broken": ({"status": 500}, Away, "busy or in trouble"),
    "throttled as Earth Search does": ({"status": 403, "body": b'{"message":"Forbidden"}'}, Unreadable, "just now"),
    "not signed in": ({"status": 401}, Unreadable, "does not let us read it"),
    "another file now": ({"status": 412}, Changed, "has become another one"),
    "shorter now": ({"status": 416}, Changed, "has become another one"),
    "another version": ({"etag": '"two"'}, Changed, "has become another one"),
    "gone": ({"status": 404}, Gone, "is not there (404)"),
    "odd": ({"status": 418}, Unreadable, "refuses the request (418)"),
    "sent to the cloud's own": (
        {"status": 302, "more": {"Location": "http://169.254.169.254/latest/meta-data"}},
        Unreadable,
        "sends elsewhere (302)",
    ),
    "sent to another port": ({"status": 301, "more": {"Location": "http://127.0.0.1:9/"}}, Unreadable, "elsewhere"),
    "sent to no address": ({"status": 302, "more": {"Location": "http://[x"}}, Unreadable, "sends elsewhere (302)"),
    "sent nowhere": ({"status": 301}, Unreadable, "has become another one|from one address|elsewhere"),
    "another range": ({"range": "bytes 5-14/999"}, Unreadable, "another part"),
    "no range said": ({"range": ""}, Unreadable, "another part"),
    "nonsense": ({"range": "bytes a-b/c"}, Unreadable, "another part"),
    "a size of a thousand digits": ({"range": "bytes 0-9/" + "9" * 5000}, Unreadable, "another part"),
    "no size said": ({"range": "bytes 0-9/*"}, Unreadable, "another part"),
    "another size": ({"range": "bytes 0-9/77"}, Changed, "has become another one"),
    "packed": ({"more": {"Content-Encoding": "gzip"}}, Unreadable, "packs what it sends"),
    "cut off": ({"body": b"abc", "length": 10}, Unreadable, "broke off"),
    "too short": ({"body": b"abc"}, Unreadable, "broke off after 3 of 10"),
    "too long": ({"body": b"x" * 5000}, Unreadable, "longer than 10 bytes"),
    "no ranges, and too large": (
        {"status": 200, "length": WHOLE_BYTES + 1, "range": "", "body": b"x"},
        Unreadable,
        "sends no parts",
    ),
    "no ranges, and cut off": ({"status": 200, "length": 9, "range": "", "body": b"x"}, Unreadable, "broke off"),
}


@pytest.mark.parametrize(("how", "kind", "words"), WRONG.values(), ids=WRONG)
def test_what_a_server_may_answer_otherwise_may_pass(web, ranges, how, kind, words):
    size = len(web.files["/a.tif"])
    assert ranges.size == size
    web.how += [how] * (4 if how.get("status") == 301 else 1)
    with pytest.raises(kind) as failed:
        ranges.read(0, 10)
    assert isinstance(failed.value, ProviderUnavailable)
    assert any(each in failed.value.reason for each in words.split("|"))
    assert web.host not in failed.value.reason
    if "Retry-After" in how.get("more", {}):
        assert failed.value.retry_after_s == 7
    web.how.clear()
    assert ranges.read(0, 10) == web.files["/a.tif"][:10], "the next one is read"
    assert [path for path, _ in web.asked] == ["/a.tif"] * len(web.asked), "nobody else was asked"


def test_of_an_answer_that_leads_elsewhere_nothing_is_read(web):
    web.how.append({"status": 302, "more": {"Location": "http://127.0.0.1:9/"}, "body": b"as much as it likes"})
    with session() as kept, kept.get(f"{web.host}/a.tif", headers={"Range": "bytes=0-9"}, stream=True) as response:
        assert response.status_code == 302
        assert response.raw.read(5) == b"as mu"


def test_a_small_file_of_a_server_without_ranges_is_read_whole_once(web, ranges, tif):
    content = tif.read_bytes()
    web.how.append({"status": 200, "range": "", "body": content})
    assert ranges.head(16) == content[:16]
    assert ranges.read(100, 50) == content[100:150]
    assert ranges.size == len(content)
    assert len(web.asked) == 1
    with pytest.raises(Changed):
        ranges.read(len(content) - 5, 10)


def test_another_address_of_the_same_server_is_followed(web, ranges, tif):
    web.files["/b.tif"] = web.files["/a.tif"]
    web.how.append({"status": 307, "more": {"Location": "/b.tif"}})
    assert ranges.head(10) == tif.read_bytes()[:10]
    ranges.read(5, 5)
    assert [path for path, _ in web.asked] == ["/a.tif", "/b.tif", "/b.tif"]


def test_a_connection_that_the_server_closed_meanwhile_is_made_anew(web, ranges):
    web.how.append({"length": 0, "more": {"Connection": "close"}, "body": web.files["/a.tif"][:1]})
    assert ranges.size == len(web.files["/a.tif"])
    assert ranges.read(3, 3) == web.files["/a.tif"][3:6]


def test_a_server_that_is_not_there():
    with session() as kept, pytest.raises(Away, match="cannot be reached"):
        _ = HttpRanges(kept, "http://127.0.0.1:9/a.tif").size


def test_nobody_is_sent_a_password_of_the_users(web, ranges, tmp_path, monkeypatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    ranges.head(5)
    assert "Authorization" not in web.asked[0][1]


def test_a_token_in_an_address_gets_into_no_log(web, caplog):
    for name in ("", "urllib3.connectionpool", "urllib3.util.retry"):
        caplog.set_level(logging.DEBUG, name)  # whatever made a session before
    with session() as kept:
        HttpRanges(kept, f"{web.host}/a.tif?sig=a-secret").head(10)
    assert [path for path, _ in web.asked] == ["/a.tif?sig=a-secret"]
    assert "a-secret" not in caplog.text
