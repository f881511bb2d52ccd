"""Read windows of a product of Sentinel-2 in its real shape over HTTP: requests, bytes, time and memory.

    python -m tests.bench.sentinel2_windows                     # writes the product first: 10,980 px, blocks of 1,024
    python -m tests.bench.sentinel2_windows --product FOLDER    # keeps it there, or takes the one that is there

The product is laid together of patches of the real scenes in ../shared/sentinel2. A server of its own looks at 25 km2
for the first time, each request answered after 200 ms, with two scenes of the season of each of three earlier years to
be fetched beside it; what that takes is printed. Then a hundred random windows of 5 km, six bands and class each:
cold (nothing known of its files), and with their headers kept; ten of them are captured whole. Exits with 1 above 17
requests cold, 10 with headers, 18 MB, 60 s, or 350 MiB (ru_maxrss of the process that captures).
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from chalicelib.domain.seasons import YEAR, YEARS
from tests.support.standins.stac import StacServer

MOST = {"cold": 17.0, "kept": 10.0, "MB": 18.0, "seconds": 60.0, "MiB": 350.0}
WINDOWS, SIDE_M, LATENCY_S = 100, 5_000, 0.2
WHOLE = 10  # of them are decoded too, by a process that does nothing else
SIDE_PX, GSD_M, PATCH_PX = 10_980, 10, 366  # thirty patches a side
QUIET_S = 5.0  # without a request: nothing more is fetched
WEST, NORTH, SYSTEM = 199_980, 2_200_020, "EPSG:32643"  # of the tile 43QBB
DAY = datetime.now(UTC) - timedelta(days=2)


def main() -> int:
    """Write the product where it is not there, and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--product", type=Path, help="the folder of the product")
    parser.add_argument("--capture", help="the address of a catalogue: capture only, in this process")
    options = parser.parse_args()
    if options.capture:
        print(json.dumps(capture(options.capture)))
        return 0
    from tests.support.builders.products import product_of  # GDAL: not in the process that is measured

    with tempfile.TemporaryDirectory() as made:
        folder = options.product or Path(made) / "product"
        if not (folder / "scl.tif").exists():
            write(folder)
        product = product_of(folder, taken=f"{DAY:%Y-%m-%dT05:30:00Z}")
        before = product_of(folder, taken=f"{DAY - timedelta(days=5):%Y-%m-%dT05:30:00Z}")
        earlier = [
            product_of(folder, taken=f"{DAY - years * YEAR + timedelta(days=days):%Y-%m-%dT05:30:00Z}")
            for years in range(1, YEARS + 1)
            for days in (-5, 5)
        ]
        with StacServer(product, before, *earlier, latency_s=LATENCY_S) as server:
            seconds = first_answer(server, Path(made) / "home")
        with StacServer(product) as server:
            command = [sys.executable, "-m", "tests.bench.sentinel2_windows", "--capture", server.url]
            # By a shell: a child's ru_maxrss begins with what its parent had.
            done = subprocess.run(
                ["/bin/sh", "-c", '"$@"; exit $?', "sh", *command], stdout=subprocess.PIPE, check=True
            )
        found = json.loads(done.stdout) | {"seconds": seconds}
    for name, most in MOST.items():
        print(f"{name:8} {found[name]:8.1f}   wanted {most:g}{'' if found[name] <= most else '   MISSED'}")
    print(f"a window: median {found['median_s']:.2f} s; the largest {found['most_MB']:.1f} MB")
    return int(any(found[name] > most for name, most in MOST.items()))


