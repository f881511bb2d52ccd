"""What `add` refuses, by its header wherever that tells: in words, before the work, and `check` offers none of it."""

import cv2
import numpy as np
import pytest
import rasterio
import rasterio.shutil
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.transform import Affine, from_origin

from tests.support.adding import DATE, PIXELS, PLAIN, add, offered_by_check
from tests.support.builders.geotiffs import UTM, noise, write


def gcps_only(path):
    points = [GroundControlPoint(row, col, 375_000 + col, 2_251_000 - row) for row in (0, 60) for col in (0, 60)]
    with rasterio.open(path, "w", driver="GTiff", width=64, height=64, count=3, dtype="uint8") as file:
        file.gcps = (points, CRS.from_epsg(32645))
        file.write(noise(64, 64, 3).transpose(2, 0, 1))


def refused_file(path, how):
    """One file that is not added."""
    if how == "gcps":
        gcps_only(path)
    elif how == "text":
        path.write_text("no picture")
    elif how == "half":
        write(path, PIXELS, driver="GTiff", at=("EPSG:25833", UTM[1]))
        path.write_bytes(path.read_bytes()[:200_000])
    elif how.startswith("left out"):
        pixels = PIXELS.copy()
        pixels[:300] = 0
        write(path, pixels, driver="GTiff", compress="DEFLATE", sparse_ok=True, tiled=how == "left out, tiles")
    else:
        at = {
            "nowhere": (None, None),
            "identity": (UTM[0], Affine.identity()),
            "rotated": (UTM[0], UTM[1] @ Affine.rotation(10)),
            "no system": ('LOCAL_CS["site",UNIT["metre",1]]', UTM[1]),
            "out of its zone": (UTM[0], from_origin(-900_000, 2_251_000, 0.5, 0.5)),
            "exchanged": (UTM[0], from_origin(2_251_000, 375_000, 0.5, 0.5)),
            "tiny": (UTM[0], from_origin(375_000, 2_251_000, 0.0005, 0.0005)),
            "over 180": ("EPSG:32760", from_origin(820_000, 8_174_000, 0.5, 0.5)),
            "over 180, in degrees": ("EPSG:4326", from_origin(179.999, -16.5, 4.5e-6, 4.5e-6)),
            "over 180, elsewhere": ("EPSG:3832", from_origin(3_339_473, -1_850_569, 0.5, 0.5)),
            "at the pole": ("EPSG:32661", from_origin(2_020_000, 1_910_000, 0.5, 0.5)),
        }.get(how, UTM)  # fmt: skip
        if how == "identity":
            path.with_suffix(".tfw").write_text("0.5\n0\n0\n-0.5\n375000\n2251000\n")
        write(path, PIXELS.astype("float32") if how == "float" else PIXELS, at=at, driver="GTiff")
    return path


REFUSED = {
    "nowhere": "it has no georeference",
    "identity": "take them away, gdal_edit.py -unsetgt IN.tif",
    "rotated": "it is rotated against its system",
    "gcps": "it has ground control points only",
    "no system": "it lies in 'site', a system nobody can turn into degrees: say the right one",
    "float": "its samples are float32",
    "text": "GDAL cannot read or convert it",
    "half": "it is cut off, or still being copied",
    "out of its zone": "it spans [-900000, 2250700, -899650, 2251000], which is nowhere in EPSG:32645",
    "exchanged": "which is nowhere in EPSG:32645",
    "tiny": "a pixel of its GeoTIFF would be 0.0005 m wide",
    "over 180": "it reaches over the 180th meridian: cut it there into two, gdalwarp -t_srs EPSG:4326",
    "over 180, in degrees": "or over the 180th meridian: cut it there into two, gdalwarp",
    "over 180, elsewhere": "it reaches over the 180th meridian: cut it there into two, gdalwarp",
    "left out": "gdal_edit.py -a_nodata 0 IN.tif, if it was made so",
    "left out, tiles": "some of its blocks are left out, and it does not say which value means no data",
    "at the pole": "it reaches beyond 85 degrees of latitude",
}


@pytest.mark.parametrize(("how", "words"), REFUSED.items(), ids=REFUSED)
def test_what_is_refused_leaves_nothing_and_harms_no_other(tmp_path, archive, how, words, capsys):
    good = write(tmp_path / "good.tif", PIXELS, **PLAIN)
    bad = refused_file(tmp_path / "bad.tif", how)
    assert add(archive, bad, good, *DATE) == 1
    said = capsys.readouterr()
    assert words in said.err
    assert "bad.tif: made" not in said.err, "it was known before the work"
    assert "added good" in said.out
    assert sorted(each.name for each in archive.iterdir()) == ["good.json", "good.preview.png", "good.tif"]


