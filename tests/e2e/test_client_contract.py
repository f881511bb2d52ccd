"""The contract as the existing client lives it: the ten documented calls and the images, over HTTP, on one server."""

import re
from datetime import UTC, datetime, timedelta

import pytest
import requests

from chalicelib.adapters.links import SignedLinks
from tests.support.running.client import TIMEOUT_S, Client, Server
from tests.support.running.patchwork import patchwork

ORIGIN = "https://console.example"
WEEK_S = 7 * 86_400
USER = {"id", "email", "profile", "createdAt", "lastUpdate"}
AREA = {"id", "name", "centerLat", "centerLon", "northKm", "southKm", "eastKm", "westKm", "createdAt"}
TILE = {
    *("id", "areaConfigId", "uniqueKey", "latitude", "longitude", "captureTime", "imagePath", "status"),
    *("lastComparisonTime", "changeDetected"),
}
SESSION = {
    *("id", "areaConfigId", "startTime", "endTime", "status", "totalChangesDetected", "notificationSent"),
}
DETAIL = {
    *("id", "alertSessionId", "imageTileId", "previousImagePath", "currentImagePath", "changeLog", "alertTime"),
    "current_tile_info",
}
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")
SLASHES = pytest.mark.parametrize("slash", ["", "/"], ids=["bare", "slashed"])


class World:
    """A server with an account, an area, and two sessions: baselines, then a change."""

    def __init__(self, server, land, archive):
        self.home, self.url, self.land = server.home, server.url, land
        self.client = Client(server.url)
        land.put(archive, "before")
        self.area = self.client.add_area(**land.area)
        self.first = self.client.supervise_now(self.area["id"])
        land.put(archive, "after")
        self.second = self.client.supervise_now(self.area["id"])

    def ask(self, method, path, body=None, **options):
        """Ask as the client does; a redirect of an API call would be a break of the contract."""
        headers = {"Authorization": self.client.http.headers["Authorization"]} | options.pop("headers", {})
        options = {"json": body} | options
        address = f"{self.url}/{path}"
        return requests.request(method, address, headers=headers, timeout=TIMEOUT_S, allow_redirects=False, **options)

    @property
    def image(self):
        return self.client.image_url(self.second["alert_details"][0]["currentImagePath"])


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("contract")
    archive = folder / "archive"
    archive.mkdir()
    settings = {"allowed_origins": ORIGIN, "capture_schedule": "rate(1 day)"}
    with Server(folder / "home", "--archive", str(archive), "--no-demo", **settings) as server:
        yield World(server, patchwork(folder, side_m=120), archive)


def has_times(body, *names):
    for name in names:
        assert body[name] is None or TIME.fullmatch(body[name]), f"{name} is {body[name]!r}"


@SLASHES
def test_register_and_sign_in(world, slash):
    person = {"email": f"asha{len(slash)}@example.org", "password": "secret-land"}
    answer = world.ask("POST", f"api/auth/register{slash}", person | {"profile": None})
    assert answer.status_code == 201
    assert answer.json()["user"].keys() >= USER
    assert answer.json()["message"]
    has_times(answer.json()["user"], "createdAt", "lastUpdate")
    assert world.ask("POST", f"api/auth/register{slash}", person).status_code == 409
    answer = world.ask("POST", f"api/auth/login{slash}", person)
    assert answer.status_code == 200
    assert answer.json().keys() >= {"message", "access_token", "refresh_token", "user"}
    wrong = world.ask("POST", f"api/auth/login{slash}", person | {"password": "another-land"})
    assert (wrong.status_code, bool(wrong.json()["message"])) == (401, True)


@SLASHES
def test_areas(world, slash):
    sent = world.land.area | {"id": None, "createdAt": "1999-01-01T00:00:00.000", "name": "Another"}
    answer = world.ask("POST", f"api/area-configs{slash}", sent)
    assert answer.status_code == 201
    area = answer.json()
    assert area.keys() >= AREA
    assert not area["createdAt"].startswith("1999")
    has_times(area, "createdAt")
    listed = world.ask("GET", f"api/area-configs{slash}")
    assert listed.status_code == 200
    assert {item["id"] for item in listed.json()} >= {world.area["id"], area["id"]}
    one = world.ask("GET", f"api/area-configs/{area['id']}{slash}")
    assert one.status_code == 200
    assert {name: one.json()[name] for name in AREA} == {name: area[name] for name in AREA}
    assert world.ask("DELETE", f"api/area-configs/{area['id']}{slash}").status_code == 204


