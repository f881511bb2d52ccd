"""The land of an area is changed over HTTP: what POST takes, PATCH takes, and what it refuses is refused here."""

import pytest
from sqlalchemy import text

from chalicelib.domain.errors import NoCoverage
from tests.support.api_server import SMALL_AREA
from tests.support.builders.parcels import add_layer, adjoining

BOX = {name: SMALL_AREA[name] for name in SMALL_AREA if name.endswith(("Lat", "Lon", "Km"))}
WIDE = BOX | {"eastKm": 0.5}
LON, LAT = BOX["centerLon"], BOX["centerLat"]
TRIANGLE = {"type": "Polygon", "coordinates": [[[LON, LAT], [LON + 0.02, LAT], [LON, LAT + 0.02], [LON, LAT]]]}
CORNERS = [[LON + 1e-3, LAT + 1e-3], [LON + 3e-3, LAT + 1e-3], [LON + 3e-3, LAT + 3e-3], [LON + 1e-3, LAT + 1e-3]]
HOLE = {"type": "Polygon", "coordinates": [CORNERS]}
CANAL = {"type": "LineString", "coordinates": [[LON, LAT], [LON + 0.03, LAT + 0.03]]}
OF_LAND = {
    "centerLat", "centerLon", "northKm", "southKm", "eastKm", "westKm", "areaM2", "hasShape", "geometry", "bufferM",
    "exclude", "watched", "tiles", "version", "gsdM",
}  # fmt: skip


@pytest.fixture
def area(asha):
    return asha.area()


@pytest.fixture
def change(asha, area):
    def patch(body, **headers):
        return asha.call("PATCH", f"/api/area-configs/{area['id']}", body, headers=headers)

    return patch


@pytest.mark.parametrize(
    "land",
    [
        WIDE,
        WIDE | {"northKm": 0.5, "exclude": HOLE},
        {"geometry": TRIANGLE},
        {"geometry": TRIANGLE, "exclude": HOLE},
        {"geometry": CANAL, "bufferM": 200},
        {"geometry": TRIANGLE} | BOX | dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), 5),
        {"geometry": TRIANGLE, "exclude": None, "bufferM": None},
    ],
    ids=" ".join,
)
def test_the_land_becomes_what_a_new_areas_would_be(asha, area, change, land):
    new = asha.post("/api/area-configs", {"name": "New"} | {n: v for n, v in land.items() if v is not None}).json
    changed = change(land)
    assert changed.status == 200, changed.content
    assert {name for name in area if changed.json[name] != area[name]} <= OF_LAND
    assert {name: changed.json[name] for name in OF_LAND} == {name: new[name] for name in OF_LAND} | {"version": 2}
    assert changed.headers["ETag"] == '"2"'
    assert asha.get(f"/api/area-configs/{area['id']}").json == changed.json


def test_a_shape_becomes_a_box_again(area, change):
    change({"geometry": TRIANGLE, "exclude": HOLE})
    back = change(BOX).json
    assert back == area | {"version": 3}


def test_land_and_settings_change_together_or_not_at_all(asha, area, change):
    both = change({"geometry": TRIANGLE, "name": "Hill", "sensitivity": "high"}).json
    assert (both["name"], both["sensitivity"], both["geometry"]) == ("Hill", "high", TRIANGLE)
    refused = change({"geometry": CANAL, "bufferM": 50, "name": " "})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, "/name")
    assert asha.get(f"/api/area-configs/{area['id']}").json == both


def test_what_was_mended_is_said(change):
    turned = {"type": "Polygon", "coordinates": [TRIANGLE["coordinates"][0][::-1]]}
    (note,) = change({"geometry": turned}).json["geometryNotes"]
    assert note.startswith("rings were turned")


def bounds_of(watched):
    lons, lats = zip(*(at for outline in watched["coordinates"] for at in outline[0]), strict=True)
    return min(lons), min(lats), max(lons), max(lats)


