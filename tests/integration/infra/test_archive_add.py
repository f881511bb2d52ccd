"""Adding to an archive: what GDAL reads becomes a GeoTIFF with its item, whole or not at all."""

import hashlib
import json
import shlex
import sys
from datetime import UTC, date, datetime

import cv2
import numpy as np
import pytest
import rasterio
import rasterio.shutil
from botocore.exceptions import ClientError
from rasterio.control import GroundControlPoint
from rasterio.crs import CRS
from rasterio.transform import Affine, from_origin

from chalicelib.adapters.imagery.dates import day_in
from chalicelib.domain.scenes import day_of
from infra.archive import __main__ as command
from infra.archive import places
from infra.archive.bar import Bar
from infra.archive.times import time_taken
from infra.errors import OperatorError
from tests.support.builders.geotiffs import UTM, noise, write
from tests.support.standins.aws import aws

DATE = ["--date", "2024-03-01"]
PIXELS = noise(700, 600, 3)
PLAIN = {"driver": "GTiff", "compress": "DEFLATE"}


@pytest.fixture
def archive(tmp_path):
    (tmp_path / "archive").mkdir()
    return tmp_path / "archive"


def add(archive, *arguments):
    return command.main(["add", *map(str, arguments), "--to", str(archive)])


def samples(path):
    with rasterio.open(path) as file:
        return file.read()


def is_all_used(archive, capsys):
    capsys.readouterr()
    assert command.main(["check", str(archive), "--json"]) == 0
    return {each["name"]: each for each in json.loads(capsys.readouterr().out)["files"]}


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


def test_what_check_offers_is_typed_as_it_stands(archive, capsys):
    write(archive / "flight 2024-03-01.tif", PIXELS, **PLAIN)
    assert command.main(["check", str(archive), "--json"]) == 1
    (offered,) = [each["remedy"] for each in json.loads(capsys.readouterr().out)["files"]]
    said, _, typed = offered.partition(": ")
    assert said == "looks like 2024-03-01"
    program, *arguments = shlex.split(typed.removeprefix("python -m "))
    assert (program, command.main(arguments)) == ("infra.archive", 0)
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
    else:
        at = {
            "nowhere": (None, None),
            "identity": (UTM[0], Affine.identity()),
            "rotated": (UTM[0], UTM[1] @ Affine.rotation(10)),
            "no system": ('LOCAL_CS["site",UNIT["metre",1]]', UTM[1]),
        }.get(how, UTM)  # fmt: skip
        if how == "identity":
            path.with_suffix(".tfw").write_text("0.5\n0\n0\n-0.5\n375000\n2251000\n")
        write(path, PIXELS.astype("float32") if how == "float" else PIXELS, at=at, driver="GTiff")
    return path


def offered_by_check(archive, capsys):
    """What `check` says to do about each file that it would not use."""
    capsys.readouterr()
    command.main(["check", str(archive), "--json"])
    files = json.loads(capsys.readouterr().out)["files"]
    return {each["name"]: each["remedy"] for each in files if each["use"] == "NOT USED"}


REFUSED = {
    "nowhere": "it has no georeference",
    "identity": "take them away, gdal_edit.py -unsetgt IN.tif",
    "rotated": "it is rotated against its system",
    "gcps": "it has ground control points only",
    "no system": "it lies in 'site', a system nobody can turn into degrees: say the right one",
    "float": "its samples are float32",
    "text": "GDAL cannot read or convert it",
    "half": "it is cut off, or still being copied",
}


@pytest.mark.parametrize(("how", "words"), REFUSED.items(), ids=REFUSED)
def test_what_is_refused_leaves_nothing_and_harms_no_other(tmp_path, archive, how, words, capsys):
    good = write(tmp_path / "good.tif", PIXELS, **PLAIN)
    bad = refused_file(tmp_path / "bad.tif", how)
    assert add(archive, bad, good, *DATE) == 1
    said = capsys.readouterr()
    assert words in said.err
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