@SLASHES
def test_supervise_now(world, slash):
    area = world.ask("POST", f"api/area-configs{slash}", world.land.area).json()["id"]
    begun = world.ask("POST", f"api/monitor/capture/{area}{slash}", data=b"", json=None)
    assert begun.status_code == 200
    assert begun.json()["message"]
    compared = world.ask("POST", f"api/monitor/compare/{area}{slash}", data=b"", json=None)
    assert compared.status_code == 200
    assert compared.json()["message"]
    assert compared.json()["session"]["id"] == begun.json()["session"]["id"]
    tiles = world.ask("GET", f"api/monitor/image-tiles/area/{area}{slash}")
    assert tiles.status_code == 200
    assert tiles.json(), "a small area is done before the compare call answers"
    assert world.ask("DELETE", f"api/area-configs/{area}{slash}").status_code == 204


@SLASHES
def test_tiles_sessions_and_details(world, slash):
    tiles = world.ask("GET", f"api/monitor/image-tiles/area/{world.area['id']}{slash}").json()
    assert len(tiles) == 2 * world.second["tilesPlanned"]
    assert [tile["captureTime"] for tile in tiles] == sorted((tile["captureTime"] for tile in tiles), reverse=True)
    for tile in tiles:
        assert tile.keys() >= TILE
        assert tile["status"] in {"INITIAL", "CAPTURED", "COMPARED", "CHANGED", "NO_CHANGE", "ERROR"}
        has_times(tile, "captureTime", "lastComparisonTime")
    sessions = [
        session
        for session in world.ask("GET", f"api/alerts/sessions{slash}").json()
        if session["areaConfigId"] == world.area["id"]
    ]
    assert [session["id"] for session in sessions] == [world.second["id"], world.first["id"]]
    for session in sessions:
        assert session.keys() >= SESSION
        has_times(session, "startTime", "endTime")
    details = world.ask("GET", f"api/alerts/sessions/{world.second['id']}/details{slash}").json()
    assert details["status"] == "COMPLETED_CHANGES_DETECTED"
    assert details["totalChangesDetected"] == len(details["alert_details"]) > 0
    for alert in details["alert_details"]:
        assert alert.keys() >= DETAIL
        has_times(alert, "alertTime")
        assert alert["current_tile_info"].keys() >= TILE
        assert "captured_images/" in alert["previousImagePath"]
        assert alert["changeLog"].keys() >= {"changed", "change_percent", "message", "changed_area_m2", "regions"}


@pytest.mark.parametrize("accept", [None, "*/*", "image/webp,image/png", "application/json"])
def test_an_image_loads_bare(world, accept):
    answer = requests.get(world.image, headers={"Accept": accept}, timeout=TIMEOUT_S)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.content.startswith(b"\x89PNG")
    assert "no-store" not in answer.headers["Cache-Control"]


def test_an_image_opens_with_its_own_link_alone(world):
    path, _, query = world.image.partition("?")
    expires = re.search(r"expires=(\d+)", query)[1]
    other = world.client.image_url(world.second["alert_details"][0]["previousImagePath"]).partition("?")[0]
    tampered = [
        path,
        f"{path}?{query[:-1]}{'0' if query[-1] != '0' else '1'}",
        f"{path}?{query.replace(expires, str(int(expires) + 3600))}",
        f"{path}?{query.partition('&')[0]}",
        f"{other}?{query}",
        f"{path}?{query}&{query}",
    ]
    for address in tampered:
        answer = requests.get(address, timeout=TIMEOUT_S)
        assert answer.status_code in (400, 403), address
        assert answer.json()["message"]


def test_an_expired_link_says_so(world):
    links = SignedLinks((world.home / "secrets" / "link-key").read_text(), expires_s=WEEK_S)
    key = world.image.partition("?")[0].partition("static_images/")[2]
    now = datetime.now(UTC)
    fresh, stale = links.sign(key, now=now), links.sign(key, now=now - timedelta(seconds=WEEK_S + 7200))
    assert requests.get(f"{world.url}/static_images/{fresh}", timeout=TIMEOUT_S).status_code == 200
    answer = requests.get(f"{world.url}/static_images/{stale}", timeout=TIMEOUT_S)
    assert answer.status_code == 403
    assert answer.json()["message"] == "this link has expired: list what it belongs to again"


