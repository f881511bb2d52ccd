"""Files that become no layer: damaged, late, too many, another's, or kept by nobody, on both engines."""

from unittest.mock import Mock

import pytest

from chalicelib.adapters.database import tables as t
from chalicelib.application.sweep_layers import sweep_layers
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.jobs import Queue
from tests.support.api_server import Server
from tests.support.builders import layer_files as files
from tests.support.importing import keep, made_ready, read, rows, sent, work

BYTES = {"content-type": "application/octet-stream"}


@pytest.mark.parametrize(
    ("error", "state"), [(Unavailable("no store"), "READING"), (RuntimeError("unforeseen"), "FAILED")]
)
def test_what_breaks_a_reading_leaves_it_to_the_next_worker_or_says_so(server, asha, monkeypatch, error, state):
    path = sent(server, asha, files.field(3))
    asha.post(f"{path}/read", {})
    (message,) = [each for each in server.jobs.sent if each.queue is Queue.IMPORTS]

    with monkeypatch.context() as broken:
        broken.setattr(server.images, "get", Mock(side_effect=error))
        with pytest.raises(type(error)):
            work(server)
    assert asha.get(path).json["state"] == state
    server.jobs.sent.append(message)
    work(server)
    assert asha.get(path).json["state"] == ("READY" if state == "READING" else "FAILED")


def test_a_file_that_cannot_be_read_says_why_and_leaves_nothing(server, asha):
    path = sent(server, asha, b"hello", "plots.gpkg")
    shown = read(server, asha, path)
    assert (shown["state"], shown["problem"]["reason"][:33]) == ("FAILED", "this GeoPackage is no SQLite data")
    assert asha.post(f"{path}/keep", {}).status == 409
    assert asha.call("DELETE", path).status == 204
    assert asha.get(path).status == 404
    assert [rows(server, table) for table in (t.layers, t.layer_versions, t.parcels, t.layer_imports)] == [0] * 4
    assert not server.images.contents


def test_what_did_not_arrive_and_what_is_too_large_say_so(server, asha):
    made = asha.post("/api/layers/imports", {"fileName": "a.kml", "bytes": 9}).json
    shown = read(server, asha, f"/api/layers/imports/{made['id']}")
    assert "has not arrived" in shown["problem"]["reason"]
    refused = asha.post("/api/layers/imports", {"fileName": "a.kml", "bytes": 2**40})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, "/bytes")
    refused = asha.post("/api/layers/imports", {"fileName": "a.kml", "bytes": 9, "layerId": 2**63})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, "/layerId")
    path = sent(server, asha, files.field(3))
    asha.post(f"{path}/read", {})
    work(server, most_bytes=100)
    assert "at most 100 are read" in asha.get(path).json["problem"]["reason"]


def test_a_file_is_sent_again_until_it_is_kept_and_only_whole(server, asha):
    content = files.field(3)
    broken = b"x" * len(content)
    made = asha.post("/api/layers/imports", {"fileName": "plots.geojson", "bytes": len(content)}).json
    path, url = f"/api/layers/imports/{made['id']}", made["upload"]["url"]

    def put(raw):
        return server.call("PUT", url, raw=raw, token=asha.token, headers=BYTES)

    for short in (b"", content[:-1], content + b" "):
        refused = put(short)
        assert (refused.status, "were announced" in refused.json["detail"]) == (400, True)
    assert not server.images.contents
    assert put(broken).status == 204
    assert read(server, asha, path)["state"] == "FAILED"
    assert put(content).status == 204
    assert (asha.get(path).json["state"], asha.get(path).json["problem"]) == ("WAITING", None)
    assert read(server, asha, path)["preview"]["parcels"] == 3
    other = content.replace(b"1/1", b"9/9")
    assert put(other).status == 204
    assert asha.post(f"{path}/keep", {}).status == 409, "nobody has looked at that"
    assert read(server, asha, path)["preview"]["first"][0]["name"] == "9/9"
    assert keep(server, asha, path)["state"] == "KEPT"
    assert put(content).status == 409


def test_files_that_failed_make_room_for_the_next_and_those_that_wait_do_not(database_url):
    server = Server(database_url, imports_waiting=2)
    asha = server.user()
    paths = [sent(server, asha, b"hello", "plots.gpkg") for _ in range(2)]
    assert [read(server, asha, path)["state"] for path in paths] == ["FAILED", "FAILED"]
    paths.append(sent(server, asha, files.field(1)))
    assert [asha.get(path).status for path in paths] == [404, 200, 200], "the oldest had to go"
    paths.append(sent(server, asha, files.field(1)))
    assert len(server.images.contents) == 2, "no more than so many are stored"
    refused = asha.post("/api/layers/imports", {"fileName": "a.kml", "bytes": 9})
    assert (refused.status, [asha.get(path).status for path in paths[2:]]) == (429, [200, 200])
    server.engine.dispose()


def test_nobody_else_sends_to_it_and_no_link_is_good_for_another(server, asha):
    made = asha.post("/api/layers/imports", {"fileName": "a.kml", "bytes": 9}).json
    other = server.user("badri@example.org")
    url = made["upload"]["url"]
    assert server.call("PUT", url, raw=b"x", token=other.token, headers=BYTES).status == 404
    theirs = other.post("/api/layers/imports", {"fileName": "a.kml", "bytes": 9}).json["upload"]["url"]
    mixed = f"{theirs.partition('?')[0]}?{url.partition('?')[2]}"
    assert server.call("PUT", mixed, raw=b"x", token=other.token, headers=BYTES).status == 403
    assert not server.images.contents


def test_what_nobody_kept_is_forgotten_in_a_day(server, asha):
    path = made_ready(server, asha, files.field(2))
    sweep = {"layers": server.ports.layers, "imports": server.ports.layer_imports, "store": server.images}
    server.later(hours=23)
    sweep_layers(clock=lambda: server.now, **sweep)
    assert asha.get(path).status == 200
    server.later(hours=2)
    sweep_layers(clock=lambda: server.now, **sweep)
    assert (asha.get(path).status, server.images.contents) == (404, {})