def test_the_parcels_of_a_layer_are_land_too(server, asha, area, change):
    with_plots = add_layer(server.engine, 1, adjoining(4, 3))
    changed = change({"layerId": with_plots})
    assert changed.status == 200, changed.content
    assert changed.json["areaM2"] == pytest.approx(12 * 45 * 45, rel=0.01)
    wider = change({"layerId": with_plots, "bufferM": 10}).json
    assert wider["areaM2"] > changed.json["areaM2"]
    assert change({"layerId": 999_999}).status == 404
    west, south, east, north = bounds_of(wider["watched"])
    half = {"type": "Polygon", "coordinates": [[[west - 1, south - 1], [(west + east) / 2, south - 1]]]}
    half["coordinates"][0] += [[(west + east) / 2, north + 1], [west - 1, north + 1], [west - 1, south - 1]]
    less = change({"layerId": with_plots, "bufferM": 10, "exclude": half}).json
    assert less["areaM2"] == pytest.approx(wider["areaM2"] / 2, rel=0.01)
    assert (less["geometry"], less["exclude"]) == (wider["geometry"], half)
    made = asha.post("/api/area-configs", {"name": "Half", "layerId": with_plots, "bufferM": 10, "exclude": half}).json
    estimate = asha.post("/api/area-configs/estimate", {"layerId": with_plots, "bufferM": 10, "exclude": half}).json
    assert made["areaM2"] == estimate["areaM2"] == less["areaM2"]
    wider = change({"name": "Half as well"}).json
    assert (wider["exclude"], wider["areaM2"]) == (half, less["areaM2"])
    assert asha.get(f"/api/area-configs/{area['id']}").json == wider


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"bufferM": 20}, "/bufferM"),
        ({"exclude": HOLE}, "/exclude"),
        ({"parcelIds": [1]}, "/parcelIds"),
        ({"northKm": 2}, "/centerLat"),
        (BOX | {"northKm": None}, "/northKm"),
        (BOX | {"bufferM": 20}, "/bufferM"),
        (BOX | {"exclude": {"type": "Point", "coordinates": [LON, LAT]}}, "/exclude"),
        ({"layerId": 1, "exclude": {"type": "Point", "coordinates": [LON, LAT]}}, "/exclude"),
        (BOX | {"layerId": 1}, "/centerLat"),
        (BOX | {"centerLat": 96}, "/centerLat"),
        (BOX | {"centerLat": LON, "centerLon": LAT}, "/centerLat"),
        (BOX | {"centerLon": 180}, "/centerLon"),
        (BOX | dict.fromkeys(("northKm", "southKm"), 0), "/northKm"),
        (BOX | dict.fromkeys(("northKm", "eastKm"), 900), "/northKm"),
        (BOX | dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), 0.001), "/minChangedAreaM2"),
        ({"geometry": TRIANGLE, "minChangedAreaM2": 0.1}, "/minChangedAreaM2"),
        ({"geometry": TRIANGLE} | BOX, "/geometry"),
        ({"geometry": CANAL}, "/bufferM"),
        ({"geometry": None}, "/geometry"),
        ({"geometry": None, "name": "New"}, "/geometry"),
        ({"layerId": None, "name": "New"}, "/layerId"),
        ({"centerLat": None, "name": "New"}, "/centerLat"),
        ({"exclude": None, "name": "New"}, "/exclude"),
        ({"bufferM": None, "name": "New"}, "/bufferM"),
        ({"isPlaceConfirmed": True}, ""),
    ],
    ids=str,
)
def test_what_is_no_land_is_refused_where_it_was_said(asha, area, change, body, pointer):
    answer = change(body)
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, pointer), answer.content
    assert asha.get(f"/api/area-configs/{area['id']}").json == area


def test_a_place_that_looks_exchanged_may_be_meant(change):
    exchanged = BOX | {"centerLat": LON, "centerLon": LAT}
    assert "exchanged it would be" in change(exchanged).json["message"]
    assert change(exchanged | {"isPlaceConfirmed": True}).status == 200


