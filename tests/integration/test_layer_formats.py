"""Every kind of file that is read, and every way to say where it lies."""

import math

import pytest

from chalicelib.adapters.layers import reading
from chalicelib.adapters.layers.reading import GdalLayerFiles
from chalicelib.adapters.layers.systems import system_of_file, system_said
from chalicelib.domain.errors import Invalid
from chalicelib.domain.layer_imports import ImportOptions
from tests.support.builders import layer_files as files

WGS84 = b'GEOGCS["GCS_WGS_1984",DATUM["D_WGS_1984",SPHEROID["WGS_1984",6378137.0,298.257223563]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'  # noqa: E501
EVEREST = 'GEOGCS["GCS_Our_Survey",DATUM["D_Our_Survey",SPHEROID["Everest",6377276.345,300.8017]],PRIMEM["Greenwich",0.0],UNIT["Degree",0.0174532925199433]]'  # noqa: E501
READER = GdalLayerFiles(most_rows=100)
RING = files.square(1)
DXF = "0\nSECTION\n2\nENTITIES\n0\nLWPOLYLINE\n8\nplots\n90\n4\n70\n1\n{}0\nENDSEC\n0\nEOF\n".format(
    "".join(f"10\n{x}\n20\n{y}\n" for x, y in RING[:-1])
)
MIF = (
    'Version 300\nCharset "WindowsLatin1"\nDelimiter ","\nCoordSys Earth Projection 1, 104\nColumns 1\n'
    "  plot Char(20)\nData\n\nRegion 1\n  5\n" + "".join(f"{x} {y}\n" for x, y in RING)
)


def read(content, name="a", **options):
    file = READER.read(content, name, ImportOptions(**options))
    return file.preview, list(file.parcels())


@pytest.mark.parametrize(
    ("name", "make", "driver"),
    [
        ("a.geojson", lambda folder: files.field(2), "GeoJSON"),
        ("a.kml", lambda folder: files.kml([1, 2]), "KML"),
        ("a.kmz", lambda folder: files.zipped({"files/x.png": b"", "doc.kml": files.kml([1, 2])}), "KML"),
        ("a.zip", lambda folder: files.zipped({"x.geojson": files.field(2)}), "GeoJSON"),
        ("a.gpkg", lambda folder: files.geopackage(folder, 2), "GPKG"),
        (
            *("a.zip", lambda folder: files.zipped(files.shapefile(
                [(files.square(n), f"{n}/1".encode()) for n in (1, 2)], prj=WGS84))),
            "ESRI Shapefile",
        ),
        (
            *("a.zip", lambda folder: files.zipped({f"in/{name.upper()}": part for name, part in files.shapefile(
                [(files.square(n), f"{n}/1".encode()) for n in (1, 2)], prj=WGS84).items()})),
            "ESRI Shapefile",
        ),
    ],
)  # fmt: skip
def test_it_is_read_whatever_it_is_packed_in(tmp_path, name, make, driver):
    shown, parcels = read(make(tmp_path), name)
    assert (shown.driver, shown.needs, shown.errors) == (driver, (), ())
    assert [parcel.name for parcel in parcels] == ["1/1", "2/1"]
    assert parcels[0].m2 == pytest.approx(1857, abs=1)
    corners = {(round(lon, 7), round(lat, 7)) for lon, lat in parcels[0].outlines[0][0]}
    assert corners == {(round(lon, 7), round(lat, 7)) for lon, lat in RING}


def test_drawings_and_mapinfo_are_read():
    shown, (parcel,) = read(files.zipped({"p.mif": MIF.encode(), "p.mid": b'"820/1"\n'}), "a.zip")
    assert (shown.driver, parcel.name, shown.needs) == ("MapInfo File", "820/1", ())
    shown, _ = read(DXF.encode(), "a.dxf")
    assert (shown.driver, shown.rows, shown.needs) == ("DXF", 1, ("crs",))


def mapinfo(charset, name, column=b"plot"):
    mif = MIF.replace("WindowsLatin1", charset).encode().replace(b"plot", column)
    return files.zipped({"p.mif": mif, "p.mid": b'"' + name + b'"\n'})


