"""Malformed and hostile files of parcels: each is refused with its reason, within a second, in bounded memory."""

import socket
import struct
import tempfile
import time
from pathlib import Path

import pytest

from chalicelib.adapters.layers import gdal, sources
from chalicelib.adapters.layers.reading import GdalLayerFiles
from chalicelib.domain.errors import Invalid
from chalicelib.domain.layer_imports import ImportOptions
from tests.support.builders import layer_files as files
from tests.support.builders.layers import SOUTH, WEST

WITHIN_CPU_S = 1.0
MOST_MIB = 500  # more than before, at any moment of its own
READER = GdalLayerFiles(most_rows=65_000)
SHAPES = files.shapefile([(files.square(1), b"820/1"), (files.square(2), b"007")])
ENTITIES = '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
LAUGHS = '<?xml version="1.0"?><!DOCTYPE kml [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
LINK = "<NetworkLink><Link><href>http://127.0.0.1:1/x.kml</href></Link></NetworkLink>"
VRT = b"<OGRVRTDataSource><OGRVRTLayer><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTLayer></OGRVRTDataSource>"
TABLE = b'!table\n!version 300\nOpen Table "/etc/passwd"\n'


def without(ending):
    return files.zipped({name: part for name, part in SHAPES.items() if not name.endswith(ending)})


def with_part(ending, change):
    return files.zipped(SHAPES | {f"plots{ending}": change(SHAPES[f"plots{ending}"])})


def one(ring):
    return files.geojson([files.feature(1, ring=ring)])


def geojson_of_columns(rows, each):
    return files.geojson(files.feature(row, **{f"{row}_{at}": 1 for at in range(each)}) for row in range(1, rows + 1))


def kml_of_columns(count):
    named = "".join(f'<Data name="{at}"><value>1</value></Data>' for at in range(count))
    return files.kml([1]).replace(b"<Polygon>", f"<ExtendedData>{named}</ExtendedData><Polygon>".encode())


def kml_of_one_column(times):
    fields = '<SimpleField name="a" type="string"/>' * times
    return files.kml([1], inside=f'<Schema id="s" name="s">{fields}</Schema>')


def mapinfo_of_columns(count):
    columns = "".join(f"  c{at} Char(9)\n" for at in range(count))
    text = f'Version 300\nDelimiter ","\nCoordSys Earth Projection 1, 104\nColumns {count}\n{columns}Data\n\n'
    return files.zipped({"p.mif": text.encode(), "p.mid": b""})


