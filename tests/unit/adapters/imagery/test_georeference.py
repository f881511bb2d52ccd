"""Where a picture lies is never guessed: what is said is understood or refused, and what is said twice agrees."""

import math
import time

import pytest

from chalicelib.adapters.imagery.bad_item import BadItem
from chalicelib.adapters.imagery.georeference import Shape, read_georeference
from chalicelib.domain.tiles import Bounds
from tests.support.builders.archives import rows_of

HERE = Bounds(85.7993861, 20.3494244, 85.8006139, 20.3505756)  # 128 m, square on the ground
EARTH_M = 6_378_137
METRES = [  # the same in EPSG:3857
    *(EARTH_M * math.radians(HERE.west), EARTH_M * math.asinh(math.tan(math.radians(HERE.south)))),
    *(EARTH_M * math.radians(HERE.east), EARTH_M * math.asinh(math.tan(math.radians(HERE.north)))),
]
PX = 256
PIXEL = (METRES[2] - METRES[0]) / PX
TRANSFORM = [PIXEL, 0, METRES[0], 0, -PIXEL, METRES[3]]
DEGREES = [(HERE.east - HERE.west) / PX, 0, HERE.west, 0, -(HERE.north - HERE.south) / PX, HERE.north]
MERCATOR, LON_LAT = {"proj:code": "EPSG:3857"}, {"proj:code": "EPSG:4326"}
FOOT_WKT = 'PROJCRS["NAD83 / Florida West (ftUS)",BASEGEOGCRS["NAD83"],LENGTHUNIT["foot",0.3],ID["EPSG",2237]]'


def polygon(bounds=HERE):
    west, south, east, north = bounds
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


def stated(*, asset=None, bbox=HERE, geometry=None, crs=None, **properties):
    item = {"bbox": None if bbox is None else list(bbox), "geometry": geometry, "crs": crs}
    return read_georeference(item, properties, asset or {})


def lay(width=PX, height=PX, **said):
    return stated(**said).lay(width, height)


def why(width=PX, height=PX, **said) -> str:
    with pytest.raises(BadItem) as bad:
        lay(width, height, **said)
    return str(bad.value)


def wkt(name, code, kind="PROJCRS", inner='ID["EPSG",32645]'):
    return f'{kind}["{name}",BASEGEOGCRS["WGS 84",ID["EPSG",4326]],CONVERSION["c",{inner}],ID["EPSG",{code}]]'


def test_where_nothing_is_said_it_is_web_mercator_and_that_is_known():
    found = stated()
    assert (found.bounds, found.is_lonlat, found.is_system_said) == (HERE, False, False)
    assert found.lay(PX, PX).gsd_m == pytest.approx(0.5, rel=0.01)


@pytest.mark.parametrize(
    "said",
    [
        *(
            {"proj:code": code}
            for code in ("EPSG:3857", "epsg:3857", "EPSG:900913", "ESRI:102100", 3857, " EPSG:3857 ")
        ),
        {"proj:epsg": 3857},
        {"eo:epsg": 3857},
        {"proj:code": None, "proj:epsg": 3857},
        {"proj:code": "urn:ogc:def:crs:EPSG::3857"},
        {"proj:code": "urn:ogc:def:crs:EPSG:9.9.1:3857"},
        {"proj:code": "http://www.opengis.net/def/crs/EPSG/0/3857"},
        {"proj:epsg": None, "proj:wkt2": wkt("WGS 84 / Pseudo-Mercator", 3857)},
        {"proj:wkt2": 'PROJCS["WGS 84 / Pseudo-Mercator",GEOGCS["WGS 84"],AUTHORITY["EPSG","3857"]]'},
        {
            "proj:projjson": {
                "type": "ProjectedCRS",
                "name": "WGS 84 / Pseudo-Mercator",
                "id": {"authority": "EPSG", "code": 3857},
            }
        },
        {"proj:code": "EPSG:3857", "proj:epsg": 3857, "proj:wkt2": wkt("WGS 84 / Pseudo-Mercator", 3857)},
    ],
)
def test_web_mercator_is_understood_however_it_is_said(said):
    found = stated(**said)
    assert (found.is_lonlat, found.is_system_said) == (False, True)


