"""Files as offices have them: of other programs, with more in them than parcels, with what grows while it is read."""

import sqlite3
import time

import numpy as np
import pytest

from chalicelib.adapters.layers.reading import GdalLayerFiles
from chalicelib.domain.errors import Invalid
from chalicelib.domain.layer_imports import ImportOptions
from tests.support.builders import layer_files as files

READER = GdalLayerFiles(most_rows=65_000)
WITHIN_CPU_S = 1.0
POINT = "0\nPOINT\n8\n0\n10\n300000\n20\n2245000\n"
LINK = "<NetworkLink><Link><href>{}</href></Link></NetworkLink>"
QUERY = """DROP TRIGGER IF EXISTS trigger_delete_feature_count_plots;
CREATE VIEW endless AS WITH RECURSIVE rows(fid, geom) AS
  (SELECT 1, (SELECT geom FROM plots) UNION ALL SELECT fid + 1, geom FROM rows) SELECT * FROM rows;
INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('endless', 'features', 'e', 4326);
INSERT INTO gpkg_geometry_columns VALUES ('endless', 'geom', 'POLYGON', 4326, 0, 0);"""


def read(content, name, **options):
    file = READER.read(content, name, ImportOptions(**options))
    return file.preview, list(file.parcels())


def refused(content, name):
    """Give why a file is refused, which is told at once."""
    began = time.process_time()
    with pytest.raises(Invalid) as error:
        read(content, name)
    assert time.process_time() - began < WITHIN_CPU_S
    return error.value.reason


def mapinfo_table(folder, plots):
    """Give the parts of a MapInfo table with texts and numbers, which stand in it as bytes of any value."""
    import pyogrio
    import shapely

    land = shapely.to_wkb([shapely.Polygon(files.square(number)) for number, _ in enumerate(plots, 1)])
    fields = [np.array(plots, dtype=object), np.full(len(plots), 0.7), np.full(len(plots), -5, np.int32)]
    names = ["plot", "area_ac", "khata"]
    options = {"layer": "p", "driver": "MapInfo File", "geometry_type": "Polygon", "crs": "EPSG:4326"}
    pyogrio.raw.write(folder / "p.tab", land, fields, names, encoding="UTF-8", **options)
    return {f"P{part.suffix.upper()}": part.read_bytes() for part in folder.iterdir()}


def test_the_numbers_of_a_mapinfo_table_are_no_letters(tmp_path):
    parts = mapinfo_table(tmp_path, ["ରାମପୁର 820/1", "007"])
    shown, parcels = read(files.zipped(parts), "a.zip")
    assert (shown.driver, shown.encoding, shown.encoding_is_assumed) == ("MapInfo File", "UTF-8", False)
    assert [(parcel.name, parcel.tags["khata"]) for parcel in parcels] == [("ରାମପୁର 820/1", "-5"), ("007", "-5")]
    shorter = parts | {"P.TAB": parts["P.TAB"].replace(b"Integer", b"Unheard")}  # it does not say what they are
    assert "damaged" in refused(files.zipped(shorter), "a.zip")


def test_letters_of_a_mapinfo_table_that_are_no_utf_8_are_assumed(tmp_path):
    parts = mapinfo_table(tmp_path, ["820/1 xx"])
    parts["P.DAT"] = parts["P.DAT"].replace(b"820/1 xx", b"820/1 \xe9x")
    shown, (parcel,) = read(files.zipped(parts), "a.zip")
    assert (parcel.name, shown.encoding, shown.encoding_is_assumed) == ("820/1 éx", "cp1252", True)


def test_lists_in_a_column_are_a_text():
    features = [files.feature(1, owners=["Asha", "Rani"], khata=[1, 2], share=[0.5, 1]), files.feature(2)]
    _, (first, second) = read(files.geojson(features), "a.geojson")
    assert first.tags == {"village": files.ODIA, "owners": "Asha, Rani", "khata": "1, 2", "share": "0.5, 1"}
    assert second.tags == {"village": files.ODIA}


