"""Places as a file: what spreadsheets, GIS programs and people read of it."""

import csv
import io
import json
import shutil
import sqlite3
import struct
import subprocess
from itertools import pairwise

import pytest
from sqlalchemy import update

from chalicelib.adapters.database import tables as t
from chalicelib.api import place_export

NAMES = ["ଭୂପ୍ରହରୀ ହ୍ରଦ", '=HYPERLINK("http://x")', 'झील, "का"\nकिनारा']
FORMULAS = ("=", "+", "-", "@")
RING = [[77.5, 12.9], [77.6, 12.9], [77.6, 13.0], [77.5, 12.9]]
HOLE = [[77.55, 12.91], [77.56, 12.91], [77.56, 12.92], [77.55, 12.91]]


@pytest.fixture
def places(asha, server):
    """Give the places of areas with hard names, in the order of the file; the first one has a hole."""
    named = {}
    for number, name in enumerate(NAMES):
        area = asha.trip(centerLat=13 + number, name=name)
        named[area["id"]] = name
    with server.engine.begin() as connection:
        first = update(t.place_sightings).where(t.place_sightings.c.area_id == min(named))
        connection.execute(first.values(outlines=[[RING[::-1], HOLE]]))
    return [place | {"areaName": named[place["areaConfigId"]]} for place in asha.get("/api/places").json][::-1]


def asked(person, query):
    return person.get(f"/api/places/export{query}")


def rows_of(answer):
    assert answer.content.startswith("\ufeffid,".encode())
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_geojson_has_what_the_list_has_and_rims_that_turn_left(asha, places):
    answer = asked(asha, "")
    assert answer.headers["Content-Type"].startswith("application/geo+json")
    assert "attachment" in answer.headers["Content-Disposition"]
    features = json.loads(answer.content)["features"]
    assert [one["id"] for one in features] == [place["id"] for place in places]
    assert [one["properties"]["area"] for one in features] == NAMES
    assert [one["properties"]["area_m2"] for one in features] == [place["areaM2"] for place in places]
    rim, hole = features[0]["geometry"]["coordinates"][0]
    assert (turn(rim) > 0, turn(hole) < 0) == (True, True)
    assert (sorted(rim), sorted(hole)) == (sorted(RING), sorted(HOLE))


def turn(ring):
    return sum(x * v - u * y for (x, y), (u, v) in pairwise(ring))


def test_csv_keeps_names_and_numbers_and_holds_no_formula(asha, places):
    rows = rows_of(asked(asha, "?format=csv"))
    for row, place in zip(rows, places, strict=True):
        is_formula = place["areaName"].startswith(FORMULAS)
        assert row["area"] == ("'" + place["areaName"] if is_formula else place["areaName"])
        assert (int(row["id"]), float(row["area_m2"])) == (place["id"], place["areaM2"])
        assert row["outline"].startswith("MULTIPOLYGON (((")
        assert not any(cell.startswith(FORMULAS) for cell in row.values())


def test_coordinates_west_and_south_of_zero_stay_numbers(asha, server):
    asha.trip()
    with server.engine.begin() as connection:
        connection.execute(update(t.places).values(west=-60.2, east=-60.0, south=-12.8, north=-12.6))
    (row,) = rows_of(asked(asha, "?format=csv"))
    assert (float(row["longitude"]), float(row["latitude"])) == pytest.approx((-60.1, -12.7), abs=0.01)


