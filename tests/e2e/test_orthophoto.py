"""Two flights as GeoTIFFs in UTM, by a whole process: what was built between them comes out where it stands."""

import json

import numpy as np
from rasterio.transform import from_origin
from rasterio.warp import transform

from tests.support.builders.geotiffs import write
from tests.support.builders.land import house, village
from tests.support.running.client import Client, Server

SYSTEM, WEST, NORTH, GSD_M, SIDE_PX = "EPSG:32645", 375_000, 2_251_000, 0.5, 512
HOUSE = (60, 300, 40, 30)  # column, row, width, height: in pixels
SHADOW_PX = 5  # it falls to the south-east, and is as new as the house


def put(folder, name, pixels, *, taken, **options):
    noise = np.random.default_rng(len(name)).normal(0, 2, pixels.shape)
    rgb = np.clip(pixels[:, :, ::-1] + noise, 0, 255).astype(np.uint8)
    write(folder / f"{name}.tif", rgb, at=(SYSTEM, from_origin(WEST, NORTH, GSD_M, GSD_M)), **options)
    stated = {"type": "Feature", "stac_version": "1.0.0", "id": name, "geometry": None}
    stated |= {"properties": {"datetime": taken}, "assets": {"image": {"href": f"./{name}.tif"}}}
    (folder / f"{name}.json").write_text(json.dumps(stated))


def lonlat(column, row):
    [lon], [lat] = transform(SYSTEM, "EPSG:4326", [WEST + column * GSD_M], [NORTH - row * GSD_M])
    return lon, lat


def test_a_house_on_the_second_flight_is_an_alert_at_its_place_to_a_metre(tmp_path):
    folder = tmp_path / "archive"
    folder.mkdir()
    ground = village(SIDE_PX, seed=1)
    lon, lat = lonlat(SIDE_PX / 2, SIDE_PX / 2)
    with Server(tmp_path / "home", "--archive", str(folder), "--no-demo", capture_schedule="rate(1 day)") as running:
        client = Client(running.url)
        put(folder, "first", ground, taken="2025-01-15T05:30:00Z", compress="DEFLATE", blocksize=256)
        reach = {f"{way}Km": 0.1 for way in ("north", "south", "east", "west")}
        area = client.add_area(name="flights", provider="archive", centerLat=lat, centerLon=lon, **reach)
        assert set(client.supervise_now(area["id"])["countsByVerdict"]) == {"BASELINE"}
        column, row, width, height = HOUSE
        built = house(ground, column, row, width=width, height=height)
        put(folder, "second", built, taken="2025-02-15T05:30:00Z", driver="GTiff", compress="lzw", predictor=2)
        session = client.supervise_now(area["id"])
    assert session["status"] == "COMPLETED_CHANGES_DETECTED"
    regions = [region for alert in session["alert_details"] for region in alert["changeLog"]["regions"]]
    wests, souths, easts, norths = zip(*(region["bounds"] for region in regions), strict=True)
    house_lon, house_lat = lonlat(column + (width + SHADOW_PX) / 2, row + (height + SHADOW_PX) / 2)
    east_off_m = ((min(wests) + max(easts)) / 2 - house_lon) * 111_320 * np.cos(np.radians(lat))
    north_off_m = ((min(souths) + max(norths)) / 2 - house_lat) * 111_320
    assert np.hypot(east_off_m, north_off_m) <= 1, (east_off_m, north_off_m, regions)
