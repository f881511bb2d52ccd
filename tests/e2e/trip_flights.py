"""Two flights as orthophotos in UTM, added by the operator's command; a change on the second comes out as an alert.

    python -m tests.e2e.trip_flights --out docs/flights.jpg

walks it with a whole server, and keeps the alert's images: before, after, and what was found.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
from rasterio.transform import from_origin
from rasterio.warp import transform

from tests.support.builders.geotiffs import write
from tests.support.builders.land import house, village
from tests.support.running.client import Client, Server
from tests.support.sources import ROOT

SYSTEM, WEST, NORTH, GSD_M, SIDE_PX = "EPSG:32645", 375_000, 2_251_000, 0.5, 512
HOUSE = (60, 300, 40, 30)  # column, row, width, height: in pixels
SHADOW_PX = 5  # it falls to the south-east, and is as new as the house
FLIGHTS = "flight-2025-01", "flight-2025-02"
IMAGES = "previousImagePath", "currentImagePath", "overlayImagePath"
WIDTH_PX, GAP_PX = 960, 8
CHANGED = 60  # grey levels: more than noise


class Found(NamedTuple):
    """What came out."""

    first: dict[str, Any]  # the sessions
    second: dict[str, Any]
    off_m: tuple[float, float]  # east and north: how far the change lies from where it was painted
    flights: list[np.ndarray]  # as `add` shows them
    images: list[np.ndarray]  # before and after, with alpha, and overlay of the alert that shows most of it


def walk(folder: Path) -> Found:
    """Add the first flight, look, add the second, and look again."""
    archive = folder / "archive"
    archive.mkdir()
    ground = village(SIDE_PX, seed=1)
    column, row, width, height = HOUSE
    lon, lat = _lonlat(SIDE_PX / 2, SIDE_PX / 2)
    with Server(folder / "home", "--archive", str(archive), "--no-demo", capture_schedule="rate(1 day)") as running:
        client = Client(running.url)
        _add(archive, FLIGHTS[0], ground, day="2025-01-15", compress="DEFLATE", blocksize=256)
        reach = {f"{way}Km": 0.1 for way in ("north", "south", "east", "west")}
        area = client.add_area(name="flights", provider="archive", centerLat=lat, centerLon=lon, **reach)
        first = client.supervise_now(area["id"])
        built = house(ground, column, row, width=width, height=height)
        _add(archive, FLIGHTS[1], built, day="2025-02-15", driver="GTiff", compress="lzw", predictor=2)
        second = client.supervise_now(area["id"])
        alerts = second["alert_details"]
        regions = [region for alert in alerts for region in alert["changeLog"]["regions"]]
        wests, souths, easts, norths = zip(*(region["bounds"] for region in regions), strict=True)
        house_lon, house_lat = _lonlat(column + (width + SHADOW_PX) / 2, row + (height + SHADOW_PX) / 2)
        east_m = ((min(wests) + max(easts)) / 2 - house_lon) * 111_320 * np.cos(np.radians(lat))
        north_m = ((min(souths) + max(norths)) / 2 - house_lat) * 111_320
        shown = max(alerts, key=lambda alert: alert["changeLog"]["changed_area_m2"])
        contents = [client.load(shown[name]).content for name in IMAGES]
    flights = [cv2.imread(str(archive / f"{name}.preview.png")) for name in FLIGHTS]
    images = [cv2.imdecode(np.frombuffer(each, np.uint8), cv2.IMREAD_UNCHANGED) for each in contents]
    return Found(first, second, (float(east_m), float(north_m)), flights, images)


def _add(archive: Path, name: str, pixels: np.ndarray, *, day: str, **options: Any) -> None:
    """Write a flight outside of the archive, with a camera's noise, and add it as an operator does."""
    noise = np.random.default_rng(int(day.replace("-", ""))).normal(0, 2, pixels.shape)
    rgb = np.clip(pixels[:, :, ::-1] + noise, 0, 255).astype(np.uint8)
    file = archive.parent / f"{name}.tif"
    write(file, rgb, at=(SYSTEM, from_origin(WEST, NORTH, GSD_M, GSD_M)), **options)
    command = [sys.executable, "-m", "infra.archive", "add", str(file), "--date", day, "--to", str(archive)]
    subprocess.run(command, check=True, cwd=ROOT)


def _lonlat(column: float, row: float) -> tuple[float, float]:
    [lon], [lat] = transform(SYSTEM, "EPSG:4326", [WEST + column * GSD_M], [NORTH - row * GSD_M])
    return lon, lat


def main() -> int:
    """Walk it, and draw what came out."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, help="a JPEG of the flights above the alert's images")
    out = parser.parse_args().out
    with tempfile.TemporaryDirectory() as folder:
        found = walk(Path(folder))
    (east_m, north_m), log = found.off_m, [each["changeLog"] for each in found.second["alert_details"]]
    print(f"{found.second['status']}: {found.second['countsByVerdict']}")
    print(f"the change lies {east_m:+.2f} m east and {north_m:+.2f} m north of where it was painted")
    for each in log:
        for region in each["regions"]:
            print(f"  {region['kind']}, {region['area_m2']:.0f} m2")
    if out:
        rows = [
            _row(found.flights, ("flight 1, UTM", "flight 2, UTM")),
            _row(_around_change(found.images), ("before", "after", "found")),
        ]
        gap = np.full((GAP_PX, WIDTH_PX, 3), 255, np.uint8)
        cv2.imwrite(str(out), np.vstack([rows[0], gap, rows[1]]), [cv2.IMWRITE_JPEG_QUALITY, 80])
    return 0


def _around_change(images: list[np.ndarray]) -> list[np.ndarray]:
    """Cut what the flights show of the tile to a square around what changed."""
    before, after, _ = images
    clear = before[:, :, 3] & after[:, :, 3]
    seen = cv2.boundingRect(clear)
    changed = cv2.boundingRect(((cv2.absdiff(before, after).max(axis=2) > CHANGED) & (clear > 0)).astype(np.uint8))
    side = min(seen[2:])
    left, top = (
        min(max(changed[axis] + changed[axis + 2] // 2 - side // 2, seen[axis]), seen[axis] + seen[axis + 2] - side)
        for axis in (0, 1)
    )
    return [image[top : top + side, left : left + side, :3] for image in images]


def _row(pictures: list[np.ndarray], captions: tuple[str, ...]) -> np.ndarray:
    """Lay pictures beside each other, each with its caption."""
    side = (WIDTH_PX - GAP_PX * (len(pictures) - 1)) // len(pictures)
    row = np.full((side, WIDTH_PX, 3), 255, np.uint8)
    for place, (picture, caption) in enumerate(zip(pictures, captions, strict=True)):
        drawn = cv2.resize(
            picture, (side, side), interpolation=cv2.INTER_AREA if len(picture) > side else cv2.INTER_CUBIC
        )
        for colour, thick in (((0, 0, 0), 4), ((255, 255, 255), 1)):
            cv2.putText(drawn, caption, (10, 26), cv2.FONT_HERSHEY_SIMPLEX, 0.7, colour, thick, cv2.LINE_AA)
        row[:, place * (side + GAP_PX) : place * (side + GAP_PX) + side] = drawn
    return row


if __name__ == "__main__":
    sys.exit(main())
