"""The whole trip over HTTP on real Sentinel-2 scenes of two dates, from a local catalogue.

An area with its look-back and its alerts; a pond that lies there on both dates, and is painted away on a third and a
fourth one: a small change is told when the next scene shows it too; four months of painted cloud.
python -m tests.e2e.trip_sentinel2 [--place mumbai] [--data ../shared/sentinel2] [--out FOLDER]
"""

import argparse
import json
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import rasterio
from rasterio.warp import transform

from tests.support.builders.products import (
    CLOUD,
    SENTINEL_2,
    SOIL,
    TILES,
    classes_like,
    product_of,
    read_bands,
    write_product,
)
from tests.support.running.client import Client, Server
from tests.support.running.pairs import M_PER_DEGREE
from tests.support.standins.stac import StacServer

INSIDE = 0.45  # of the scene, on each side of its middle
POND_M = (60, 50)  # what is painted away: its width and height
WATER = {"blue": 0.09, "green": 0.07, "red": 0.05, "nir": 0.03, "swir16": 0.015, "swir22": 0.01}
AT_ONCE = {"blind_days": 0, "monsoon_blind_days": 0, "failing_days": 0, "capture_schedule": "rate(1 day)"}
OLD_SCENES = {"sentinel2_silent_days": 36_500}  # to the server it is today
MONTHS = 4
IMAGES = ("previousImagePath", "currentImagePath", "overlayImagePath")


def area_of(place):
    """Give the body of an area inside of a place's scenes."""
    item = json.loads(next(place.glob("*/item.json")).read_text())
    west, south, east, north = item["bbox"]
    half_km = INSIDE * (north - south) * M_PER_DEGREE / 1000
    across_km = half_km * (east - west) / (north - south)
    reach = {"northKm": half_km, "southKm": half_km, "eastKm": across_km * 0.9, "westKm": across_km * 0.9}
    return {"name": place.name, "centerLat": (south + north) / 2, "centerLon": (west + east) / 2, **reach}


