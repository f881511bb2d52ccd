import json
import logging
import re
import subprocess
import sys
from datetime import UTC, datetime

import cv2
import numpy as np
import pytest

from chalicelib.adapters.imagery import archive as archive_module
from chalicelib.adapters.imagery.archive import ArchiveImagery
from chalicelib.adapters.imagery.providers.archive import TERMS
from chalicelib.domain.errors import BadImage, NoCoverage, ProviderUnavailable, Unavailable
from chalicelib.domain.tiles import View, tiles_covering
from tests.support.builders.archives import clear, decoded, item, noise, put, square
from tests.support.builders.image_files import closed, encoded, lying, with_orientation
from tests.support.builders.scenes import newest
from tests.support.sources import ROOT

AREA = square(28.6, 77.2, width_px=800, height_px=600, gsd_m=0.5).bounds


ALWAYS = {"since": datetime(2000, 1, 1, tzinfo=UTC), "until": datetime(2100, 1, 1, tzinfo=UTC)}


def first_view(archive, area=AREA) -> View:
    grid = archive.grid(area)
    return grid.view(next(tiles_covering(area, grid.zoom)))


def newest_id(archive, area=AREA) -> str:
    return newest(archive, first_view(archive, area), area).scene_id


def test_an_item_added_later_is_seen_at_the_next_call(tmp_path):
    put(tmp_path, "a", AREA)
    archive = ArchiveImagery(TERMS, tmp_path)
    assert newest_id(archive) == "a"
    put(tmp_path, "b", AREA, taken="2025-01-01T00:00:00Z")
    assert newest_id(archive) == "b"
    (tmp_path / "b.json").unlink()
    assert newest_id(archive) == "a"


@pytest.mark.parametrize("file", ["b.json", "b.png"])
@pytest.mark.parametrize("share", [0.0, 0.5, 0.99])
def test_what_is_half_written_is_skipped_and_told_once_and_seen_when_whole(tmp_path, caplog, file, share):
    put(tmp_path, "a", AREA)
    put(tmp_path, "b", AREA, taken="2025-01-01T00:00:00Z")
    whole = (tmp_path / file).read_bytes()
    (tmp_path / file).write_bytes(whole[: int(len(whole) * share)])
    archive = ArchiveImagery(TERMS, tmp_path)
    with caplog.at_level(logging.WARNING):
        assert [newest_id(archive) for _ in range(3)] == ["a"] * 3
    told = [record for record in caplog.records if record.message == "archive item skipped"]
    assert [record.file for record in told] == ["b.json"]
    assert told[0].reason
    (tmp_path / file).write_bytes(whole)
    assert newest_id(archive) == "b"


def test_nothing_in_the_folder_can_stop_the_archive(tmp_path, caplog):
    put(tmp_path, "a", AREA)
    put(tmp_path, "c", AREA, taken="2026-01-01T00:00:00Z")
    (tmp_path / "c.png").unlink()
    put(tmp_path, "d", AREA, taken="2026-01-01T00:00:00Z")
    (tmp_path / "d.png").write_bytes(b"<html>no</html>")
    (tmp_path / "e.json").mkdir()
    (tmp_path / "f.json").symlink_to(tmp_path / "f.json")
    (tmp_path / ".g.json").write_text("{")
    (tmp_path / "catalog.json").write_text('{"type": "Catalog"}')
    archive = ArchiveImagery(TERMS, tmp_path)
    assert newest_id(archive) == "a"
    assert {(record.file, record.reason) for record in caplog.records} == {
        ("c.json", "its picture is not there, or not inside the archive: ./c.png"),
        ("d.json", "its picture is no PNG, JPEG or WebP but a web page: d.png; put the picture itself there"),
    }


def test_a_picture_outside_the_folder_is_not_read(tmp_path):
    folder, outside = tmp_path / "in", tmp_path / "out"
    folder.mkdir()
    outside.mkdir()
    put(folder, "a", AREA)
    put(outside, "b", AREA)
    (folder / "b.png").symlink_to(outside / "b.png")
    (folder / "b.json").write_text(json.dumps(item(AREA, item_id="b", href="b.png", taken="2026-01-01T00:00:00Z")))
    assert newest_id(ArchiveImagery(TERMS, folder)) == "a"


@pytest.mark.parametrize(("width", "height"), [(20_001, 10), (16_000, 16_000)])
def test_a_picture_too_large_to_decode_is_skipped_by_its_header(tmp_path, caplog, width, height):
    put(tmp_path, "a", AREA)
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[16:24] = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    (tmp_path / "a.png").write_bytes(bytes(content))
    with pytest.raises(NoCoverage, match=r"and 1 that cannot be used$"):
        ArchiveImagery(TERMS, tmp_path).grid(AREA)
    assert f"too large with {width} x {height} px" in caplog.records[0].reason