@pytest.mark.parametrize(
    "said",
    [
        *({"proj:code": code} for code in ("EPSG:4326", "epsg:4326", "OGC:CRS84", "urn:ogc:def:crs:OGC:1.3:CRS84")),
        {"proj:epsg": 4326},
        {"proj:code": "urn:ogc:def:crs:EPSG::4326"},
        {"proj:wkt2": wkt("WGS 84", 4326, kind="GEOGCRS")},
        {"proj:projjson": {"type": "GeographicCRS", "name": "WGS 84", "id": {"authority": "EPSG", "code": 4326}}},
    ],
)
def test_longitude_and_latitude_are_understood_however_they_are_said(said):
    assert stated(**said).is_lonlat is True


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"proj:code": "EPSG:32645"}, "proj:code must be EPSG:3857 or EPSG:4326, not 'EPSG:32645' (UTM"),
        ({"proj:code": "EPSG:32745"}, "(UTM lies askew to north; it is read of GeoTIFFs)"),
        ({"proj:epsg": 32645}, "proj:epsg must be EPSG:3857 or EPSG:4326, not 32645 (UTM"),
        ({"eo:epsg": 32645}, "eo:epsg must be"),
        ({"proj:epsg": None, "proj:wkt2": wkt("WGS 84 / UTM zone 45N", 32645)}, "'WGS 84 / UTM zone 45N' (UTM"),
        (
            {"proj:projjson": {"name": "WGS 84 / UTM zone 45N"}},
            "proj:projjson must be EPSG:3857 or EPSG:4326, not 'WGS 84 / UTM",
        ),
        (
            {"proj:projjson": {"name": "WGS 84 / UTM zone 45N", "id": {"authority": "EPSG", "code": 4326}}},
            "WGS 84 / UTM",
        ),
        ({"proj:wkt2": wkt("WGS 84 / UTM zone 45N", 3857)}, "WGS 84 / UTM zone 45N"),
        ({"proj:wkt2": 'PROJCRS["mine",BASEGEOGCRS["WGS 84",ID["EPSG",4326]]]'}, "not 'mine'"),
        ({"proj:wkt2": 'BOUNDCRS[SOURCECRS[GEOGCRS["WGS 84",ID["EPSG",4326]]]]'}, "proj:wkt2 must be"),
        ({"proj:wkt2": FOOT_WKT}, "NAD83 / Florida West (ftUS)"),
        ({"proj:wkt2": ""}, "proj:wkt2 must be"),
        ({"proj:code": "EPSG:4269"}, "proj:code must be"),
        ({"proj:code": "EPSG:None"}, "'EPSG:None'"),
        ({"proj:code": ""}, "proj:code must be"),
        ({"proj:code": "3857"}, "proj:code must be"),
        ({"proj:code": ["EPSG:3857"]}, "proj:code must be"),
        ({"proj:code": "IAU_2015:49910"}, "proj:code must be"),
        ({"proj:epsg": True}, "proj:epsg must be"),
        ({"proj:epsg": 3857.5}, "proj:epsg must be"),
        ({"proj:epsg": None}, "proj:epsg is null, so it lies in no system that has a code"),
        ({"proj:code": None, "proj:wkt2": None}, "proj:code is null"),
        ({"proj:code": "EPSG:3857", "proj:epsg": 4326}, "it names two systems: proj:code 'EPSG:3857', proj:epsg 4326"),
        ({"proj:code": "EPSG:3857", "proj:wkt2": wkt("WGS 84", 4326, kind="GEOGCRS")}, "it names two systems"),
        ({"proj:code": "EPSG:3857", "proj:wkt2": wkt("WGS 84 / UTM zone 45N", 32645)}, "WGS 84 / UTM zone 45N"),
        ({"proj:proj4": "+proj=utm +zone=45"}, "it says proj:proj4, which is not understood: '+proj=utm +zone=45'"),
        ({"proj:bbox": METRES}, "it says proj:bbox, and not in which system: add proj:code"),
        ({"proj:transform": TRANSFORM}, "it says proj:transform, and not in which system"),
    ],
)
def test_what_is_not_understood_is_refused_with_the_words(said, words):
    assert words in why(**said)


