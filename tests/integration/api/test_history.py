"""The history of an area's images over HTTP: filtered, in pages that hold still, with what each is kept for."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.domain.retention import Policy


def images_of(person, area, query=""):
    return person.get(f"/api/area-configs/{area['id']}/images{query}").json


@pytest.fixture
def area(asha):
    return asha.trip()


def test_each_image_says_what_it_is_kept_for_and_until_when(asha, area):
    newer, older = images_of(asha, area)
    session = asha.get("/api/alerts/sessions").json[0]
    (detail,) = asha.get(f"/api/alerts/sessions/{session['id']}/details").json["alert_details"]
    assert newer["id"] == detail["imageTileId"]
    assert {"use": "alert", "id": detail["id"]} in newer["usedBy"]
    assert {"use": "place", "id": detail["placeIds"][0]} in newer["usedBy"]
    assert {use["use"] for use in older["usedBy"]} >= {"alert", "baseline"}
    assert (newer["keptUntil"], newer["isPinned"], newer["droppedAt"], newer["isBeyondCount"]) == (
        None,
        False,
        None,
        False,
    )
    assert newer["sizeBytes"] > 0
    assert newer["tile"] == detail["current_tile_info"]["uniqueKey"]
    path = newer["imagePath"].partition("captured_images/")[2]
    assert asha.server.call("GET", f"/static_images/{path}").status == 200
    kept = asha.get(f"/api/area-configs/{area['id']}/kept").json
    assert kept == {
        "images": 2,
        "storedBytes": newer["sizeBytes"] + older["sizeBytes"],
        "pinned": 0,
        "dropped": 0,
        "imageDays": 400,
        "imagesPerTile": 50,
        "bandsDays": 1461,
    }


def test_a_pin_has_a_reason_and_what_is_dropped_cannot_be_pinned(asha, server):
    area = asha.trip(changed_m2=0.0)
    for _ in range(3):
        server.later(days=1)
        asha.post(f"/api/monitor/capture/{area['id']}")
        server.work(changed_m2=0.0)
    third = images_of(asha, area)[1]
    pinned = asha.call("PUT", f"/api/images/{third['id']}/pin", {"reason": " evidence\n of March "})
    assert (pinned.json["isPinned"], pinned.json["pinReason"]) == (True, "evidence of March")
    assert [one["id"] for one in images_of(asha, area, "?isPinned=true")] == [third["id"]]
    assert len(images_of(asha, area, "?isPinned=false")) == 4
    assert asha.call("PUT", f"/api/images/{third['id']}/pin", {"reason": "  "}).status == 400
    assert asha.call("DELETE", f"/api/images/{third['id']}/pin").status == 204
    server.later(days=500)
    policy = Policy(image_days=400, images_per_tile=50, bands_days=1461, newest_per_tile=1)
    assert server.ports.retention.drop_some("", policy=policy, now=server.now).images == 3
    again = server.call("POST", "/api/auth/login", {"email": "asha@example.org", "password": "secret-1"}).json
    asha = replace(asha, token=again["access_token"])
    gone = next(one for one in images_of(asha, area) if one["id"] == third["id"])
    assert (gone["imagePath"], gone["usedBy"], gone["keptUntil"]) == (None, [], None)
    assert gone["droppedAt"].startswith(f"{server.now:%Y-%m-%d}")
    refused = asha.call("PUT", f"/api/images/{third['id']}/pin", {"reason": "evidence"})
    assert (refused.status, refused.json["message"]) == (
        409,
        f"image {third['id']} was dropped on {server.now:%Y-%m-%d}: its picture is gone",
    )
    assert len(asha.get(f"/api/monitor/image-tiles/area/{area['id']}").json) == 2, "the client sees what is there"


def test_it_is_filtered_and_its_pages_hold_still_while_images_come(asha, area, server):
    for _ in range(4):
        server.later(days=1)
        asha.post(f"/api/monitor/capture/{area['id']}")
        server.work(changed_m2=0.0)
    every = images_of(asha, area)
    assert [one["takenAt"] for one in every] == sorted((one["takenAt"] for one in every), reverse=True)
    seen, query, pages = [], "?limit=2&clearShareMin=0.5", 0
    while query is not None:
        answer = asha.get(f"/api/area-configs/{area['id']}/images{query}")
        seen += [one["id"] for one in answer.json]
        found = re.fullmatch(r"<(\?[^>]+)>; rel=\"next\"", answer.headers.get("Link", ""))
        query, pages = (found[1] if found else None), pages + 1
        server.later(days=1)
        asha.post(f"/api/monitor/capture/{area['id']}")
        server.work(changed_m2=0.0)
    assert seen == [one["id"] for one in every]
    assert pages == len(every) // 2
    assert images_of(asha, area, f"?tile={every[0]['tile']}&limit=1")[0]["tile"] == every[0]["tile"]
    assert images_of(asha, area, "?tile=17/1/1") == images_of(asha, area, "?provider=google_static") == []
    to = (server.now - timedelta(days=365)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert images_of(asha, area, f"?to={to}") == []
    assert len(images_of(asha, area, f"?from={to}")) == len(images_of(asha, area))


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ("tile=17/1", "tile"),
        ("tile=99/1/1", "tile"),
        ("from=yesterday", "from"),
        ("from=2026-03-02T00:00:00Z&to=2026-03-01T00:00:00Z", "from"),
        ("clearShareMin=nan", "clearShareMin"),
        ("clearShareMin=1.1", "clearShareMin"),
        ("isPinned=yes", "isPinned"),
        ("color=red", "color"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_name(asha, area, query, pointer):
    answer = asha.get(f"/api/area-configs/{area['id']}/images?{query}")
    assert (answer.status, answer.json["errors"][0]["pointer"]) == (400, pointer)


def test_a_hold_stops_the_deletion_of_its_area_and_says_which_it_is(asha, area, server):
    session = asha.get("/api/alerts/sessions").json[0]
    hold = asha.post("/api/holds", {"sessionId": session["id"], "reason": "case 12"})
    assert (hold.status, hold.json["areaConfigId"], hold.json["liftedAt"]) == (201, area["id"], None)
    refused = asha.call("DELETE", f"/api/area-configs/{area['id']}")
    assert refused.status == 409
    assert f"hold {hold.json['id']} on session {session['id']}" in refused.json["message"]
    assert asha.post("/api/holds", {"sessionId": session["id"], "reason": "again"}).status == 409
    for body in ({"reason": "x"}, {"sessionId": 1, "placeId": 1, "reason": "x"}, {"sessionId": session["id"]}):
        assert asha.post("/api/holds", body).status == 400
    assert (
        server.user("badri@example.org").post("/api/holds", {"sessionId": session["id"], "reason": "x"}).status == 404
    )
    assert asha.post(f"/api/holds/{hold.json['id']}/lift", {"reason": ""}).status == 400
    lifted = asha.post(f"/api/holds/{hold.json['id']}/lift", {"reason": "settled"}).json
    assert lifted["liftReason"] == "settled"
    assert asha.get("/api/holds").json == [lifted]
    assert asha.call("DELETE", f"/api/area-configs/{area['id']}").status == 204
