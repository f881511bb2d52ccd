"""Adding to an archive: what GDAL reads becomes a GeoTIFF with its item, whole or not at all."""

import hashlib
import json
import sys

import cv2
import numpy as np
import pytest
import rasterio
from rasterio.crs import CRS
from rasterio.transform import Affine, from_origin

from infra.archive import __main__ as command
from tests.support.adding import DATE, PIXELS, PLAIN, add, is_all_used, samples
from tests.support.builders.geotiffs import UTM, noise, write


def test_a_plain_geotiff_becomes_a_cog_with_the_same_pixels_and_its_item(tmp_path, archive, capsys):
    file = write(tmp_path / "flight.tif", PIXELS, **PLAIN)
    assert add(archive, file, *DATE, "--attribution", "Survey office") == 0
    assert "2024-03-01, 0.5 m a pixel, EPSG:32645, 700 x 600 px" in capsys.readouterr().out
    assert sorted(each.name for each in archive.iterdir()) == ["flight.json", "flight.preview.png", "flight.tif"]
    assert np.array_equal(samples(archive / "flight.tif"), samples(file))
    with rasterio.open(archive / "flight.tif") as made:
        assert made.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    found = is_all_used(archive, capsys)
    assert "EPSG:32645, a GeoTIFF of 700 x 600 px" in found["flight.json"]["says"]
    item = json.loads((archive / "flight.json").read_text())
    assert item["properties"]["attribution"] == "Survey office"
    seen = cv2.imread(str(archive / "flight.preview.png"), cv2.IMREAD_UNCHANGED)
    assert seen.shape == (600, 700, 4)
    assert np.array_equal(seen[:, :, 2::-1], PIXELS)


def test_the_first_picture_makes_the_archive_and_a_slip_of_its_path_does_not(tmp_path, capsys):
    file = write(tmp_path / "flight.tif", PIXELS, **PLAIN)
    assert add(tmp_path / "gone" / "pictures", file, *DATE) == 1
    assert f"there is no folder {tmp_path / 'gone'} to make pictures in" in capsys.readouterr().err
    assert add(file, file, *DATE) == 1
    assert "cannot be an archive" in capsys.readouterr().err
    assert add(tmp_path / "pictures", file, *DATE) == 0
    assert (tmp_path / "pictures" / "flight.json").exists()


