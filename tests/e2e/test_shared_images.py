"""Images that areas share: 300 parcels on one sheet; and what two people on one tile see when one of them leaves."""

import sqlite3
from contextlib import closing

import pytest

from tests.bench.shared_captures import measured
from tests.support.builders.archives import noise, put, square
from tests.support.running.client import Client, Server
from tests.support.timing import wait_until

SIDE_PX, GSD_M = 400, 0.5
SOON_S = 150  # reconcile's minute, and some


def test_300_parcels_on_one_sheet_capture_each_tile_once():
    found = measured(300)
    assert found["runs"] > 300
    assert found["captures"] <= found["tiles"] * 1.05
    assert found["objects"] == found["tiles"]


@pytest.fixture
def server(tmp_path):
    archive = tmp_path / "archive"
    archive.mkdir()
    extent = square(20.35, 85.8, width_px=SIDE_PX, height_px=SIDE_PX, gsd_m=GSD_M)
    put(archive, "sheet", extent.bounds, pixels=noise(SIDE_PX, SIDE_PX), taken="2025-01-15T05:30:00Z")
    reach = {f"{way}Km": getattr(extent, f"{way}_km") for way in ("north", "south", "east", "west")}
    area = {"centerLat": extent.center_lat, "centerLon": extent.center_lon, "provider": "archive", **reach}
    with Server(tmp_path / "home", "--archive", str(archive), "--no-demo", capture_schedule="rate(1 day)") as running:
        yield running, area


def test_an_image_loads_as_long_as_one_area_uses_it(server):
    running, area = server
    asha, badri = (Client(running.url, email=f"{name}@example.org") for name in ("asha", "badri"))
    hers, his = (client.add_area(name="field", **area)["id"] for client in (asha, badri))
    for client, area_id in ((asha, hers), (badri, his)):
        assert set(client.supervise_now(area_id)["countsByVerdict"]) == {"BASELINE"}
    links = {
        client: [tile["imagePath"] for tile in client.call("GET", f"monitor/image-tiles/area/{area_id}")]
        for client, area_id in ((asha, hers), (badri, his))
    }
    keys = [{link.partition("?")[0] for link in of_one} for of_one in links.values()]
    assert keys[0] == keys[1] != set(), "one object for both"
    stored = running.home / "images"
    assert len(list(stored.rglob("*.png"))) == len(keys[0])

    asha.call("DELETE", f"area-configs/{hers}", status=204)
    asha.call("GET", f"monitor/image-tiles/area/{hers}", status=404)
    with closing(sqlite3.connect(running.home / "bhuprahari.db")) as database:
        wait_until(lambda: rows(database, "area_configs") == 1, within_s=SOON_S)
        assert rows(database, "captures") == len(keys[0])
        assert {asha.load(link).status_code for link in links[asha]} == {200}, "a link that is out ends by itself"
        assert {badri.load(link).status_code for link in links[badri]} == {200}
        assert set(badri.supervise_now(his)["countsByVerdict"]) == {"NO_NEW_IMAGERY"}

        badri.call("DELETE", f"area-configs/{his}", status=204)
        wait_until(lambda: rows(database, "area_configs") == 0, within_s=SOON_S)
        assert rows(database, "captures") == 0
    wait_until(lambda: not list(stored.rglob("*.png")), within_s=SOON_S)
    assert {badri.load(link).status_code for link in links[badri]} == {404}


def rows(database, table):
    return database.execute(f"SELECT COUNT(*) FROM {table}").fetchone()[0]
