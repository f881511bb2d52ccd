"""Places over HTTP: listed, filtered, shown with their history, accepted; each only by the owner of its area."""

import re
from datetime import timedelta

import pytest

ONE_AFTER = {"centerLat": 13.9716}


def test_a_change_is_a_place_that_its_alert_points_to(asha):
    area = asha.trip()
    (place,) = asha.get("/api/places").json
    assert (place["areaConfigId"], place["state"], place["areaM2"], place["severity"]) == (
        area["id"],
        "open",
        900.0,
        "high",
    )
    session = asha.get("/api/alerts/sessions").json[0]
    details = asha.get(f"/api/alerts/sessions/{session['id']}/details").json
    assert [detail["placeIds"] for detail in details["alert_details"]] == [[place["id"]]]
    shown = asha.get(f"/api/places/{place['id']}").json
    assert {name: shown[name] for name in place} == place
    assert shown["outlines"]["type"] == "MultiPolygon"
    (seen,) = shown["history"]
    assert (seen["alertSessionId"], seen["areaM2"], seen["isTold"]) == (session["id"], 900.0, True)
    (image,) = seen["images"]
    assert image["alertId"] == details["alert_details"][0]["id"]
    assert image["imageTileId"] == details["alert_details"][0]["imageTileId"]
    path = image["imagePath"].partition("captured_images/")[2]
    assert asha.server.call("GET", f"/static_images/{path}").status == 200


def test_the_list_is_filtered_and_its_pages_keep_the_filter(asha, server):
    area = asha.trip()
    later = server.now + timedelta(minutes=1)
    other = asha.trip(**ONE_AFTER)
    mine = [place["id"] for place in asha.get("/api/places").json]
    assert len(mine) == 2
    assert [place["areaConfigId"] for place in asha.get("/api/places").json] == [other["id"], area["id"]]
    assert [place["id"] for place in asha.get(f"/api/places?area={area['id']}").json] == mine[1:]
    since = later.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert [place["id"] for place in asha.get(f"/api/places?since={since}").json] == mine[:1]
    assert asha.get("/api/places?open=false").json == []
    answer = asha.get(f"/api/places?limit=1&area={area['id']}&open=true")
    assert answer.headers["X-Total-Count"] == "1"
    assert "Link" not in answer.headers
    first = asha.get("/api/places?limit=1&open=true")
    assert [place["id"] for place in asha.get(f"/api/places{link(first)}").json] == mine[1:]


def link(answer):
    found = re.fullmatch(r"<(\?[^>]+)>; rel=\"next\"", answer.headers["Link"])[1]
    assert "open=true" in found
    return found


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("area=x", "area"),
        ("area=0", "area"),
        (f"area={2**63}", "area"),
        ("area=" + "9" * 5000, "area"),
        ("area=1&area=2", "area"),
        ("since=yesterday", "since"),
        ("since=2026-03-01T12:00:00", "since"),
        ("since=0001-01-01T00:00:00%2B23:59", "since"),
        ("since=9999-12-31T23:59:59-23:59", "since"),
        ("open=yes", "open"),
        ("closed=true", "closed"),
        ("limit=101", "limit"),
        ("cursor=x", "cursor"),
    ],
)
def test_what_the_list_does_not_know_is_refused(asha, query, pointer):
    answer = asha.get(f"/api/places?{query}")
    assert answer.status == 400
    assert [error["pointer"] for error in answer.json["errors"]] == [pointer]


def test_others_places_are_not_there(asha, badri):
    area = asha.trip()
    (place,) = asha.get("/api/places").json
    assert badri.get("/api/places").json == []
    assert badri.get(f"/api/places?area={area['id']}").json == []
    assert badri.get(f"/api/places/{place['id']}").status == 404
    assert badri.post(f"/api/area-configs/{area['id']}/baseline").status == 404
    assert asha.server.call("GET", "/api/places").status == 401
    assert asha.get("/api/places?open=true").json == [place]


def test_a_baseline_that_is_accepted_settles_what_was_open(asha):
    area = asha.trip()
    answer = asha.post(f"/api/area-configs/{area['id']}/baseline")
    assert (answer.status, answer.json["placesAccepted"]) == (200, 1)
    assert asha.get("/api/places?open=true").json == []
    assert [place["state"] for place in asha.get("/api/places").json] == ["accepted"]
    assert asha.post(f"/api/area-configs/{area['id']}/baseline").json["placesAccepted"] == 0
    assert asha.post(f"/api/area-configs/{area['id']}/baseline?until=now").status == 400


def test_nothing_is_accepted_while_it_is_looked_at(asha):
    area = asha.trip()
    assert asha.post(f"/api/monitor/capture/{area['id']}").status == 200
    answer = asha.post(f"/api/area-configs/{area['id']}/baseline")
    assert (answer.status, answer.json["message"]) == (
        409,
        "this area is being looked at right now: wait until that has ended, then accept it",
    )


def test_every_member_of_a_place_is_described(server):
    schemas = server.call("GET", "/api/openapi.json").json["components"]["schemas"]
    ours = ("PlaceOut", "PlaceDetails", "SeenOut", "SeenImageOut", "MultiPolygonOut", "AcceptedOut")
    silent = [
        (name, member)
        for name in ours
        for member, says in schemas[name]["properties"].items()
        if not says.get("description")
    ]
    assert silent == []
