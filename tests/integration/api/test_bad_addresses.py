"""Whatever address is asked, with whatever method or page, the answer is 4xx; and a fault of ours tells nothing."""

import json

import pytest

from infra.runtime.gateway import Gateway
from tests.support.api_gateway import assert_refused

ID_ROUTES = [
    ("GET", "/api/area-configs/{}"),
    ("DELETE", "/api/area-configs/{}"),
    ("POST", "/api/monitor/capture/{}"),
    ("POST", "/api/monitor/compare/{}"),
    ("GET", "/api/monitor/image-tiles/area/{}"),
    ("GET", "/api/alerts/sessions/{}"),
    ("GET", "/api/alerts/sessions/{}/details"),
    ("GET", "/api/alerts/sessions/{}/ignored"),
    ("POST", "/api/alerts/sessions/{}/cancel"),
    ("DELETE", "/api/devices/{}"),
]
NO_IDS = [
    "0",
    "-1",
    "1.0",
    "1e3",
    "abc",
    "null",
    "01",
    "%31",
    "1%20",
    "9" * 19,
    "9" * 400,
    "\u0661",
    "1;drop",
    "'",
    "..",
]


@pytest.mark.parametrize(("method", "path"), ID_ROUTES)
def test_what_is_no_id_is_not_found(asha, method, path):
    bodies = set()
    for text in [*NO_IDS, "999999", str(2**63 - 1), str(2**63)]:
        answer = asha.call(method, path.format(text))
        assert_refused(answer, 404)
        bodies.add(json.dumps({key: value for key, value in answer.json.items() if key != "instance"}))
    assert len(bodies) == 1


@pytest.mark.parametrize("semicolon", [";", "%3b", "%3B", "%253b", "%25253B"])
def test_a_path_with_a_semicolon_is_refused_however_it_is_written(server, asha, semicolon):
    """Chalice's local server cuts it off: a proxy's rule for the path would be passed by."""
    gateway = Gateway(server.app)
    area = asha.area()
    me = json.dumps({"email": "asha@example.org", "password": "secret-1"}).encode()
    headers = {"authorization": f"Bearer {asha.token}", "content-type": "application/json"}
    for method, path, body in (
        ("POST", "/api/auth/login", me),
        ("POST", "/api/auth/register", me),
        ("GET", "/api/auth/me", None),
        ("GET", f"/api/area-configs/{area['id']}", None),
        ("DELETE", f"/api/area-configs/{area['id']}", None),
        ("GET", "/api/health", None),
        ("GET", "/console/index.html", None),
    ):
        for tail in ("", "x", "x/", "/", "x?a=b", "x/y", "x;y=1"):
            answer = gateway.answer(method, f"{path}{semicolon}{tail}", headers, body)
            assert answer.status in {400, 404}, (method, path, tail, answer)
            assert json.loads(answer.content)["message"]
    assert asha.get("/api/auth/me?x=a;b%3b").status == 200, "a query may have one"


@pytest.mark.parametrize("path", ["/api/area-configs", "/api/alerts/sessions", "/api/pushes"])
@pytest.mark.parametrize(
    "query",
    [
        *(f"limit={text}" for text in ("0", "101", "-1", "1.5", "all", "", "1&limit=2", "%D9%A1")),
        *(
            f"cursor={text}"
            for text in (
                "",
                "x",
                "MQ",
                "YmV5b25kOjE=",
                "YmV5b25kOjE%20",
                "YmV5b25kOjA",
                "YmV5b25kOi0x",
                "%00",
                "%F0%9F%98%80",
                "a" * 9999,
            )
        ),
    ],
)
def test_a_page_that_cannot_be_is_refused(asha, path, query):
    assert_refused(asha.get(f"{path}?{query}"))


def test_a_method_that_is_not_there_says_what_is(asha):
    answer = asha.call("PUT", "/api/area-configs", {})
    assert_refused(answer, 405)
    assert answer.headers["Allow"] == "OPTIONS, POST, GET"
    assert answer.json["message"] == "PUT is not possible here, only OPTIONS, POST, GET"


def test_a_fault_of_ours_tells_nothing_but_the_request_id(server, caplog):
    def broken(_key):
        raise RuntimeError("password=hunter2")

    server.images.get = broken
    link = server.links.sign("1/1-17-1-1-image.png", now=server.now)
    with caplog.at_level("ERROR"):
        answer = server.call("GET", f"/static_images/{link}")
    assert_refused(answer, 500)
    assert b"hunter2" not in answer.content
    assert answer.json["instance"] == answer.headers["X-Request-Id"]
    assert "hunter2" in caplog.text
