"""Whose things are, and how many: what others reach of them is in test_isolation.py, for each route."""

import pytest

from chalicelib.domain.image_take import ImageTake
from tests.support.api_server import SMALL_AREA, ListedImagery


@pytest.fixture
def hers(asha):
    """Give the ids of one of each of Asha's things."""
    area = asha.trip()
    device = asha.post("/api/devices", {"token": "token-of-asha", "platform": "android"})
    assert device.status == 201
    session = asha.get("/api/alerts/sessions").json[0]
    return {"area_id": area["id"], "session_id": session["id"], "device_id": device.json["id"]}


def test_a_body_cannot_say_whose_it_is(asha, badri):
    for said in ({"userId": 1}, {"user_id": 1}, {"nextDueAt": "1999"}):
        assert badri.post("/api/area-configs", SMALL_AREA | said).status == 400
    area = badri.post("/api/area-configs", SMALL_AREA | {"id": 77})
    assert area.status == 201
    assert asha.get("/api/area-configs").json == []
    assert [kept["id"] for kept in badri.get("/api/area-configs").json] == [area.json["id"]]


def test_a_deleted_area_is_gone_with_all_that_was_seen(server, asha, hers):
    assert asha.call("DELETE", "/api/area-configs/{area_id}".format(**hers)).status == 204
    for path in ("area-configs", "alerts/sessions", "pushes"):
        assert asha.get(f"/api/{path}").json == []
    server.later(days=1)
    assert asha.call("DELETE", "/api/area-configs/{area_id}".format(**hers)).status == 404


def test_a_running_session_can_be_stopped(asha):
    area = asha.area()
    session = asha.post(f"/api/monitor/capture/{area['id']}").json["session"]
    stopped = asha.post(f"/api/alerts/sessions/{session['id']}/cancel")
    assert stopped.status == 200
    assert stopped.json["session"]["status"] == "COMPLETED_ERROR"
    assert "cancelled" in stopped.json["session"]["reason"]


def test_a_device_goes_with_whoever_holds_it(asha, badri):
    phone = {"token": "one-phone", "platform": "android"}
    asha.post("/api/devices", phone)
    answer = badri.post("/api/devices", phone)
    assert (answer.status, answer.json["platform"]) == (201, "android")
    assert "one-phone" not in answer.content.decode()
    assert asha.get("/api/devices").json == []
    assert len(badri.get("/api/devices").json) == 1


def test_a_token_with_white_space_is_the_same_device(asha):
    for token in ("phone-7", "  phone-7\n"):
        assert asha.post("/api/devices", {"token": token, "platform": "android"}).status == 201
    ids = {asha.post("/api/devices", {"token": f"phone-7{space}", "platform": "web"}).json["id"] for space in ("", " ")}
    assert len(ids) == 1


def test_a_user_has_so_many_devices(asha):
    for number in range(20):
        assert asha.post("/api/devices", {"token": f"phone {number}", "platform": "ios"}).status == 201
    answer = asha.post("/api/devices", {"token": "one more", "platform": "ios"})
    assert (answer.status, answer.is_problem) == (429, True)
    assert int(answer.headers["Retry-After"]) > 0


def test_an_area_too_many_is_a_conflict(server_with):
    asha = server_with(max_areas=2).user()
    asha.area()
    asha.area()
    answer = asha.post("/api/area-configs", SMALL_AREA)
    assert (answer.status, answer.json["message"]) == (409, "you watch 2 areas already: delete one first")


def test_a_hold_too_many_is_a_conflict(server_with):
    asha = server_with(max_holds=1).user()
    held = [{"areaConfigId": asha.area()["id"], "reason": "case 12"} for _ in range(2)]
    assert asha.post("/api/holds", held[0]).status == 201
    answer = asha.post("/api/holds", held[1])
    assert (answer.status, answer.is_problem) == (409, True)
    assert answer.json["message"] == "1 holds of yours stand already: lift one first, or hold a whole area"


def test_an_estimate_keeps_nothing_and_says_what_it_takes(asha):
    wish = SMALL_AREA | {"northKm": 1, "southKm": 1, "eastKm": 1, "westKm": 1, "cadenceHours": 12}
    answer = asha.post("/api/area-configs/estimate", wish)
    assert answer.status == 200
    estimate = answer.json
    assert 49 <= estimate["tiles"] <= 81  # 2 km of 298 m tiles, wherever the seams fall
    assert estimate["costPerSweepUsd"] == pytest.approx(0.002 * estimate["tiles"])
    assert estimate["sweepsPerMonth"] == 60
    assert estimate["earlierYears"] is None, "this provider has no bands of them"
    assert asha.get("/api/area-configs").json == []


def test_an_estimate_says_what_the_season_of_earlier_years_takes_before_an_area_is_kept(server_with):
    server = server_with()
    take = ImageTake(requests=16, received_bytes=17_000_000, stored_bytes=3_000_000, seconds=3.0)
    server.providers["sentinel2"] = ListedImagery("sentinel2", zoom=13, season_image=take)
    estimate = server.user().post("/api/area-configs/estimate", SMALL_AREA | {"provider": "sentinel2"}).json
    tiles = estimate["tiles"]
    assert estimate["earlierYears"] == {
        "images": 12 * tiles,
        "looks": 2,
        "requests": 12 * 16 * tiles,
        "receivedBytes": 12 * 17_000_000 * tiles,
        "storedBytes": 12 * 3_000_000 * tiles,
        "seconds": 12 * 3.0 * tiles,
    }


def test_providers_that_may_not_be_used_are_not_offered(asha):
    (offered,) = asha.get("/api/providers").json
    assert offered == {
        "name": "sample",
        "licence": "test",
        "licenceUrl": "https://example.org",
        "attribution": "(c) Test",
        "isDated": True,
        "costPerRequestUsd": 0.002,
        "isDefault": True,
    }


def test_an_area_whose_provider_is_gone_is_still_shown(server, asha):
    asha.area()
    server.providers.clear()
    (area,) = asha.get("/api/area-configs").json
    assert (area["provider"], area["attribution"]) == ("sample", "")
