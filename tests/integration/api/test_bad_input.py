"""Whatever body comes in, the answer is 4xx with a message and where it is wrong; never a 5xx."""

import gzip
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chalicelib.api.problems import UNKNOWN
from chalicelib.api.strict_json import GZIP
from tests.support.api_gateway import assert_refused
from tests.support.api_server import SMALL_AREA

BODIES = {
    "/api/auth/register": {"email": "new@example.org", "password": "secret-1"},
    "/api/auth/login": {"email": "asha@example.org", "password": "secret-1"},
    "/api/auth/refresh": {"refresh_token": "x"},
    "/api/devices": {"token": "abc", "platform": "android"},
    "/api/area-configs": SMALL_AREA,
    "/api/area-configs/estimate": {name: value for name, value in SMALL_AREA.items() if name != "name"},
}
NOT_OBJECTS = {
    "nothing": b"",
    "blank": b"  \n",
    "words": b"hello",
    "half an object": b'{"email": "a',
    "a number": b"7",
    "a text": b'"{}"',
    "null": b"null",
    "a list": b"[]",
    "a form": b"email=a&password=b",
    "two objects": b"{} {}",
    "single quotes": b"{'email': 'a'}",
    "a trailing comma": b'{"email": "a",}',
    "a comment": b'{} // "email"',
    "NaN": b'{"centerLat": NaN}',
    "Infinity": b'{"centerLat": Infinity}',
    "-Infinity": b'{"centerLat": -Infinity}',
    "1e999": b'{"centerLat": 1e999}',
    "-1e999 deep in": b'{"a": [{"b": -1e999}]}',
    "a number of 5 000 digits": b'{"centerLat": ' + b"9" * 5000 + b"}",
    "a name twice": b'{"email": "a@b.c", "email": "d@e.f"}',
    "a name twice deep in": b'{"a": {"b": 1, "b": 2}}',
    "a NUL": b'{"email": "a\\u0000b@example.org"}',
    "a NUL in a name": b'{"em\\u0000ail": "a"}',
    "half a character": b'{"email": "\\ud800"}',
    "latin-1": '{"email": "é"}'.encode("latin-1"),
    "UTF-16": '{"email": "a"}'.encode("utf-16"),
    "40 lists deep": b'{"a": ' + b"[" * 40 + b"]" * 40 + b"}",
    "100 000 lists deep": b'{"a": ' + b"[" * 100_000,
    "100 000 objects deep": b'{"a":' * 40_000,
    "raw bytes": bytes(range(256)),
}
NO_VALUES = {  # as JSON text: each stands in a member that nobody asked for, in a body that is right otherwise
    "NaN": "NaN",
    "Infinity": "Infinity",
    "a number beyond all floats": '[1, {"b": -1e999}]',
    "a number of 5 000 digits": "9" * 5000,
    "a name twice": '{"b": 1, "b": 1}',
    "a NUL": '"a\\u0000b"',
    "a NUL in a name": '[{"a\\u0000b": 1}]',
    "half a character": '["\\udfff"]',
    "33 deep": "[" * 32 + "]" * 32,
    "100 000 deep": "[" * 100_000 + "]" * 100_000,
}
WRONG_VALUES = [None, True, False, 1.5, -1, 10**30, 10**400, "", "7", "NaN", [], [1], {}, {"a": 1}, "x" * 100_000]


@pytest.mark.parametrize("path", BODIES)
def test_a_body_that_is_no_json_object_is_refused(asha, path):
    for what, raw in NOT_OBJECTS.items():
        answer = asha.post(path, raw=raw, headers={"content-type": "application/json"})
        assert answer.status == 400, what
        assert answer.is_problem, what


@pytest.mark.parametrize("what", NO_VALUES)
@pytest.mark.parametrize("path", [path for path in BODIES if not path.endswith("refresh")])
def test_what_is_no_json_value_is_refused_wherever_it_stands(asha, path, what):
    def sent(value):
        body = json.dumps(BODIES[path])[:-1] + f', "extra": {value}}}'
        return asha.post(path, raw=body.encode(), headers={"content-type": "application/json"})

    refused = sent(NO_VALUES[what])
    assert_refused(refused)
    assert refused.json["errors"] == [], "no JSON: nothing of it was read"
    fine = sent("[" * 31 + "1e308" + "]" * 31)
    assert_refused(fine)
    assert fine.json["errors"] == [{"pointer": "/extra", "detail": UNKNOWN}]


