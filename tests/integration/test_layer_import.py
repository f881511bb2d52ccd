"""From a file to a layer of parcels, over HTTP and through its job, on both engines."""

import json
from unittest.mock import Mock

import pytest
from sqlalchemy import delete, func, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.layers.reading import GdalLayerFiles
from chalicelib.application.import_layer import import_layer
from chalicelib.application.sweep_layers import sweep_layers
from chalicelib.domain.errors import Unavailable
from chalicelib.domain.jobs import ImportJob, Queue
from tests.support.api_server import Server
from tests.support.builders import layer_files as files

BYTES = {"content-type": "application/octet-stream"}
PERMITS = b"plot,wkt,from,to,ref,state\n" + b"\n".join(
    f'{number},"POLYGON(({x} 20,{x + 0.001} 20,{x + 0.001} 20.001,{x} 20))",{begin},{end},GO-{number},{state}'.encode()
    for number, x, begin, end, state in (
        (1, 85.0, "2025-01-31", "31-12-2025", "Approved"),
        (2, 85.1, "01/02/2025", "", "revoked"),
        (3, 85.2, "31-31-2025", "", ""),
        (4, 85.3, "", "", "granted"),
    )
)


def work(server, *, most_bytes=2**25):
    """Do the jobs of imports that wait."""
    for message in [each for each in server.jobs.sent if each.queue is Queue.IMPORTS]:
        server.jobs.sent.remove(message)
        import_layer(
            ImportJob.from_json(message.body),
            imports=server.ports.layer_imports,
            store=server.images,
            files=GdalLayerFiles(most_rows=65_000),
            clock=lambda: server.now,
            lease_s=60,
            looked_at=("sample", 17),
            most_bytes=most_bytes,
        )


def sent(server, person, content, name="plots.geojson", **more):
    """Send a file; give its import's path."""
    draft = {"fileName": name, "bytes": len(content)} | more
    made = person.post("/api/layers/imports", draft)
    assert made.status == 201, made.content
    upload = made.json["upload"]
    put = server.call(upload["method"], upload["url"], raw=content, token=person.token, headers=upload["headers"])
    assert put.status == 204, put.content
    return f"/api/layers/imports/{made.json['id']}"


def read(server, person, path, **options):
    assert person.post(f"{path}/read", options).status == 202
    work(server)
    return person.get(path).json


def keep(server, person, path, **body):
    kept = person.post(f"{path}/keep", body)
    assert (kept.status, kept.json.get("state")) == (202, "KEEPING"), kept.content
    work(server)
    return person.get(path).json


def rows(server, table):
    with server.engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar()


def test_a_file_becomes_a_layer(server, asha):
    path = sent(server, asha, files.field(30))
    shown = read(server, asha, path)
    preview = shown["preview"]
    assert (shown["state"], preview["rows"], preview["parcels"], preview["errorCount"]) == ("READY", 30, 30, 0)
    assert preview["first"][0] == {
        "row": 1, "name": "1/1", "tags": {"village": files.ODIA}, "m2": preview["first"][0]["m2"]
    }  # fmt: skip
    assert (preview["needs"], preview["accuracyM"], preview["accuracyIsAssumed"]) == ([], 5.0, True)
    assert (preview["provider"], preview["zoom"]) == ("sample", 17)
    assert 1 <= preview["tiles"] <= 60
    kept = keep(server, asha, path, name="Khandagiri")
    assert kept["state"] == "KEPT"
    layer = asha.get(f"/api/layers/{kept['layerId']}").json
    assert (layer["name"], layer["version"]["number"], layer["version"]["parcels"]) == ("Khandagiri", 1, 30)
    assert layer["version"]["source"]["nameColumn"] == "plot"
    parcels = asha.get(f"/api/layers/{kept['layerId']}/parcels?limit=2").json
    assert [parcel["name"] for parcel in parcels] == ["1/1", "2/1"]
    assert parcels[0]["geometry"]["type"] == "MultiPolygon"
    assert not server.images.keys_after("", prefix="imports/"), "what it was read from is not kept"