def write(folder: Path) -> None:
    """Write a product in its real shape."""
    import rasterio
    from rasterio.transform import from_origin

    from tests.support.builders.products import BANDS, SENTINEL_2, read_bands

    began, folder = time.monotonic(), Path(folder)
    folder.mkdir(parents=True)
    dates = sorted(each for each in SENTINEL_2.glob("*/*") if each.is_dir())
    scenes = [bands for bands in map(read_bands, dates) if min(bands["red"].shape) >= PATCH_PX]
    rng = np.random.default_rng(1)
    places = [
        (
            int(rng.integers(len(scenes))),
            *(float(rng.random()) for _ in "yx"),
            bool(rng.integers(2)),
        )
        for _ in range((SIDE_PX // PATCH_PX) ** 2)
    ]
    for name in (*BANDS, "scl"):
        step = 1 if name in BANDS[:4] else 2
        side, patch = SIDE_PX // step, PATCH_PX // step
        values = np.zeros((side, side), np.uint8 if name == "scl" else np.uint16)
        for number, (scene, down, across, is_turned) in enumerate(places):
            band = _classes(scenes[scene]) if name == "scl" else scenes[scene][name]
            top, left = (
                2 * round((length // 2 - PATCH_PX // 2) * at) // step
                for length, at in zip(scenes[scene]["red"].shape, (down, across), strict=True)
            )
            part = band[top : top + patch, left : left + patch]
            y, x = (place * patch for place in divmod(number, SIDE_PX // PATCH_PX))
            values[y : y + patch, x : x + patch] = part[:, ::-1] if is_turned else part
        profile = {"driver": "COG", "width": side, "height": side, "count": 1, "dtype": values.dtype.name, "nodata": 0}
        profile |= {"compress": "DEFLATE", "predictor": "YES", "blocksize": 1024, "overview_resampling": "average"}
        profile |= {"crs": SYSTEM, "transform": from_origin(WEST, NORTH, GSD_M * step, GSD_M * step)}
        with rasterio.Env(GDAL_NUM_THREADS=2), rasterio.open(folder / f"{name}.tif", "w", **profile) as file:
            file.write(values, 1)
    megabytes = sum(each.stat().st_size for each in folder.glob("*.tif")) / 1e6
    print(f"written by GDAL in {time.monotonic() - began:.0f} s: {megabytes:.0f} MB", file=sys.stderr)


def _classes(bands: dict[str, np.ndarray]) -> np.ndarray:
    """Give water, plants and soil by their reflectance, at 20 m."""
    nir, red = (bands[name][::2, ::2].astype(np.float32) for name in ("nir", "red"))
    shape = bands["swir16"].shape
    nir, red = nir[: shape[0], : shape[1]], red[: shape[0], : shape[1]]
    plants = (nir - red) / np.maximum(nir + red, 1) > 0.3
    return np.where(nir < 700, 6, np.where(plants, 4, 5)).astype(np.uint8)


def windows() -> list:
    """Give random windows of 5 km inside of the product."""
    import utm  # not GDAL: this process is measured

    from chalicelib.domain.tiles import Tile, View, grid_position

    rng, found = random.Random(1), []
    for _ in range(WINDOWS):
        x, y = (rng.uniform(SIDE_M, SIDE_PX * GSD_M - SIDE_M) for _ in "xy")
        lat, lon = utm.to_latlon(WEST + x, NORTH - y, 43, northern=True)
        column, row = grid_position(lon, lat, 14)
        view = View(tile=Tile(14, int(column), int(row)), tile_px=256, margin_px=0)
        margin = round((SIDE_M / view.gsd_m - 256) / 2)
        found.append(View(tile=view.tile, tile_px=256, margin_px=margin))
    return found


def capture(url: str) -> dict[str, float]:
    """Count what each window asks for, cold and with headers kept; then capture some of them whole."""
    import resource

    from chalicelib.adapters.imagery.geotiff.files import GeoTiffs
    from chalicelib.adapters.imagery.sentinel2.reading import AT_ONCE
    from chalicelib.domain.scenes import SINCE
    from chalicelib.intake import tiff_windows
    from chalicelib.vision.gate import inspect
    from tests.support.builders.catalogues import imagery

    server, unpack, until = type("At", (), {"url": url}), tiff_windows.unpack, datetime.now(UTC)
    counts: dict[str, list[tuple[int, int]]] = {"cold": [], "kept": []}
    took: list[float] = []

    def anew(made):
        made.reader._geotiffs = GeoTiffs(made.reader._files, at_once=AT_ONCE)  # no blocks are kept
        return made

    for number, view in enumerate(windows()):
        made = imagery(server)
        (scene,) = made.scenes(view.bounds, since=SINCE, until=until).scenes
        (found,) = made.products(scene, view).values()
        tiff_windows.unpack = _blank  # what is asked for is the same
        for counted in counts.values():
            before = made.reader.count
            anew(made).reader.read(*found, view)
            count = made.reader.count
            counted.append((count.requests - before.requests, count.received - before.received))
        tiff_windows.unpack = unpack
        if number % (WINDOWS // WHOLE) == 0:
            began = time.monotonic()
            picture = anew(made).fetch(scene, view, view.bounds)
            took.append(time.monotonic() - began)
            inspect(picture.content, view, view.bounds, made.terms, picture.bands)
    return {
        "cold": statistics.mean(requests for requests, _ in counts["cold"]),
        "kept": statistics.mean(requests for requests, _ in counts["kept"]),
        "MB": statistics.mean(received for _, received in counts["cold"]) / 1e6,
        "most_MB": max(received for _, received in counts["cold"]) / 1e6,
        "median_s": statistics.median(took),
        "MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def _blank(_content, level, rows):
    kind = np.uint16 if level.bits == 16 else np.uint8
    return np.ones((rows, level.block_width, level.block_samples), kind)


def first_answer(catalogue: StacServer, home: Path) -> float:
    """Give the seconds from adding an area of 25 km2 until its first session has ended."""
    from rasterio.warp import transform

    from tests.support.running.client import Client, Server

    middle = SIDE_PX * GSD_M / 2
    [lon], [lat] = transform(SYSTEM, "EPSG:4326", [WEST + middle], [NORTH - middle])
    reach = {f"{way}Km": 2.5 for way in ("north", "south", "east", "west")}
    options = ("--catalogue", catalogue.url, "--no-demo")
    with Server(home, *options, capture_schedule="rate(1 day)") as server:
        client = Client(server.url)
        began = time.monotonic()
        area = client.add_area(name="25 km2", centerLat=lat, centerLon=lon, **reach)
        session = client.supervise_now(area["id"], within_s=300)
        took = time.monotonic() - began
        season_s, requests, received = beside(catalogue)
    asked = f"{requests} requests more and {received / 1e6:.0f} MB in {season_s:.1f} s after it"
    print(f"the season of earlier years: {asked}", file=sys.stderr)
    print(f"{session['status']} {session['countsByVerdict']} in {took:.1f} s", file=sys.stderr)
    return took


def beside(catalogue: StacServer) -> tuple[float, int, int]:
    """Give how long the catalogue was still asked after a look had ended, how often, and the bytes that it sent."""
    began = time.monotonic()
    first, (requests, received), last_at = catalogue.count("range"), catalogue.count("range"), began
    while time.monotonic() - last_at < QUIET_S:
        time.sleep(0.2)
        now = catalogue.count("range")
        if now != (requests, received):
            (requests, received), last_at = now, time.monotonic()
    return last_at - began, requests - first[0], received - first[1]


if __name__ == "__main__":
    sys.exit(main())