@pytest.mark.parametrize(
    ("charset", "written", "encoding"),
    [
        ("WindowsLatin1", "cp1252", "cp1252"),
        ("CodePage850", "cp850", "cp850"),
        ("ISO8859_1", "latin-1", "ISO-8859-1"),
        ("Neutral", "utf-8", "UTF-8"),
        ("UTF-8", "utf-8", "UTF-8"),
    ],
)
def test_the_texts_of_mapinfo_are_read_by_its_character_set_or_by_the_encoding_that_is_said(charset, written, encoding):
    content = mapinfo(charset, "Né 7".encode(written), "clé".encode(written))
    shown, (parcel,) = read(content, "a.zip")
    assert (parcel.name, shown.encoding, shown.encoding_is_assumed) == ("Né 7", encoding, False)
    assert shown.columns == ("clé",)
    assert read(mapinfo(charset, "Ж".encode("cp1251")), "a.zip", encoding="cp1251")[1][0].name == "Ж"


@pytest.mark.parametrize("charset", ["Neutral", "Nonsense"])
def test_texts_of_mapinfo_of_no_known_set_are_assumed_and_said_to_be(charset):
    shown, (parcel,) = read(mapinfo(charset, "Né 7".encode("cp1252")), "a.zip")
    assert (parcel.name, shown.encoding, shown.encoding_is_assumed) == ("Né 7", "cp1252", True)
    assert "cp1252 is assumed" in shown.notes[0]
    with pytest.raises(Invalid, match="not in that encoding") as refused:
        read(mapinfo(charset, "Né 7".encode("cp1252")), "a.zip", encoding="UTF-8")
    assert refused.value.pointer == "/encoding"


def polyline(corners, flag):
    said = "".join(f"10\n{x}\n20\n{y}\n" for x, y in corners)
    return f"0\nLWPOLYLINE\n8\nplots\n90\n{len(corners)}\n70\n{flag}\n{said}"


def test_the_rings_of_a_drawing_are_land_and_its_open_lines_are_not():
    corners = [(300_000, 2_245_000), (300_100, 2_245_000), (300_100, 2_245_100), (300_000, 2_245_100)]
    lines = polyline(corners, 1) + polyline([*corners, corners[0]], 0) + polyline(corners, 0)
    drawing = f"0\nSECTION\n2\nENTITIES\n{lines}0\nENDSEC\n0\nEOF\n".encode()
    shown, parcels = read(drawing, "a.dxf", crs="EPSG:32645")
    assert [parcel.number for parcel in parcels] == [1, 2]
    assert [parcel.m2 for parcel in parcels] == [pytest.approx(10_000, rel=0.01)] * 2
    assert [(error.row, "a LineString is no land" in error.reason) for error in shown.errors] == [(3, True)]
    assert read(drawing, "a.dxf", crs="EPSG:32645", buffer_m=1)[0].parcels == 1


def test_a_circle_of_a_drawing_is_a_point_and_no_plot():
    plot = polyline([(300_000, 2_245_000), (300_100, 2_245_000), (300_100, 2_245_100)], 1)
    well = "0\nCIRCLE\n8\nwells\n10\n300050\n20\n2245020\n40\n5\n"
    drawing = f"0\nSECTION\n2\nENTITIES\n{well}{plot}0\nENDSEC\n0\nEOF\n".encode()
    shown, (parcel,) = read(drawing, "a.dxf", crs="EPSG:32645")
    assert (parcel.number, parcel.m2) == (2, pytest.approx(5_000, rel=0.01))
    assert [(error.row, "a Point is no land" in error.reason) for error in shown.errors] == [(1, True)]
    (around,) = read(drawing, "a.dxf", crs="EPSG:32645", buffer_m=10)[1]
    assert around.m2 == pytest.approx(math.pi * 10**2, rel=0.02)


def test_whole_numbers_are_written_as_they_are(tmp_path):
    _, parcels = read(files.geopackage(tmp_path, 2), "a.gpkg", name_column="khata")
    assert [parcel.name for parcel in parcels] == ["1", "2"]
    features = [files.feature(1, khata=12), files.feature(2, khata=None)]
    _shown, parcels = read(files.geojson(features), "a.geojson", tag_columns=("khata",))
    assert [parcel.tags for parcel in parcels] == [{"khata": "12"}, {}]


def test_numbers_of_plots_keep_their_digits_whatever_kind_of_number_they_are():
    wide = {'kh"ata': 12345678901234567}
    features = [files.feature(1, plot=820.0, **wide), files.feature(2, plot=0.5), files.feature(3, plot=1e20)]
    _shown, parcels = read(files.geojson(features), "a.geojson", name_column="plot", tag_columns=('kh"ata',))
    assert [parcel.name for parcel in parcels] == ["820", "0.5", "1e+20"]
    assert [parcel.tags for parcel in parcels] == [{'kh"ata': "12345678901234567"}, {}, {}]


