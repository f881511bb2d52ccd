"""From a file to a layer of parcels, over HTTP and through its job, on both engines."""

import json

import pytest
from sqlalchemy import delete, select, update

from chalicelib.adapters.database import tables as t
from tests.support.api_server import Server
from tests.support.builders import layer_files as files
from tests.support.importing import keep, made_ready, read, rows, sent, work

PERMITS = b"plot,wkt,from,to,ref,state\n" + b"\n".join(
    f'{number},"POLYGON(({x} 20,{x + 0.001} 20,{x + 0.001} 20.001,{x} 20))",{begin},{end},GO-{number},{state}'.encode()
    for number, x, begin, end, state in (
        (1, 85.0, "2025-01-31", "31-12-2025", "Approved"),
        (2, 85.1, "01/02/2025", "", "revoked"),
        (3, 85.2, "31-31-2025", "", ""),
        (4, 85.3, "", "", "granted"),
    )
)


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
    layer = keep(server, asha, made_ready(server, asha, files.field(30)))["layerId"]
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
    first = keep(server, asha, made_ready(server, asha, files.field(3)))
    path = sent(server, asha, files.field(4), layerId=first["layerId"])
    read(server, asha, path)
    again = keep(server, asha, path)
    assert again["layerId"] == first["layerId"]
    assert asha.get(f"/api/layers/{first['layerId']}").json["version"]["number"] == 2
    assert rows(server, t.parcels) == 7, "what was true before stays"
    other = server.user("badri@example.org")
    draft = {"fileName": "x", "bytes": 9, "layerId": first["layerId"]}
    assert other.post("/api/layers/imports", draft).status == 404


def test_without_a_coordinate_system_it_is_not_kept(server, asha):
    parts = files.shapefile([(files.square(1), b"007")])
    path = made_ready(server, asha, files.zipped(parts), "plots.zip")
    assert asha.get(path).json["preview"]["needs"] == ["crs"]
    refused = asha.post(f"{path}/keep", {})
    assert (refused.status, refused.json["errors"][0]["pointer"]) == (409, "/crs")
    shown = read(server, asha, path, crs="Kalianpur 1975")["preview"]
    assert (shown["needs"], shown["accuracyM"], shown["accuracyIsAssumed"]) == ([], 22.0, False)
    kept = keep(server, asha, path)
    version = asha.get(f"/api/layers/{kept['layerId']}").json["version"]
    assert (version["accuracyM"], "22 m" in version["source"]["datumNote"]) == (22.0, True)


def test_a_shift_aligns_a_layer_before_it_is_kept(server, asha):
    path = made_ready(server, asha, files.field(1))
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
    first = made_ready(server, asha, PERMITS, "permits.csv", kind="PERMITS", crs="EPSG:4326", **columns)
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
    first = keep(server, asha, made_ready(server, asha, files.field(3)))
    path = made_ready(server, asha, files.field(2))
    refused = asha.post(f"{path}/keep", {})
    assert (refused.status, refused.json["detail"].split(":")[0]) == (409, "you keep 1 layers already")
    assert asha.get(path).json["state"] == "READY", "nothing of it is lost"
    assert asha.call("DELETE", f"/api/layers/{first['layerId']}").status == 204
    assert keep(server, asha, path)["state"] == "KEPT"
    server.engine.dispose()


def test_a_file_that_is_read_anew_is_kept_only_as_it_is_read_then(server, asha):
    path = made_ready(server, asha, files.field(3))
    assert asha.post(f"{path}/read", {"nameColumn": "village"}).status == 202
    refused = asha.post(f"{path}/keep", {})
    assert (refused.status, "not ready" in refused.json["detail"]) == (409, True), "its preview shows another reading"
    assert asha.get(path).json["preview"] is None
    work(server)
    kept = keep(server, asha, path)
    assert kept["state"] == "KEPT"
    names = [parcel["name"] for parcel in asha.get(f"/api/layers/{kept['layerId']}/parcels").json]
    assert names == [files.ODIA] * 3