REFUSED = {  # what, its name, its bytes, words of the reason, the option that would help
    "nothing": ("a.kml", lambda: b"", "is empty", ""),
    "noise": ("a.bin", lambda: bytes(range(256)) * 99, "no file that is read here", ""),
    "entities": ("a.kml", lambda: files.kml([1], head=ENTITIES), "entities or a document type", ""),
    "billion laughs": ("a.kml", lambda: files.kml([1], head=LAUGHS), "entities or a document type", ""),
    "entities in KMZ": ("a.kmz", lambda: files.zipped({"doc.kml": files.kml([1], head=ENTITIES)}), "entities", ""),
    "network link": ("a.kml", lambda: files.kml([1], inside=LINK), "nothing is fetched", ""),
    "other XML": ("a.kml", lambda: VRT, "no KML", ""),
    "zip bomb": ("a.kmz", files.bomb, "looks like a bomb", ""),
    "zip of many": ("a.zip", lambda: files.zipped({f"{n}.kml": b"" for n in range(600)}), "at most 500", ""),
    "path traversal": ("a.zip", lambda: files.zipped({"../../x.kml": files.kml([1])}), "leave its folder", ""),
    "absolute path": ("a.zip", lambda: files.zipped({"/etc/x.kml": files.kml([1])}), "leave its folder", ""),
    "drive letter": ("a.zip", lambda: files.zipped({"C:x.kml": files.kml([1])}), "leave its folder", ""),
    "cut zip": ("a.zip", lambda: files.zipped({"doc.kml": files.kml([1])})[:-30], "is damaged", ""),
    "zip of nothing": ("a.zip", lambda: files.zipped({"a.exe": b"x"}), "holds nothing that is read", ""),
    "zip in a zip": ("a.zip", lambda: files.zipped({"a.zip": files.zipped({"a.kml": b""})}), "holds nothing", ""),
    "two shapefiles": ("a.zip", lambda: files.zipped(SHAPES | {"b.shp": b"", "b.shx": b""}), "pack each alone", ""),
    "no .shx": ("a.zip", lambda: without(".shx"), "lacks its .shx", ""),
    "no .dbf": ("a.zip", lambda: without(".dbf"), "lacks its .dbf", ""),
    "no .shp": ("a.zip", lambda: without(".shp"), "no .shp among them", ""),
    "bare .shp": ("a.shp", lambda: SHAPES["plots.shp"], "pack .shp, .shx, .dbf and .prj into one zip file", ""),
    "bare .dbf": ("a.dbf", lambda: SHAPES["plots.dbf"], "pack .shp, .shx, .dbf and .prj into one zip file", ""),
    ".dbf of fewer rows": (
        *("a.zip", lambda: with_part(".dbf", lambda part: part[:4] + struct.pack("<I", 1) + part[8:])),
        *("has 2 shapes, and its .dbf 1 rows", ""),
    ),
    ".shp cut off": ("a.zip", lambda: with_part(".shp", lambda part: part[:-50]), "it is cut off", ""),
    ".shp is another": ("a.zip", lambda: with_part(".shp", lambda part: b"x" * len(part)), "is none", ""),
    ".dbf cut off": ("a.zip", lambda: with_part(".dbf", lambda part: part[:-30]), "it is cut off", ""),
    ".shx wild": (
        *("a.zip", lambda: with_part(".shx", lambda part: part[:100] + struct.pack(">4i", *[2**31 - 256] * 4))),
        *("cannot be read", ""),
    ),
    "no GeoPackage": ("a.gpkg", lambda: b"hello", "no SQLite database", ""),
    "SQLite alone": ("a.gpkg", files.sqlite_that_is_no_geopackage, "cannot be read", ""),
    "SQLite cut off": ("a.gpkg", lambda: files.sqlite_that_is_no_geopackage()[:3000], "cannot be read", ""),
    "million corners": ("a.geojson", files.many_vertices, "more corners than a parcel may have", ""),
    "cut GeoJSON": ("a.geojson", lambda: files.field(3)[:-90], "cannot be read", ""),
    "deep GeoJSON": ("a.geojson", lambda: b'{"a":' + b"[" * 200_000, "is damaged", ""),
    "no GeoJSON": ("a.geojson", lambda: b'{"a": 1}', "is damaged", ""),
    "lat, lon": ("a.geojson", lambda: one([[y, x] for x, y in files.square(1)]), "look exchanged", "/crs"),
    "lat, lon of Siberia": (
        *("a.geojson", lambda: one([[60.1, 120.1], [60.2, 120.1], [60.2, 120.2], [60.1, 120.1]])),
        *("look exchanged", "/crs"),
    ),
    "metres": ("a.geojson", lambda: one([[345e3, 2245e3], [346e3, 2245e3], [346e3, 2246e3], [345e3, 2245e3]]),
               "read as degrees", "/crs"),
    "no land in CSV": ("a.csv", lambda: b"plot;owner\n1;Asha\n", "name a column `wkt`", ""),
    "columns of GeoJSON": ("a.geojson", lambda: geojson_of_columns(300, 300), "more than 500 columns; at most 500", ""),
    "columns of KML": ("a.kml", lambda: kml_of_columns(20_000), "more than 500 columns", ""),
    "one column of KML": ("a.kml", lambda: kml_of_one_column(20_000), "more than 500 columns", ""),
    "columns of MapInfo": ("a.zip", lambda: mapinfo_of_columns(20_000), "has 20000 columns; at most 500", ""),
    "bare .mif": ("a.mif", lambda: b'Version 300\nDelimiter ","\n', "comes with its .mid", ""),
    ".mif alone": ("a.zip", lambda: files.zipped({"p.mif": b"Version 300"}), "comes with its .mid", ""),
    "table of tables": ("a.zip", lambda: files.zipped({f"t{e}": TABLE for e in (".tab", ".dat", ".map", ".id")}),
                        "refers to other tables", ""),
}  # fmt: skip


def read(content, name="a", **options):
    file = READER.read(content, name, ImportOptions(**options))
    return file.preview, list(file.parcels())


@pytest.fixture(autouse=True)
def nobody_is_asked(monkeypatch):
    def no(*_arguments):
        raise AssertionError("a file made somebody ask the network")

    monkeypatch.setattr(socket.socket, "connect", no)


def test_only_the_drivers_that_are_needed_are_there():
    import pyogrio

    assert sorted(pyogrio.list_drivers()) == sorted(gdal.DRIVERS)