def test_a_jpeg_is_read_as_well(tmp_path):
    jpeg = cv2.imencode(".jpg", noise(800, 600))[1].tobytes()
    profile = b"\xff\xe2" + (60_002).to_bytes(2, "big") + bytes(60_000)
    (tmp_path / "a.jpg").write_bytes(jpeg[:2] + profile + jpeg[2:] + b"camera")
    (tmp_path / "a.json").write_text(json.dumps(item(AREA, href="a.jpg")))
    archive = ArchiveImagery(TERMS, tmp_path)
    view = first_view(archive)
    assert archive.grid(AREA).zoom == 17
    assert decoded(archive.fetch(newest(archive, view, AREA), view, AREA).content).shape[:2] == (640, 640)


def test_two_files_that_claim_one_id_are_told_apart(tmp_path):
    put(tmp_path, "a", AREA)
    put(tmp_path, "b", AREA, taken="2025-01-01T00:00:00Z")
    (tmp_path / "b.json").write_text((tmp_path / "b.json").read_text().replace('"id": "b"', '"id": "a"'))
    found = newest(ArchiveImagery(TERMS, tmp_path), first_view(ArchiveImagery(TERMS, tmp_path)), AREA)
    assert found.captured_at.year == 2025
    assert found.scene_id.startswith("a~")
    assert found == newest(ArchiveImagery(TERMS, tmp_path), first_view(ArchiveImagery(TERMS, tmp_path)), AREA)


def test_an_archive_that_is_away_is_no_archive_without_pictures(tmp_path):
    with pytest.raises(ProviderUnavailable, match="the archive folder cannot be read: No such file"):
        ArchiveImagery(TERMS, tmp_path / "gone").grid(AREA)


def test_a_picture_that_is_damaged_inside_fails_and_its_file_is_told_in_the_log_alone(tmp_path, caplog):
    put(tmp_path, "a", AREA)
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[37:41] = b"XXXX"
    (tmp_path / "a.png").write_bytes(bytes(content))
    archive = ArchiveImagery(TERMS, tmp_path)
    view = first_view(archive)
    with pytest.raises(
        BadImage, match=r"picture a cannot be used: a damaged PNG: the checksum of chunk b'XXXX' is wrong"
    ):
        archive.fetch(newest(archive, view, AREA), view, AREA)
    assert caplog.records[-1].file == "a.png"