@pytest.mark.parametrize("what", ["png", "jp2", "other system", "below", "taken"])
def test_what_check_offers_add_takes(archive, what, capsys):
    name = "ward 2024-03-01.tif"
    if what == "png":
        cv2.imwrite(str(archive / "ward 2024-03-01.png"), PIXELS[:, :, ::-1])
        (archive / "ward 2024-03-01.pgw").write_text("0.5\n0\n0\n-0.5\n375000.25\n2250999.75\n")
        (archive / "ward 2024-03-01.prj").write_text(CRS.from_epsg(32645).to_wkt(morph_to_esri_dialect=True))
    elif what == "jp2":
        write(archive / "ward 2024-03-01.jp2", PIXELS, driver="JP2OpenJPEG", quality=100)
    elif what == "below":
        (archive / "2024").mkdir()
        write(archive / "2024" / name, PIXELS, **PLAIN)
    else:
        at = ("EPSG:25833", from_origin(400_000, 5_800_000, 0.5, 0.5)) if what == "other system" else UTM
        write(archive / name, PIXELS, at=at, **PLAIN)
    if what == "taken":
        (archive / "ward 2024-03-01.preview.png").write_bytes(b"mine")
    remedies = [each for each in offered_by_check(archive, capsys).values() if "add" in each]
    if what == "taken":
        assert any("is there already: say --name" in each for each in remedies)
        return
    (offered,) = remedies
    said, _, typed = offered.partition(": ")
    assert said == "looks like 2024-03-01"
    program, *arguments = shlex.split(typed.removeprefix("python -m "))
    assert (program, command.main(arguments)) == ("infra.archive", 0)
    is_all_used(archive, capsys)


def test_a_date_is_offered_and_never_taken(tmp_path, archive, capsys):
    named = write(tmp_path / "ward12_20240301.tif", PIXELS, **PLAIN)
    tagged = write(tmp_path / "ward13.tif", PIXELS, **PLAIN)
    with rasterio.open(tagged, "r+") as file:
        file.update_tags(TIFFTAG_DATETIME="2024:03:02 10:22:33")
    silent = write(tmp_path / "ward14.tif", PIXELS, **PLAIN)
    assert add(archive, named, tagged, silent) == 1
    said = capsys.readouterr().err
    assert f"looks like 2024-03-01: python -m infra.archive add {named} --to {archive} --date 2024-03-01\n" in said
    assert "looks like 2024-03-02" in said
    assert f"python -m infra.archive add {silent} --to {archive} --date YYYY-MM-DD\n" in said
    assert not list(archive.iterdir())
    for each in (named, tagged, silent):
        (archive / each.name).write_bytes(each.read_bytes())
    assert command.main(["check", str(archive)]) == 1
    said = capsys.readouterr().out
    assert "looks like 2024-03-01: python -m infra.archive add" in said
    assert "looks like 2024-03-02: python -m infra.archive add" in said


@pytest.mark.parametrize("name", ["a_20240301_v20240405.tif", "a_20990301.tif"])
def test_of_a_name_with_several_days_or_one_to_come_none_is_offered(tmp_path, archive, name, capsys):
    file = write(tmp_path / name, PIXELS, **PLAIN)
    with rasterio.open(file, "r+") as opened:
        opened.update_tags(TIFFTAG_DATETIME="2019:05:06 10:00:00")
    assert add(archive, file) == 1
    assert "--date YYYY-MM-DD" in capsys.readouterr().err


def test_a_day_that_is_not_the_names_is_noted(tmp_path, archive, capsys):
    file = write(tmp_path / "ward_20240301.tif", PIXELS, **PLAIN)
    assert add(archive, file, "--date", "2023-03-01") == 0
    assert "its name says 2024-03-01" in capsys.readouterr().out


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


@pytest.mark.parametrize(
    "name", ["a_2024-02-30.tif", "a_20240301_20240401.tif", "a_1203.tif", "120240301.tif", "18990301"]
)
def test_what_names_no_one_day(name):
    assert day_in(name) is None


@pytest.mark.parametrize(("text", "words"), [
    ("yesterday", "a day like 2024-03-01"), ("01-03-2024", "a day like"), ("2024-03-01T05:30", "has no zone"),
    ("2999-01-01", "has not come yet"), ("1850-01-01", "1850"),
])  # fmt: skip
def test_a_date_that_is_none(tmp_path, archive, text, words, capsys):
    assert add(archive, write(tmp_path / "a.tif", PIXELS, **PLAIN), "--date", text) == 1
    assert words in capsys.readouterr().err


