"""Every file of an archive is accounted for: used, or why not and what to do."""

import hashlib
import json
import os

import cv2
import pytest

from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.item_store import FolderItemStore
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.domain.archives import Use
from tests.support.builders.archives import item, noise, put, rows_of
from tests.support.builders.scenes import search
from tests.support.inventories import AREA, NOW, ids, inventory, uses, write

USED, NOT_USED, ASIDE = Use.USED, Use.NOT_USED, Use.ASIDE


def test_pictures_of_all_kinds_are_read_by_content_whatever_they_are_called(folder):
    pixels = noise(80, 60)
    for name, ending in (("p.jpg", ".png"), ("q", ".jpg"), ("r.dat", ".webp"), ("S.WEBP", ".webp")):
        (folder / name).write_bytes(cv2.imencode(ending, pixels)[1].tobytes())
        write(folder / f"{name}.json", item(AREA, item_id=name, href=name))
    assert set(uses(folder).values()) == {USED}
    archive = ArchiveImagery(TERMS, folder)
    grid = archive.grid(AREA)
    assert grid.zoom == 17
    (scene,) = search(archive, AREA).scenes
    assert len(scene.items) == 4


@pytest.mark.parametrize(
    ("better", "says"),
    [
        (
            {"href": "points.laz", "roles": ["data"]},
            "asset 'png': a.png; its asset 'better' is elsewhere, or no picture",
        ),
        (
            {"href": "https://example.org/v.png", "roles": ["visual"]},
            (
                "asset 'png': a.png; its asset 'better' is not used: its picture lies on another machine (a "
                "remote asset), where nothing but GeoTIFFs are read"
            ),
        ),
        (
            {"href": "v.tif", "roles": ["visual"]},
            "asset 'png': a.png; its asset 'better' is elsewhere, or no picture",
        ),
        (
            {"href": "https://example.org/v.tif", "roles": ["visual"]},
            (
                "asset 'png': a.png; its asset 'better' is not used: its picture lies on another machine (a "
                "remote asset), which is not among those that may be read (BHUPRAHARI_ARCHIVE_HOSTS="
            ),
        ),
        ({"href": "v.png", "roles": ["visual"]}, "its picture is not there, or not inside the archive: v.png"),
        ({"href": "v.png", "roles": ["overview"]}, "asset 'png': a.png"),
    ],
)
def test_a_lesser_asset_is_taken_only_for_one_that_was_never_meant_to_be_here(folder, better, says):
    put(folder, "a", AREA)
    (folder / "points.laz").write_bytes(b"LASF")
    stated = json.loads((folder / "a.json").read_text())
    stated["assets"] = {"png": {"href": "a.png"}, "better": better}
    write(folder / "a.json", stated)
    told = inventory(folder)["a.json"]
    assert says in told.says
    assert told.use is (USED if "asset 'png'" in says else NOT_USED)


