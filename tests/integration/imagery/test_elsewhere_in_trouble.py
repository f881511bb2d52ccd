"""Servers of pictures that items name, in trouble: it passes, costs the other items nothing, and is not asked twice."""

import json
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from chalicelib.adapters.imagery.elsewhere import WithElsewhere
from chalicelib.adapters.imagery.entries import Entry
from chalicelib.adapters.imagery.hosts import Hosts
from chalicelib.adapters.imagery.item_store import FolderItemStore, StoredFile, Unreadable
from chalicelib.adapters.imagery.reading import Reading
from tests.support.builders import sentinel2
from tests.support.builders.geotiffs import noise, write
from tests.support.standins.web_files import WebFiles


class Index:
    """What of an archive was kept, in memory."""

    def __init__(self):
        self.files = {}

    def kept(self, _, names):
        return [self.files[name] for name in names if name in self.files]

    def keep(self, _, files):
        self.files |= {file.name: file for file in files}


@pytest.fixture(scope="module")
def tif(tmp_path_factory):
    return write(tmp_path_factory.mktemp("web") / "a.tif", noise(600, 500, 3), compress="DEFLATE", blocksize=256)


@pytest.fixture
def web(tif):
    with WebFiles(**{"a.tif": tif.read_bytes(), "b.tif": tif.read_bytes()}) as served:
        yield served


def put_item(folder, href, name="a"):
    stated = {"type": "Feature", "stac_version": "1.0.0", "id": name, "geometry": None}
    stated |= {"properties": {"datetime": "2025-01-15T05:30:00Z"}, "assets": {"image": {"href": href}}}
    (folder / f"{name}.json").write_text(json.dumps(stated))


def store_of(folder, host, *, aws_client=None):
    return WithElsewhere(FolderItemStore(folder), Hosts([host]), aws_client=aws_client, monotonic=lambda: 0.0)


def read(reading, folder):
    """Give what each item came to."""
    listing = reading.read(FolderItemStore(folder).list_files(), has_time=lambda: True)
    return [each.found for each in listing.reads]


def test_a_page_that_says_back_soon_passes(tmp_path, web):
    put_item(tmp_path, f"{web.host}/a.tif")
    reading = Reading(store_of(tmp_path, web.host), Index(), archive="x")
    web.how.append({"status": 200, "body": b"<!doctype html><title>Back soon</title>" + bytes(100), "range": ""})
    (found,) = read(reading, tmp_path)
    assert not isinstance(found, Entry)
    assert list(reading.unread.values()) == ["a picture's server sends a web page in its place"]
    (found,) = read(reading, tmp_path)
    assert isinstance(found, Entry)


def test_an_address_that_it_moved_to_is_asked_only_as_long_as_it_answers(tmp_path, web, tif):
    store = store_of(tmp_path, web.host)
    web.how.append({"status": 302, "more": {"Location": "/b.tif?sig=1"}})
    found = store.found(StoredFile(f"{web.host}/a.tif", "", 0))
    del web.files["/b.tif"]
    with pytest.raises(Unreadable):
        store.read_range(found, 100, 10)
    assert store.read_range(found, 100, 10) == Path(tif).read_bytes()[100:110]


class Throttled:
    """A bucket that holds a file, and is asked too much."""

    def __init__(self, fails):
        self.fails = fails

    def _answer(self, call, says):
        if call == self.fails:
            raise ClientError({"Error": {"Code": "SlowDown"}}, call)
        return says

    def head_object(self, **_):
        return self._answer("HeadObject", {"ETag": '"1"', "ContentLength": 100_000})

    def get_object(self, **_):
        return self._answer("GetObject", {})


@pytest.mark.parametrize("call", ["HeadObject", "GetObject"])
def test_another_bucket_that_is_busy_stops_nothing_of_the_archive(tmp_path, web, call):
    put_item(tmp_path, "s3://other/a.tif")
    store = store_of(tmp_path, "s3://other", aws_client=lambda _: Throttled(call))
    reading = Reading(store, Index(), archive="x")
    (found,) = read(reading, tmp_path)
    assert "cannot be read just now" in found.says
    assert len(reading.unread) == 1


def test_what_is_known_of_bands_is_not_asked_for_again(tmp_path):
    made, archive = tmp_path / "made", tmp_path / "archive"
    made.mkdir()
    archive.mkdir()
    sentinel2.put(made, "one", taken="2025-01-15T05:30:00Z", scl=sentinel2.classes())
    with WebFiles(**{path.name: path.read_bytes() for path in (made / "one").glob("*.tif")}) as web:
        item = json.loads((made / "one" / "item.json").read_text())
        for key, asset in item["assets"].items():
            asset["href"] = f"{web.host}/{key}.tif"
        (archive / "one.json").write_text(json.dumps(item))
        index, store = Index(), store_of(archive, web.host)
        (first,) = read(Reading(store, index, archive="x"), archive)
        assert {band.name for band in first.bands} == {*sentinel2.GSD_M} - {"scl"} | {"class"}
        assert len(web.asked) == 7
        (again,) = read(Reading(store_of(archive, web.host), index, archive="x"), archive)
        assert len(web.asked) == 7, "another process asks for nothing"
        assert again == first
        web.asked.clear()
        web.files.clear()
        read(Reading(store_of(archive, web.host), Index(), archive="x"), archive)
        paths = [path for path, _ in web.asked]
        assert len(paths) == len(set(paths)), "what was not there a moment ago is not asked for once more"
