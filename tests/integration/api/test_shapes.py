"""Land that is no box, over HTTP: what is answered, what it costs, and what is refused, and where."""

import json
import math
import subprocess
import sys

import pytest

from tests.support.api_gateway import assert_refused
from tests.support.api_server import SMALL_AREA
from tests.support.sources import ROOT

PATHS = ("/api/area-configs", "/api/area-configs/estimate")
LON, LAT = 77.5946, 12.9716
DEGREE_M = 111_194.93
TRIANGLE = {"type": "Polygon", "coordinates": [[[LON, LAT], [LON + 0.02, LAT], [LON, LAT + 0.02], [LON, LAT]]]}
HOLE = {
    "type": "Polygon",
    "coordinates": [[[LON + d, LAT + e] for d, e in ((1e-3, 1e-3), (3e-3, 1e-3), (3e-3, 3e-3), (1e-3, 1e-3))]],
}
CANAL = {"type": "LineString", "coordinates": [[LON, LAT], [LON + 0.03, LAT + 0.03]]}


def of(geometry, **more):
    return {"name": "Tank", "geometry": geometry} | more


def ring(*positions):
    return of({"type": "Polygon", "coordinates": [[*positions]]})


def test_a_shape_is_answered_with_the_box_around_it_and_with_itself(asha):
    made = asha.post("/api/area-configs", of(TRIANGLE, exclude=HOLE))
    assert made.status == 201, made.content
    area = made.json
    assert (area["centerLat"], area["centerLon"]) == pytest.approx((LAT + 0.01, LON + 0.01))
    assert area["northKm"] == area["southKm"] == pytest.approx(0.01 * DEGREE_M / 1000)
    assert (
        area["eastKm"] == area["westKm"] == pytest.approx(0.01 * DEGREE_M / 1000 * math.cos(math.radians(LAT + 0.01)))
    )
    half_m2 = 2 * area["northKm"] * 2 * area["eastKm"] * 1e6 / 2
    assert 0.97 * half_m2 < area["areaM2"] < half_m2
    assert area["geometry"] == TRIANGLE
    assert area["exclude"]["coordinates"][0][0] in HOLE["coordinates"][0]
    assert [len(rings) for rings in area["watched"]["coordinates"]] == [2], "the land with its hole"
    assert asha.get(f"/api/area-configs/{area['id']}").json == area
    (listed,) = asha.get("/api/area-configs").json
    assert listed == area | dict.fromkeys(("geometry", "exclude", "watched")), "a list stays as short as it was"
    assert listed["hasShape"]


def test_a_box_is_what_it_was(asha):
    area = asha.post("/api/area-configs", SMALL_AREA).json
    assert (area["hasShape"], area["geometry"], area["watched"]) == (False, None, None)
    assert area["areaM2"] == pytest.approx(10_000)


def test_an_estimate_is_of_the_tiles_that_the_shape_touches(asha):
    canal = asha.post(PATHS[1], of(CANAL, bufferM=200)).json
    made = asha.post(PATHS[0], of(CANAL, bufferM=200)).json
    box = {name: made[name] for name in SMALL_AREA if name != "name"}
    around = asha.post(PATHS[1], box).json
    assert canal["tiles"] == made["tiles"] < 0.5 * around["tiles"]
    long_m = 0.03 * DEGREE_M * math.hypot(1, math.cos(math.radians(LAT + 0.015)))
    assert canal["areaM2"] == pytest.approx(long_m * 400 + math.pi * 200**2, rel=0.01)
    assert (made["geometry"], made["bufferM"]) == (CANAL, 200)


def test_what_was_mended_is_said_at_once(asha):
    turned = {"type": "Polygon", "coordinates": [TRIANGLE["coordinates"][0][::-1]]}
    for path in PATHS:
        (note,) = asha.post(path, of(turned)).json["geometryNotes"]
        assert note.startswith("rings were turned")


def test_a_feature_is_a_shape(asha):
    feature = {"type": "Feature", "properties": None, "geometry": TRIANGLE}
    for sent in (feature, {"type": "FeatureCollection", "features": [feature]}):
        assert asha.post(PATHS[0], of(sent)).json["geometry"] == TRIANGLE