def test_the_land_of_a_whole_layer_is_joined_once_when_it_is_kept(server, asha):
    layer = keep(server, asha, _ready(server, asha, files.field(30)))["layerId"]
    with server.engine.connect() as connection:
        (land,) = connection.execute(select(t.layer_lands)).all()
    assert (land.corners, json.loads(land.geometry)[0][0][0]) == (5, json.loads(land.geometry)[0][0][-1])
    asked = {"name": "All", "layerId": layer}
    ready = asha.post("/api/area-configs/estimate", asked).json["areaM2"]
    assert asha.post("/api/area-configs", asked).json["geometryNotes"] == []
    with server.engine.begin() as connection:
        connection.execute(update(t.layer_lands).values(filled_m=2.0))
    (told,) = asha.post("/api/area-configs", asked).json["geometryNotes"]
    assert told == "gaps between these parcels, of up to 2 m, are watched as well"
    with server.engine.begin() as connection:
        connection.execute(update(t.layer_lands).values(geometry=None, corners=40_001))
    refused = asha.post("/api/area-configs", asked)
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, "/layerId")
    assert "has 40 001 corners; at most 40 000 are kept" in refused.json["errors"][0]["detail"]
    with server.engine.begin() as connection:
        connection.execute(delete(t.layer_lands))
    assert asha.post("/api/area-configs/estimate", asked).json["areaM2"] == ready, "a version from before has none"


def test_a_layer_gets_a_new_version(server, asha):
    first = keep(server, asha, _ready(server, asha, files.field(3)))
    path = sent(server, asha, files.field(4), layerId=first["layerId"])
    read(server, asha, path)
    again = keep(server, asha, path)
    assert again["layerId"] == first["layerId"]
    assert asha.get(f"/api/layers/{first['layerId']}").json["version"]["number"] == 2
    assert rows(server, t.parcels) == 7, "what was true before stays"
    other = server.user("badri@example.org")
    draft = {"fileName": "x", "bytes": 9, "layerId": first["layerId"]}
    assert other.post("/api/layers/imports", draft).status == 404


def _ready(server, person, content, name="plots.geojson", **options):
    path = sent(server, person, content, name)
    assert read(server, person, path, **options)["state"] == "READY"
    return path


def test_without_a_coordinate_system_it_is_not_kept(server, asha):
    parts = files.shapefile([(files.square(1), b"007")])
    path = _ready(server, asha, files.zipped(parts), "plots.zip")
    assert asha.get(path).json["preview"]["needs"] == ["crs"]
    refused = asha.post(f"{path}/keep", {})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (409, "/crs")
    shown = read(server, asha, path, crs="Kalianpur 1975")["preview"]
    assert (shown["needs"], shown["accuracyM"], shown["accuracyIsAssumed"]) == ([], 22.0, False)
    kept = keep(server, asha, path)
    version = asha.get(f"/api/layers/{kept['layerId']}").json["version"]
    assert (version["accuracyM"], "22 m" in version["source"]["datumNote"]) == (22.0, True)


def test_a_shift_aligns_a_layer_before_it_is_kept(server, asha):
    path = _ready(server, asha, files.field(1))
    before = asha.get(path).json["preview"]["bounds"]
    after = read(server, asha, path, shiftEastM=100.0, shiftNorthM=-50.0)["preview"]["bounds"]
    assert after[1] - before[1] == pytest.approx(-50 / 111_320, rel=0.01)
    assert after[0] - before[0] == pytest.approx(100 / (111_320 * 0.938), rel=0.01)
    kept = keep(server, asha, path)
    source = asha.get(f"/api/layers/{kept['layerId']}").json["version"]["source"]
    assert (source["shiftEastM"], source["shiftNorthM"]) == (100.0, -50.0)


