"""When a picture was taken: said by the operator, offered where a name or a tag tells, never taken silently."""

import json
from datetime import UTC, date, datetime

import pytest
import rasterio

from chalicelib.adapters.imagery.dates import day_in
from chalicelib.domain.scenes import day_of
from infra.archive import __main__ as command
from infra.archive.times import time_taken
from tests.support.adding import PIXELS, PLAIN, add
from tests.support.builders.geotiffs import write


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
