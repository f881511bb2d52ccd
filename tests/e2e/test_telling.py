"""What people are told by a whole process of an area that cannot be seen any more: the cases from the field."""

import time

import pytest

from tests.support.builders.archives import put, square
from tests.support.builders.land import land
from tests.support.running.client import Client, Server

SIDE_PX, GSD_M = 400, 0.5
JANUARY, FEBRUARY = "2025-01-15T05:30:00Z", "2025-02-15T05:30:00Z"
WITHIN_S = 60


@pytest.fixture
def folder(tmp_path):
    made = tmp_path / "archive"
    made.mkdir()
    return made


@pytest.fixture
def server(tmp_path, folder):
    """Give a server that tells at once; its clock reconciles when it starts, and each minute."""
    at_once = {"blind_days": 0, "monsoon_blind_days": 0, "failing_days": 0}
    options = ("--archive", str(folder), "--no-demo")
    with Server(tmp_path / "home", *options, capture_schedule="rate(1 day)", **at_once) as running:
        yield running


def reconciled(server):
    """Start it again: it reconciles. Give its client, once no push waits any more."""
    server.stop()
    server.start()
    client = Client(server.url)
    end = time.monotonic() + WITHIN_S
    while not (pushes := client.call("GET", "pushes")) or any(push["status"] == "PENDING" for push in pushes):
        assert time.monotonic() < end, pushes
        time.sleep(0.3)
    return client


def watch(server, folder):
    """Watch an area that one picture shows, and look at it."""
    client = Client(server.url)
    extent = square(20.35, 85.8, width_px=SIDE_PX, height_px=SIDE_PX, gsd_m=GSD_M)
    put(folder, "a", extent.bounds, pixels=land(SIDE_PX, seed=1), taken=JANUARY)
    reach = {f"{way}Km": getattr(extent, f"{way}_km") for way in ("north", "south", "east", "west")}
    centre = {"centerLat": extent.center_lat, "centerLon": extent.center_lon}
    area = client.add_area(name="Lake shore", provider="archive", **centre, **reach)
    client.supervise_now(area["id"])
    area = client.call("GET", f"area-configs/{area['id']}")
    assert (area["state"], area["unseenM2"], area["unseenShare"], area["unseenSince"]) == ("watched", 0, 0, None)
    return client, area, extent.bounds


def test_n01_an_area_that_cannot_be_seen_any_more_is_told_once(server, folder):
    client, area, _ = watch(server, folder)
    for path in folder.iterdir():
        path.unlink()
    session = client.supervise_now(area["id"])
    assert session["status"] == "COMPLETED_ERROR"
    client = reconciled(server)
    (push,) = client.call("GET", "pushes")
    assert push["title"] == "Could not be looked at: Lake shore"
    assert "there is no picture of it" in push["body"]
    assert push["data"] == {
        "area_config_id": str(area["id"]),
        "alert_session_id": str(session["id"]),
        "changes_count": "0",
        "state": "failing",
    }
    assert (push["areaConfigId"], push["alertSessionId"], push["status"]) == (area["id"], session["id"], "SENT")
    client.supervise_now(area["id"])
    client = reconciled(server)
    assert len(client.call("GET", "pushes")) == 1, "once"
    stands = client.call("GET", f"area-configs/{area['id']}")
    assert (stands["state"], stands["unseenShare"]) == ("failing", 1)
    assert stands["unseenM2"] > 30_000
    assert session["startTime"] < stands["unseenSince"] <= session["endTime"]


def test_an_area_under_cloud_is_told_with_how_much(server, folder):
    client, area, bounds = watch(server, folder)
    cloud = land(SIDE_PX, seed=1)
    cloud[:] = 245
    put(folder, "b", bounds, pixels=cloud, taken=FEBRUARY)
    client.supervise_now(area["id"])
    client = reconciled(server)
    (push,) = client.call("GET", "pushes")
    assert push["title"] == "Not seen: Lake shore"
    assert "clouds, or gaps in the pictures" in push["body"]
    assert client.call("GET", "area-configs/")[0]["state"] == "blind"