ERRORS = [
    ("GET", "api/area-configs/999", None, 404),
    ("GET", "api/area-configs/nine", None, 404),
    ("POST", "api/monitor/capture/999", None, 404),
    ("POST", "api/monitor/compare/999", None, 404),
    ("GET", "api/monitor/image-tiles/area/999", None, 404),
    ("GET", "api/alerts/sessions/999/details", None, 404),
    ("GET", "api/no-such-thing", None, 404),
    ("GET", "static_images/1/nothing.png", None, 403),
    ("PATCH", "api/area-configs", None, 405),
    ("POST", "api/area-configs", {}, 400),
    ("POST", "api/area-configs", [1], 400),
    ("POST", "api/area-configs", {"name": "N" * 1_000_000}, 413),
    ("POST", "api/auth/register", {"email": "x@example.org"}, 400),
    ("POST", "api/auth/login", {"email": "x@example.org", "password": "not-known"}, 401),
    ("GET", "api/area-configs?limit=0", None, 400),
]


@pytest.mark.parametrize(("method", "path", "body", "status"), ERRORS)
def test_every_error_carries_a_message(world, method, path, body, status):
    answer = world.ask(method, path, body)
    assert answer.status_code == status
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert isinstance(told["message"], str)
    assert told["message"]
    assert told["status"] == status
    assert "Message" not in told


@pytest.mark.parametrize("name", ["latitude", "not json", "text"])
def test_a_bad_body_is_never_a_fault_of_ours(world, name):
    bodies = {
        "latitude": ({"json": world.land.area | {"centerLat": 91}}, 400),
        "not json": ({"data": b"{not json", "headers": {"Content-Type": "application/json"}}, 400),
        "text": ({"data": b"name=x", "headers": {"Content-Type": "text/plain"}}, 415),
    }
    sent, status = bodies[name]
    answer = world.ask("POST", "api/area-configs/", **sent)
    assert (answer.status_code, bool(answer.json()["message"])) == (status, True)


@pytest.mark.parametrize("token", [None, "Bearer ", "Bearer x.y.z", "Basic eDp5"])
def test_without_a_sign_in_it_is_401(world, token):
    headers = {"Authorization": token}
    for method, path in (
        ("GET", "area-configs/"),
        ("POST", "area-configs/"),
        ("GET", f"area-configs/{world.area['id']}"),
        ("POST", f"monitor/capture/{world.area['id']}"),
        ("POST", f"monitor/compare/{world.area['id']}"),
        ("GET", f"monitor/image-tiles/area/{world.area['id']}"),
        ("GET", "alerts/sessions"),
        ("GET", f"alerts/sessions/{world.second['id']}/details"),
    ):
        body = world.land.area if path == "area-configs/" and method == "POST" else None
        answer = world.ask(method, f"api/{path}", body, headers=headers)
        assert answer.status_code == 401, (method, path)
        assert answer.json()["message"]


def test_other_people_see_nothing(world):
    other = Client(world.url, email="other@example.org")
    for method, path in (
        ("GET", f"area-configs/{world.area['id']}"),
        ("POST", f"monitor/capture/{world.area['id']}"),
        ("POST", f"monitor/compare/{world.area['id']}"),
        ("GET", f"monitor/image-tiles/area/{world.area['id']}"),
        ("GET", f"alerts/sessions/{world.second['id']}/details"),
    ):
        assert other.call(method, path, status=404)["message"]
    assert other.call("GET", "area-configs/") == other.call("GET", "alerts/sessions") == []


@SLASHES
def test_a_browser_of_ours_is_let_in_and_no_other(world, slash):
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization,content-type"}
    for origin in (ORIGIN, "https://evil.example"):
        headers = {"Origin": origin} | asked
        preflight = requests.options(f"{world.url}/api/area-configs{slash}", headers=headers, timeout=TIMEOUT_S)
        answer = world.ask("GET", f"api/area-configs{slash}", headers={"Origin": origin})
        refused = world.ask("GET", "api/area-configs/999", headers={"Origin": origin})
        assert (preflight.status_code, answer.status_code, refused.status_code) == (204, 200, 404)
        for each in (preflight, answer, refused):
            allowed = each.headers.get("Access-Control-Allow-Origin")
            assert allowed == (ORIGIN if origin == ORIGIN else None)
            assert each.headers["Vary"] == "Origin"
    assert "POST" in preflight.headers["Access-Control-Allow-Methods"]
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]