@pytest.mark.parametrize(("how", "words"), REFUSED.items(), ids=REFUSED)
def test_check_offers_nothing_that_add_refuses(archive, how, words, capsys):
    refused_file(archive / "bad 2024-03-01.tif", how)
    (remedy,) = offered_by_check(archive, capsys).values()
    assert remedy.startswith("`add` does not take it: ")
    assert words in remedy
    assert add(archive, archive / "bad 2024-03-01.tif", *DATE) == 1
    assert remedy.partition(": ")[2] in capsys.readouterr().err


@pytest.mark.parametrize("is_laid_there", [False, True])
def test_a_file_that_is_damaged_inside_is_not_kept_as_it_is(tmp_path, archive, is_laid_there, capsys):
    rng = np.random.default_rng(1)
    noise = rng.integers(0, 255, (1500, 1500, 3), np.uint8)
    file = write((archive if is_laid_there else tmp_path) / "flight.tif", noise, driver="COG", compress="DEFLATE")
    content = bytearray(file.read_bytes())
    at = len(content) * 7 // 10
    content[at : at + 5000] = bytes(5000)
    file.write_bytes(content)
    assert add(archive, file, *DATE) == 1
    said = capsys.readouterr().err
    assert "it is damaged behind row" in said
    assert "copy it again" in said
    assert [each.name for each in archive.iterdir()] == (["flight.tif"] if is_laid_there else [])


@pytest.mark.parametrize("options", [{"photometric": "RGB"}, {"tiled": True}], ids=["strips", "tiles"])
def test_a_jpeg_inside_that_gdal_fills_up_where_it_is_damaged_is_refused(tmp_path, archive, options, capsys):
    rough = np.random.default_rng(1).integers(0, 255, (2100, 300, 3), np.uint8)
    file = write(tmp_path / "flight.tif", rough, driver="GTiff", compress="JPEG", **options)
    content = bytearray(file.read_bytes())
    at = len(content) * 2 // 5
    content[at : at + 3000] = bytes(3000)
    file.write_bytes(content)
    assert add(archive, file, *DATE) == 1
    assert "copy it again from where it came" in capsys.readouterr().err
    assert not list(archive.iterdir())


WORLD, FOUR = "0.5\n0\n0\n-0.5\n375000.25\n2250999.75\n", "0.5\n0\n0\n-0.5\n"
NOT_LAID = {  # the picture, its world file and what that says, and words of the reason
    "not read of its kind": ("a.webp", "a.wld", WORLD, "a.wld beside it is not read"),
    "called otherwise": ("a.tiff", "a.tifw", WORLD, "a.tifw beside it is not read"),
    "too short": ("a.png", "a.pgw", FOUR, "it has to be six numbers, one a line"),
    "too short, of a TIFF": ("a.tif", "a.tfw", FOUR, "it has to be six numbers, one a line"),
    "none": ("a.png", "a.prj", "", "it has no georeference"),
}


@pytest.mark.parametrize(("name", "world", "text", "words"), NOT_LAID.values(), ids=NOT_LAID)
def test_a_world_file_that_says_nothing_to_gdal(tmp_path, archive, name, world, text, words, capsys):
    cv2.imwrite(str(tmp_path / name), PIXELS)
    (tmp_path / world).write_text(text)
    assert add(archive, tmp_path / name, *DATE) == 1
    assert words in capsys.readouterr().err


def test_a_place_in_a_file_of_gdals_own_is_named(tmp_path, archive, capsys):
    write(tmp_path / "a.tif", PIXELS, **PLAIN)
    with rasterio.open(tmp_path / "a.tif") as file:
        rasterio.shutil.copy(file, tmp_path / "a.png", driver="PNG")
    assert (tmp_path / "a.png.aux.xml").exists()
    assert add(archive, tmp_path / "a.png", *DATE) == 1
    assert (
        "a.png.aux.xml beside it, which may say where it lies, is not read: gdal_translate" in capsys.readouterr().err
    )


def test_a_prj_and_a_crs_that_say_two_systems_are_refused(tmp_path, archive, capsys):
    cv2.imwrite(str(tmp_path / "a.png"), PIXELS)
    (tmp_path / "a.pgw").write_text(WORLD)
    (tmp_path / "a.prj").write_text(CRS.from_epsg(32645).to_wkt(morph_to_esri_dialect=True))
    assert add(archive, tmp_path / "a.png", *DATE, "--crs", "EPSG:32644") == 1
    assert "--crs says EPSG:32644, a.prj beside it says EPSG:32645: one of them is wrong" in capsys.readouterr().err
    assert add(archive, tmp_path / "a.png", *DATE, "--crs", "EPSG:32645") == 0


@pytest.mark.parametrize("name", [" ", "two\nlines", "x" * 201, "\u0935" * 80], ids=["blank", "lines", "long", "bytes"])
def test_a_name_that_no_item_can_have(tmp_path, archive, name, capsys):
    file = write(tmp_path / "flight.tif", PIXELS, **PLAIN)
    assert add(archive, file, *DATE, "--name", name) == 1
    assert "an item cannot be called" in capsys.readouterr().err
    assert add(archive, file, *DATE, "--name", "\u0935" * 79) == 0