def test_what_lies_beside_is_listed_with_what_to_do(folder):
    put(folder, "a", AREA)
    stated = json.loads((folder / "a.json").read_text())
    stated["assets"]["thumbnail"] = {"href": "./t.jpg"}
    stated["assets"]["metadata"] = {"href": "./m.xml"}
    write(folder / "a.json", stated)
    for name in (
        "t.jpg",
        "m.xml",
        "lonely.png",
        "lonely.pgw",
        "ortho.tif",
        "old.jp2",
        "x.json.txt",
        "z.json.gz",
        "notes.txt",
        "y.bin",
        "delivery.zip",
        "flight.tar.gz",
        "photo.jxl",
        "items.geojsonl",
    ):
        (folder / name).write_bytes(b"x")
    for name in (".DS_Store", "._a.json", ".git/config", "sub/.hidden/a.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"{")
    write(
        folder / "parcels.geojson", {"type": "FeatureCollection", "features": [{"type": "Feature", "properties": {}}]}
    )
    found = inventory(folder)
    assert {name: each.use for name, each in found.items()} == {
        **dict.fromkeys(("a.json", "a.png"), USED),
        **dict.fromkeys(("lonely.png", "ortho.tif", "old.jp2", "x.json.txt", "z.json.gz"), NOT_USED),
        **dict.fromkeys(("delivery.zip", "flight.tar.gz", "photo.jxl", "items.geojsonl"), NOT_USED),
        **dict.fromkeys(("t.jpg", "m.xml", "lonely.pgw", "notes.txt", "y.bin", "parcels.geojson"), ASIDE),
        **dict.fromkeys((".DS_Store", "._a.json", ".git", "sub/.hidden"), ASIDE),
    }
    assert list(found) == sorted(found)
    assert found["t.jpg"].says == "another asset of a.json"
    assert found["ortho.tif"].says == "a GeoTIFF without an item, so without its date"
    assert found["ortho.tif"].remedy == "python -m infra.archive add FILE --date YYYY-MM-DD"
    assert found["lonely.png"].remedy == "python -m infra.archive add FILE --date YYYY-MM-DD"  # it has a world file
    assert all(each.remedy for each in found.values() if each.use is NOT_USED)


def test_a_picture_waits_for_its_item(folder):
    put(folder, "a", AREA, taken="never")
    put(folder, "b", AREA)
    (folder / "b.json").write_text("{")
    found = inventory(folder)
    assert found["a.png"].says == "its item a.json is not used: mend that"
    assert found["b.png"].says == "b.json beside it is not used: mend that"


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_links_of_the_file_system_stay_inside(folder, tmp_path):
    put(tmp_path, "outside", AREA)
    put(folder, "a", AREA)
    (folder / "inside.json").symlink_to(folder / "a.json")
    (folder / "outside.json").symlink_to(tmp_path / "outside.json")
    (folder / "loop").symlink_to(folder)
    (folder / "circle.json").symlink_to(folder / "circle.json")
    found = inventory(folder)
    assert (found["inside.json"].use, found["outside.json"].use, found["loop"].use) == (ASIDE, NOT_USED, NOT_USED)
    assert "leads out of the archive" in found["outside.json"].says
    assert "a link to a folder" in found["loop"].says
    assert "circle.json" in found
    assert ids(folder) == ["a"]


def test_a_file_whose_name_is_no_text_harms_no_other(folder):
    put(folder, "a", AREA)
    (folder / os.fsdecode(b"b\xff.json")).write_bytes(b"{}")
    found = inventory(folder)
    assert "its name is not UTF-8" in found["b\\udcff.json"].says
    assert found["a.json"].use is USED


def test_size_and_checksum_that_are_stated_are_those_of_the_picture(folder):
    put(folder, "a", AREA, pixels=noise(80, 60))
    stated = json.loads((folder / "a.json").read_text())
    content = (folder / "a.png").read_bytes()
    good = {"file:size": len(content), "file:checksum": "1220" + hashlib.sha256(content).hexdigest()}
    stated["assets"]["image"] |= good
    write(folder / "a.json", stated)
    assert set(uses(folder).values()) == {USED}
    stated["assets"]["image"]["file:size"] += 1
    write(folder / "a.json", stated)
    assert (
        f"file:size says {len(content) + 1} bytes, its picture has {len(content)}" in inventory(folder)["a.json"].says
    )
    stated["assets"]["image"] |= good | {"file:checksum": "1220" + "0" * 64}
    write(folder / "a.json", stated)
    assert "file:checksum says 000000000000…, the picture has" in inventory(folder)["a.json"].says
    stated["assets"]["image"]["file:checksum"] = "ff20" + "0" * 64
    write(folder / "a.json", stated)
    assert "its file:checksum is of a kind that is not checked" in inventory(folder)["a.json"].says


def test_of_pictures_no_more_is_read_for_their_checksums_than_is_said(folder):
    store = CountedStore(folder)
    archive = ArchiveImagery(TERMS, store)
    for name, seed in (("a", 1), ("b", 2)):
        put(folder, name, AREA, pixels=noise(80, 60, seed=seed))
        content = (folder / f"{name}.png").read_bytes()
        stated = json.loads((folder / f"{name}.json").read_text())
        stated["assets"]["image"]["file:checksum"] = "1220" + hashlib.sha256(content).hexdigest()
        write(folder / f"{name}.json", stated)
    most = len((folder / "a.png").read_bytes()) * 3 // 2
    uses = {each.name: each for each in archive.inventory(now=NOW, most_bytes=most)}
    assert store.read_bytes <= most
    assert "its file:checksum was not checked" not in uses["a.json"].says
    assert "its file:checksum was not checked" in uses["b.json"].says
    assert {each.use for each in uses.values()} == {USED}


class CountedStore(FolderItemStore):
    def __init__(self, folder):
        super().__init__(folder)
        self.looked_at, self.read_bytes = [], 0

    def read_range(self, file, at, length):
        self.read_bytes += length
        return super().read_range(file, at, length)

    def read(self, file):
        self.looked_at.append(file.name)
        return super().read(file)

    def ends(self, file):
        self.looked_at.append(file.name)
        return super().ends(file)


def test_a_second_look_reads_only_what_changed(folder):
    put(folder, "a", AREA)
    put(folder, "b", AREA)
    store = CountedStore(folder)
    archive = ArchiveImagery(TERMS, store)
    archive.inventory(now=NOW)
    assert sorted(store.looked_at) == ["a.json", "a.png", "b.json", "b.png"]
    store.looked_at.clear()
    put(folder, "b", AREA, pixels=noise(64, rows_of(AREA, 64), seed=5))
    (folder / "a.png").write_bytes(b"II*\x00")
    for _ in range(3):
        archive.inventory(now=NOW)
    assert sorted(store.looked_at) == ["a.png", "b.json", "b.png"]


class Broken(bytes):
    """Bytes that no reader was written for."""

    def startswith(self, *_):
        raise ZeroDivisionError


class BrokenStore(FolderItemStore):
    def read(self, file):
        return Broken(b"{}") if file.name == "b.json" else super().read(file)


def test_a_defect_of_ours_in_one_file_is_told_and_harms_no_other(folder):
    put(folder, "a", AREA)
    put(folder, "b", AREA)
    archive = ArchiveImagery(TERMS, BrokenStore(folder))
    found = {each.name: each for each in archive.inventory(now=NOW)}
    assert "a defect of this program (ZeroDivisionError)" in found["b.json"].says
    assert found["a.json"].use is USED
