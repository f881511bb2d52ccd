"""Scenes of bands by a whole process: what is built comes out, and what lies under a cloud is not seen."""

import pytest
from rasterio.warp import transform

from tests.e2e.trip_sentinel2 import Trip
from tests.support.builders.products import SENTINEL_2
from tests.support.builders.sentinel2 import CLOUD, GROUND, NORTH, SOIL, SYSTEM, WEST, classes, put, reflectances
from tests.support.running.client import Client, Server

ONE_TICK = "rate(1 day)"
ESTATE_M = (2_400, 3_000, 300)  # from the scene's western and northern edge, and its side: metres


def scene(folder, name, *, is_built=False, is_cloudy=False):
    """The same ground each day; of an estate of bright roofs, and of clouds, as wanted."""
    bands, scl = reflectances(), classes(SOIL)
    left, top, side = ESTATE_M
    for values in bands.values() if is_built else ():
        gsd = 6_000 // len(values)
        roofs = values[top // gsd : (top + side) // gsd, left // gsd : (left + side) // gsd]
        roofs[...] = 0.05
        apart = 100 // gsd
        for row in range(0, len(roofs), apart):
            for column in range(0, len(roofs), apart):
                roofs[row : row + apart * 6 // 10 + 1, column : column + apart * 6 // 10 + 1] = 0.6
    if is_cloudy:
        scl[100:200, 80:160] = CLOUD
    put(folder, name, taken=f"{name}T05:30:00Z", bands=bands, scl=scl)


def test_an_estate_is_an_alert_once_the_cloud_over_it_is_gone(tmp_path):
    archive = tmp_path / "archive"
    archive.mkdir()
    west, south, east, north = GROUND
    around = {f"{way}Km": 1.9 for way in ("north", "south", "east", "west")}
    body = {"name": "estate", "centerLat": (south + north) / 2, "centerLon": (west + east) / 2, "provider": "archive"}
    with Server(tmp_path / "home", "--archive", str(archive), "--no-demo", capture_schedule=ONE_TICK) as running:
        client = Client(running.url)
        scene(archive, "2024-01-05")
        area = client.add_area(**body, **around, minChangedAreaM2=2000)
        assert set(client.supervise_now(area["id"])["countsByVerdict"]) == {"BASELINE"}
        scene(archive, "2024-01-10", is_built=True, is_cloudy=True)
        hidden = client.supervise_now(area["id"])
        assert hidden["alert_details"] == []
        assert hidden["allClear"] is False, "the ground under the cloud was not seen"
        scene(archive, "2024-01-15", is_built=True)
        seen = client.supervise_now(area["id"])
    assert seen["status"] == "COMPLETED_CHANGES_DETECTED"
    regions = [region for alert in seen["alert_details"] for region in alert["changeLog"]["regions"]]
    left, top, side = ESTATE_M
    [lon], [lat] = transform(SYSTEM, "EPSG:4326", [WEST + left + side / 2], [NORTH - top - side / 2])
    assert all(region["bounds"][0] < lon < region["bounds"][2] for region in regions), (lon, lat, regions)
    assert all(region["bounds"][1] < lat < region["bounds"][3] for region in regions), (lon, lat, regions)


def in_another_tone(bands, *, gain, infrared=None):
    """The same ground under another sun; where the estate lies, in infrared alone, as wanted."""
    left, top, side = ESTATE_M
    toned = {name: values * gain for name, values in bands.items()}
    for name, values in toned.items():
        gsd = 6_000 // len(values)
        if infrared is not None and name in ("nir", "swir16", "swir22"):
            values[top // gsd : (top + side) // gsd, left // gsd : (left + side) // gsd] = infrared
    return toned


def test_what_only_infrared_shows_is_an_alert_and_another_tone_is_none(tmp_path):
    archive = tmp_path / "archive"
    archive.mkdir()
    west, south, east, north = GROUND
    body = {"name": "pond", "centerLat": (south + north) / 2, "centerLon": (west + east) / 2, "provider": "archive"}
    around = {f"{way}Km": 0.9 for way in ("north", "south", "east", "west")}
    seen = []
    with Server(tmp_path / "home", "--archive", str(archive), "--no-demo", capture_schedule=ONE_TICK) as running:
        client = Client(running.url)
        for day, how in (("05", {"gain": 1.0}), ("10", {"gain": 0.8}), ("15", {"gain": 1.1, "infrared": 0.04})):
            date = f"2024-01-{day}"
            bands = in_another_tone(reflectances(), **how)
            put(archive, date, taken=f"{date}T05:30:00Z", bands=bands, scl=classes(SOIL))
            if not seen:
                area_id = client.add_area(**body, **around, minChangedAreaM2=2000)["id"]
                client.call("PATCH", f"area-configs/{area_id}", {"alertKinds": ["water_gained"]})
            seen.append(client.supervise_now(area_id))
    baseline, toned, drowned = seen
    assert set(baseline["countsByVerdict"]) == {"BASELINE"}
    assert (toned["status"], toned["allClear"]) == ("COMPLETED_NO_CHANGES", True)
    assert drowned["status"] == "COMPLETED_CHANGES_DETECTED"
    regions = [region for alert in drowned["alert_details"] for region in alert["changeLog"]["regions"]]
    left, top, side = ESTATE_M
    [lon], [lat] = transform(SYSTEM, "EPSG:4326", [WEST + left + side / 2], [NORTH - top - side / 2])
    bounds = [region["bounds"] for region in regions]
    assert any(box[0] < lon < box[2] and box[1] < lat < box[3] for box in bounds), (lon, lat, bounds)
    assert sum(region["area_m2"] for region in regions) == pytest.approx(side**2, rel=0.5)


@pytest.mark.skipif(not SENTINEL_2.is_dir(), reason="the real bands are not here (../shared/sentinel2)")
def test_mumbai_is_found_by_a_catalogue_and_compared_and_a_pond_that_is_filled_is_told(tmp_path):
    trip = Trip(SENTINEL_2 / "mumbai", tmp_path, say=lambda *_said: None)
    sessions, _ = trip.walk(months=0)
    assert sessions["look-back"]["status"] == "COMPLETED_CHANGES_DETECTED"
    assert set(sessions["look-back"]["countsByVerdict"]) <= {"CHANGED", "NO_CHANGE"}
    filled = [sessions[f"pond filled {number}"] for number in (1, 2)]
    assert any(map(trip.is_told, filled))
    assert trip.is_told(filled[0]) or not filled[0]["allClear"], "what is not yet sure is no all-clear"
    assert not trip.is_told(sessions["look-back"]), "nobody had painted it then"


@pytest.mark.slow
@pytest.mark.skipif(not SENTINEL_2.is_dir(), reason="the real bands are not here (../shared/sentinel2)")
def test_four_months_of_cloud_are_one_message_and_no_all_clear(tmp_path):
    sessions, messages = Trip(SENTINEL_2 / "mumbai", tmp_path, say=lambda *_said: None).walk()
    cloudy = [session for name, session in sessions.items() if name.startswith("cloud")]
    assert [session["allClear"] for session in cloudy] == [False] * 4
    assert len(messages) == 1