@pytest.mark.parametrize("kind", ["GEOMETRYCOLLECTION", "CURVEPOLYGON", "COMPOUNDCURVE", "geometrycollection Z"])
def test_land_in_land_without_end_is_an_error_of_its_row(kind):
    table = f"plot;wkt\n1;{f'{kind}(' * 100_000}{')' * 100_000}\n2;Point(85.8 20.3)\n"
    shown, (parcel,) = read(table.encode(), "a.csv", buffer_m=5.0)
    assert parcel.name == "2"
    assert [(error.row, error.reason) for error in shown.errors] == [(1, "this row has no geometry that can be read")]


def drawing(blocks, uses):
    """Give a drawing of blocks: of each what is in it."""
    made = "".join(f"0\nBLOCK\n2\n{name}\n10\n0\n20\n0\n{inside}0\nENDBLK\n" for name, inside in blocks.items())
    return (
        f"0\nSECTION\n2\nHEADER\n0\nENDSEC\n0\nSECTION\n2\nBLOCKS\n{made}0\nENDSEC\n"
        f"0\nSECTION\n2\nENTITIES\n{uses}0\nENDSEC\n0\nEOF\n"
    )


def use(block, more=""):
    return f"0\nINSERT\n2\n{block}\n10\n1\n20\n1\n{more}"


def test_blocks_in_blocks_of_a_drawing_are_counted_before_they_are_drawn():
    nested = {f"B{n}": use(f"B{n + 1}") * 10 for n in range(9)} | {"B9": POINT}
    many = drawing(nested, use("B0"))
    assert "more than 65000 objects" in refused(many.encode(), "a.dxf")
    assert "more than 65000 objects" in refused(many.replace("\n", "\r\n").encode(), "a.dxf")
    rows_of_columns = drawing({"B": POINT}, use("B", "70\n30000\n71\n30000\n"))
    assert "more than 65000 objects" in refused(rows_of_columns.encode(), "a.dxf")
    deep = {f"B{n}": use(f"B{n + 1}") for n in range(99)}
    assert "blocks in blocks" in refused(drawing(deep, use("B0")).encode(), "a.dxf")
    in_itself = drawing({"A": use("B"), "B": use("A")}, use("A") + POINT)
    assert read(in_itself.encode(), "a.dxf", crs="EPSG:32645", buffer_m=1.0)[0].parcels == 1
    few = drawing({"A": use("B") * 3, "B": POINT}, use("A", "70\n2\n71\n1\n44\n5\n"))
    assert read(few.encode(), "a.dxf", crs="EPSG:32645", buffer_m=1.0)[0].parcels == 6


def changed(folder, statements):
    content = files.geopackage(folder, 1)
    path = folder / "changed.gpkg"
    path.write_bytes(content)
    database = sqlite3.connect(path)
    database.executescript(statements)
    database.close()
    return path.read_bytes()


def test_a_layer_that_is_a_query_is_not_begun(tmp_path):
    assert "'endless' of this GeoPackage is a query" in refused(changed(tmp_path, QUERY), "a.gpkg")


def test_a_geopackage_of_hundreds_of_layers_is_refused_at_once(tmp_path):
    layers = "".join(
        f"""CREATE TABLE q{n} (fid INTEGER PRIMARY KEY, geom POLYGON);
        INSERT INTO gpkg_contents (table_name, data_type, identifier, srs_id) VALUES ('q{n}', 'features', 'q{n}', 4326);
        INSERT INTO gpkg_geometry_columns VALUES ('q{n}', 'geom', 'POLYGON', 4326, 0, 0);"""
        for n in range(200)
    )
    assert "has 201 layers; at most 200" in refused(changed(tmp_path, f"BEGIN; {layers} COMMIT;"), "a.gpkg")


def test_the_largest_of_many_folders_is_found_by_one_look():
    folders = "".join(
        f"<Folder><name>{number}</name>{files.kml(range(1, count)).decode().partition('</name>')[2]}"
        for number, count in enumerate([300, 310, *[300] * 48])
    ).replace("</Document></kml>", "</Folder>")
    began = time.process_time()
    shown, parcels = read(files.kml([], inside=folders), "a.kml")
    assert (shown.file_layer, len(parcels)) == ("1", 309)
    assert time.process_time() - began < WITHIN_CPU_S