def test_what_an_asset_says_goes_before_what_its_item_says():
    assert stated(asset={"proj:code": "EPSG:4326"}, **MERCATOR).is_lonlat is True
    assert stated(asset={"proj:epsg": 3857}, **{"proj:code": "EPSG:32645"}).is_lonlat is False
    assert "EPSG:32645" in why(asset={"proj:code": "EPSG:32645"}, **MERCATOR)
    assert "proj:epsg is null" in why(asset={"proj:epsg": None}, **MERCATOR)
    assert lay(asset={"proj:shape": [PX, PX]}, **{"proj:shape": [9, 9]}).bounds == HERE
    assert lay(asset={"gsd": 0.5}, gsd=10).gsd_m == pytest.approx(0.5)


@pytest.mark.parametrize(
    ("crs", "is_taken"),
    [
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}, True),
        ({"type": "name", "properties": {"name": "EPSG:4326"}}, True),
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::3857"}}, False),
        ({"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32645"}}, False),
        ({"type": "link"}, False),
        ("EPSG:4326", False),
    ],
)
def test_the_old_crs_member_says_what_the_box_is_in(crs, is_taken):
    if is_taken:
        assert stated(crs=crs).bounds == HERE
    else:
        assert "those of STAC are in degrees" in why(crs=crs)


def test_the_most_exact_statement_is_the_pictures_ground():
    rough = Bounds(*(round(value, 5) for value in HERE))
    found = lay(bbox=rough, **MERCATOR, **{"proj:transform": TRANSFORM, "proj:shape": [PX, PX]})
    assert found.bounds == pytest.approx(HERE, abs=2e-7)
    assert lay(bbox=rough, **MERCATOR, **{"proj:transform": TRANSFORM}).bounds == pytest.approx(HERE, abs=2e-7)
    assert lay(bbox=rough, **MERCATOR, **{"proj:bbox": METRES}).bounds == pytest.approx(HERE, abs=2e-7)
    assert lay(bbox=rough, **LON_LAT, **{"proj:transform": DEGREES}).bounds == pytest.approx(HERE, abs=1e-9)
    assert lay(bbox=None, **MERCATOR, **{"proj:bbox": METRES}).bounds == pytest.approx(HERE, abs=2e-7)
    assert lay(bbox=None, geometry=polygon()).bounds == HERE


def moved(share, bounds=HERE):
    width = (bounds.east - bounds.west) * share
    return Bounds(bounds.west + width, bounds.south, bounds.east + width, bounds.north)


