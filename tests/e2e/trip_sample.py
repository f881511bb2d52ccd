"""The whole trip on the rendered landscape: every scripted change alerts, and no tile where nothing changed does.

python -m tests.e2e.trip_sample [--tiles N]     200 tiles over four dates take about 15 minutes on two cores
"""

import argparse
import math
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from chalicelib.domain.tiles import M_PER_DEGREE, Tile, bounds_of, centre_of, grid_position
from landscape import (
    DEMO_CENTER_LAT,
    DEMO_CENTER_LON,
    DEMO_DATES,
    DEMO_REACH_KM,
    changes_between,
)
from tests.support.running.client import Client, Server

SURE_M2 = 100  # every change of that size or more is to be found
SHADOW_M = 25  # a new building's shadow and the trees it felled are part of its change
BLOCK = 5  # unchanged tiles come in blocks of 5 x 5
LATITUDES = (20.9, 26.4, 11.2, 52.2, -3.1, 36.7, 41.9, -1.3)
LONGITUDES = (84.2, 80.3, 76.9, 13.5, -60.2, 3.1, -93.6, 36.8)


def block_area(lat, lon, side, name):
    """Give the body of an area that exactly `side` x `side` tiles of zoom 17 cover."""
    x, y = (int(place) for place in grid_position(lon, lat, 17))
    first, last = bounds_of(Tile(17, x, y)), bounds_of(Tile(17, x + side - 1, y + side - 1))
    lon, lat = centre_of(first._replace(south=last.south, east=last.east))
    high = (first.north - last.south) * M_PER_DEGREE / 1000 / 2 * (side - 0.1) / side
    wide = (last.east - first.west) * M_PER_DEGREE / 1000 / 2 * math.cos(math.radians(lat)) * (side - 0.1) / side
    reach = {"northKm": high, "southKm": high, "eastKm": wide, "westKm": wide}
    return {"name": name, "centerLat": lat, "centerLon": lon, "provider": "sample"} | reach


def overlaps(outline, regions, *, within_m=0.0):
    """Does a polygon (lon, lat) meet any of the alert's regions, as far as `within_m` around it?"""
    corners = np.array(outline)
    metres = np.array([M_PER_DEGREE * math.cos(math.radians(corners[0, 1])), M_PER_DEGREE])
    origin = corners.min(0) - (within_m + 5) / metres
    size = np.ceil((corners.max(0) - origin) * metres + within_m + 5).astype(int)
    wanted = np.zeros(size[::-1], np.uint8)
    cv2.fillPoly(wanted, [np.rint((corners - origin) * metres).astype(np.int32)], 1)
    if within_m:
        wanted = cv2.dilate(wanted, np.ones((2 * int(within_m) + 1,) * 2, np.uint8))
    for region in regions:
        found = np.zeros_like(wanted)
        ring = (np.array(region["outline"]["coordinates"][0]) - origin) * metres
        cv2.fillPoly(found, [np.rint(ring).astype(np.int32)], 1)
        if (wanted & found).any():
            return True
    return False


class Watch:
    """One server, the demo area, and blocks of land where nothing changes."""

    def __init__(self, server, tiles):
        self.home, self.client = server.home, Client(server.url)
        reach = dict.fromkeys(("northKm", "southKm", "eastKm", "westKm"), DEMO_REACH_KM)
        demo = {"name": "Demo", "centerLat": DEMO_CENTER_LAT, "centerLon": DEMO_CENTER_LON, "provider": "sample"}
        self.demo = self.client.add_area(**demo, **reach)
        self.quiet, self.tiles, self.found, self.missed, self.false = [], 0, [], [], []
        for number in range(math.ceil(tiles / BLOCK**2)):
            round_, place = divmod(number, len(LATITUDES))
            lat, lon = LATITUDES[place] + 0.31 * round_, LONGITUDES[place]
            self.quiet.append(self.client.add_area(**block_area(lat, lon, BLOCK, f"Quiet {number}")))
            self.tiles += self.quiet[-1]["tiles"]

    def sweep(self, before, day):
        """Let the landscape be as on a day, look at everything, and note what was found, missed and wrong."""
        (self.home / "sample-clock.txt").write_text(str((day - datetime.now(UTC).date()).days))
        began = time.monotonic()
        for area in (self.demo, *self.quiet):
            session = self.client.supervise_now(area["id"], within_s=1800)
            assert session["status"].startswith("COMPLETED_"), session
            assert session["status"] != "COMPLETED_ERROR", session
            regions = [region for alert in session["alert_details"] for region in alert["changeLog"]["regions"]]
            if before is None:
                assert set(session["countsByVerdict"]) == {"BASELINE"}, session
            elif area is self.demo:
                self._hold_against_script(regions, before, day)
            else:
                places = [alert["current_tile_info"]["uniqueKey"] for alert in session["alert_details"]]
                self.false += [f"{day} {area['name']} tile {place}" for place in places]
        print(f"{day}: {9 + self.tiles} tiles in {time.monotonic() - began:.0f} s", flush=True)

    def _hold_against_script(self, regions, before, day):
        script = changes_between(before, day)
        for change in script:
            line = f"{change.name} ({change.area_m2:.0f} m2)"
            (self.found if overlaps(change.lonlat, regions) else self.missed).append((change.area_m2, line))
        for region in regions:
            if not any(overlaps(change.lonlat, [region], within_m=SHADOW_M) for change in script):
                self.false.append(f"{day} demo area, {region['area_m2']:.0f} m2 at {region['centroid']}")


def main():
    """Walk it, and say how it went."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiles", type=int, default=200, help="unchanged tiles to look at (default %(default)s)")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Server(Path(folder), "--no-demo") as server:
        watch = Watch(server, options.tiles)
        for before, day in zip((None, *DEMO_DATES), DEMO_DATES, strict=False):
            watch.sweep(before, day)
    sure = [line for m2, line in watch.missed if m2 >= SURE_M2]
    print(f"scripted changes found: {len(watch.found)} of {len(watch.found) + len(watch.missed)}")
    print(f"missed, {SURE_M2} m2 or more: {', '.join(sure) or 'none'}")
    print(f"missed, smaller: {', '.join(line for m2, line in watch.missed if m2 < SURE_M2) or 'none'}")
    comparisons = watch.tiles * (len(DEMO_DATES) - 1)
    print(f"false alerts: {len(watch.false)} (demo area; {comparisons} comparisons of {watch.tiles} unchanged tiles)")
    for line in watch.false:
        print(f"  {line}")
    return 1 if sure or watch.false else 0


if __name__ == "__main__":
    sys.exit(main())