def test_the_item_states_size_and_checksum_of_the_picture_and_of_the_small_one(tmp_path, archive, capsys):
    assert add(archive, write(tmp_path / "flight.tif", PIXELS, **PLAIN), *DATE) == 0
    assets = json.loads((archive / "flight.json").read_text())["assets"]
    for asset in (assets["image"], assets["preview"]):
        content = (archive / asset["href"]).read_bytes()
        assert asset["file:size"] == len(content)
        assert asset["file:checksum"] == f"1220{hashlib.sha256(content).hexdigest()}"
    picture = archive / "flight.tif"
    content = bytearray(picture.read_bytes())
    content[len(content) // 2] ^= 1
    picture.write_bytes(content)
    assert command.main(["check", str(archive)]) == 1
    assert "file:checksum says" in capsys.readouterr().out


def test_one_that_is_read_in_few_requests_is_copied_to_the_last_byte(tmp_path, archive):
    file = write(tmp_path / "flight.tif", PIXELS, compress="DEFLATE", blocksize=256)
    assert add(archive, file, *DATE, "--name", "march") == 0
    assert (archive / "march.tif").read_bytes() == file.read_bytes()


def test_one_that_lies_in_the_archive_already_gets_its_item_alone(archive, capsys):
    file = write(archive / "flight.tif", PIXELS, **PLAIN)
    before = file.stat()
    assert add(archive, file, *DATE) == 0
    assert file.stat() == before
    is_all_used(archive, capsys)


def test_one_that_lies_there_and_is_not_read_gets_a_picture_beside_it(archive, capsys):
    write(archive / "flight.tif", PIXELS, at=("EPSG:25833", from_origin(400_000, 5_800_000, 0.5, 0.5)), **PLAIN)
    assert add(archive, archive / "flight.tif", *DATE) == 0
    assert is_all_used(archive, capsys)["flight.tif"]["says"] == "another asset of flight.cog.json"
    assert add(archive, archive / "flight.tif", *DATE) == 1
    assert "flight.cog.preview.png is there already: say --name" in capsys.readouterr().err


def test_one_that_lies_below_a_folder_of_the_archive_stays_there_with_its_item_beside_it(archive, capsys):
    below = archive / "2024" / "march"
    below.mkdir(parents=True)
    write(archive / "ward.tif", noise(700, 600, 3, seed=2), **PLAIN)
    file = write(below / "ward.tif", PIXELS, **PLAIN)
    write(below / "other.tif", PIXELS, at=("EPSG:25833", from_origin(400_000, 5_800_000, 0.5, 0.5)), **PLAIN)
    before = file.read_bytes()
    assert add(archive, archive / "ward.tif", *DATE) == 0
    assert add(archive, file, below / "other.tif", *DATE) == 0
    assert sorted(each.name for each in archive.iterdir()) == ["2024", "ward.json", "ward.preview.png", "ward.tif"]
    made = ["other.cog.json", "other.cog.preview.png", "other.cog.tif", "other.tif"]
    assert sorted(each.name for each in below.iterdir()) == [*made, "ward.json", "ward.preview.png", "ward.tif"]
    assert file.read_bytes() == before
    is_all_used(archive, capsys)


def test_of_files_that_are_called_the_same_none_is_added_before_it_is_said_how(tmp_path, archive, capsys):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write(tmp_path / name / "ward.tif", PIXELS, **PLAIN)
    assert add(archive, tmp_path / "a" / "ward.tif", tmp_path / "b" / "ward.tif", *DATE) == 1
    assert "several of them would be called ward: add each alone, with --name" in capsys.readouterr().err
    assert add(archive, tmp_path / "a", *DATE) == 1
    assert f"it is a folder: name the files in it, as {tmp_path / 'a'}/*.tif does" in capsys.readouterr().err
    assert not list(archive.iterdir())


def test_another_system_is_warped_to_utm_and_lies_where_it_lay(tmp_path, archive, capsys):
    pixels = np.full((600, 700, 3), 60, np.uint8)
    pixels[200:210, 300:310] = 250
    at = ("EPSG:25833", from_origin(400_000, 5_800_000, 0.5, 0.5))
    assert add(archive, write(tmp_path / "flight.tif", pixels, at=at, **PLAIN), *DATE) == 0
    assert "warped to EPSG:32633; its datum is not WGS 84" in capsys.readouterr().out
    with rasterio.open(archive / "flight.tif") as made:
        bright = np.argwhere(made.read(1) > 150).mean(axis=0) + 0.5
        x, y = made.transform @ tuple(bright[::-1]) if hasattr(Affine, "__matmul__") else made.transform * bright[::-1]
        assert made.crs == CRS.from_epsg(32633)
    assert np.hypot(x - 400_152.5, y - 5_799_897.5) < 1
    is_all_used(archive, capsys)


@pytest.mark.parametrize("kind", ["uint8", "uint16"])
def test_what_is_warped_shows_no_data_where_nothing_lies(tmp_path, archive, kind, capsys):
    at = ("EPSG:27700", from_origin(400_000, 300_000, 1, 1))
    assert add(archive, write(tmp_path / "flight.tif", noise(300, 300, 3, kind), at=at, **PLAIN), *DATE) == 0
    alpha = cv2.imread(str(archive / "flight.preview.png"), cv2.IMREAD_UNCHANGED)[:, :, 3]
    assert 0.5 < (alpha == 255).mean() < 1
    assert alpha[0, 0] == 0 or alpha[-1, 0] == 0
    is_all_used(archive, capsys)


@pytest.mark.parametrize(("ending", "world"), [("png", "pgw"), ("jpg", "jgw"), ("png", "wld")])
@pytest.mark.parametrize("says", ["prj", "--crs"])
def test_a_picture_with_a_world_file(tmp_path, archive, ending, world, says, capsys):
    file = tmp_path / f"ward.{ending}"
    cv2.imwrite(str(file), PIXELS[:, :, ::-1])
    file.with_suffix(f".{world}").write_text("0.5\n0\n0\n-0.5\n375000.25\n2250999.75\n")
    if says == "prj":
        file.with_suffix(".prj").write_text(CRS.from_epsg(32645).to_wkt(morph_to_esri_dialect=True))
    assert add(archive, file, *DATE, *(["--crs", "EPSG:32645"] if says == "--crs" else [])) == 0
    with rasterio.open(archive / "ward.tif") as made:
        assert (made.crs.to_epsg(), made.transform) == (32645, UTM[1])
        assert np.array_equal(made.read(), samples(file))
    is_all_used(archive, capsys)


def test_jpeg_2000(tmp_path, archive, capsys):
    file = write(tmp_path / "scene.jp2", noise(700, 600, 3, "uint16"), driver="JP2OpenJPEG", quality=100)
    assert add(archive, file, *DATE) == 0
    assert np.array_equal(samples(archive / "scene.tif"), samples(file))
    is_all_used(archive, capsys)


def test_nothing_is_written_over(tmp_path, archive, capsys):
    file = write(tmp_path / "a.tif", PIXELS, **PLAIN)
    assert add(archive, file, *DATE) == 0
    before = {each: each.read_bytes() for each in archive.iterdir()}
    assert add(archive, file, "--date", "2024-04-01") == 1
    assert "is there already" in capsys.readouterr().err
    assert {each: each.read_bytes() for each in archive.iterdir()} == before


def test_without_rasterio_it_says_what_to_install(tmp_path, archive, monkeypatch, capsys):
    plain = write(tmp_path / "a.tif", PIXELS, **PLAIN)
    ready = write(tmp_path / "b.tif", PIXELS, compress="DEFLATE", blocksize=256)
    monkeypatch.setitem(sys.modules, "rasterio", None)
    assert add(archive, plain, ready, *DATE) == 1
    said = capsys.readouterr()
    assert "pip install --require-hashes -r requirements-archive.txt" in said.err
    assert "added b" in said.out


SAID_OTHERWISE = {  # as it is written, and as it lies
    "in ESRI's words": ("ESRI:102100", from_origin(9_551_000, 2_314_600, 0.5, 0.5), 3857),
    "without its datum": ("+proj=utm +zone=45 +ellps=WGS84 +units=m", UTM[1], 32645),
    "with heights": ("EPSG:32645+5773", UTM[1], 32645),
    "by its projection alone": ("+proj=tmerc +lon_0=87 +k=0.9996 +x_0=500000 +datum=WGS84 +units=m", UTM[1], 32645),
}


@pytest.mark.parametrize("how", SAID_OTHERWISE)
def test_a_system_that_is_said_in_other_words_is_said_by_its_code(tmp_path, archive, how, capsys):
    system, transform, code = SAID_OTHERWISE[how]
    file = write(tmp_path / "flight.tif", PIXELS, at=(system, transform), **PLAIN)
    assert add(archive, file, *DATE) == 0, capsys.readouterr().err
    with rasterio.open(archive / "flight.tif") as made:
        assert (made.crs.to_authority(), made.transform) == (("EPSG", str(code)), transform)
        assert np.array_equal(made.read()[:3], samples(file))
    is_all_used(archive, capsys)


@pytest.mark.parametrize(("across", "down"), [(-1, 1), (1, -1), (-1, -1)])
def test_a_picture_that_is_mirrored_or_south_up_is_turned_the_right_way_round(tmp_path, archive, across, down, capsys):
    west, north = UTM[1].c + (350 if across < 0 else 0), UTM[1].f - (300 if down < 0 else 0)
    at = (UTM[0], Affine(0.5 * across, 0, west, 0, -0.5 * down, north))
    file = write(tmp_path / "flight.tif", np.ascontiguousarray(PIXELS[::down, ::across]), at=at, **PLAIN)
    assert add(archive, file, *DATE) == 0, capsys.readouterr().err
    with rasterio.open(archive / "flight.tif") as made:
        assert made.transform == UTM[1]
        assert np.array_equal(made.read()[:3], PIXELS.transpose(2, 0, 1))
    is_all_used(archive, capsys)
