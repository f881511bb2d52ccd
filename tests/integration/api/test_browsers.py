"""What browsers need: CORS by exact origin, the console's files, and answers that they do not misread."""

import pytest

from chalicelib.api import console
from chalicelib.api.openapi import document
from chalicelib.domain.errors import Unavailable
from tests.support.api_server import SMALL_AREA

OURS, ALSO_OURS = "https://console.example", "http://localhost:5173"
THEIRS = [
    "https://evil.example",
    "null",
    "https://console.example.evil.example",
    "https://CONSOLE.example",
    "http://console.example",
    "https://console.example:8443",
    "https://console.example/",
    "*",
]


@pytest.fixture
def server(server_with):
    """Give the API with two origins allowed, and a word that must not become one."""
    return server_with(allowed_origins=f"{OURS}, {ALSO_OURS},null")


def filled(path):
    return (
        path.replace("{area_id}", "1").replace("{session_id}", "1").replace("{device_id}", "1").replace("{name}", "x")
    )


@pytest.mark.parametrize("origin", [OURS, ALSO_OURS])
def test_a_preflight_is_answered_on_every_route(server, origin):
    for path, operations in document()["paths"].items():
        for slash in ("", "/") if path != "/" else ("",):
            answer = server.call(
                "OPTIONS",
                filled(path) + slash,
                headers={"origin": origin, "access-control-request-method": "POST"},
            )
            assert (answer.status, answer.content) == (204, b""), path
            assert answer.headers["Access-Control-Allow-Origin"] == origin
            assert answer.headers["Vary"] == "Origin"
            allowed = answer.headers["Access-Control-Allow-Methods"].split(", ")
            assert {name.upper() for name in operations} <= set(allowed)
            assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
            assert "Access-Control-Allow-Credentials" not in answer.headers


@pytest.mark.parametrize("origin", THEIRS)
def test_no_other_origin_is_let_in(server, asha, origin):
    for answer in (
        server.call("OPTIONS", "/api/area-configs", headers={"origin": origin}),
        asha.get("/api/area-configs", headers={"origin": origin}),
        server.call("GET", "/api/area-configs", headers={"origin": origin}),
    ):
        assert "Access-Control-Allow-Origin" not in answer.headers
        assert answer.headers["Vary"] == "Origin"


def test_errors_and_images_carry_cors_too(server, asha):
    area = asha.trip()
    listing = asha.get(f"/api/monitor/image-tiles/area/{area['id']}?limit=1", headers={"origin": OURS})
    image = "/static_images/" + listing.json[0]["imagePath"].split("captured_images/")[1]
    json_type = {"content-type": "application/json"}
    answers = {
        200: listing,
        201: asha.post("/api/area-configs", SMALL_AREA, headers={"origin": OURS}),
        400: asha.post("/api/area-configs", raw=b"{", headers=json_type | {"origin": OURS}),
        401: server.call("GET", "/api/auth/me", headers={"origin": OURS}),
        403: server.call("GET", "/static_images/1/x", headers={"origin": OURS}),
        404: asha.get("/api/area-configs/77", headers={"origin": OURS}),
        405: asha.call("PUT", "/api/area-configs", headers={"origin": OURS}),
        413: asha.post("/api/area-configs", {"name": "x" * 300_000}, headers={"origin": OURS}),
        415: asha.post("/api/area-configs", raw=b"", headers={"content-type": "text/plain", "origin": OURS}),
    }
    server.images.get = None  # a fault of ours
    answers[500] = server.call("GET", image, headers={"origin": OURS})
    for status, answer in answers.items():
        assert answer.status == status
        assert answer.headers["Access-Control-Allow-Origin"] == OURS, status
        exposed = answer.headers["Access-Control-Expose-Headers"]
        assert all(name in exposed for name in ("Link", "X-Total-Count", "Retry-After", "X-Request-Id"))
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_without_a_setting_no_origin_is_let_in(server_with):
    answer = server_with().user().get("/api/area-configs", headers={"origin": OURS})
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_the_root_says_that_it_lives_and_sends_browsers_on(server):
    assert server.call("GET", "/").json == {"message": "Bhuprahari is running"}
    assert server.call("GET", "/", headers={"accept": "application/json"}).status == 200
    sent_on = server.call("GET", "/", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (sent_on.status, sent_on.headers["Location"]) == (302, "console/index.html")


@pytest.mark.parametrize(("path", "location"), [("/console", "console/index.html"), ("/console/", "index.html")])
def test_the_console_is_found_with_and_without_a_slash(server, path, location):
    answer = server.call("GET", path)
    assert (answer.status, answer.headers["Location"]) == (302, location)


def test_the_console_serves_its_text_files_and_nothing_else(server):
    page = server.call("GET", "/console/index.html", headers={"accept": "text/html"})
    assert page.status == 200
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    for name in ("..", "..%2flogs.py", "%2e%2e", "__init__.py", "index.html%00", "INDEX.HTML", "no.html"):
        assert server.call("GET", f"/console/{name}").status == 404, name


def test_every_file_of_the_console_is_text_of_a_known_type():
    for path in console.FOLDER.iterdir():
        assert path.suffix in console.TEXT_TYPES, path.name
        path.read_text(encoding="utf-8")


def test_health_says_what_is_away(server):
    assert server.call("GET", "/api/health").json == {
        "message": "everything answers",
        "database": "ok",
        "storage": "ok",
    }

    def away():
        raise Unavailable("the disk at /secret/path is away")

    server.images.check = away
    answer = server.call("GET", "/api/health")
    assert (answer.status, answer.is_problem) == (503, True)
    assert (answer.json["database"], answer.json["storage"]) == ("ok", "unavailable")
    assert b"/secret/path" not in answer.content
    assert answer.headers["Retry-After"]


def test_names_come_back_as_they_were_given(asha):
    for name in ("<script>alert(1)</script>", "'; DROP TABLE users; --", "भूप्रहरी 🌍", "a\r\nSet-Cookie: x=y"):
        assert asha.area(name=name)["name"] == name
    answer = asha.get("/api/area-configs")
    assert answer.headers["Content-Type"] == "application/json"
    assert "Set-Cookie" not in answer.headers