def test_a_box_beside_a_geometry_holds_it_or_is_asked_about(asha):
    around = {"centerLat": LAT, "centerLon": LON} | dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), 5)
    made = asha.post(PATHS[0], of(TRIANGLE) | around)
    assert (made.status, made.json["northKm"]) == (201, pytest.approx(1.112, abs=0.01))
    for wrong in ({"northKm": 1}, {"centerLat": LON, "centerLon": LAT}):
        answer = asha.post(PATHS[0], of(TRIANGLE) | around | wrong)
        assert_refused(answer)
        assert (answer.json["errors"][0]["pointer"], "out of the box" in answer.json["message"]) == ("/geometry", True)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [("bufferM", 200, "as a geometry, or by its layer"), ("parcelIds", [1], "say layerId too")],
)
def test_a_box_has_no_margin_and_no_parcels(asha, name, value, says):
    answer = asha.post(PATHS[0], SMALL_AREA | {name: value})
    assert_refused(answer)
    assert answer.json["errors"][0]["pointer"] == f"/{name}"
    assert says in answer.json["message"]
    if name == "parcelIds":
        assert_refused(asha.post(PATHS[0], of(TRIANGLE, parcelIds=[1])))


def test_a_box_has_ground_that_is_left_out(asha):
    box = {"centerLat": LAT, "centerLon": LON} | dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), 0.5)
    whole, estimate = (asha.post(PATHS[1], box | more).json for more in ({}, {"exclude": HOLE}))
    made = asha.post(PATHS[0], box | {"name": "Block", "exclude": HOLE})
    assert made.status == 201, made.content
    area = made.json
    hole_m2 = 0.5 * (2e-3 * DEGREE_M) ** 2 * math.cos(math.radians(LAT + 2e-3))
    assert area["areaM2"] == estimate["areaM2"] == pytest.approx(whole["areaM2"] - hole_m2, rel=1e-3)
    assert [len(rings) for rings in area["watched"]["coordinates"]] == [2], "the box with its hole"
    assert [area[name] for name in ("centerLat", "northKm", "westKm")] == pytest.approx([LAT, 0.5, 0.5], rel=1e-6)
    renamed = asha.call("PATCH", f"/api/area-configs/{area['id']}", {"name": "Our block"}).json
    assert (renamed["exclude"], renamed["areaM2"]) == (area["exclude"], area["areaM2"])
    nothing = asha.post(PATHS[0], box | {"name": "None", "exclude": [of_box(LON - 1, LAT - 1, LON + 1, LAT + 1)]})
    assert_refused(nothing)
    assert (nothing.json["errors"][0]["pointer"], "leaves nothing" in nothing.json["message"]) == ("/exclude", True)


def of_box(west, south, east, north):
    corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [corners]}


def test_without_any_land_the_first_member_that_lacks_is_named(asha):
    answer = asha.post(PATHS[0], {"name": "Tank"})
    assert_refused(answer)
    assert answer.json["message"] == "centerLat: field required, or say the land as a geometry"


def test_an_exchanged_shape_is_asked_about(asha):
    exchanged = {"type": "Polygon", "coordinates": [[[lat, lon] for lon, lat in TRIANGLE["coordinates"][0]]]}
    answer = asha.post(PATHS[0], of(exchanged))
    assert_refused(answer)
    assert answer.json["errors"][0]["pointer"] == "/geometry"
    assert "exchanged it would be" in answer.json["message"]


def test_a_shape_of_too_many_tiles_is_refused_before_they_are_made(asha):
    half = {"type": "Polygon", "coordinates": [[[70, 10], [80, 10], [80, 20], [70, 10]]]}
    answer = asha.post(PATHS[0], of(half))
    assert_refused(answer)
    assert answer.json["errors"][0]["pointer"] == "/geometry"
    assert "touches more tiles than the 2 500 that are allowed at zoom 17" in answer.json["message"]


def text_of(geometry):
    return f'{{"name": "Tank", "geometry": {geometry}}}'.encode()


MILLION = text_of('{"type":"LineString","coordinates":[' + ",".join(["[77.5,12.9]"] * 1_000_000) + "]}")
DENSE = text_of('{"type":"LineString","coordinates":[' + ",".join(["[0,0]"] * 43_000) + "]}")
DEEP = text_of('{"type":"Polygon","coordinates":' + "[" * 5000 + "]" * 5000 + "}")
NOT_A_NUMBER = text_of('{"type":"Point","coordinates":[NaN,12.9]}')
BOW_TIE = ring([LON, LAT], [LON + 0.02, LAT + 0.02], [LON + 0.02, LAT], [LON, LAT + 0.02], [LON, LAT])


