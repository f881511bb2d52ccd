"""The app as a WSGI application: what a proxy is believed, and what of a request reaches the app unharmed."""

import io
import json
from uuid import UUID

import pytest
from chalice.local import LocalChalice

from chalicelib.api.area_exports import FILE
from chalicelib.settings import Settings
from infra.runtime import gateway
from infra.runtime.gateway import MAX_BODY
from infra.server.wsgi import Proxies, wsgi
from tests.support.wsgi import NEAR, call

FAR = "203.0.113.9"
GIVEN = "0123456789abcdef0123456789abcdef"


class SpyingApp(LocalChalice):
    """Answers everything alike, and keeps the events that it was asked with."""

    def __init__(self):
        super().__init__("spying")
        self.asked = []
        for path in ("/", "/{name}"):
            self.route(path, methods=["GET", "POST"])(lambda **_: None)

    def __call__(self, event, context):
        self.asked.append(event)
        headers = {"A": ["1", "2"], "Content-Type": ["text/x"]}
        return {"statusCode": 200, "headers": {}, "multiValueHeaders": headers, "body": "x"}

    @property
    def source_ip(self):
        return self.asked[-1]["requestContext"]["identity"]["sourceIp"]

    @property
    def request_id(self):
        return self.asked[-1]["requestContext"]["requestId"]


@pytest.fixture
def spy():
    return SpyingApp()


def test_a_trusted_proxy_says_who_asks(spy):
    app = wsgi(spy, f"{NEAR},10.0.0.0/8,::1")
    forwarded = {"HTTP_X_FORWARDED_FOR": f"198.51.100.1, {FAR}", "HTTP_X_REQUEST_ID": GIVEN}
    for address in (NEAR, "10.1.2.3", "::1", ""):
        call(app, REMOTE_ADDR=address, **forwarded)
        assert (spy.source_ip, spy.request_id) == (FAR, GIVEN), "its own word is the last"
    call(app, REMOTE_ADDR=NEAR)
    assert spy.source_ip == NEAR
    assert UUID(spy.request_id), "one is made"


def test_anybody_else_says_nothing_of_the_kind(spy):
    app = wsgi(spy, NEAR)
    for address in (FAR, "not an address"):
        call(app, REMOTE_ADDR=address, HTTP_X_FORWARDED_FOR="192.0.2.1", HTTP_X_REQUEST_ID=GIVEN)
        assert spy.source_ip == address
        assert spy.request_id != GIVEN


@pytest.mark.parametrize("request_id", ["short", "x" * 65, 'quo"te-quote', "line\nline-line", ""])
def test_a_request_id_is_letters_and_digits(spy, request_id):
    call(wsgi(spy, NEAR), HTTP_X_REQUEST_ID=request_id)
    assert UUID(spy.request_id), "another is made"


def test_a_request_arrives_as_it_was_sent(spy):
    app = wsgi(spy, NEAR)
    call(app, "POST", "/a/b", body=b"\x00\xff", RAW_URI="/a%2Fb?x=1&x=%C3%A9", HTTP_ACCEPT="*/*", CONTENT_TYPE="text/x")
    about = spy.asked[-1]["requestContext"]
    assert (about["httpMethod"], about["path"], spy.asked[-1]["body"]) == ("POST", "/a%2Fb", b"\x00\xff")
    assert spy.asked[-1]["multiValueQueryStringParameters"] == {"x": ["1", "é"]}
    assert spy.asked[-1]["headers"] == {"accept": "*/*", "content-type": "text/x", "content-length": "2"}
    call(app, path="/ä b".encode().decode("latin-1"), QUERY_STRING="q=1")
    assert spy.asked[-1]["requestContext"]["path"] == "/%C3%A4%20b"
    assert spy.asked[-1]["multiValueQueryStringParameters"] == {"q": ["1"]}
    assert spy.asked[-1]["body"] is None


def test_a_header_may_be_answered_twice(spy):
    status, headers, content = call(wsgi(spy, NEAR))
    assert (status, content) == ("200 OK", b"x")
    assert headers == [("A", "1"), ("A", "2"), ("Content-Type", "text/x"), ("Content-Length", "1")]


