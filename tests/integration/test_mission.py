"""docs/mission.md says the truth: what it names is there, the ten endpoints keep the contract, the five tables exist.

What is asked here is what the contract says and no more, so that it holds whatever else is built.
"""

import ast
import re
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from tests.support import contract_members as members
from tests.support.contract_members import assert_shape
from tests.support.sources import ROOT, text_of

ENDPOINTS = {
    *("POST /api/auth/register", "POST /api/auth/login"),
    *("POST /api/area-configs", "GET /api/area-configs", "GET /api/area-configs/{id}"),
    *("POST /api/monitor/capture/{id}", "POST /api/monitor/compare/{id}", "GET /api/monitor/image-tiles/area/{id}"),
    *("GET /api/alerts/sessions", "GET /api/alerts/sessions/{id}/details"),
}
TABLES = {"users", "area_configs", "image_tiles", "alert_sessions", "alert_details"}
AROUND = {"scheduled capture", "Google imagery", "OpenCV comparison", "FCM", "MySQL", "one server"}
AROUND |= {"the existing client's images", "settings tried before they are kept", "places as files"}
AROUND |= {"retention, pins and legal holds", "the history of images"}
SECTION = re.compile(r"^## (.+)$", re.MULTILINE)
ROW = re.compile(r"^\| (.+?) \| (`.+?`) \| (`.+?`) \|$", re.MULTILINE)
QUOTED = re.compile(r"`([^`]+)`")

PERSON = {"email": "asha@example.org", "password": "secret-land", "profile": None}
AREA = {"name": "Lake shore", "centerLat": 12.9716, "centerLon": 77.5946, "createdAt": "1999-01-01T00:00:00.000"}
AREA |= {"northKm": 1, "southKm": 1, "eastKm": 1, "westKm": 1, "id": None}  # whole kilometres, and more than is read


def listed():
    """Give the page's rows by section: what, the files, the tests."""
    _, *parts = SECTION.split(text_of(Path("docs/mission.md")))
    sections = zip(parts[::2], parts[1::2], strict=True)
    return {
        title: {
            what.strip("`"): (QUOTED.findall(files), QUOTED.findall(tests)) for what, files, tests in ROW.findall(rows)
        }
        for title, rows in sections
    }


ROWS = [(what, *row) for rows in listed().values() for what, row in rows.items()]


def missing(files, tests):
    """Name what is not there of files and of tests, `file::function`."""
    named = [test.partition("::")[::2] for test in tests]
    absent = [name for name in (*files, *(file for file, _ in named)) if not (ROOT / name).is_file()]
    return absent + [f"{file}::{test}" for file, test in named if file not in absent and test not in functions_of(file)]


def functions_of(file):
    return {node.name for node in ast.parse(text_of(Path(file))).body if isinstance(node, ast.FunctionDef)}


def test_the_page_lists_all_of_the_mission():
    assert {title: set(rows) for title, rows in listed().items()} == {
        "The ten endpoints": ENDPOINTS,
        "The five tables": TABLES,
        "What stands around them": AROUND,
    }


@pytest.mark.parametrize(("what", "files", "tests"), ROWS, ids=[what for what, *_ in ROWS])
def test_what_the_page_names_is_there(what, files, tests):
    assert files
    assert tests
    assert missing(files, tests) == []


def test_what_is_not_there_would_be_found():
    here = "tests/integration/test_mission.py"
    assert missing(["chalicelib/nothing.py"], [f"{here}::test_nothing", "tests/test_no.py::test_it"]) == [
        *("chalicelib/nothing.py", "tests/test_no.py"),
        f"{here}::test_nothing",
    ]


class OldClient:
    """The client in the field: it calls the ten endpoints, and nothing else. What it called is written down."""

    def __init__(self, server):
        self.server, self.token, self.called = server, None, set()

    def ask(self, method, path, body=None):
        answer = self.server.call(method, path, body, token=self.token)
        self.called.add(f"{method} {re.sub(r'/[0-9]+', '/{id}', path).rstrip('/')}")
        if answer.status >= 400:
            assert_shape(answer.json, {"message": str})
            assert answer.json["message"]
        return answer

    def get(self, path):
        answer = self.ask("GET", path)
        assert answer.status == 200, (path, answer.content)
        return answer.json

    def sign_in(self):
        self.token = self.ask("POST", "/api/auth/login", PERSON).json["access_token"]

    def supervise_now(self, area_id):
        """Tap the one button: two calls whose answers must be exactly 200, and one look at the tiles."""
        for call in ("capture", "compare"):
            answer = self.ask("POST", f"/api/monitor/{call}/{area_id}")
            assert (answer.status, bool(answer.json["message"])) == (200, True)
            self.server.work(changed_m2=900)
        return self.get(f"/api/monitor/image-tiles/area/{area_id}")