def test_what_lies_around_a_place_is_drawn_the_nearest_first():
    shown, parcels = read(files.field(90))
    assert [each.row for each in shown.drawn] != []
    lon, lat = shown.drawn_at
    around = next(each for each in parcels if each.number == shown.drawn[0].row).bounds
    assert around.west < lon < around.east
    assert around.south < lat < around.north
    at = (parcels[0].bounds.west, parcels[0].bounds.south)
    shown, parcels = read(files.field(90), draw_at=at)
    reach = 250 / (111_194.93 * math.cos(math.radians(at[1])))
    assert shown.drawn_at == at
    assert [each.row for each in shown.drawn] == [one.number for one in parcels if one.bounds.west < at[0] + reach]
    assert (shown.drawn[0].name, shown.drawn[0].outlines) == (
        parcels[0].name,
        tuple([[pytest.approx(corner) for corner in ring] for ring in outline] for outline in parcels[0].outlines),
    )


def test_a_drawing_has_bounds_whatever_the_file_holds():
    ragged = [[85.0 + 1e-6 * (n % 7), 20.0 + 0.0001 * n] for n in range(9_000)]
    huge = files.feature(1, [*ragged, [86.5, 20.5], ragged[0]])
    many = [files.feature(n, files.square(n, columns=80, step=1e-5, west=85.0001, south=20.0)) for n in range(2, 90)]
    shown, _ = read(files.geojson([huge, *many]), draw_at=(85.0001, 20.0))
    corners = sum(len(ring) for each in shown.drawn for outline in each.outlines for ring in outline)
    assert shown.drawn[0].row in range(1, 90)
    assert 0 < corners <= 5_000
    for lon, lat in (at for each in shown.drawn for outline in each.outlines for ring in outline for at in ring):
        assert abs(lon - 85) < 0.01
        assert abs(lat - 20) < 0.01
    assert read(files.field(3), draw_at=(0.0, 0.0))[0].drawn == ()
    unplaced = b"plot;WKT\n1;POLYGON((300000 2245000, 300045 2245000, 300045 2245045, 300000 2245000))\n"
    assert read(unplaced, "a.csv")[0].drawn_at is None


def test_a_column_or_a_layer_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(Invalid, match="it has plot, village") as refused:
        read(files.field(1), name_column="khata")
    assert refused.value.pointer == "/nameColumn"
    with pytest.raises(Invalid, match="no layer 'x'"):
        read(files.field(1), file_layer="x")
    with pytest.raises(Invalid, match="at most 100 make one layer"):
        read(files.field(101))


@pytest.mark.parametrize(
    ("place", "lon", "lat", "metres"),
    [
        ("Bhubaneswar", 85.8245, 20.2961, 260),
        ("Delhi", 77.2090, 28.6139, 125),
        ("Kochi", 76.2673, 9.9312, 212),
        ("Guwahati", 91.7362, 26.1445, 322),
    ],
)
def test_an_old_survey_is_converted_and_says_how_far_it_lay_off(place, lon, lat, metres):
    placed = system_said("EPSG:4146").place([lon], [lat])
    east = (placed.lons[0] - lon) * 111_320 * math.cos(math.radians(lat))
    assert math.hypot(east, (placed.lats[0] - lat) * 110_574) == pytest.approx(metres, abs=1.0), place
    assert (placed.accuracy_m, placed.accuracy_is_assumed) == (22.0, False)


@pytest.mark.parametrize(
    ("said", "accuracy_m", "is_assumed", "note"),
    [
        ("EPSG:4326", 5.0, True, "5 m are assumed"),
        ("EPSG:32645", 5.0, True, "5 m are assumed"),
        ("Kalianpur 1975", 22.0, False, "to within 22 m"),
        ("EPSG:24345", 22.0, False, "to within 22 m"),
        ("EPSG:24383", 22.0, False, "to within 22 m"),
        ("EPSG:4243", 50.0, False, "converted as Kalianpur 1975"),
        ("EPSG:4145", 50.0, False, "converted as Kalianpur 1975"),  # its own shift is Pakistan's
        ("EPSG:4144", 50.0, False, "converted as Kalianpur 1975"),  # its own is Bangladesh's
    ],
)
def test_a_system_is_known_by_code_and_name(said, accuracy_m, is_assumed, note):
    system = system_said(said)
    x, y = (85.8, 20.3) if system.is_geographic else (375_000.0, 2_245_000.0)
    if said == "EPSG:24383":
        x, y = 3_400_000.0, 1_100_000.0
    placed = system.place([x], [y])
    assert (placed.accuracy_m, placed.accuracy_is_assumed) == (accuracy_m, is_assumed)
    assert note in placed.note