@pytest.mark.parametrize(
    ("length", "sent", "status"),
    [
        (str(MAX_BODY + 1), b"", 413),
        ("9" * 5000, b"", 413),
        ("many", b"", 400),
        ("\xb2", b"", 400),
        ("", b"x" * (MAX_BODY + 1), 413),
    ],
)
def test_a_body_without_end_is_refused(spy, length, sent, status):
    app, given = wsgi(spy, NEAR), {"wsgi.input": io.BytesIO(sent)}
    said, headers, content = call(app, "POST", CONTENT_LENGTH=length, HTTP_X_REQUEST_ID=GIVEN, **given)
    assert said.startswith(f"{status} ")
    assert spy.asked == []
    assert dict(headers)["Content-Type"] == "application/problem+json"
    assert json.loads(content)["instance"] == dict(headers)["X-Request-Id"] == GIVEN


@pytest.mark.parametrize("listed", ["the cat", "127.0.0.1/99", "10.0.0.1/8"])
def test_a_proxy_is_an_address(listed):
    with pytest.raises(ValueError, match=r"does not appear|host bits"):
        Proxies(listed)


def test_the_app_answers_through_it(server, asha):
    app = wsgi(server.app, NEAR)
    authorization = f"Bearer {asha.token}"
    status, headers, content = call(
        app, path="/api/auth/me/", HTTP_AUTHORIZATION=authorization, HTTP_X_REQUEST_ID=GIVEN
    )
    assert (status, json.loads(content)["email"]) == ("200 OK", "asha@example.org")
    assert dict(headers)["X-Request-Id"] == GIVEN
    status, headers, content = call(app, "HEAD", "/api/health")
    assert (status, content) == ("200 OK", b"")
    assert int(dict(headers)["Content-Length"]) > 10
    area = asha.trip()
    tile = asha.get(f"/api/monitor/image-tiles/area/{area['id']}").json[0]
    path, _, query = tile["imagePath"].partition("captured_images/")[2].partition("?")
    status, headers, content = call(app, path=f"/static_images/{path}", QUERY_STRING=query)
    assert (status, dict(headers)["Content-Type"]) == ("200 OK", "image/png"), "a bare client names no type"
    assert content in server.images.contents.values()


def test_a_refusal_before_the_app_can_be_read_by_a_page_that_may(spy, monkeypatch):
    ours = Settings.of(allowed_origins="https://console.example")
    monkeypatch.setattr(gateway, "settings", lambda: ours)
    app = wsgi(spy, NEAR)
    refusals = [{"path": "/api/no/such/thing"}, {"CONTENT_LENGTH": str(MAX_BODY + 1)}, {"body": b"x" * (MAX_BODY + 1)}]
    for refused in refusals:
        status, headers, _ = call(app, HTTP_ORIGIN="https://console.example", **refused)
        assert status[:3] in ("404", "413")
        assert dict(headers)["Access-Control-Allow-Origin"] == "https://console.example"
        _, headers, _ = call(app, HTTP_ORIGIN="https://elsewhere.example", **refused)
        assert "Access-Control-Allow-Origin" not in dict(headers)


class SendingApp(SpyingApp):
    """Answers with the file that it is given, as an archive is answered with."""

    def __init__(self, path):
        super().__init__()
        self.path = path

    def __call__(self, event, context):
        self.asked.append(event)
        headers = {FILE: str(self.path), "Content-Type": "application/zip"}
        return {"statusCode": 200, "headers": headers, "multiValueHeaders": {}, "body": ""}


def test_a_file_is_sent_as_it_lies_a_part_at_a_time(tmp_path):
    archive = tmp_path / "a.zip"
    archive.write_bytes(bytes(range(256)) * 4096)
    app, parts = wsgi(SendingApp(archive), NEAR), []

    class Wrapper:
        """What gunicorn brings, watched."""

        def __init__(self, file, size):
            self.file, self.size = file, size

        def __iter__(self):
            while part := self.file.read(self.size):
                parts.append(len(part))
                yield part

    for brought in ({}, {"wsgi.file_wrapper": Wrapper}):
        status, headers, content = call(app, **brought)
        assert (status, content) == ("200 OK", archive.read_bytes())
        named = dict(headers)
        assert (named["Content-Type"], named["Content-Length"]) == ("application/zip", str(len(content)))
        assert FILE not in named, "where it lies is nobody's business"
    assert max(parts) < len(archive.read_bytes()) / 4
    status, headers, content = call(app, "HEAD")
    assert (status, dict(headers)["Content-Length"], content) == ("200 OK", str(archive.stat().st_size), b"")


def test_a_file_that_has_just_been_deleted_is_not_found(tmp_path):
    status, _, content = call(wsgi(SendingApp(tmp_path / "gone.zip"), NEAR))
    assert (status, json.loads(content)["status"]) == ("404 Not Found", 404)
