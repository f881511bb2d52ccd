"""Other people's things do not exist."""

import pytest

from tests.support.api_server import SMALL_AREA

NOBODYS = 999_999


@pytest.fixture
def hers(asha):
    """Give the ids of one of each of Asha's things."""
    area = asha.trip()
    device = asha.post("/api/devices", {"token": "token-of-asha", "platform": "android"})
    assert device.status == 201
    session = asha.get("/api/alerts/sessions").json[0]
    return {"area_id": area["id"], "session_id": session["id"], "device_id": device.json["id"]}


ROUTES = [
    ("GET", "/api/area-configs/{area_id}"),
    ("DELETE", "/api/area-configs/{area_id}"),
    ("POST", "/api/monitor/capture/{area_id}"),
    ("POST", "/api/monitor/compare/{area_id}"),
    ("GET", "/api/monitor/image-tiles/area/{area_id}"),
    ("GET", "/api/monitor/image-tiles/area/{area_id}?limit=1"),
    ("GET", "/api/alerts/sessions/{session_id}"),
    ("GET", "/api/alerts/sessions/{session_id}/details"),
    ("GET", "/api/alerts/sessions/{session_id}/ignored"),
    ("POST", "/api/alerts/sessions/{session_id}/cancel"),
    ("DELETE", "/api/devices/{device_id}"),
]


def everything(person, hers):
    paths = ("area-configs", "alerts/sessions", "devices", "pushes", f"monitor/image-tiles/area/{hers['area_id']}")
    return [person.get(f"/api/{path}").json for path in paths]


def test_another_user_finds_none_of_it_and_changes_none_of_it(asha, badri, hers):
    before = everything(asha, hers)
    for method, path in ROUTES:
        theirs = badri.call(method, path.format(**hers))
        nobodys = badri.call(method, path.format(**dict.fromkeys(hers, NOBODYS)))
        assert theirs.status == nobodys.status == 404, (method, path)
        assert theirs.json | {"instance": ""} == nobodys.json | {"instance": ""}
        assert theirs.headers.keys() == nobodys.headers.keys()
    assert everything(asha, hers) == before
    for path in ("area-configs", "alerts/sessions", "devices", "pushes"):
        answer = badri.get(f"/api/{path}")
        assert answer.json == []
        assert answer.headers.get("X-Total-Count", "0") == "0"


def test_another_users_area_keeps_its_sensitivity(asha, badri, hers):
    body = {"sensitivity": "low"}
    for number in (hers["area_id"], NOBODYS):
        assert badri.call("PATCH", f"/api/area-configs/{number}", body).status == 404
    assert asha.get(f"/api/area-configs/{hers['area_id']}").json["sensitivity"] == "normal"


def test_the_owner_finds_all_of_it(asha, hers):
    """The routes above are right for the owner: the others' 404 is no matter of spelling."""
    for method, path in ROUTES:
        if method == "GET":
            assert asha.call(method, path.format(**hers)).status == 200
    assert asha.post("/api/alerts/sessions/{session_id}/cancel".format(**hers)).status == 409  # it has ended
    assert asha.call("DELETE", "/api/devices/{device_id}".format(**hers)).status == 204
    assert asha.get("/api/devices").json == []


def test_a_body_cannot_say_whose_it_is(asha, badri):
    for said in ({"userId": 1}, {"user_id": 1}, {"nextDueAt": "1999"}):
        assert badri.post("/api/area-configs", SMALL_AREA | said).status == 400
    area = badri.post("/api/area-configs", SMALL_AREA | {"id": 77})
    assert area.status == 201
    assert asha.get("/api/area-configs").json == []
    assert [kept["id"] for kept in badri.get("/api/area-configs").json] == [area.json["id"]]


def test_a_deleted_area_is_gone_with_all_that_was_seen(server, asha, hers):
    assert asha.call("DELETE", "/api/area-configs/{area_id}".format(**hers)).status == 204
    for method, path in ROUTES[:-1]:
        assert asha.call(method, path.format(**hers)).status == 404, (method, path)
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


def test_an_estimate_keeps_nothing_and_says_what_it_takes(asha):
    wish = SMALL_AREA | {"northKm": 1, "southKm": 1, "eastKm": 1, "westKm": 1, "cadenceHours": 12}
    answer = asha.post("/api/area-configs/estimate", wish)
    assert answer.status == 200
    estimate = answer.json
    assert 49 <= estimate["tiles"] <= 81  # 2 km of 298 m tiles, wherever the seams fall
    assert estimate["costPerSweepUsd"] == pytest.approx(0.002 * estimate["tiles"])
    assert estimate["sweepsPerMonth"] == 60
    assert asha.get("/api/area-configs").json == []


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