@pytest.mark.parametrize("lon", [-179.9, -120, 0, 85.8, 179.9])
def test_a_day_is_the_day_where_the_picture_lies(lon):
    taken = time_taken("2024-03-01", now=datetime(2026, 1, 1, tzinfo=UTC))
    assert day_of(taken.at_longitude(lon), lon) == date(2024, 3, 1)


def test_a_time_is_kept_as_it_was_said(tmp_path, archive):
    assert add(archive, write(tmp_path / "a.tif", PIXELS, **PLAIN), "--date", "2024-03-01T10:30:00+05:30") == 0
    assert json.loads((archive / "a.json").read_text())["properties"]["datetime"] == "2024-03-01T05:00:00Z"


def test_nothing_is_written_over(tmp_path, archive, capsys):
    file = write(tmp_path / "a.tif", PIXELS, **PLAIN)
    assert add(archive, file, *DATE) == 0
    before = {each: each.read_bytes() for each in archive.iterdir()}
    assert add(archive, file, "--date", "2024-04-01") == 1
    assert "is there already" in capsys.readouterr().err
    assert {each: each.read_bytes() for each in archive.iterdir()} == before


def test_a_name_that_is_taken_meanwhile_is_kept_and_what_was_put_is_taken_back(tmp_path, archive):
    files = [tmp_path / name for name in ("a.preview.png", "a.tif", "a.json")]
    for each in files:
        each.write_bytes(b"new")
    (archive / "a.json").write_bytes(b"old")
    with pytest.raises(OperatorError, match="is there already"):
        places.Folder(archive).put(files, Bar(""))
    assert [each.name for each in archive.iterdir()] == ["a.json"]
    assert (archive / "a.json").read_bytes() == b"old"


def test_without_rasterio_it_says_what_to_install(tmp_path, archive, monkeypatch, capsys):
    plain = write(tmp_path / "a.tif", PIXELS, **PLAIN)
    ready = write(tmp_path / "b.tif", PIXELS, compress="DEFLATE", blocksize=256)
    monkeypatch.setitem(sys.modules, "rasterio", None)
    assert add(archive, plain, ready, *DATE) == 1
    said = capsys.readouterr()
    assert "pip install --require-hashes -r requirements-archive.txt" in said.err
    assert "added b" in said.out


def test_into_a_bucket_the_item_comes_last_and_nothing_is_written_over(tmp_path, monkeypatch):
    client, bucket = aws().client("s3"), aws().make_bucket()
    place = places.place_at(f"s3://{bucket}/land/", lambda _: client)
    files = [tmp_path / name for name in ("a.preview.png", "a.tif", "a.json")]
    for each in files:
        each.write_bytes(b"x" * (5_000_000 if each.suffix == ".tif" else 10))
    there = place.put(files, Bar("a"))
    assert there == [f"s3://{bucket}/land/{each.name}" for each in files]
    with pytest.raises(OperatorError, match="is there already"):
        place.check_free("a.tif")
    place.check_free("a.ti")
    files[0].write_bytes(b"another")
    with pytest.raises(OperatorError, match="did not take it"):
        place.put(files, Bar("a"))
    assert client.get_object(Bucket=bucket, Key="land/a.preview.png")["Body"].read() == b"x" * 10
    assert len(client.list_objects_v2(Bucket=bucket)["Contents"]) == 3


class Forgetful:
    """A bucket that stores an item and loses its answer: the request that is sent again finds it there."""

    def __init__(self):
        self.objects = {}

    def put_object(self, *, Key, Body, **_):  # noqa: N803 (botocore's own words)
        self.objects[Key] = Body
        if Key.endswith(".json"):
            raise ClientError({"Error": {"Code": "PreconditionFailed"}}, "PutObject")

    def delete_object(self, *, Key, **_):  # noqa: N803
        self.objects.pop(Key, None)


def test_an_item_whose_answer_is_lost_is_not_left_without_its_picture(tmp_path):
    files = [tmp_path / name for name in ("a.preview.png", "a.tif", "a.json")]
    for each in files:
        each.write_bytes(b"x")
    bucket = Forgetful()
    with pytest.raises(OperatorError, match="did not take it"):
        places.Bucket(bucket, bucket="pictures", prefix="").put(files, Bar("a"))
    assert bucket.objects == {}
