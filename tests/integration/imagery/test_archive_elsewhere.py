"""GeoTIFFs that items name on other machines, read where they lie: over HTTP and from another bucket."""

import json
from datetime import UTC, datetime, timedelta

import boto3
import pytest
import rasterio
import rasterio.warp
from moto.server import ThreadedMotoServer

from chalicelib.adapters.database.archive_index import SqlArchiveIndex
from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.elsewhere import WithElsewhere
from chalicelib.adapters.imagery.hosts import Hosts
from chalicelib.adapters.imagery.indexed import Indexed
from chalicelib.adapters.imagery.item_store import FolderItemStore
from chalicelib.adapters.imagery.providers.archive import TERMS, archive_at
from chalicelib.domain.archives import Use
from chalicelib.domain.errors import NoCoverage, PictureUnavailable, ProviderUnavailable
from chalicelib.domain.tiles import Bounds, tiles_covering
from tests.support.builders.archives import clear, put
from tests.support.builders.geotiffs import noise, write
from tests.support.builders.scenes import newest, search
from tests.support.standins.web_files import WebFiles

NOW = datetime(2026, 11, 26, tzinfo=UTC)
MOST_REQUESTS = 16


@pytest.fixture(scope="module")
def tif(tmp_path_factory):
    return write(tmp_path_factory.mktemp("web") / "a.tif", noise(3000, 2500, 3), compress="DEFLATE", blocksize=256)


@pytest.fixture(scope="module")
def ground(tif):
    with rasterio.open(tif) as file:
        return Bounds(*rasterio.warp.transform_bounds(file.crs, "EPSG:4326", *file.bounds, densify_pts=21))


@pytest.fixture
def web(tif):
    with WebFiles(**{"a.tif": tif.read_bytes()}) as served:
        yield served


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "pictures").mkdir()
    return tmp_path / "pictures"


class Time:
    """It passes when it is told to."""

    def __init__(self):
        self.now, self.monotonic_s = NOW, 0.0

    def passes(self, seconds):
        self.now += timedelta(seconds=seconds)
        self.monotonic_s += seconds


@pytest.fixture
def time():
    return Time()


def no_aws(service):
    raise AssertionError(service)


def put_item(folder, href, *, name="a", **more):
    stated = {"type": "Feature", "stac_version": "1.0.0", "id": name, "geometry": None}
    stated |= {"properties": {"datetime": "2025-01-15T05:30:00Z"}, "assets": {"image": {"href": href}}} | more
    (folder / f"{name}.json").write_text(json.dumps(stated))


def looked_at(folder, *hosts, aws_client=no_aws):
    return archive_at(str(folder), ", ".join(hosts), aws_client=aws_client, monotonic=lambda: 0.0)


def uses(archive):
    return {each.name: each for each in archive.inventory(now=NOW)}


def first_view(archive, ground):
    grid = archive.grid(ground)
    return grid.view(sorted(tiles_covering(ground, grid.zoom))[5])


def fetch(archive, ground):
    view = first_view(archive, ground)
    return archive.fetch(newest(archive, view, ground), view, ground)


def test_it_shows_what_the_same_file_shows_in_the_archive_in_few_requests_on_one_connection(folder, web, tif, ground):
    put_item(folder, f"{web.host}/a.tif?signed=secret", bbox=list(ground))
    archive = looked_at(folder, web.host)
    found = uses(archive)["a.json"]
    assert found.use is Use.USED
    assert f"asset 'image': {web.host}/a.tif" in found.says
    assert "secret" not in found.says
    view = first_view(archive, ground)
    scene = newest(archive, view, ground)
    web.asked.clear()
    ours = archive.fetch(scene, view, ground)
    assert 1 < len(web.asked) <= MOST_REQUESTS
    assert len(web.connections) == 1
    web.asked.clear()
    assert archive.fetch(scene, view, ground) == ours
    assert not web.asked, "header and blocks are kept"
    (folder / "a.tif").write_bytes(tif.read_bytes())
    put_item(folder, "./a.tif")
    assert ours.content == fetch(looked_at(folder), ground).content
    assert clear(ours.content).any()


def test_nobody_is_asked_whom_the_operator_did_not_name(folder, web, ground):
    put(folder, "png", ground)
    for number, href in enumerate([f"{web.host}/a.tif", "http://169.254.169.254/a.tif", "s3://others/a.tif"]):
        put_item(folder, href, name=f"remote{number}")
    for hosts in ((), ("cogs.example.org",), (web.host.replace("http:", "https:"),)):
        found = uses(looked_at(folder, *hosts))
        for number in range(3):
            assert found[f"remote{number}.json"].use is Use.NOT_USED
            assert "which is not among those that may be read" in found[f"remote{number}.json"].says
        assert found["remote0.json"].remedy.startswith(f"BHUPRAHARI_ARCHIVE_HOSTS={web.host}, or fetch")
        assert found["png.json"].use is Use.USED
    assert not web.asked


OTHER = {
    "ftp": ("ftp://127.0.0.1/a.tif", "by an address that is not read"),
    "with a password": ("http://somebody:secret@127.0.0.1/a.tif", "by an address that is not read"),
    "a PNG by its name": ("HOST/a.png", "where nothing but GeoTIFFs are read"),
    "a PNG by its bytes": ("HOST/png", "where nothing but GeoTIFFs are read"),
    "a web page": ("HOST/page", "cannot be read just now: a picture's server sends a web page in its place"),
    "half a file": ("HOST/half.tif", "half a TIFF"),
    "not there": ("HOST/b.tif", "cannot be read just now: a picture on another machine is not there (404)"),
}