@pytest.mark.parametrize("share", [0.015, -0.015])
def test_what_is_said_twice_may_differ_a_little(share):
    assert lay(geometry=polygon(moved(share))).bounds == HERE
    assert lay(bbox=moved(share), **MERCATOR, **{"proj:transform": TRANSFORM}).bounds == pytest.approx(HERE, abs=2e-7)


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({"geometry": polygon(moved(0.03))}, "bbox and geometry must agree within 2 %: bbox is [85.7993861"),
        (
            {"geometry": polygon(HERE._replace(north=20.3515))},
            "geometry is [85.7993861, 20.3494244, 85.8006139, 20.3515]",
        ),
        (MERCATOR | {"proj:bbox": METRES, "bbox": moved(0.03)}, "proj:bbox and bbox must agree within 2 %"),
        (MERCATOR | {"proj:bbox": METRES, "geometry": polygon(moved(0.03))}, "proj:bbox and geometry must agree"),
        (
            MERCATOR | {"proj:transform": TRANSFORM, "bbox": moved(0.03)},
            "bbox and proj:transform of 256 x 256 px must agree",
        ),
        (MERCATOR | {"proj:transform": TRANSFORM, "width": 512, "height": 512}, "proj:transform of 512 x 512 px"),
        (
            MERCATOR | {"proj:transform": TRANSFORM, "proj:shape": [512, 512]},
            "proj:transform and bbox must agree within 2 %: proj:transform is [85.7993861",
        ),
        (MERCATOR | {"proj:transform": TRANSFORM, "proj:bbox": [v + 5 for v in METRES]}, "must agree"),
        (MERCATOR | {"proj:geometry": polygon(Bounds(*(v + 5 for v in METRES)))}, "bbox and proj:geometry must agree"),
        ({"proj:shape": [512, 512]}, "proj:shape says 512 rows of 512 px, the picture has 256 rows of 256 px"),
        (
            {"proj:shape": [128, 256], "width": 128, "bbox": HERE},
            "proj:shape says 128 rows of 256 px, the picture has 256 rows of 128 px: are rows and columns exchanged?",
        ),
        ({"gsd": 1}, "gsd says 1 m a pixel, on the ground of its bbox it is 0.501 m"),
        ({"gsd": 0.49}, "gsd says 0.49 m a pixel"),
        ({"gsd": 50}, "gsd says 50 m a pixel, on the ground of its bbox it is 0.501 m; is it in centimetres?"),
        ({"proj:centroid": {"lat": 20.36, "lon": 85.8}}, "proj:centroid says lon 85.800000, lat 20.360000"),
        ({"proj:centroid": {"lat": 85.8, "lon": 20.35}}, "proj:centroid says"),
    ],
)
def test_what_is_said_twice_and_differs_is_refused_with_both(said, words):
    assert words in why(**said)


@pytest.mark.parametrize("gsd", [0.5, 0.501, 0.505, PIXEL])
def test_a_resolution_is_that_of_the_ground_or_as_a_geotiff_of_web_mercator_says_it(gsd):
    assert lay(gsd=gsd).gsd_m == pytest.approx(0.5, rel=0.02)


@pytest.mark.parametrize(
    ("transform", "words"),
    [
        ([PIXEL, 0.2, METRES[0], 0.2, -PIXEL, METRES[3]], "rotated: it would be laid on askew"),
        ([PIXEL, 0.01, METRES[0], 0, -PIXEL, METRES[3]], "rotated: it would be laid on askew"),
        ([0, PIXEL, METRES[0], PIXEL, 0, METRES[1]], "rotated"),
        ([PIXEL, 0, METRES[0], 0, PIXEL, METRES[1]], "its rows run from south to north"),
        ([-PIXEL, 0, METRES[2], 0, -PIXEL, METRES[3]], "mirrored"),
        ([0, 0, METRES[0], 0, 0, METRES[3]], "rotated|mirrored, or has no size"),
        ([METRES[0], PIXEL, 0, METRES[3], 0, -PIXEL], "looks like GDAL's order"),
        ([*TRANSFORM, 0, 0, 2], "must end with 0, 0, 1"),
        (TRANSFORM[:5], "must be a list of 6 or 9 numbers"),
        ([str(value) for value in TRANSFORM], "is text and not a number"),
        ([1e999, *TRANSFORM[1:]], "is not a number"),
        (DEGREES, "EPSG:3857 counts metres; are these degrees?"),
        ([PIXEL, 0, 9e9, 0, -PIXEL, METRES[3]], "which is nowhere in EPSG:3857"),
        ([PIXEL / 0.3048, 0, METRES[0] / 0.3048, 0, -PIXEL / 0.3048, METRES[3] / 0.3048], "nowhere|must agree"),
    ],
)
@pytest.mark.parametrize("shape", [{}, {"proj:shape": [PX, PX]}])
def test_a_transform_that_is_no_picture_with_north_up_is_refused(transform, words, shape):
    said = why(**MERCATOR, **shape, **{"proj:transform": transform})
    assert any(word in said for word in words.split("|")), said


def test_metres_where_degrees_are_said_are_refused():
    assert "nowhere in EPSG:4326, which counts degrees" in why(**LON_LAT, **{"proj:transform": TRANSFORM})
    assert "nowhere in EPSG:4326, which counts degrees" in why(**LON_LAT, **{"proj:bbox": METRES})
    assert "are these degrees?" in why(**MERCATOR, **{"proj:bbox": list(HERE)})