def test_land_that_nobody_shows_is_refused_as_for_a_new_area(asha, server, area, change, monkeypatch):
    def grid(_area):
        raise NoCoverage("the archive has no picture of any of this area")

    monkeypatch.setattr(server.ports.imagery("sample"), "grid", grid)
    answers = [asha.post("/api/area-configs", WIDE | {"name": "New"}), change(WIDE)]
    assert (answers[0].status, answers[0].json["message"]) == (answers[1].status, answers[1].json["message"])
    assert "no picture of any of this area" in answers[1].json["message"]
    assert asha.get(f"/api/area-configs/{area['id']}").json == area


def test_a_day_allows_as_much_of_it_as_of_a_new_area(server_with):
    server = server_with(tiles_per_day=8)
    asha = server.user()
    area = asha.area()
    body = BOX | dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), 2)
    refused = [asha.post("/api/area-configs", {"name": "New"} | body), patched(asha, area, body)]
    assert [answer.status for answer in refused] == [400, 400]
    assert refused[0].json["errors"] == refused[1].json["errors"]
    assert "it would never be looked at" in refused[1].json["message"]


def patched(person, area, body):
    return person.call("PATCH", f"/api/area-configs/{area['id']}", body)


def test_of_two_changes_of_one_version_the_later_one_is_refused(asha, area, change):
    assert change({"geometry": TRIANGLE}, **{"If-Match": '"1"'}).status == 200
    late = change(WIDE, **{"If-Match": '"1"'})
    assert (late.status, late.headers["ETag"]) == (412, '"2"')
    assert asha.get(f"/api/area-configs/{area['id']}").json["geometry"] == TRIANGLE


def test_another_person_changes_nothing(badri, asha, area):
    assert patched(badri, area, {"geometry": TRIANGLE}).status == 404
    assert asha.get(f"/api/area-configs/{area['id']}").json == area


def test_a_session_that_runs_ends_and_says_why_and_how_the_area_stands_is_not_known(asha, area, change):
    asha.post(f"/api/monitor/capture/{area['id']}")
    changed = change({"geometry": TRIANGLE}).json
    (ended,) = asha.get("/api/alerts/sessions").json
    assert (ended["status"], ended["allClear"]) == ("COMPLETED_ERROR", False)
    assert ended["reason"].endswith("were cancelled: the land was changed while this session ran")
    assert changed["stateSince"] is None
    (listed,) = asha.get("/api/area-configs?attention=not%20looked%20at").json
    assert listed["id"] == area["id"], "it is not taken for failing"


def test_a_dry_run_is_of_what_was_compared_on_this_land(asha):
    area = asha.trip()
    past = asha.post(f"/api/area-configs/{area['id']}/dry-run", {"sensitivity": "low"}).json
    patched(asha, area, {"geometry": TRIANGLE})
    now = asha.post(f"/api/area-configs/{area['id']}/dry-run", {"sensitivity": "low"}).json
    assert (bool(past["sessions"]), now["sessions"]) == (True, [])


def test_it_is_in_the_audit_log(server, area, change):
    change({"geometry": TRIANGLE, "name": "Hill"})
    with server.engine.connect() as connection:
        (about,) = connection.execute(text("SELECT about FROM audit_entries ORDER BY number DESC")).first()
    assert about == f"area {area['id']}, version 2: name, land"


def test_land_that_is_held_is_refused_with_the_hold_s_number_and_the_rest_is_not(asha, area, change):
    change({"geometry": TRIANGLE})
    held = asha.post("/api/holds", {"areaConfigId": area["id"], "reason": "case 12"}).json
    for land in (WIDE, {"geometry": CANAL, "bufferM": 200}):
        refused = change({"name": "Other land"} | land)
        assert (refused.status, refused.is_problem) == (409, True), refused.content
        assert f"hold {held['id']} on area {area['id']}" in refused.json["message"]
    kept = change({"name": "The same land", "isPaused": True}).json
    assert (kept["name"], kept["geometry"]) == ("The same land", TRIANGLE)
    asha.post(f"/api/holds/{held['id']}/lift", {"reason": "settled"})
    assert change(WIDE).status == 200