def begin_a_peak():
    """Forget the most memory that this process has held (proc(5)), so that a greedier test before hides nothing."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_mib()


def peak_mib():
    status = Path("/proc/self/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@pytest.mark.parametrize("what", REFUSED)
def test_it_is_refused_with_its_reason_at_once(what, tmp_path, monkeypatch):
    name, make, words, pointer = REFUSED[what]
    content = make()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    before_mib, began = begin_a_peak(), time.process_time()
    with pytest.raises(Invalid) as refused:
        read(content, name)
    took = time.process_time() - began
    assert words in refused.value.reason
    assert refused.value.pointer == pointer
    assert str(tmp_path) not in refused.value.reason
    assert took < WITHIN_CPU_S
    assert peak_mib() - before_mib < MOST_MIB
    assert not list(tmp_path.iterdir()), "nothing is left on the disk"


def test_the_peak_is_of_what_was_done_since():
    held = bytearray(200 << 20)
    del held
    before_mib = begin_a_peak()
    held = bytearray(100 << 20)
    assert 90 < peak_mib() - before_mib < 150
    del held


def test_a_zip_that_lies_of_its_size_is_cut_where_it_says(monkeypatch):
    packed = files.zipped({"doc.kml": b" " * 3_000_000 + files.kml([1])})
    real = struct.pack("<L", 3_000_000 + len(files.kml([1])))
    lying = packed.replace(real, struct.pack("<L", 4000))
    assert lying != packed
    with pytest.raises(Invalid, match="is damaged"):
        read(lying)
    monkeypatch.setattr(sources, "MOST_UNPACKED", 1_000_000)
    with pytest.raises(Invalid, match="looks like a bomb"):
        read(packed)


def test_formulas_stay_texts_and_separators_and_commas_are_understood():
    table = 'plot;lat;lon;note\n=HYPERLINK("http://x");20,3;85,8;=1+1\n007;20.3;85.8;+1\n820/1;20.4;85.9;\n;x;y;\n'
    shown, parcels = read(table.encode(), "a.csv", crs="EPSG:4326", buffer_m=5.0)
    assert [(parcel.name, parcel.tags) for parcel in parcels] == [
        ('=HYPERLINK("http://x")', {"note": "=1+1"}),
        ("007", {"note": "+1"}),
        ("820/1", {}),
    ]
    assert [(error.row, error.reason) for error in shown.errors] == [(4, "this row has no geometry that can be read")]


def test_rows_that_are_no_land_are_told_one_by_one_with_their_place():
    table = (
        "plot,wkt\n"
        '1,"POLYGON((85.8 20.3,85.81 20.3,85.81 20.31,85.8 20.3))"\n'
        '2,"POLYGON((85.8 20.3,85.81 20.31,85.81 20.3,85.8 20.31,85.8 20.3))"\n'
        '3,"LINESTRING(85.8 20.3,85.81 20.31)"\n'
        '4,"POLYGON((85.8 20.3,85.81 20.3"\n'
        '5,"POLYGON Z((85.8 20.3 9,85.8 20.31 9,85.81 20.31 9,85.8 20.3 9))"\n'
        '6,"POLYGON((10 10,40 10,40 40,10 10))"\n'
        '7,"SRID=4326;POLYGON((85.8 20.3,85.8 20.3,85.8 20.3,85.8 20.3))"\n'
        '8,"GEOMETRYCOLLECTION(POINT(85 20),LINESTRING(85.8 20.3,85.81 20.3))"'
    )
    shown, parcels = read(table.encode(), "a.csv", crs="EPSG:4326")
    assert [parcel.name for parcel in parcels] == ["1", "5"]
    assert [(error.row, error.reason[:22]) for error in shown.errors] == [
        (2, "this ring crosses itse"),
        (3, "a LineString is no lan"),
        (4, "this row has no geomet"),
        (6, "this parcel is more th"),
        (7, "this ring encloses not"),
        (8, "a collection of severa"),
    ]
    assert shown.errors[0].position == pytest.approx((85.805, 20.305))


def test_names_of_a_legacy_encoding_are_read_as_said_and_an_assumption_is_told():
    tamil = "நிலம்".encode("utf-16-le")
    parts = files.shapefile([(files.square(1), b"\x8a\x9d\xfe\xe6"), (files.square(2), b"822")])
    shown, _ = read(files.zipped(parts), "a.zip")
    assert (shown.encoding, shown.encoding_is_assumed) == ("cp1252", True)
    assert "say another encoding" in shown.notes[0]
    shown, parcels = read(files.zipped(parts), "a.zip", encoding="cp1251", crs="EPSG:4326")
    assert (parcels[0].name, shown.encoding_is_assumed) == (b"\x8a\x9d\xfe\xe6".decode("cp1251"), False)
    odia = files.shapefile([(files.square(1), files.ODIA.encode())], cpg=b"UTF-8")
    assert read(files.zipped(odia), "a.zip")[1][0].name == files.ODIA
    text = "plot,lat,lon\n".encode("utf-16-le") + tamil + ",20,85\n".encode("utf-16-le")
    _, parcels = read(b"\xff\xfe" + text, "a.csv", buffer_m=2.0)
    assert parcels[0].name == "நிலம்"
    with pytest.raises(Invalid, match="no encoding is called") as refused:
        read(files.field(1), "a.geojson", encoding="rot13")
    assert refused.value.pointer == "/encoding"


def test_what_is_not_utf8_is_told_with_its_line():
    broken = b"plot,lat,lon\n1,20,85\n\xe0\xac,20,85\n"
    shown, _ = read(broken, "a.csv", buffer_m=2.0)
    assert shown.encoding_is_assumed
    assert "line 3 of this file is not UTF-8" in shown.notes[0]
    with pytest.raises(Invalid, match="line 3 of this file is not utf-8"):
        read(broken, "a.csv", buffer_m=2.0, encoding="utf-8")


def test_lines_and_points_become_land_with_a_buffer_in_metres():
    _, (point, line) = read(
        f'plot,wkt\n1,"POINT({WEST} {SOUTH})"\n2,"LINESTRING({WEST} {SOUTH},{WEST + 0.01} {SOUTH})"\n'.encode(),
        "a.csv", crs="EPSG:4326", buffer_m=10.0,
    )  # fmt: skip
    assert point.m2 == pytest.approx(314, rel=0.02)
    assert line.m2 == pytest.approx(20 * 1045 + 314, rel=0.02)


@pytest.mark.parametrize("spelled", ["UTF8", "utf8", "UTF-8", "cp65001"])
def test_bytes_that_are_no_utf_8_are_refused_however_that_is_spelled(spelled):
    rows = [(files.square(1), b"caf\xe9 5")]
    said = files.zipped(files.shapefile(rows, cpg=spelled.encode()))
    for content, options in ((said, {}), (files.zipped(files.shapefile(rows)), {"encoding": spelled})):
        with pytest.raises(Invalid, match="not in that encoding") as refused:
            read(content, "a.zip", **options)
        assert refused.value.pointer == "/encoding"
    rows = [(files.square(1), "café 5".encode())]
    shown, (parcel,) = read(files.zipped(files.shapefile(rows, cpg=spelled.encode())), "a.zip")
    assert (parcel.name, shown.encoding, shown.notes) == ("café 5", "UTF-8", ())


OPEN_QUOTES = {
    "in the middle": ('plot,lat,lon,note\n1,20,85,a\n2,20,85,"b\n3,20,85,c\n4,20,85,"d"\n', 3),
    "in the last column, to the end": ('plot,lat,lon,note\n1,20,85,a\n2,20,85,"b\n3,20,85,c\n', 3),
    "behind a line that says the separator": ('sep=;\nplot;lat;lon\n"1;20;85\n2;20;85\n', 3),
    "in the first column": ('plot,lat,lon\n"1,20,85\n2,20,85\n', 2),
}


@pytest.mark.parametrize("where", OPEN_QUOTES)
def test_a_quote_that_is_left_open_swallows_no_rows(where):
    table, line = OPEN_QUOTES[where]
    with pytest.raises(Invalid, match=f"a quote in line {line} of this table is not closed"):
        read(table.encode(), "a.csv", buffer_m=2.0)


def test_a_text_of_several_lines_is_one_text():
    _, parcels = read(b'plot,lat,lon,note\n1,20,85,"two\nlines"\n2,20,85,"5"" pipe"\n', "a.csv", buffer_m=2.0)
    assert [parcel.tags["note"] for parcel in parcels] == ["two lines", '5" pipe']


@pytest.mark.parametrize("said", ["sep=;\n", "\ufeffSEP=; \r\n"])
def test_a_spreadsheet_may_say_what_parts_its_columns(said):
    _, (parcel,) = read(f"{said}plot;lat;lon;owners\n820/1;20,3;85,8;A, B, C, D\n".encode(), "a.csv", buffer_m=2.0)
    assert (parcel.name, parcel.tags) == ("820/1", {"owners": "A, B, C, D"})


@pytest.mark.parametrize("inside", ["<![CDATA[<!DOCTYPE html><p>820/1</p>]]>", "<!-- <!ENTITY a 'b'> -->"])
def test_a_balloon_of_html_declares_nothing(inside):
    _, (parcel,) = read(files.kml([1], inside=f"<description>{inside}</description>"), "a.kml")
    assert parcel.m2 > 0


@pytest.mark.parametrize("before", ["<!-- <kml> -->", "<?note <kml> ?>\n", "\n\n"])
def test_a_document_type_is_seen_behind_whatever_stands_before_it(before):
    declared = f'<?xml version="1.0"?>{before}<!DOCTYPE kml [<!ENTITY a SYSTEM "file:///etc/passwd">]>'
    with pytest.raises(Invalid, match="entities or a document type"):
        read(files.kml([1], head=declared), "a.kml")