def test_permits_say_from_when_to_when(server, asha):
    columns = {"fromColumn": "from", "toColumn": "to", "referenceColumn": "ref", "stateColumn": "state"}
    path = sent(server, asha, PERMITS, "permits.csv")
    shown = read(server, asha, path, kind="PERMITS", crs="EPSG:4326", **columns)["preview"]
    assert shown["parcels"] == 2
    assert [(each["row"], each["reason"].split(",")[0]) for each in shown["errors"]] == [
        (3, "from is a date like 2025-12-31 or 31-12-2025"),
        (4, "a permit is approved"),
    ]
    kept = keep(server, asha, path)
    one, two = asha.get(f"/api/layers/{kept['layerId']}/parcels").json
    assert (one["validFrom"], one["validTo"], one["reference"], one["state"]) == (
        "2025-01-31", "2025-12-31", "GO-1", "approved"
    )  # fmt: skip
    assert (two["validFrom"], two["validTo"], two["state"]) == ("2025-02-01", None, "revoked")


def test_a_newer_version_of_permits_makes_no_revoked_one_valid(server, asha):
    columns = {"fromColumn": "from", "toColumn": "to", "stateColumn": "state"}
    first = _ready(server, asha, PERMITS, "permits.csv", kind="PERMITS", crs="EPSG:4326", **columns)
    layer_id = keep(server, asha, first)["layerId"]
    path = sent(server, asha, PERMITS, "permits.csv", layerId=layer_id)
    refused = asha.post(f"{path}/read", {"kind": "PARCELS"})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, "/kind")
    notes = read(server, asha, path, crs="EPSG:4326")["preview"]["notes"]
    assert "no column for the state: all 4 permits count as approved" in notes, "it is of the layer's kind"
    assert "no column for the end: all 4 permits count without an end" in notes
    for missing in ("stateColumn", "toColumn", "fromColumn"):
        named = {name: column for name, column in columns.items() if name != missing}
        read(server, asha, path, crs="EPSG:4326", **named)
        refused = asha.post(f"{path}/keep", {})
        assert (refused.status, refused.json["errors"][0]["pointer"]) == (400, f"/{missing}")
    said = read(server, asha, path, crs="EPSG:4326", **columns)["preview"]["notes"]
    assert not [note for note in said if note.startswith("no column for the state")]
    assert keep(server, asha, path)["layerId"] == layer_id
    assert asha.get(f"/api/layers/{layer_id}/parcels").json[1]["state"] == "revoked"


def test_one_layer_too_many_is_refused_with_the_number(database_url):
    server = Server(database_url, layers_per_user=1)
    asha = server.user()
    first = keep(server, asha, _ready(server, asha, files.field(3)))
    path = _ready(server, asha, files.field(2))
    refused = asha.post(f"{path}/keep", {})
    assert (refused.status, refused.json["detail"].split(":")[0]) == (409, "you keep 1 layers already")
    assert asha.get(path).json["state"] == "READY", "nothing of it is lost"
    assert asha.call("DELETE", f"/api/layers/{first['layerId']}").status == 204
    assert keep(server, asha, path)["state"] == "KEPT"
    server.engine.dispose()


def test_a_file_that_is_read_anew_is_kept_only_as_it_is_read_then(server, asha):
    path = _ready(server, asha, files.field(3))
    assert asha.post(f"{path}/read", {"nameColumn": "village"}).status == 202
    refused = asha.post(f"{path}/keep", {})
    assert (refused.status, "not ready" in refused.json["detail"]) == (409, True), "its preview shows another reading"
    assert asha.get(path).json["preview"] is None
    work(server)
    kept = keep(server, asha, path)
    assert kept["state"] == "KEPT"
    names = [parcel["name"] for parcel in asha.get(f"/api/layers/{kept['layerId']}/parcels").json]
    assert names == [files.ODIA] * 3


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
    path = _ready(server, asha, files.field(2))
    sweep = {"layers": server.ports.layers, "imports": server.ports.layer_imports, "store": server.images}
    server.later(hours=23)
    sweep_layers(clock=lambda: server.now, **sweep)
    assert asha.get(path).status == 200
    server.later(hours=2)
    sweep_layers(clock=lambda: server.now, **sweep)
    assert (asha.get(path).status, server.images.contents) == (404, {})
