"""The cases from the field that are about archives: each file is used, or it is said why not."""

import re
import shutil
from datetime import UTC, datetime

import pytest

from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.domain.archives import Use
from chalicelib.domain.tiles import Bounds, tiles_covering
from tests.support.builders.archives import clear
from tests.support.builders.scenes import scenes_over, search
from tests.support.running.pairs import SHARED

CASES = SHARED / "field-cases"
NOW = datetime(2026, 11, 26, tzinfo=UTC)
AREA = Bounds(85.7995, 20.3495, 85.8005, 20.3505)
NO_TIME = r"properties\.datetime is not a date and time"

pytestmark = pytest.mark.skipif(not CASES.is_dir(), reason="the cases from the field are not here (../shared)")


def folder_of(case, tmp_path, step="files"):
    (source,) = CASES.glob(f"{case}-*")
    folder = tmp_path / "archive"
    shutil.copytree(source / step, folder, dirs_exist_ok=True)
    for file in folder.glob("*.json"):
        content = file.read_bytes()
        if b"/ARCHIVE/" in content:
            file.write_bytes(content.replace(b"/ARCHIVE/", f"{folder}/".encode()))
    return folder


def inventory(folder):
    return {each.name: each for each in ArchiveImagery(TERMS, folder).inventory(now=NOW)}


USED = {
    "an asset of another key": ("A02", "A03", "A05", "A06"),
    "several items, folders below, other endings": ("A12", "A13", "A14"),
    "times": ("A17", "A19", "A20", "A21", "A22", "A26", "A30"),
    "boxes and systems": ("A36", "A39", "A44", "A45"),
    "GeoTIFFs, whatever their names": ("A07", "A85"),
    "addresses": ("A52", "A53", "A54", "A55", "A56", "A57", "A58", "A59", "A60", "A61", "A62"),
    "a mark and the line ends of Windows": ("A64",),
    "one id, two dates": ("A90",),
}


@pytest.mark.parametrize("case", [case for cases in USED.values() for case in cases])
def test_it_is_used_with_every_file_and_shows_ground(tmp_path, case):
    folder = folder_of(case, tmp_path)
    assert {each.use for each in inventory(folder).values()} == {Use.USED}
    archive = ArchiveImagery(TERMS, folder)
    grid = archive.grid(AREA)
    for tile in tiles_covering(AREA, grid.zoom):
        view = grid.view(tile)
        assert clear(archive.fetch(scenes_over(archive, view, AREA)[0], view, AREA).content).any()


WITHOUT_ASSETS = {"A63", "A65", "A68", "A69", "A70"}  # whose items do not say which picture is theirs


@pytest.mark.parametrize(
    ("case", "words"),
    [
        ("A00", r"on another machine \(a remote asset\), which is not among those that may be read"),
        ("A10", "JPEG 2000"),
        ("A18", "start_datetime or end_datetime"),
        *((case, NO_TIME) for case in ("A23", "A24", "A25", "A27", "A28", "A29", "A31", "A32", "A33", "A34")),
        ("A37", "180th meridian"),
        ("A38", "180th meridian"),
        ("A40", "'85.7993861' is text and not a number"),
        ("A41", "are longitude and latitude exchanged?"),
        ("A42", "these are metres"),
        ("A43", "is that west, north, east, south?"),
        ("A46", "WGS 84 / UTM zone 45N.*lies askew"),
        ("A48", "not 'EPSG:None'"),
        ("A49", "rotated: it would be laid on askew"),
        ("A51", "3 times as high as wide"),
        ("A63", "a.png is there"),
        ("A65", "UTF-16, as PowerShell's Out-File"),
        ("A68", "line 1, column 1: JSON has no comments"),
        ("A69", "it is a list"),
        ("A70", "it is empty"),
        ("A75", "cut off"),
        ("A86", "GIF"),
        ("A87", "BMP"),
        ("A88", "but a web page"),
        ("A89", "too large with 20001 x 4 px and 0 MB: at most 20000 px a side"),
        ("A92", "gsd: '0.5' is text and not a number"),
    ],
)
def test_it_is_refused_and_it_is_said_why_to_the_operator_alone(tmp_path, caplog, case, words):
    folder = folder_of(case, tmp_path)
    uses = inventory(folder)
    assert {each.use for each in uses.values()} == {Use.NOT_USED}
    (item,) = (each for each in uses.values() if each.name.endswith(".json"))
    assert re.search(words, f"{item.says} {item.remedy}"), item
    assert any(re.search(words, record.reason) for record in caplog.records if record.file == item.name)
    found = search(ArchiveImagery(TERMS, folder), AREA)
    unread = "; 1 picture waits for an item, and so for a date" if case in WITHOUT_ASSETS else ""
    assert (found.scenes, found.says) == ((), f"it holds 0 usable items, and 1 that cannot be used{unread}")
    for said in (found.says, *(each.reason for each in found.refused)):
        assert not re.search(r"\.(json|png|jpe?g|gif|bmp|tif|jp2)\b", said)


@pytest.mark.parametrize(
    ("case", "name", "words"),
    [
        ("A09", "ortho.png", "a picture without an item"),
        ("A09", "ortho.pgw", "a world file is not read"),
        ("A16", "a.json.txt", "not read as an item"),
        ("A16", "a.png", "a picture without an item"),
        ("A21", "a.json", "its time has no zone and is taken as UTC"),
        ("A03", "a.json", "its only picture is called a thumbnail"),
        ("A35", "typo.json", "dated 2062-01-15, which has not come yet"),
    ],
)
def test_it_is_told(tmp_path, case, name, words):
    assert words in inventory(folder_of(case, tmp_path))[name].says


def test_a35_the_good_one_is_used(tmp_path):
    folder = folder_of("A35", tmp_path)
    assert inventory(folder)["good.json"].use is Use.USED
    assert [scene.scene_id for scene in search(ArchiveImagery(TERMS, folder), AREA, until=NOW).scenes] == ["good"]


def test_c19_a_picture_of_another_shape_is_no_newer_scene_and_is_told_with_its_date(tmp_path):
    folder = folder_of("C19", tmp_path, "step1")
    area = Bounds(85.7989, 20.3509, 85.7992, 20.3511)
    assert len(search(ArchiveImagery(TERMS, folder), area).scenes) == 1
    folder_of("C19", tmp_path, "step2")
    found = search(ArchiveImagery(TERMS, folder), area)
    assert len(found.scenes) == 1
    (refused,) = found.refused
    assert "the picture of 2025-02-15 cannot be used: bbox and picture have different shapes" in refused.reason
