"""Archives for the trip: real pairs where they are, else a small rendered one."""

import csv
import json
import math
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np

from tests.support.builders.scenes import newest
from tests.support.running.client import PROJECT

SHARED = PROJECT.parent / "shared"
PAIRS = SHARED / "change-pairs"
M_PER_DEGREE = 111_194.93
CHANGED_MORE_THAN_M2 = 400
BEFORE, AFTER = datetime(2025, 1, 15, 5, 30, tzinfo=UTC), datetime(2026, 1, 15, 5, 30, tzinfo=UTC)


@dataclass(frozen=True)
class Pair:
    """Two pictures of one place, where they are put, and how much of it changed."""

    name: str
    before: Path
    after: Path
    width: int
    height: int
    gsd_m: float
    changed_m2: float
    lat: float
    lon: float

    @property
    def area(self):
        """Give the body of an area exactly as large as the picture."""
        half_x, half_y = self.width * self.gsd_m / 2000, self.height * self.gsd_m / 2000
        reach = {"northKm": half_y, "southKm": half_y, "eastKm": half_x, "westKm": half_x}
        return {"name": self.name, "centerLat": self.lat, "centerLon": self.lon, **reach}

    def put(self, folder, which, *, taken_at=None, name=None):
        """Add the STAC Item of one of the pictures to an archive."""
        picture, usual = (self.before, BEFORE) if which == "before" else (self.after, AFTER)
        taken_at, name = taken_at or usual, name or f"{self.name}-{which}"
        shutil.copyfile(picture, folder / f"{name}.png")
        body = self.area
        north = 1000 / M_PER_DEGREE
        east = north / math.cos(math.radians(self.lat))
        box = [
            self.lon - body["westKm"] * east,
            self.lat - body["southKm"] * north,
            self.lon + body["eastKm"] * east,
            self.lat + body["northKm"] * north,
        ]
        item = {
            "type": "Feature",
            "stac_version": "1.0.0",
            "id": name,
            "bbox": [round(degrees, 8) for degrees in box],
            "properties": {"datetime": f"{taken_at:%Y-%m-%dT%H:%M:%SZ}", "gsd": self.gsd_m},
            "assets": {"image": {"href": f"./{name}.png", "type": "image/png"}},
        }
        (folder / f"{name}.json").write_text(json.dumps(item))


def real_pairs(most=None, *, seed=0):
    """Give real pairs, spread over their sources; nothing where they are not."""
    manifest = SHARED / "bench" / "dev.csv"
    if not manifest.exists():
        return []
    rows = list(csv.DictReader(manifest.open(newline="")))
    order = np.random.default_rng(seed).permutation(len(rows))
    by_source = {}
    for index in order:
        by_source.setdefault(rows[index]["source"], []).append(rows[index])
    spread = []
    while any(by_source.values()):
        spread += [rows.pop() for rows in by_source.values() if rows]
    return [_real_pair(row, number) for number, row in enumerate(spread[:most])]


def _real_pair(row, number):
    label = cv2.imread(str(PAIRS / "label" / f"{row['id']}.png"), cv2.IMREAD_GRAYSCALE)
    gsd_m = float(row["metres_per_pixel"])
    return Pair(
        name=row["id"],
        before=PAIRS / "A" / f"{row['id']}.png",
        after=PAIRS / "B" / f"{row['id']}.png",
        width=label.shape[1],
        height=label.shape[0],
        gsd_m=gsd_m,
        changed_m2=float((label > 127).sum()) * gsd_m**2,
        lat=[20.3, -12.7, 47.9, 0.02, 28.6, 55.1][number % 6] + 0.1 * (number // 6),
        lon=[85.8, -60.1, 21.3, 32.4, 77.2, -3.9][number % 6] + 0.013 * number,
    )


def rendered_pairs(folder, most=3):
    """Render a small archive from the sample landscape: for a checkout without the real pairs."""
    from chalicelib.adapters.imagery.providers.sample import GRID, TERMS
    from chalicelib.adapters.imagery.sample import SampleImagery
    from chalicelib.domain.extents import Extent
    from chalicelib.domain.tiles import centre_of, tiles_covering
    from landscape import (
        DEMO_CENTER_LAT,
        DEMO_CENTER_LON,
        DEMO_DATES,
        DEMO_REACH_KM,
    )

    pairs = []
    reach = dict.fromkeys(("north_km", "south_km", "east_km", "west_km"), DEMO_REACH_KM)
    bounds = Extent(center_lat=DEMO_CENTER_LAT, center_lon=DEMO_CENTER_LON, **reach).bounds
    grid = SampleImagery(TERMS, GRID, today=lambda: DEMO_DATES[0]).grid(bounds)
    changed = [
        tile
        for tile in tiles_covering(bounds, grid.zoom)
        if _scripted_m2(grid.view(tile), *DEMO_DATES[:2]) > CHANGED_MORE_THAN_M2
    ]
    for tile in _apart(changed)[:most]:
        view = grid.view(tile)
        paths, taken = [], []
        for day in DEMO_DATES[:2]:
            provider = SampleImagery(TERMS, GRID, today=lambda day=day: day)
            picture = provider.fetch(newest(provider, view, view.bounds), view, view.bounds)
            path = Path(folder) / f"{tile.x}-{tile.y}-{day}.png"
            path.write_bytes(picture.content)
            paths.append(path)
            taken.append(day)
        lon, lat = centre_of(view.bounds)
        changed_m2 = _scripted_m2(view, *taken)
        size = view.size_px
        pairs.append(Pair(f"tile-{tile.x}-{tile.y}", *paths, size, size, view.gsd_m, changed_m2, lat, lon))
    return pairs


def _apart(tiles):
    """Leave out neighbours: an Item of the same day that covers a tile better than its own is news to it."""
    chosen = []
    for tile in tiles:
        if all(max(abs(tile.x - other.x), abs(tile.y - other.y)) > 1 for other in chosen):
            chosen.append(tile)
    return chosen


def _scripted_m2(view, before, after):
    from landscape import truth

    return float((truth(view, before, after) > 0).sum()) * view.gsd_m**2