def test_a_geopackage_is_one_to_sqlite(asha, places, tmp_path):
    answer = asked(asha, "?format=gpkg")
    assert answer.headers["Content-Type"] == "application/octet-stream"
    path = tmp_path / "places.gpkg"
    path.write_bytes(answer.content)
    assert answer.content[68:72] == b"GPKG"
    database = sqlite3.connect(path)
    assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    assert database.execute("PRAGMA foreign_key_check").fetchall() == []
    assert database.execute("PRAGMA user_version").fetchone() == (10300,)
    assert {row[0] for row in database.execute("SELECT srs_id FROM gpkg_spatial_ref_sys")} == {-1, 0, 4326}
    contents = database.execute("SELECT table_name, data_type, srs_id FROM gpkg_contents").fetchall()
    assert contents == [("places", "features", 4326)]
    columns = database.execute("SELECT table_name, column_name, geometry_type_name FROM gpkg_geometry_columns")
    assert columns.fetchall() == [("places", "geom", "MULTIPOLYGON")]
    found = database.execute("SELECT id, area, area_m2, geom FROM places ORDER BY id").fetchall()
    assert [row[:3] for row in found] == [(place["id"], place["areaName"], place["areaM2"]) for place in places]
    magic, version, flags, srs, west, east, south, north = struct.unpack_from("<2sBBi4d", found[0][3])
    assert (magic, version, flags, srs, west, east, south, north) == (b"GP", 0, 3, 4326, 77.5, 77.6, 12.9, 13.0)
    assert struct.unpack_from("<BIIBIII", found[0][3], 40) == (1, 6, 1, 1, 3, 2, 4)
    database.close()


def test_ogrinfo_reads_it(asha, places, tmp_path):
    if shutil.which("ogrinfo") is None:
        pytest.skip("ogrinfo is not installed: apt-get install gdal-bin")
    for form in ("gpkg", "geojson", "csv"):
        path = tmp_path / f"places.{form}"
        path.write_bytes(asked(asha, f"?format={form}").content)
        read = subprocess.run(["ogrinfo", "-al", path], capture_output=True, text=True, check=True)
        assert (form, read.stderr, f"Feature Count: {len(places)}" in read.stdout) == (form, "", True)
        assert NAMES[0] in read.stdout
        assert read.stdout.count("MULTIPOLYGON (((") == len(places)


def test_a_file_of_no_places_is_one_as_well(asha, tmp_path):
    assert json.loads(asked(asha, "").content) == {"type": "FeatureCollection", "features": []}
    assert rows_of(asked(asha, "?format=csv")) == []
    path = tmp_path / "none.gpkg"
    path.write_bytes(asked(asha, "?format=gpkg").content)
    assert sqlite3.connect(path).execute("SELECT count(*) FROM places").fetchone() == (0,)


def test_it_is_of_one_area_and_of_ones_own(asha, places, server):
    area_id = places[1]["areaConfigId"]
    features = json.loads(asked(asha, f"?areaConfigId={area_id}&open=true").content)["features"]
    assert [one["id"] for one in features] == [places[1]["id"]]
    badri = server.user("badri@example.org")
    assert json.loads(asked(badri, "").content)["features"] == []
    assert asked(badri, f"?areaConfigId={area_id}").status == 404
    assert asked(asha, "?areaConfigId=999999").status == 404


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("?format=shp", "format"),
        ("?format=", "format"),
        ("?areaConfigId=0", "areaConfigId"),
        ("?areaConfigId=x", "areaConfigId"),
        ("?since=yesterday", "since"),
        ("?open=maybe", "open"),
        ("?area=1", "area"),
        ("?format=csv&format=gpkg", "format"),
    ],
)
def test_a_wrong_question_is_told(asha, query, pointer):
    refused = asked(asha, query)
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, pointer)


def test_more_than_a_file_holds_is_refused_and_nothing_is_left_out(asha, monkeypatch):
    asha.trip()
    for limit, form in (("MOST_PLACES", "csv"), ("MOST_BYTES", "gpkg"), ("MOST_BYTES", "geojson")):
        with monkeypatch.context() as patched:
            patched.setattr(place_export, limit, 0)
            refused = asked(asha, f"?format={form}")
            assert (refused.status, refused.json["detail"]) == (400, place_export.TOO_MANY)
        assert asked(asha, f"?format={form}").status == 200
