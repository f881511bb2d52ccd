"""Two orthophotos of 26,000 x 26,000 px in a folder: how long until a whole process has its first answer.

    nice python -m tests.bench.two_flights               # writes the first one: GDAL, tiled, without overviews
    python -m tests.bench.two_flights --file FILE.tif    # one that is there; it is copied

The second flight is the first one with a house of 24 x 18 m. The clock runs from the
start of the server on a new home (as `make run` starts it) until the session of an area around the house has ended.
Exits with
1 above two minutes. What was found is printed, and not judged here: `tests/e2e/test_orthophoto.py` holds that.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from infra.archive.__main__ import main as archive_command
from tests.bench.orthophoto import write
from tests.support.builders.land import house, village
from tests.support.running.client import Client, Server

if TYPE_CHECKING:
    from numpy.typing import NDArray

MOST_S = 120
REACH_KM = 0.1
VILLAGE_PX = 3000
DRAWN_PX = 512  # the village is drawn as coarse as it is seen, and enlarged
HOUSE = (236, 241, 40, 30)  # column, row, width, height: in drawn pixels


def main() -> int:
    """Lay two flights into a folder, and ask for an answer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--file", type=Path)
    parser.add_argument("--side", type=int, default=26_000)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made) / "archive"
        folder.mkdir()
        first, second = folder / "flight-2024-03-01.tif", folder / "flight-2025-03-01.tif"
        if options.file is None:
            write(first, options.side, has_overviews=False)
        else:
            shutil.copyfile(options.file, first)
        ground = village(DRAWN_PX, seed=1)
        lon, lat = _paint(first, ground, seed=1)
        shutil.copyfile(first, second)
        _paint(second, house(ground, *HOUSE[:2], width=HOUSE[2], height=HOUSE[3]), seed=2)
        for file in (first, second):
            if archive_command(["add", str(file), "--date", file.stem[-10:], "--to", str(folder)]):
                raise AssertionError(f"{file} was not added")
        began = time.monotonic()
        with Server(
            Path(made) / "home", "--archive", str(folder), "--no-demo", capture_schedule="rate(1 day)"
        ) as server:
            started_s = time.monotonic() - began
            client = Client(server.url)
            reach = {f"{way}Km": REACH_KM for way in ("north", "south", "east", "west")}
            area = client.add_area(name="flights", provider="archive", centerLat=lat, centerLon=lon, **reach)
            session = client.supervise_now(area["id"])
            answered_s = time.monotonic() - began
    print(f"server up after {started_s:.0f} s, answered after {answered_s:.0f} s: {session['status']}")
    print(f"tiles {session['countsByVerdict']}; wanted {MOST_S} s")
    print(f"reason: {session.get('reason')}")
    return int(answered_s > MOST_S)


def _paint(file: Path, drawn: NDArray[Any], *, seed: int) -> tuple[float, float]:
    """Paint drawn land into the middle of a flight, with a camera's noise, and return its place."""
    import rasterio
    from rasterio.warp import transform
    from rasterio.windows import Window

    pixels = cv2.resize(drawn, (VILLAGE_PX, VILLAGE_PX), interpolation=cv2.INTER_CUBIC).astype(np.float32)
    # What is equal to the bit is no ground: a roof of one exact value would count as unseen.
    pixels += np.random.default_rng(seed).normal(0, 4, pixels.shape).astype(np.float32)
    pixels = np.clip(pixels, 0, 255).astype(np.uint8)
    with rasterio.open(file, "r+") as flight:
        left, top = ((side - VILLAGE_PX) // 2 for side in (flight.width, flight.height))
        flight.write(pixels[:, :, ::-1].transpose(2, 0, 1), window=Window(left, top, VILLAGE_PX, VILLAGE_PX))
        x, y = flight.xy(flight.height // 2, flight.width // 2)
        [lon], [lat] = transform(flight.crs, "EPSG:4326", [x], [y])
    return lon, lat


if __name__ == "__main__":
    sys.exit(main())