@pytest.mark.parametrize("path", BODIES)
def test_a_body_that_is_too_large_is_refused(asha, path):
    assert_refused(asha.post(path, BODIES[path] | {"name": "x" * 1_000_000}), 413)


@pytest.mark.parametrize("path", BODIES)
def test_a_body_of_another_type_is_refused(asha, path):
    for media_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = asha.post(path, raw=b"a=b", headers={"content-type": media_type})
        assert_refused(answer, 415)
        assert answer.json["message"] == "send the body as application/json"
    # ... and the charset that Dio adds is none
    sent = json.dumps(BODIES[path]).encode()
    assert asha.post(path, raw=sent, headers={"content-type": "application/json; charset=utf-8"}).status < 402


@pytest.mark.parametrize("path", BODIES)
def test_each_missing_or_wrong_member_is_pointed_at(asha, path):
    for name in BODIES[path]:
        answer = asha.post(path, {key: value for key, value in BODIES[path].items() if key != name})
        assert_refused(answer)
        assert f"/{name}" in [fault["pointer"] for fault in answer.json["errors"]]
        assert name in answer.json["message"]
        for value in WRONG_VALUES:
            answer = asha.post(path, BODIES[path] | {name: value})
            assert answer.status < 500, (name, value)
            if answer.status >= 400:
                assert answer.is_problem
            if answer.status == 400:
                assert [fault for fault in answer.json["errors"] if fault["pointer"].startswith("/")], (name, value)


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"centerLat": 91}, "/centerLat"),
        ({"centerLat": 86}, "/centerLat"),
        ({"centerLat": True}, "/centerLat"),
        ({"centerLat": "12.9"}, "/centerLat"),
        ({"centerLon": -180.1}, "/centerLon"),
        ({"centerLon": 179.9999, "eastKm": 1}, "/centerLon"),
        ({"northKm": -1}, "/northKm"),
        ({"northKm": 0, "southKm": 0}, "/northKm"),
        ({"northKm": 1e308}, "/northKm"),
        ({"northKm": 100, "southKm": 100, "eastKm": 100, "westKm": 100}, "/northKm"),
        ({"name": "   "}, "/name"),
        ({"name": "x" * 201}, "/name"),
        ({"name": 7}, "/name"),
        ({"provider": "nobody"}, "/provider"),
        ({"provider": 7}, "/provider"),
        ({"cadenceHours": 0}, "/cadenceHours"),
        ({"cadenceHours": 24.5}, "/cadenceHours"),
        ({"cadenceHours": True}, "/cadenceHours"),
        ({"cadenceHours": 10**30}, "/cadenceHours"),
        ({"minChangedAreaM2": 0.5}, "/minChangedAreaM2"),
        ({"minChangedAreaM2": 1e300}, "/minChangedAreaM2"),
        ({"minChangedAreaM2": "25"}, "/minChangedAreaM2"),
        ({"sensitivity": "very"}, "/sensitivity"),
        ({"sensitivity": None}, "/sensitivity"),
        ({"sensitivity": "x" * 51}, "/sensitivity"),
    ],
)
def test_an_area_that_cannot_be_is_refused_and_says_where(asha, members, pointer):
    answer = asha.post("/api/area-configs", SMALL_AREA | members)
    assert_refused(answer)
    assert pointer in [fault["pointer"] for fault in answer.json["errors"]]
    assert asha.get("/api/area-configs").json == []


def test_an_area_over_the_cap_is_refused_with_the_number(asha):
    answer = asha.post("/api/area-configs", SMALL_AREA | {"northKm": 100, "eastKm": 100})
    assert "at most 2 500 are allowed" in answer.json["message"]


def test_a_provider_that_may_not_be_used_is_refused(asha):
    answer = asha.post("/api/area-configs", SMALL_AREA | {"provider": "google_static"})
    assert_refused(answer, 403)
    assert "permission" in answer.json["message"]
    assert_refused(asha.post("/api/area-configs", SMALL_AREA | {"centerLat": -82}), 400)