def test_a_transform_may_have_nine_numbers_and_crumbs_of_rounding():
    crumbs = [PIXEL, 1e-12, METRES[0], -1e-12, -PIXEL, METRES[3], 0, 0, 1]
    assert lay(**MERCATOR, **{"proj:transform": crumbs}).bounds == pytest.approx(HERE, abs=2e-7)


@pytest.mark.parametrize(
    ("bbox", "words"),
    [
        ([20.3494244, 85.7993861, 20.3505756, 85.8006139], "are longitude and latitude exchanged?"),
        ([9551192.1, 2314600.2, 9551320.0, 2314728.0], "these are metres, or another system's units"),
        ([498000.0, 2250000.0, 498128.0, 2250128.0], "these are metres"),
        ([85.7993861, 20.3505756, 85.8006139, 20.3494244], "is that west, north, east, south?"),
        ([85.79, 20.34, 85.80, 20.35, 10, 55], "in degrees"),
        ([179.999, -17.001, -179.999, -16.999], "across the 180th meridian"),
        ([-180.001, -17.001, -179.999, -16.999], "over the 180th meridian"),
        ([179.999, -17.001, 180.001, -16.999], "over the 180th meridian"),
        ([85.8, 20.34, 85.8, 20.35], "bbox has no width"),
        ([85.79, 20.35, 85.8, 20.35], "it has no height"),
        ([85.79, 20.34, 85.80, 88.0], "in degrees"),
        ([85.79, 20.34, 85.80], "bbox must be a list of 4 or 6 numbers"),
        ([85.79, 20.34, 85.80, None], "None is not a number"),
        ([85.79, 20.34, 85.80, True], "True is not a number"),
        (["85.79", 20.34, 85.80, 20.35], "'85.79' is text and not a number: numbers have no quotes"),
        ([85.79, 20.34, 85.80, math.inf], "not a number"),
        ([85.79, 20.34, 85.80, 10**400], "has too many digits"),
        ("85.79, 20.34, 85.80, 20.35", "bbox must be a list of 4 or 6 numbers"),
        ([85.8, 20.35, 85.8000001, 20.35000009376], "a pixel of the picture would be 4.1e-05 m wide"),
    ],
)
def test_a_box_that_is_no_place_is_refused(bbox, words):
    with pytest.raises(BadItem) as bad:
        read_georeference({"bbox": bbox}, {}, {}).lay(PX, PX)
    assert words in str(bad.value)


@pytest.mark.parametrize(
    ("geometry", "words"),
    [
        ({"type": "Point", "coordinates": [85.8, 20.35]}, "must be a Polygon or MultiPolygon"),
        ({"type": "Polygon", "coordinates": []}, "geometry has no positions"),
        ({"type": "Polygon", "coordinates": [[["85", "20"], [1, 2]]]}, "is text and not a number"),
        ({"type": "Polygon", "coordinates": [[[85.8, 20.3], [85.8, 20.4]]]}, "has no width"),
        ({"type": "Polygon", "coordinates": 7}, "must have lists of positions"),
        ([], "must be a Polygon"),
        (polygon(Bounds(*METRES)), "the box of its geometry is no place"),
    ],
)
def test_a_geometry_that_is_no_ground_is_refused(geometry, words):
    assert words in why(geometry=geometry, bbox=None)


def test_longitude_and_latitude_exchanged_in_one_of_two_are_asked_about():
    turned = Bounds(HERE.south, HERE.west, HERE.north, HERE.east)
    bengaluru = Bounds(77.59, 12.97, 77.592, 12.972)
    swapped = Bounds(12.97, 77.59, 12.972, 77.592)
    assert "are longitude and latitude exchanged in one of them?" in why(geometry=polygon(bengaluru), bbox=swapped)
    assert "geometry is no place" in why(geometry=polygon(turned))
    high = rows_of(bengaluru, PX)
    assert lay(PX, high, bbox=bengaluru).bounds == bengaluru
    assert "are they exchanged?" in why(PX, high, bbox=swapped), "the picture's own shape tells"