def test_a_shapefile_whose_index_names_fewer_shapes_is_not_read_in_part():
    rows = [(files.square(number), b"820/1") for number in (1, 2)]
    parts = files.shapefile(rows) | {"plots.shx": files.shapefile(rows[:1])["plots.shx"]}
    assert "has 1 shapes, and its .dbf 2 rows" in refused(files.zipped(parts), "a.zip")


def test_a_kmz_may_show_its_plots_by_a_link_into_itself():
    packed = {"doc.kml": files.kml([], inside=LINK.format("layers/p.kml")), "layers/p.kml": files.kml([1, 2])}
    assert len(read(files.zipped(packed), "a.kmz")[1]) == 2
    outwards = packed | {"layers/p.kml": files.kml([1], inside=LINK.format("http://127.0.0.1:1/x.kml"))}
    assert "nothing is fetched" in refused(files.zipped(outwards), "a.kmz")
    both = packed | {"doc.kml": files.kml([], inside=LINK.format("layers/p.kml") + LINK.format("http://x.test/y"))}
    assert "nothing is fetched" in refused(files.zipped(both), "a.kmz")


def test_what_of_a_zip_file_is_not_read_is_told():
    two = {"a.geojson": files.field(1), "b.geojson": files.field(2)}
    assert "holds 2 of .geojson (a.geojson, b.geojson)" in refused(files.zipped(two), "a.zip")
    other = {"a.geojson": files.field(1), "list.csv": b"plot\n1\n", "note.txt": b"read me"}
    assert read(files.zipped(other), "a.zip")[0].notes == ("this zip file holds list.csv as well: not read",)


def test_a_label_beside_the_land_of_a_row_is_left_out():
    plot = {"type": "Polygon", "coordinates": [files.square(1)]}
    label = {"type": "Point", "coordinates": files.square(1)[0]}
    both = files.feature(1) | {"geometry": {"type": "GeometryCollection", "geometries": [label, plot]}}
    none = files.feature(2) | {"geometry": {"type": "GeometryCollection", "geometries": [label, label]}}
    shown, (parcel,) = read(files.geojson([both, none]), "a.geojson")
    assert parcel.m2 == pytest.approx(1857, abs=1)
    assert "rows with points or lines beside their land: 1; the land is kept" in shown.notes
    assert [error.row for error in shown.errors] == [2]


def test_a_reason_names_nothing_of_the_reader():
    cut = drawing({}, "0\nLWPOLYLINE\n8\nx\n90\n4\n10\n1").encode()[:-30]
    assert ".cpp" not in refused(cut, "a.dxf")


def test_a_first_line_without_end_names_no_columns():
    assert "first line of this table" in refused(b"," * 20_000_000, "a.csv")


@pytest.mark.parametrize(
    "written", ["20°17'46.5\"N;85°42'43''E", "20º17\u203246.5\u2033;85º42\u203243\u2033", "N 20 17 46,5;E 85 42 43"]
)
def test_degrees_may_be_written_as_a_receiver_shows_them(written):
    shown, (parcel,) = read(f"well;lat;lon\n7;{written}\n".encode(), "a.csv", crs="EPSG:4326", buffer_m=10.0)
    middle = [(a + b) / 2 for a, b in zip(parcel.bounds[:2], parcel.bounds[2:], strict=True)]
    assert middle == pytest.approx([85 + 42 / 60 + 43 / 3600, 20 + 17 / 60 + 46.5 / 3600], abs=1e-7)
    assert shown.errors == ()


@pytest.mark.parametrize("written", ["20 17 46", "20°75'N", "2 245 000", "20°", "20°17'61\""])
def test_what_only_looks_like_degrees_is_an_error_of_its_row(written):
    shown, parcels = read(f"well;lat;lon\n7;{written};85\n".encode(), "a.csv", buffer_m=10.0)
    assert (parcels, [error.row for error in shown.errors]) == ([], [1])