@pytest.mark.parametrize(
    "body",
    [
        {"email": "no address", "password": "secret-1"},
        {"email": "a@b", "password": "secret-1"},
        {"email": "a b@example.org", "password": "secret-1"},
        {"email": "a\u200b@example.org", "password": "secret-1"},
        {"email": "a@example.org" * 40, "password": "secret-1"},
        {"email": "a@example.org", "password": "short"},
        {"email": "a@example.org", "password": "seven-7"},
        {"email": "a@example.org", "password": " " * 9},
        {"email": "a@example.org", "password": "\u3164" * 9},
        {"email": "a@example.org", "password": "Password1"},
        {"email": "a@example.org", "password": "A@Example.org"},
        {"email": "asha.devi@example.org", "password": "Asha.Devi"},
        {"email": "asha.devi@example.org", "password": "\uff41sha.devi"},
        {"email": "a@example.org", "password": "p" * 1025},
        {"email": "a@example.org", "password": "\u00e9" * 600},
        {"email": "a@example.org", "password": "secret-1", "profile": "x" * 501},
        {"email": "a@example.org", "password": "secret-1", "profile": 7},
    ],
)
def test_a_registration_that_cannot_be_is_refused(server, body):
    assert_refused(server.call("POST", "/api/auth/register", body))


@pytest.mark.parametrize("body", [{"platform": "palm"}, {"token": ""}, {"token": "x" * 4097}, {"platform": None}])
def test_a_device_that_cannot_be_is_refused(asha, body):
    assert_refused(asha.post("/api/devices", BODIES["/api/devices"] | body))
    assert asha.get("/api/devices").json == []


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(BODIES)), st.data())
def test_no_body_brings_the_api_down(asha, path, data):
    names = sorted(BODIES[path])
    body = BODIES[path] | data.draw(st.dictionaries(st.sampled_from(names), JSON_VALUES, min_size=1))
    answer = asha.post(path, raw=json.dumps(body).encode(), headers={"content-type": "application/json"})
    assert answer.status < 500
    assert answer.status < 400 or answer.is_problem


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=200))
def test_no_bytes_bring_the_api_down(asha, raw):
    answer = asha.post("/api/area-configs", raw=raw, headers={"content-type": "application/json"})
    assert_refused(answer, 415 if raw.startswith(GZIP) else 400)


@pytest.mark.parametrize("path", BODIES)
def test_a_member_that_nobody_knows_is_refused_and_nothing_is_done(asha, path):
    polygon = {"type": "Polygon", "coordinates": [[[85.8, 20.3], [85.81, 20.3], [85.81, 20.31], [85.8, 20.3]]]}
    for name, value in {"polygon": polygon, "webhookUrl": "https://example.org", "a/b~c": 1}.items():
        answer = asha.post(path, BODIES[path] | {name: value})
        assert_refused(answer)
        pointer = "/" + name.replace("~", "~0").replace("/", "~1")
        assert answer.json["errors"] == [{"pointer": pointer, "detail": UNKNOWN}]
    assert asha.get("/api/area-configs").json == []


def test_what_the_existing_client_sends_beside_is_ignored_whatever_it_is(asha):
    for value in (None, 7, "1999-01-01T00:00:00.000", {"a": [1]}):
        for path in ("/api/area-configs", "/api/area-configs/estimate"):
            assert asha.post(path, SMALL_AREA | {"id": value, "createdAt": value}).status in (200, 201)


@pytest.mark.parametrize("path", BODIES)
def test_a_compressed_body_is_refused_as_such(asha, path):
    packed = gzip.compress(json.dumps(BODIES[path]).encode())
    headers = {"content-type": "application/json"}
    for coding in ("gzip", "GZIP", "br", "deflate, gzip"):
        answer = asha.post(path, raw=packed, headers=headers | {"content-encoding": coding})
        assert_refused(answer, 415)
        assert answer.json["message"] == f"the body is compressed ({coding}): send it as it is"
    unsaid = asha.post(path, raw=packed, headers=headers)
    assert_refused(unsaid, 415)
    assert "does not say so" in unsaid.json["message"]


def test_a_byte_order_mark_and_an_identity_are_no_obstacle(asha):
    raw = b"\xef\xbb\xbf" + json.dumps(SMALL_AREA).encode()
    headers = {"content-type": "application/json", "content-encoding": "identity"}
    assert asha.post("/api/area-configs", raw=raw, headers=headers).status == 201
