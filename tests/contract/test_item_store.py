"""What an archive may expect of the place where its files lie."""

import os
from pathlib import Path
from typing import NamedTuple

import boto3
import pytest
from moto.server import ThreadedMotoServer

from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.item_store import Files, FolderItemStore, ItemStore, StoredFile, Unreadable
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.adapters.imagery.s3_item_store import S3ItemStore
from chalicelib.domain.errors import ProviderUnavailable
from chalicelib.domain.image_header import HEAD_BYTES, TAIL_BYTES
from chalicelib.domain.tiles import tiles_covering
from tests.support.builders.archives import clear, noise, put, square
from tests.support.builders.scenes import newest

AREA = square(28.6, 77.2, width_px=300, height_px=200, gsd_m=0.5).bounds


class Place(NamedTuple):
    """A store, and how to write to it."""

    store: ItemStore
    elsewhere: ItemStore  # one that is not there

    def write(self, name: str, content: bytes) -> None:
        if isinstance(self.store, FolderItemStore):
            path = self.store._folder / name
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        else:
            self.store._client.put_object(Bucket="pictures", Key=f"land/{name}", Body=content)

    def remove(self, name: str) -> None:
        if isinstance(self.store, FolderItemStore):
            (self.store._folder / name).unlink()
        else:
            self.store._client.delete_object(Bucket="pictures", Key=f"land/{name}")


@pytest.fixture(scope="module")
def s3():
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield boto3.client(
        "s3",
        endpoint_url=f"http://{host}:{port}",
        region_name="us-east-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    server.stop()


@pytest.fixture(params=["folder", "s3"])
def place(request, tmp_path):
    if request.param == "folder":
        return Place(FolderItemStore(tmp_path), FolderItemStore(tmp_path / "gone"))
    client = request.getfixturevalue("s3")
    client.create_bucket(Bucket="pictures")
    for found in client.list_objects_v2(Bucket="pictures").get("Contents", []):
        client.delete_object(Bucket="pictures", Key=found["Key"])
    client.put_object(Bucket="pictures", Key="landing/other.json", Body=b"another archive")
    return Place(S3ItemStore(client, bucket="pictures", prefix="/land/"), S3ItemStore(client, bucket="gone", prefix=""))


def names(place):
    return [file.name for file in place.store.list_files().files]


def test_the_files_are_those_that_lie_there_now_also_in_folders_below(place):
    assert place.store.list_files() == Files([], [], {})
    for name in ("b.json", "a.JSON", "a.png", "deeper/c.json"):
        place.write(name, b"{}")
    assert names(place) == ["a.JSON", "a.png", "b.json", "deeper/c.json"]
    place.remove("b.json")
    assert names(place) == ["a.JSON", "a.png", "deeper/c.json"]


def test_what_is_hidden_is_left_out_and_told_a_folder_once(place):
    for name in ("a.json", ".DS_Store", "._a.json", ".git/one", ".git/two", "deeper/.hidden.json"):
        place.write(name, b"{}")
    assert names(place) == ["a.json"]
    left_out = place.store.list_files().left_out
    assert [each.name for each in left_out] == [".DS_Store", "._a.json", ".git", "deeper/.hidden.json"]
    assert not any(each.is_wrong for each in left_out)


def test_a_file_is_read_also_in_a_folder_below(place):
    contents = {"a.png": b"picture", "deeper/a.png": b"deep"}
    for name, content in contents.items():
        place.write(name, content)
    found = place.store.list_files().files
    assert {file.name: place.store.read(file) for file in found} == contents
    assert {file.name: file.size for file in found} == {"a.png": 7, "deeper/a.png": 4}


def test_a_whole_address_names_a_file_of_this_store_and_of_no_other(place):
    root = str(place.store._folder) if isinstance(place.store, FolderItemStore) else "s3://pictures/land"
    assert place.store.name_of(f"{root}/deeper/a b.png") == "deeper/a b.png"
    assert place.store.name_of(f"{root}/deeper/a%20b.png") in {"deeper/a b.png", "deeper/a%20b.png"}
    if root.startswith("/"):
        assert place.store.name_of(f"file://{root}/a%20b.png") == "a b.png"
        assert place.store.name_of(f"{root}/../a.png") is None
    for outside in (
        "/etc/passwd",
        "file:///etc/passwd",
        "s3://landing/other.json",
        "https://example.org/a.png",
        "a.png",
    ):
        assert place.store.name_of(outside) is None


def test_a_file_with_other_content_has_another_version(place):
    place.write("a.json", b"one")
    before = place.store.list_files()
    assert place.store.list_files() == before
    place.write("a.json", b"two")
    if isinstance(place.store, FolderItemStore):  # two writes within one tick of the file system's clock
        os.utime(place.store._folder / "a.json", ns=(1, 1))
    assert place.store.list_files() != before


@pytest.mark.parametrize("size", [0, 1, TAIL_BYTES, HEAD_BYTES, HEAD_BYTES + 1, HEAD_BYTES * 2])
def test_the_ends_of_a_file_are_read_without_its_middle(place, size):
    content = os.urandom(size)
    place.write("a.png", content)
    (file,) = place.store.list_files().files
    assert place.store.ends(file) == (content[:HEAD_BYTES], content[-TAIL_BYTES:])


def test_a_file_that_has_just_gone_is_unreadable_and_a_place_that_is_away_unavailable(place):
    gone = StoredFile("gone.png", "1", 5)
    for read in (place.store.read, place.store.ends):
        with pytest.raises(Unreadable, match=r"the archive's gone\.png cannot be read: "):
            read(gone)
    with pytest.raises(ProviderUnavailable) as away:
        place.elsewhere.list_files()
    assert not isinstance(away.value, Unreadable)


def test_an_archive_on_it_shows_its_pictures(place, tmp_path_factory):
    made: Path = tmp_path_factory.mktemp("made")
    put(made, "a", AREA, pixels=noise(300, 200))
    for file in made.iterdir():
        place.write(file.name, file.read_bytes())
    archive = ArchiveImagery(TERMS, place.store)
    grid = archive.grid(AREA)
    view = grid.view(next(tiles_covering(AREA, grid.zoom)))
    scene = newest(archive, view, AREA)
    assert scene.scene_id == "a"
    assert clear(archive.fetch(scene, view, AREA).content).any()