BAD = [
    (MILLION, "a request's body has at most 256 KiB"),
    (DENSE, "at most 5 000 vertices"),
    (DEEP, "nested more than 32 deep"),
    (NOT_A_NUMBER, "NaN, which is not JSON"),
    (BOW_TIE, "this ring crosses itself at longitude 77.6046, latitude 12.9816"),
    (ring([LON, LAT], [LON + 1, LAT], [LON, LAT + 1]), "this ring is not closed"),
    (ring([179, 1], [-179, 1], [-179, 2], [179, 1]), "180th meridian"),
    (ring([0, 86], [1, 86], [1, 87], [0, 86]), "within 85.0511 degrees of the equator"),
    (ring([LAT, 177.6], [13, 177.6], [13, 178], [LAT, 177.6]), "are longitude and latitude exchanged"),
    (ring(["77.5", 12.9], [78, 13], [79, 13], ["77.5", 12.9]), "a position is of finite numbers, not '77.5'"),
    (of({}), "a geometry's type is Point"),
    (of({"type": "GeometryCollection", "geometries": [TRIANGLE]}), "a GeometryCollection is not taken"),
    (of("POLYGON ((0 0, 1 1, 1 0, 0 0))"), "valid dictionary"),
    (of(CANAL), "a LineString needs bufferM"),
    (of(CANAL, bufferM=-1), "0.5 to 10000 metres; not -1"),
    (of(TRIANGLE, exclude=[TRIANGLE]), "leaves nothing of this shape"),
]
NAMED = {"ids": lambda value: value[:30] if isinstance(value, str) else "body"}


def raw(body):
    return body if isinstance(body, bytes) else json.dumps(body).encode()


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(("body", "says"), BAD, **NAMED)
def test_bad_shapes_are_refused_with_a_sentence_and_nothing_is_kept(asha, path, body, says):
    answer = asha.post(path, raw=raw(body))
    assert_refused(answer, 400, 413)
    assert says in answer.json["message"]
    assert asha.get("/api/area-configs").json == []


@pytest.mark.parametrize(("body", "says"), BAD, **NAMED)
def test_an_area_is_not_laid_on_them_either_and_they_are_refused_in_the_same_words(asha, body, says):
    area = asha.post(PATHS[0], of(TRIANGLE)).json
    answers = [asha.post(PATHS[0], raw=raw(body)), asha.call("PATCH", f"{PATHS[0]}/{area['id']}", raw=raw(body))]
    said = [{name: value for name, value in answer.json.items() if name != "instance"} for answer in answers]
    assert said[0] == said[1]
    assert says in said[1]["message"]
    assert asha.get(f"{PATHS[0]}/{area['id']}").json == area


def test_a_fault_on_the_map_has_its_position(asha):
    (fault,) = asha.post(PATHS[0], BOW_TIE).json["errors"]
    assert (fault["pointer"], fault["position"]) == ("/geometry/coordinates/0", pytest.approx([LON + 0.01, LAT + 0.01]))


WITHOUT_GEOMETRY = """
import sys
from tests.support.api_server import SMALL_AREA, Server
from chalicelib.adapters.database.schema.migrate import to_head
server = Server("sqlite:///" + sys.argv[1])
to_head(server.engine)
asha = server.user()
assert asha.post("/api/area-configs", SMALL_AREA).status == 201
assert asha.get("/api/area-configs/1").status == 200
loaded = {"shapely", "chalicelib.adapters.shapes"} & set(sys.modules)
body = {"name": "Tank", "geometry": {"type": "Point", "coordinates": [77.6, 12.9]}, "bufferM": 50}
assert asha.post("/api/area-configs", body).status == 201
print(sorted(loaded), "shapely" in sys.modules)
"""


def test_shapely_is_imported_by_a_request_that_carries_a_geometry_and_by_none_before(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-c", WITHOUT_GEOMETRY, str(tmp_path / "one.db")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.stdout.splitlines()[-1:] == ["[] True"], ran.stderr