@pytest.mark.parametrize(
    ("width", "height", "words"),
    [
        (256, 768, "3 times as wide as high"),
        (256, 86, "2.98 times as high as wide"),
        (256, 264, "1.03 times as wide as high"),
    ],
)
def test_a_picture_of_another_shape_than_its_box_is_refused_with_the_ratio(width, height, words):
    assert (
        f"bbox and picture have different shapes: on the ground of its bbox the pixels of the picture, {width} x "
        in (said := why(width, height))
    )
    assert words in said


@pytest.mark.parametrize(("width", "height"), [(256, 256), (256, 260), (256, 252), (20, 21), (5, 6), (1, 1)])
def test_a_pixel_of_rounding_is_no_other_shape(width, height):
    assert lay(width, height).bounds == HERE


def test_pixels_that_are_square_in_degrees_are_asked_about_and_taken_where_it_is_said():
    high = round(PX * (HERE.north - HERE.south) / (HERE.east - HERE.west))
    assert 'say "proj:code": "EPSG:4326"' in why(PX, high)
    assert lay(PX, high, **LON_LAT).bounds == HERE
    assert lay(PX, PX, **LON_LAT).bounds == HERE


def test_a_shape_is_rows_and_columns():
    assert stated(**{"proj:shape": [10, 20]}).shape == Shape(rows=10, columns=20)
    assert "1 or more" in why(**{"proj:shape": [0, 256]})
    assert "proj:shape must be a list of 2 numbers" in why(**{"proj:shape": 256})


@pytest.mark.parametrize("piece", ["x", " ", "ID[", 'ID["a",1', "[", "]", '"'])
def test_a_long_text_of_a_system_takes_no_time(piece):
    before = time.perf_counter()
    for begin in ('PROJCRS["a",ID["EPSG",3857', 'ID["', ""):
        assert "proj:wkt2 must be" in why(**{"proj:wkt2": begin + piece * 100_000})
    assert time.perf_counter() - before < 5


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ({"eo:gsd": 0.25}, "eo:gsd says 0.25 m a pixel, on the ground of its bbox it is 0."),
        ({"asset": {"raster:spatial_resolution": 10}}, "raster:spatial_resolution says 10 m a pixel"),
        ({"asset": {"raster:bands": [{"spatial_resolution": 10}]}}, "raster:bands[0].spatial_resolution says 10 m"),
        ({"asset": {"gsd": 0.5, "bands": [{}, {"gsd": 0.6}]}}, "gsd says 0.5 m a pixel, bands[1].gsd 0.6"),
    ],
)
def test_metres_a_pixel_are_held_against_the_ground_wherever_they_stand(said, says):
    assert says in why(**said)


def test_metres_a_pixel_that_agree_wherever_they_stand_are_taken():
    lay(gsd=30, asset={"gsd": 0.5, "raster:bands": [{"spatial_resolution": 0.5}] * 3})  # the item's is of its others


@pytest.mark.parametrize("turns", [-360, 360])
def test_longitudes_that_are_a_whole_turn_off_are_told_as_such(turns):
    west, south, east, north = HERE
    says = why(bbox=(west + turns, south, east + turns, north))
    assert f"a whole turn off; are they {west:.7f} and {east:.7f}?" in says


def test_a_box_around_the_world_of_a_small_picture_is_one_across_the_180th_meridian():
    assert "cut there into two items" in why(bbox=(-180, HERE.south, 180, HERE.north))


def test_a_transform_alone_says_no_ground_without_a_shape():
    assert "without proj:shape: add one of them" in why(bbox=None, **{**MERCATOR, "proj:transform": TRANSFORM})


@pytest.mark.parametrize("code", [3857, 3857.0, "3857", "EPSG:3857"])
def test_an_epsg_code_is_understood_as_a_number_and_as_text(code):
    assert stated(**{"proj:epsg": code}).is_system_said