def test_a_datum_that_nobody_has_named_is_known_by_its_ellipsoid():
    placed = system_of_file(EVEREST).place([85.8245], [20.2961])
    assert (placed.accuracy_m, "converted as Kalianpur 1975" in placed.note) == (50.0, True)


def wgs84(name="GCS_WGS_1984", *, shift="", meridian="0.0", spheroid='"WGS_1984",6378137.0,298.257223563'):
    return (
        f'GEOGCS["{name}",DATUM["WGS_1984",SPHEROID[{spheroid}]{shift}],PRIMEM["Greenwich",{meridian}],'
        'UNIT["Degree",0.0174532925199433]]'
    )


def test_an_ellipsoid_says_more_of_a_datum_than_its_name():
    named = EVEREST.replace("GCS_Our_Survey", "Everest 1830 to WGS 84").replace("D_Our_Survey", "D_Everest_1830")
    placed, known = (system_of_file(text).place([85.8245], [20.2961]) for text in (named, EVEREST))
    assert (placed.lons[0], placed.lats[0]) == (known.lons[0], known.lats[0])
    assert (placed.accuracy_m, "converted as Kalianpur 1975" in placed.note) == (50.0, True)
    paris = system_of_file(wgs84("WGS 84 (Paris)", meridian="2.33722917").replace("Greenwich", "Paris"))
    with pytest.raises(Invalid, match="no way"):
        paris.place([83.0], [20.3])


@pytest.mark.parametrize(
    "text",
    [wgs84("unnamed"), *(wgs84(shift=f",TOWGS84[{zeros}]") for zeros in ("0,0,0", "0,0,0,0,0,0,0"))],
)
@pytest.mark.parametrize("is_projected", [False, True])
def test_wgs_84_without_a_name_or_with_a_shift_of_nothing_is_wgs_84(text, is_projected):
    x, y = (375_000.0, 2_245_000.0) if is_projected else (85.8, 20.3)
    zone = (
        f'PROJCS["unnamed",{text},PROJECTION["Transverse_Mercator"],PARAMETER["central_meridian",87],'
        'PARAMETER["scale_factor",0.9996],PARAMETER["false_easting",500000],UNIT["metre",1]]'
    )
    placed = system_of_file(zone if is_projected else text).place([x], [y])
    usual = system_said("EPSG:32645" if is_projected else "EPSG:4326").place([x], [y])
    assert (placed.accuracy_m, placed.accuracy_is_assumed, placed.note) == (5.0, True, usual.note)
    assert (placed.lons[0], placed.lats[0]) == pytest.approx((usual.lons[0], usual.lats[0]), abs=1e-9)


def test_a_shift_that_moves_something_or_is_from_another_ellipsoid_is_kept():
    moved = system_of_file(wgs84(shift=",TOWGS84[10,0,0]"))
    other = system_of_file(wgs84("Ours", shift=",TOWGS84[0,0,0]", spheroid='"Everest",6377276.345,300.8017'))
    assert [system.place([85.8], [20.3]).accuracy_m for system in (moved, other)] == [50.0, 50.0]


def test_a_system_of_no_name_or_of_files_of_ours_is_refused():
    for said in ("EPSG:999999", "nowhere", "+proj=longlat +nadgrids=/etc/passwd", '{"a": 1}'):
        with pytest.raises(Invalid) as refused:
            system_said(said)
        assert refused.value.pointer == "/crs"
    assert system_of_file('GEOGCS["x",EXTENSION["PROJ4","+proj=longlat +nadgrids=/etc/passwd"]]') is None


def test_numbers_that_cannot_be_of_the_system_are_refused():
    metres = files.geojson(
        [files.feature(1, ring=[[375e3, 2245e3], [376e3, 2245e3], [376e3, 2246e3], [375e3, 2245e3]])]
    )
    with pytest.raises(Invalid, match="read as degrees"):
        read(metres)
    with pytest.raises(Invalid, match="look like degrees"):
        read(files.field(1), crs="EPSG:32645")
    _, (parcel,) = read(metres, crs="EPSG:32645")
    assert parcel.m2 == pytest.approx(5e5, rel=0.01)