@pytest.mark.parametrize(("href", "words"), OTHER.values(), ids=OTHER)
def test_what_cannot_be_used_there_is_told(folder, web, tif, ground, href, words):
    put(folder, "png", ground)
    page = b"<!doctype html><p>Sign in" + bytes(300)
    web.files |= {"/png": (folder / "png.png").read_bytes(), "/page": page, "/half.tif": tif.read_bytes()[:99_999]}
    put_item(folder, href.replace("HOST", web.host), bbox=list(ground))
    found = uses(looked_at(folder, web.host))
    assert found["a.json"].use is Use.NOT_USED
    assert words in found["a.json"].says
    assert "secret" not in found["a.json"].says
    assert found["png.json"].use is Use.USED


def test_a_server_in_trouble_makes_the_tile_wait_for_as_long_as_it_asks(folder, web, ground, time):
    put_item(folder, f"{web.host}/a.tif")
    store = WithElsewhere(
        FolderItemStore(folder), Hosts([web.host]), aws_client=no_aws, monotonic=lambda: time.monotonic_s
    )
    archive = ArchiveImagery(TERMS, store)
    view = first_view(archive, ground)
    scene = newest(archive, view, ground)
    web.how.append({"status": 429, "more": {"Retry-After": "40"}})
    with pytest.raises(PictureUnavailable) as failed:
        archive.fetch(scene, view, ground)
    assert failed.value.retry_after_s == 40
    web.asked.clear()
    with pytest.raises(ProviderUnavailable) as failed:
        archive.fetch(scene, view, ground)
    assert not web.asked, "it is left alone meanwhile"
    assert failed.value.retry_after_s == 40
    time.passes(40)
    assert clear(archive.fetch(scene, view, ground).content).any()


def test_one_that_was_replaced_is_not_taken_for_the_one_before(folder, web, ground):
    put_item(folder, f"{web.host}/a.tif")
    archive = looked_at(folder, web.host)
    view = first_view(archive, ground)
    before = newest(archive, view, ground)
    other = write(folder.parent / "b.tif", noise(3000, 2500, 3, seed=2), compress="DEFLATE", blocksize=256)
    web.files["/a.tif"] = other.read_bytes()
    web.how += [{"status": 412}]  # what a server says to If-Match
    with pytest.raises(NoCoverage, match="or it is another one now"):
        archive.fetch(before, view, ground)
    put_item(folder, f"{web.host}/a.tif", links=[])  # its item is written anew
    after = newest(archive, view, ground)
    assert after.version != before.version
    assert clear(archive.fetch(after, view, ground).content).any()


def indexed(folder, engine, time, web):
    def holdings(store):
        ways = {"clock": lambda: time.now, "sleep": time.passes, "monotonic": lambda: time.monotonic_s}
        return Indexed(store, SqlArchiveIndex(engine), place="here", **ways)

    ways = {"aws_client": no_aws, "monotonic": lambda: time.monotonic_s}
    return ArchiveImagery(TERMS, WithElsewhere(FolderItemStore(folder), Hosts([web.host]), **ways), holdings)


def test_by_an_index_its_header_is_asked_for_once_whatever_number_of_processes_looks(
    folder, engine, time, web, tif, ground
):
    web.files["/b.tif"] = tif.read_bytes()
    put_item(folder, f"{web.host}/a.tif")
    put_item(folder, f"{web.host}/a.tif", name="same-file")
    indexed(folder, engine, time, web).refresh()
    assert {path for path, _ in web.asked} == {"/a.tif"}
    web.asked.clear()
    put_item(folder, f"{web.host}/b.tif", name="b")
    archive = indexed(folder, engine, time, web)
    archive.refresh()
    assert {path for path, _ in web.asked} == {"/b.tif"}
    web.asked.clear()
    view = first_view(archive, ground)
    scene = newest(archive, view, ground)
    assert not web.asked
    assert clear(archive.fetch(scene, view, ground).content).any()


def test_a_host_that_is_away_holds_up_no_other_picture_and_is_looked_at_again(folder, engine, time, web, ground):
    put(folder, "png", ground, taken="2024-05-01T10:30:00Z")
    for number in range(20):
        put_item(folder, f"{web.host}/a.tif", name=f"remote{number}")
        put_item(folder, f"{web.host}/{number}.tif", name=f"other{number}")
    web.how += [{"status": 503}] * 100
    archive = indexed(folder, engine, time, web)
    archive.refresh()
    assert len(web.asked) <= 8, "those that were under way, and no others"
    found = search(archive, ground)
    assert [each.item_id for scene in found.scenes for each in scene.items] == ["png"]
    assert "cannot be read just now" in found.refused[0].reason
    assert web.host not in found.refused[0].reason
    web.how.clear()
    time.passes(60)
    indexed(folder, engine, time, web).refresh()
    found = search(indexed(folder, engine, time, web), ground)
    assert len({each.item_id for scene in found.scenes for each in scene.items}) == 21


def test_it_is_read_from_another_bucket(folder, tif, ground):
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
        client = boto3.client("s3", endpoint_url=f"http://{host}:{port}", **keys)
        client.create_bucket(Bucket="others")
        client.put_object(Bucket="others", Key="2025/a b.tif", Body=tif.read_bytes())
        put_item(folder, "s3://others/2025/a b.tif")
        put_item(folder, "s3://others/2025/c.tif", name="c")
        archive = looked_at(folder, "s3://others", aws_client=lambda _: client)
        found = uses(archive)
        assert found["a.json"].use is Use.USED
        assert "cannot be read just now" in found["c.json"].says
        (folder / "c.json").unlink()
        assert clear(fetch(archive, ground).content).any()
    finally:
        server.stop()