@pytest.fixture
def client(server):
    return OldClient(server)


def test_the_account(client):
    made = client.ask("POST", "/api/auth/register", PERSON)
    assert (made.status, bool(made.json["message"])) == (201, True)
    assert_shape(made.json["user"], members.USER)
    assert client.ask("POST", "/api/auth/register", PERSON).status == 409
    assert client.ask("POST", "/api/auth/register", {"email": "badri@example.org"}).status == 400
    signed_in = client.ask("POST", "/api/auth/login", PERSON)
    assert signed_in.status == 200
    assert_shape(signed_in.json, {"message": str, "access_token": str, "refresh_token": str, "user": dict})
    assert signed_in.json["user"] == made.json["user"]
    assert client.ask("POST", "/api/auth/login", PERSON | {"password": "another-land"}).status == 401


def test_the_areas(client):
    client.ask("POST", "/api/auth/register", PERSON)
    client.sign_in()
    for slash in ("/", ""):
        made = client.ask("POST", f"/api/area-configs{slash}", AREA)
        assert made.status == 201
        assert_shape(made.json, members.AREA)
        assert not made.json["createdAt"].startswith("1999")
        assert {name: made.json[name] for name in members.PLACE} == {name: AREA[name] for name in members.PLACE}
        assert client.get(f"/api/area-configs/{made.json['id']}") == made.json
        assert made.json in client.get(f"/api/area-configs{slash}")
    assert client.ask("GET", "/api/area-configs/999").status == 404


def test_the_ten_endpoints_keep_the_contract_and_fill_the_five_tables(client, server):
    client.ask("POST", "/api/auth/register", PERSON)
    client.sign_in()
    area = client.ask("POST", "/api/area-configs/", AREA).json
    assert client.get("/api/area-configs/") == [client.get(f"/api/area-configs/{area['id']}")]
    assert client.get(f"/api/monitor/image-tiles/area/{area['id']}") == []
    for _ in range(2):
        server.later(hours=1)
        tiles = client.supervise_now(area["id"])
    assert [tile["captureTime"] for tile in tiles] == sorted((tile["captureTime"] for tile in tiles), reverse=True)
    for tile in tiles:
        is_tile(tile, area)

    sessions = client.get("/api/alerts/sessions")
    assert len(sessions) == 2, "one tap is one session"
    assert sessions[0]["startTime"] > sessions[1]["startTime"]
    for session in sessions:
        is_session(session, area)
    assert [session["status"] for session in sessions] == ["COMPLETED_CHANGES_DETECTED", "COMPLETED_NO_CHANGES"]
    told = client.get(f"/api/alerts/sessions/{sessions[0]['id']}/details")
    is_session(told, area)
    assert len(told["alert_details"]) == told["totalChangesDetected"] > 0
    for detail in told["alert_details"]:
        is_detail(detail, told, area)
        assert loads(server, detail["previousImagePath"]) != loads(server, detail["currentImagePath"])

    assert client.called == ENDPOINTS
    assert set(inspect(server.engine).get_table_names()) >= TABLES
    with server.engine.connect() as connection:
        rows = {name: connection.scalar(text(f"SELECT COUNT(*) FROM {name}")) for name in TABLES}
    assert min(rows.values()) > 0, rows


def is_tile(tile, area):
    assert_shape(tile, members.TILE)
    assert tile["areaConfigId"] == area["id"]
    assert tile["status"] in members.TILE_STATUSES


def is_session(session, area):
    assert_shape(session, members.SESSION)
    assert session["areaConfigId"] == area["id"]
    assert session["status"] in members.SESSION_STATUSES


def is_detail(detail, session, area):
    assert_shape(detail, members.DETAIL)
    is_tile(detail["current_tile_info"], area)
    assert detail["alertSessionId"] == session["id"]
    if detail["changeLog"] is not None:
        assert_shape(detail["changeLog"], members.CHANGE_LOG)


def loads(server, path):
    """Load an image as the client does: what follows `captured_images/`, without credentials. Give its bytes."""
    answer = server.call("GET", "/static_images/" + path.split("captured_images/")[1])
    assert answer.status == 200
    return answer.content


def test_nobody_is_let_in_and_what_is_not_there_is_not_found(client):
    """A 401 makes the client drop its tokens; any error shows its message."""
    for each in sorted(endpoint for endpoint in ENDPOINTS if "/auth/" not in endpoint):
        method, path = each.split(" ")
        body = AREA if each == "POST /api/area-configs" else None
        assert client.ask(method, path.replace("{id}", "1"), body).status == 401, each
    client.ask("POST", "/api/auth/register", PERSON)
    client.sign_in()
    for method, path in (("GET", "area-configs"), ("POST", "monitor/capture"), ("POST", "monitor/compare")):
        assert client.ask(method, f"/api/{path}/999").status == 404, path