def test_land_beyond_the_polar_circle_is_asked_for_where_it_would_not_be_exchanged():
    delhi = files.geojson([files.feature(1, ring=[[28.6, 77.2], [28.601, 77.2], [28.601, 77.201], [28.6, 77.2]])])
    shown, _ = read(delhi)
    assert shown.needs == ("crs",)
    assert shown.notes[0].startswith("1 of 1 parcels: is latitude 77.2005, longitude 28.6005 right? it lies beyond")
    assert "exchanged it would be latitude 28.6005, longitude 77.2005" in shown.notes[0]
    shown, parcels = read(delhi, crs="EPSG:4326")
    assert (shown.needs, len(parcels), "right?" in shown.notes[0]) == ((), 1, True)
    table = b"plot,lat,lon\n1,77.59,12.97\n2,12.97,77.59\n"
    shown, _ = read(table, "a.csv", buffer_m=10)
    assert (shown.needs, shown.notes[0].partition(":")[0]) == (("crs",), "1 of 2 parcels")
    assert read(files.field(2))[0].notes == ()


def test_parcels_that_touch_themselves_are_the_same_land_and_names_that_are_there_twice_are_told():
    eight = [
        [85.8, 20.3],
        [85.81, 20.3],
        [85.805, 20.305],
        [85.81, 20.31],
        [85.8, 20.31],
        [85.805, 20.305],
        [85.8, 20.3],
    ]
    features = [files.feature(1, ring=eight), files.feature(1), files.feature(2)]
    shown, parcels = read(files.geojson(features))
    assert len(parcels) == 3
    assert [note.partition(";")[0] for note in shown.notes] == [
        "parcels that touch themselves: 1",
        "names that several parcels have: 1, for example '1/1'",
    ]


def test_a_column_whose_name_is_there_twice_takes_nothing_from_the_first():
    shown, (parcel,) = read(b"plot,lat,lon,plot,\n820,20,85,second,third\n", "a.csv", buffer_m=2)
    assert shown.columns == ("plot", "plot (column 4)", "column 5")
    assert (parcel.name, parcel.tags) == ("820", {"plot (column 4)": "second", "column 5": "third"})


def test_a_column_with_an_endless_name_is_refused():
    rows = [files.feature(1, **{"x" * 201: "1"})]
    with pytest.raises(Invalid, match="at most 200 letters"):
        read(files.geojson(rows))
    with pytest.raises(Invalid, match="at most 200 letters"):
        read(f"{'x' * 201},lat,lon\n1,20,85\n".encode(), "a.csv")


def test_as_many_columns_are_read_as_of_a_table_and_what_lies_in_a_value_is_none():
    many = {f"c{place}": 1 for place in range(498)}
    inner = {"tags": {f"t{place}": 1 for place in range(900)}}
    shown, _ = read(files.geojson([files.feature(1, **many)]))
    assert len(shown.columns) == 500
    assert read(files.geojson([files.feature(1, **inner)]))[0].columns == ("plot", "village", "tags")
    with pytest.raises(Invalid, match="has 501 columns; at most 500 are read"):
        read(files.geojson([files.feature(1, more=1, **many)]))


def test_a_row_of_more_texts_than_are_kept_is_an_error_of_the_row():
    long = {f"note {place}": "𑀓" * 500 for place in range(45)}
    shown, parcels = read(files.geojson([files.feature(1), files.feature(2, **long)]))
    assert ([each.row for each in shown.errors], len(parcels)) == ([2], 1)
    assert "choose fewer tagColumns" in shown.errors[0].reason
    assert len(read(files.geojson([files.feature(2, **long)]), tag_columns=("note 1",))[1]) == 1


def test_texts_of_no_such_encoding_say_which_option_helps(monkeypatch):
    def breaks(*_):
        raise UnicodeDecodeError("utf-8", b"x", 0, 1, "no")

    monkeypatch.setattr(reading, "source_of", breaks)
    with pytest.raises(Invalid) as refused:
        read(files.field(1))
    assert refused.value.pointer == "/encoding"


def test_columns_whose_texts_are_not_kept_are_told():
    many = {f"c{place}": "1" for place in range(60)}
    shown, (parcel,) = read(files.geojson([files.feature(1, **many)]))
    kept = [note for note in shown.notes if "columns" in note]
    assert len(parcel.tags) < len(many)
    assert len(kept) == 1
    assert kept[0].startswith("of 62 columns the first 40 are kept, without c38, c39, c40, ")
    assert kept[0].endswith("c47, …: choose them by tagColumns")
    assert not [note for note in read(files.geojson([files.feature(1)]))[0].notes if "tagColumns" in note]