def bare_ground(bands, before, size):
    """Find where a scene is bright, and even on both dates: row and column of the north-west corner, in pixels.

    On ground that changes anyway one older picture is not enough to tell a pond from a season.
    """
    red, older = (each["red"].astype(np.float32) for each in (bands, before))
    older *= np.median(red[red > 0]) / np.median(older[older > 0])
    bright = np.percentile(red[red > 0], 85)
    found = []
    top, left = (length // 6 for length in red.shape)  # well inside of the area
    for row in range(top, red.shape[0] - size[0] - top, 2):
        for column in range(left, red.shape[1] - size[1] - left, 2):
            box = slice(row - 2, row + size[0] + 2), slice(column - 2, column + size[1] + 2)
            if red[box].min() > 0 and red[box].mean() > bright:
                spread = red[box].std() + np.abs(red[box] - older[box]).mean()
                found.append((float(spread / red[box].mean()), row, column))
    return min(found)[1:]


def with_pond(bands, at, size):
    """Give the same bands with a pond."""
    found = {}
    for name, values in bands.items():
        step = len(bands["red"]) / len(values)
        row, column, height, width = (round(each / step) for each in (*at, *size))
        found[name] = values.copy()
        found[name][row : row + height, column : column + width] = round(WATER[name] * 10_000)
    return found


def noisy(bands, *, seed):
    """Give the same bands as the sensor would measure them on another day: one part in a hundred apart."""
    rng = np.random.default_rng(seed)
    return {name: np.rint(values * rng.normal(1, 0.01, values.shape)) for name, values in bands.items()}


class Trip:
    """One place, its catalogue, and a server that watches it; `say` is told what came of each step."""

    def __init__(self, place, folder, *, out=None, say=print):
        self.place, self.folder, self.out, self.say = place, Path(folder), out, say
        self.dates = sorted(each for each in place.iterdir() if each.is_dir())
        self.client = self.area = None

    def product(self, folder, day):
        return product_of(folder, **self.about(day))

    def painted(self, name, like, day, bands, scl=None):
        return write_product(self.folder / name, like, bands, scl=scl, **self.about(day))

    def about(self, day):
        return {"taken": f"{day}T05:30:00Z", "tile": TILES.get(self.place.name, "01CAA"), "baseline": "03.01"}

    def look(self, what):
        began = time.monotonic()
        session = self.client.supervise_now(self.area["id"])
        changed = sum(alert["changeLog"]["changed_area_m2"] for alert in session["alert_details"])
        self.say(
            f"  {what}: {session['status']} {session['countsByVerdict']} in {time.monotonic() - began:.1f} s; "
            f"{len(session['alert_details'])} alerts, {changed:,.0f} m2, all clear: {session['allClear']}"
        )
        area = self.client.call("GET", f"area-configs/{self.area['id']}")
        seen_at = (area["clearlySeenAt"] or "never")[:10]
        self.say(f"    the area is {area['state']}, all of it clearly seen last on {seen_at}")
        for alert in session["alert_details"] if self.out else ():
            for name in IMAGES:
                if alert[name] is not None:
                    path = Path(self.out) / f"{what.replace(' ', '-')}-{alert['id']}-{name}.png"
                    path.write_bytes(self.client.load(alert[name]).content)
        return session

    def walk(self, *, months=MONTHS):
        """Walk it, with so many months of cloud; give the sessions by name, and the messages of what is not seen."""
        first, second = self.dates
        before, bands = read_bands(first), read_bands(second)
        size = POND_M[1] // 10, POND_M[0] // 10
        at = bare_ground(bands, before, size)
        self.pond = self.lonlat(second, at, size)
        day, sessions = date.fromisoformat(second.name), {}
        catalogue = StacServer(
            self.painted("first", first, first.name, with_pond(before, at, size)),
            self.painted("second", second, day, with_pond(bands, at, size)),
        )
        options = ("--catalogue", catalogue.url, "--no-demo")
        with catalogue, Server(self.folder / "home", *options, **AT_ONCE, **OLD_SCENES) as server:
            self.client = Client(server.url)
            body = area_of(self.place)
            estimate = self.client.call("POST", "area-configs/estimate", body)
            self.say(f"  {estimate['tiles']} tiles, {estimate['gsdM']:.1f} m a pixel. {estimate['unseen']}")
            self.area = self.client.add_area(**body, compareSince=first.name)
            sessions["look-back"] = self.look("look-back")
            clear = classes_like(bands, SOIL)
            for number in (1, 2):
                taken, seen = day + timedelta(days=5 * number), noisy(bands, seed=number)
                catalogue.products.append(self.painted(f"filled {number}", second, taken, seen, scl=clear))
                sessions[f"pond filled {number}"] = self.look(f"pond filled {number}")
            cloudy = self.painted("cloud", second, day, self.clouded(bands), classes_like(bands, CLOUD))
            for month in range(months):
                for number in range(6):
                    taken = day + timedelta(days=15 + 30 * month + 5 * number)
                    catalogue.products.append(self.product(cloudy.folder, taken))
                sessions[f"cloud {month + 1}"] = self.look(f"cloud {month + 1}")
                server.stop()  # it reconciles when it starts
                server.start()
                self.client = Client(server.url)
                time.sleep(2)
            messages = [push for push in self.client.call("GET", "pushes") if "ot seen" in json.dumps(push)]
            self.say(f"  {len(messages)} messages of {months} months of cloud")
            counts = {kind: catalogue.count(kind) for kind in ("search", "range")}
            self.say(f"  asked: {counts}")
        return sessions, messages

    def is_told(self, session):
        """Whether a region of an alert lies where the pond was painted."""
        regions = [region for alert in session["alert_details"] for region in alert["changeLog"]["regions"]]
        boxes = [region["bounds"] for region in regions]
        lon, lat = self.pond
        return any(west <= lon <= east and south <= lat <= north for west, south, east, north in boxes)

    @staticmethod
    def clouded(bands):
        """Give what clouds show: bright, and soft."""
        rng = np.random.default_rng(1)
        return {name: (6_000 + 600 * rng.random(values.shape)).astype(np.uint16) for name, values in bands.items()}

    @staticmethod
    def lonlat(folder, at, size):
        with rasterio.open(folder / "red.tif") as file:
            x, y = file.xy(at[0] + size[0] / 2, at[1] + size[1] / 2)
            [lon], [lat] = transform(file.crs, "EPSG:4326", [x], [y])
        return lon, lat


def main():
    """Walk it, and keep the images."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--place", default="mumbai")
    parser.add_argument("--data", type=Path, default=SENTINEL_2)
    parser.add_argument("--out", type=Path, help="a folder for the alerts' images")
    options = parser.parse_args()
    if not (options.data / options.place).is_dir():
        print(f"{options.data / options.place} is not here")
        return 2
    if options.out:
        options.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        trip = Trip(options.data / options.place, folder, out=options.out)
        sessions, messages = trip.walk()
    told = [name for name in sessions if name.startswith("pond") and trip.is_told(sessions[name])]
    print(f"  the pond of {POND_M[0]} x {POND_M[1]} m that was filled is told by: {', '.join(told) or 'NOTHING'}")
    unsure = [f"pond filled {number}" for number in (1, 2) if f"pond filled {number}" not in told]  # to be confirmed
    clear = [name for name in sessions if (name.startswith("cloud") or name in unsure) and sessions[name]["allClear"]]
    return int(not told or len(messages) != 1 or bool(clear) or not sessions["look-back"]["alert_details"])


if __name__ == "__main__":
    sys.exit(main())
