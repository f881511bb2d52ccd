"""A triangle of land, by a whole process on an archive: what changes beside it in the same tile is nobody's to tell."""

import pytest

from tests.support.builders.archives import put, square
from tests.support.builders.land import house, land
from tests.support.running.client import Client, Server

SIDE_PX, GSD_M = 400, 0.5
JANUARY, FEBRUARY, MARCH = (f"2025-0{month}-15T05:30:00Z" for month in (1, 2, 3))
INSIDE, OUTSIDE = (40, 300), (300, 60)  # left, top in the picture: the triangle is its lower left half


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    place = tmp_path_factory.mktemp("shapes")
    folder = place / "archive"
    folder.mkdir()
    with Server(place / "home", "--archive", str(folder), "--no-demo", capture_schedule="rate(1 day)") as running:
        yield Client(running.url), folder


def test_a_change_beside_a_triangle_is_told_to_nobody_and_one_in_it_is(archive):
    client, folder = archive
    bounds = square(20.35, 85.8, width_px=SIDE_PX, height_px=SIDE_PX, gsd_m=GSD_M).bounds
    west, south, east, north = bounds
    ring = [[west, south], [east, south], [west, north], [west, south]]
    empty = land(SIDE_PX, seed=3)
    beside = house(empty, *OUTSIDE, width=36, height=28)
    both = house(beside, *INSIDE, width=36, height=28)
    put(folder, "january", bounds, pixels=empty, taken=JANUARY)
    area = client.add_area(name="triangle", provider="archive", geometry={"type": "Polygon", "coordinates": [ring]})
    box = {name: area[name] for name in ("centerLat", "centerLon", "northKm", "southKm", "eastKm", "westKm")}
    around = client.add_area(name="box", provider="archive", **box)
    assert area["areaM2"] == pytest.approx((SIDE_PX * GSD_M) ** 2 / 2, rel=0.01)
    assert set(client.supervise_now(area["id"])["countsByVerdict"]) == {"BASELINE"}
    client.supervise_now(around["id"])

    put(folder, "february", bounds, pixels=beside, taken=FEBRUARY)
    looked = client.supervise_now(area["id"])
    assert looked["status"] == "COMPLETED_NO_CHANGES", looked
    assert looked["allClear"], looked
    assert looked["unseenM2"] == 0, "ground beside it is none that waits to be seen"
    assert client.supervise_now(around["id"])["status"] == "COMPLETED_CHANGES_DETECTED", "the box around it sees it"

    put(folder, "march", bounds, pixels=both, taken=MARCH)
    told = client.supervise_now(area["id"])
    assert told["status"] == "COMPLETED_CHANGES_DETECTED", told
    alerts = client.call("GET", f"alerts/sessions/{told['id']}/details")["alert_details"]
    regions = [region for alert in alerts for region in alert["changeLog"]["regions"]]
    assert regions
    for region in regions:
        lon, lat = region["centroid"]
        assert (lon - west) / (east - west) + (lat - south) / (north - south) < 1, "it lies in the triangle"
    ignored = [region["reason"] for alert in alerts for region in alert["changeLog"]["ignored"]]
    assert "outside the area" not in ignored, "the house beside it stands there since February"