def test_half_a_jpeg_that_is_closed_fails_and_is_no_change(tmp_path):
    put(tmp_path, "a", AREA)
    content = encoded("jpg", noise(800, 600))
    (tmp_path / "a.png").write_bytes(closed(content, len(content) // 2))
    archive = ArchiveImagery(TERMS, tmp_path)
    view = first_view(archive)
    with pytest.raises(BadImage, match=r"picture a cannot be used: a damaged JPEG: .*premature end of data segment"):
        archive.fetch(newest(archive, view, AREA), view, AREA)


@pytest.mark.parametrize("orientation", [3, 6, 8])
@pytest.mark.parametrize("kind", ["png", "jpg", "webp"])
def test_a_picture_is_laid_on_the_ground_as_every_viewer_shows_it(tmp_path, kind, orientation):
    upright = noise(800, 600)
    ways = {3: cv2.ROTATE_180, 6: cv2.ROTATE_90_COUNTERCLOCKWISE, 8: cv2.ROTATE_90_CLOCKWISE}  # how it was held
    shown = []
    for name, content in (
        ("upright", encoded("png", upright)),
        ("held", with_orientation(encoded(kind, cv2.rotate(upright, ways[orientation])), orientation)),
    ):
        folder = tmp_path / name
        folder.mkdir()
        put(folder, "a", AREA)
        (folder / "a.png").write_bytes(content)
        archive = ArchiveImagery(TERMS, folder)
        view = first_view(archive)
        shown.append(decoded(archive.fetch(newest(archive, view, AREA), view, AREA).content)[:, :, :3].astype(int))
    assert np.abs(shown[0] - shown[1]).mean() < 4


def test_a_picture_that_is_partly_transparent_everywhere_is_seen(tmp_path):
    put(tmp_path, "a", AREA, pixels=np.dstack([noise(800, 600), np.full((600, 800, 1), 204, np.uint8)]))
    put(tmp_path, "b", AREA, taken="2023-05-01T10:30:00Z")
    archive = ArchiveImagery(TERMS, tmp_path)
    view = first_view(archive)
    scenes = [archive.fetch(scene, view, AREA).content for scene in archive.scenes(AREA, **ALWAYS).scenes]
    assert np.array_equal(clear(scenes[0]), clear(scenes[1]))


def test_one_damaged_item_of_a_day_harms_no_other(tmp_path, caplog):
    middle = (AREA.west + AREA.east) / 2
    put(tmp_path, "a-west", AREA._replace(east=middle))
    put(tmp_path, "b-east", AREA._replace(west=middle))
    content = bytearray((tmp_path / "b-east.png").read_bytes())
    content[45] ^= 1
    (tmp_path / "b-east.png").write_bytes(bytes(content))
    archive = ArchiveImagery(TERMS, tmp_path)
    shown, failed = 0, []
    grid = archive.grid(AREA)
    [scene] = archive.scenes(AREA, **ALWAYS).scenes
    for tile in tiles_covering(AREA, grid.zoom):
        try:
            shown += clear(archive.fetch(scene, grid.view(tile), AREA).content).any()
        except BadImage as bad:
            failed.append(bad.reason)
    assert shown
    assert all("b-east.png cannot be used: a damaged PNG" in reason for reason in failed)
    told = {(record.file, "a damaged PNG" in record.reason) for record in caplog.records if hasattr(record, "reason")}
    assert told == {("b-east.png", True)}


def test_any_exception_of_one_item_is_that_items(tmp_path, monkeypatch, caplog):
    put(tmp_path, "a", AREA)
    archive = ArchiveImagery(TERMS, tmp_path)
    view = first_view(archive)
    monkeypatch.setattr(archive_module, "warp", lambda *_, **__: 1 // 0)
    with pytest.raises(BadImage, match=r"picture a cannot be shown: ZeroDivisionError"):
        archive.fetch(newest(archive, view, AREA), view, AREA)
    monkeypatch.setattr(archive_module, "warp", lambda *_, **__: np.empty(1 << 55))
    with pytest.raises(Unavailable, match=r"not enough memory to show the archive's picture a"):
        archive.fetch(newest(archive, view, AREA), view, AREA)


def test_a_small_file_of_a_huge_picture_is_refused_at_the_door_with_the_numbers(tmp_path, caplog):
    put(tmp_path, "a", AREA)
    for content in (encoded("jpg", noise(400, 400)), encoded("png", noise(400, 400)), encoded("webp", noise(400, 400))):
        (tmp_path / "a.png").write_bytes(lying(content, width=35, height=35))
        with pytest.raises(NoCoverage):
            ArchiveImagery(TERMS, tmp_path).grid(AREA)
        reason = caplog.records[-1].reason
        assert re.search(r"14000 x 14000 px and 0 MB: .* 330 MB .* this takes 588 MB; cut it", reason)


def test_one_large_picture_is_held_at_a_time(tmp_path):
    """What was decoded before is dropped before the next is decoded, where both are more than the limit."""
    plain = np.full((6_600, 8_800, 3), 90, np.uint8)  # 174 MB of pixels: two of them are more than the limit
    for name, taken in (("a", "2024-05-01T10:30:00Z"), ("b", "2024-06-01T10:30:00Z"), ("c", "2024-07-01T10:30:00Z")):
        put(tmp_path, name, AREA, pixels=plain, taken=taken)
    archive = ArchiveImagery(TERMS, tmp_path)
    view = first_view(archive)
    for scene in archive.scenes(AREA, **ALWAYS).scenes:
        archive.fetch(scene, view, AREA)
        assert len(archive._decoded._kept) == 1


def test_a_replaced_picture_is_read_again(tmp_path):
    put(tmp_path, "a", AREA, pixels=np.full((60, 80, 3), 50, np.uint8))
    archive = ArchiveImagery(TERMS, tmp_path)
    view = first_view(archive)
    scene = newest(archive, view, AREA)
    assert decoded(archive.fetch(scene, view, AREA).content)[320, 320, 0] in {0, 50}
    put(tmp_path, "a", AREA, pixels=np.full((60, 80, 3), 90, np.uint8))
    with pytest.raises(NoCoverage, match="named a any more, or it is another one now"):
        archive.fetch(scene, view, AREA)
    scene = newest(archive, view, AREA)
    assert 90 in decoded(archive.fetch(scene, view, AREA).content)


def test_an_area_can_be_planned_where_there_is_no_opencv(tmp_path):
    put(tmp_path, "a", AREA, pixels=noise(800, 600))
    program = (
        "import sys; sys.modules['cv2'] = sys.modules['numpy'] = None\n"
        "from pathlib import Path\n"
        "from chalicelib.adapters.imagery.archive import ArchiveImagery\n"
        "from chalicelib.adapters.imagery.providers.archive import TERMS\n"
        "from chalicelib.domain.tiles import Bounds\n"
        f"print(ArchiveImagery(TERMS, Path({str(tmp_path)!r})).grid({AREA!r}).zoom)"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=True, capture_output=True, text=True)
    assert done.stdout == "17\n"
