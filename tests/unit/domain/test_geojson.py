"""GeoJSON as people send it: each fault with a sentence, the pointer to it, and where it is on the map."""

import pytest

from chalicelib.domain.errors import Invalid
from chalicelib.domain.geojson import MOST_PARTS, MOST_VERTICES, read_geometry, read_polygons

RING = [[77.59, 12.97], [77.60, 12.97], [77.60, 12.98], [77.59, 12.97]]
POLYGON = {"type": "Polygon", "coordinates": [RING]}


def of(*ring):
    return {"type": "Polygon", "coordinates": [[list(each) for each in ring]]}


def feature(geometry):
    return {"type": "Feature", "properties": {"plot": "820/1"}, "geometry": geometry}


def together(*features):
    return {"type": "FeatureCollection", "features": list(features)}


@pytest.mark.parametrize("value", [POLYGON, feature(POLYGON), together(feature(POLYGON))])
def test_a_geometry_is_read_from_a_feature_and_from_a_collection_of_one(value):
    given = read_geometry(value, "/geometry")
    assert given.polygons == [[[tuple(position) for position in RING]]]
    assert (given.points, given.lines) == ([], [])


def test_altitudes_are_left_out():
    given = read_geometry({"type": "LineString", "coordinates": [[77, 12, 920.5], [78, 12, 0]]}, "/geometry")
    assert given.geojson == {"type": "LineString", "coordinates": [(77.0, 12.0), (78.0, 12.0)]}


def test_each_part_knows_where_it_was_said():
    two = {"type": "MultiPolygon", "coordinates": [[RING], [RING]]}
    given = read_geometry(feature(two), "/geometry")
    assert given.places == ["/geometry/geometry/coordinates/0", "/geometry/geometry/coordinates/1"]


WRONG = [
    ("text", "GeoJSON is an object with a type, not 'text'", ""),
    ([], "GeoJSON is an object with a type, not a list", ""),
    ({}, "a geometry's type is Point,", "/type"),
    ({"type": ["Polygon"]}, "a geometry's type is Point, .* not a list", "/type"),
    ({"type": "Circle", "coordinates": []}, "a geometry's type is .* not 'Circle'", "/type"),
    ({"type": "GeometryCollection", "geometries": [POLYGON]}, "a GeometryCollection is not taken", "/type"),
    (feature(None), "this feature has no geometry", "/geometry"),
    (together(), "features are a list, and not an empty one", "/features"),
    (together(feature(POLYGON), feature(POLYGON)), "a FeatureCollection of 2 features: an area is one shape", ""),
    (together(together(feature(POLYGON))), "a feature's type is Feature, not 'FeatureCollection'", "/features/0/type"),
    ({"type": "Polygon"}, "rings are a list, and not an empty one", "/coordinates"),
    ({"type": "Polygon", "coordinates": []}, "rings are a list, and not an empty one", "/coordinates"),
    ({"type": "Polygon", "coordinates": [[]]}, "positions are a list, and not an empty one", "/coordinates/0"),
    ({"type": "MultiPolygon", "coordinates": [[]]}, "rings are a list, and not an empty one", "/coordinates/0"),
    (of(*RING[:3]), "this ring is not closed: it begins at longitude 77.59, latitude 12.97 and", "/coordinates/0"),
    (of(RING[0], RING[1], RING[0]), "a ring has four positions or more", "/coordinates/0"),
    (of((1, 1), ("2", 1), (2, 2), (1, 1)), "a position is of finite numbers, not '2'", "/coordinates/0/1/0"),
    (of((1, 1), (True, 1), (2, 2), (1, 1)), "a position is of finite numbers, not True", "/coordinates/0/1/0"),
    (of((1, 1), (10**400, 1), (2, 2), (1, 1)), "a position is of finite numbers, not 1000", "/coordinates/0/1/0"),
    (of((1, 1), (float("nan"), 1), (2, 2), (1, 1)), "a position is of finite numbers, not nan", "/coordinates/0/1/0"),
    (of((1, 1), (2, float("inf")), (2, 2), (1, 1)), "a position is of finite numbers, not inf", "/coordinates/0/1/1"),
    (of((1, 1), (2,), (2, 2), (1, 1)), r"a position is \[longitude, latitude\]", "/coordinates/0/1"),
    ({"type": "Point", "coordinates": [[1, 2]]}, r"a position is \[longitude, latitude\]", "/coordinates"),
    (of((12, 177), (13, 177), (13, 178), (12, 177)), "are longitude and latitude exchanged", "/coordinates/0/0/1"),
    (of((779_000, 1_430_000), (1, 1), (2, 2), (1, 1)), "is it in metres", "/coordinates/0/0/1"),
    (of((1, 86), (2, 86), (2, 87), (1, 86)), "within 85.0511 degrees of the equator", "/coordinates/0/0/1"),
    (of((179, 1), (181, 1), (181, 2), (179, 1)), "across the 180th meridian", "/coordinates/0/1/0"),
    (of((179, 1), (-179, 1), (-179, 2), (179, 1)), "goes around the world: .* 180th meridian", "/coordinates/0/1"),
    ({"type": "LineString", "coordinates": [[1, 1]]}, "a line has two different positions or more", "/coordinates"),
    ({"type": "LineString", "coordinates": [[1, 1], [1, 1]]}, "a line has two different", "/coordinates"),
    (POLYGON | {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::32643"}}}, "WGS 84", "/crs"),
]


@pytest.mark.parametrize(("value", "says", "pointer"), WRONG)
def test_each_fault_has_its_sentence_and_its_pointer(value, says, pointer):
    with pytest.raises(Invalid, match=says) as caught:
        read_geometry(value, "/geometry")
    assert caught.value.pointer == f"/geometry{pointer}"


def test_what_lies_on_the_map_has_its_position():
    with pytest.raises(Invalid) as caught:
        read_geometry(of(*RING[:3]), "/geometry")
    assert caught.value.position == (77.60, 12.98)


def test_wgs_84_may_be_named():
    for name in ("urn:ogc:def:crs:OGC:1.3:CRS84", "EPSG:4326"):
        assert read_geometry(POLYGON | {"crs": {"type": "name", "properties": {"name": name}}}, "/geometry").polygons


def test_vertices_and_parts_are_counted_over_the_whole():
    points = [[0.001 * place, 0.0] for place in range(MOST_VERTICES + 1)]
    read_geometry({"type": "LineString", "coordinates": points[:-1]}, "/geometry")
    with pytest.raises(Invalid, match="at most 5 000 vertices") as caught:
        read_geometry({"type": "LineString", "coordinates": points}, "/geometry")
    assert caught.value.pointer == f"/geometry/coordinates/{MOST_VERTICES}"
    with pytest.raises(Invalid, match="at most 500 parts"):
        read_geometry({"type": "MultiPoint", "coordinates": [[1, 1]] * (MOST_PARTS + 1)}, "/geometry")


def test_what_is_left_out_is_polygons_one_or_many():
    assert len(read_polygons(POLYGON, "/exclude")) == 1
    assert len(read_polygons(together(feature(POLYGON), feature(POLYGON)), "/exclude")) == 2
    assert [each.pointer for each in read_polygons([POLYGON, POLYGON], "/exclude")] == [
        "/exclude/0/coordinates",
        "/exclude/1/coordinates",
    ]
    with pytest.raises(Invalid, match="only a Polygon or a MultiPolygon can be left out, not a Point"):
        read_polygons({"type": "Point", "coordinates": [1, 2]}, "/exclude")
