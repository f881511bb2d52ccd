"""Score the comparison on the rendered demo land, where every change is scripted.

    python -m tests.bench.score_sample [--jobs 2]

Prints each change with the largest region that overlaps it, and every region that lies on unchanged ground.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor

import cv2
import numpy as np

from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds, Tile, View, grid_position
from chalicelib.vision.changes import compare
from landscape import DEMO_CENTER_LAT, DEMO_CENTER_LON, DEMO_DATES, SCRIPT, render, truth

EVERYWHERE = Bounds(-180, -85, 180, 85)
NEAR_PX = 30  # a region this close to a scripted change belongs to it: its shadow, its yard
ELSEWHERE = ((6, 2), (-10, 11), (39, -31), (1, -21))  # tiles off the demo's middle one where nothing ever changes


def drawn(view: View, outline: list[tuple[float, float]]) -> np.ndarray:
    """Rasterise an outline of (lon, lat)."""
    mask = np.zeros((view.size_px, view.size_px), np.uint8)
    cv2.fillPoly(mask, [np.round([view.pixel(*place) for place in outline]).astype(np.int32)], 1)
    return mask > 0


def tile(place: tuple[int, int]) -> tuple[dict[str, float], list[str]]:
    """Compare one tile's dates in turn: the m2 marked for each change, and what was marked elsewhere."""
    cv2.setNumThreads(1)
    view = View(tile=Tile(17, *place), tile_px=1024, margin_px=128)
    days = [
        cv2.imencode(".png", render(view, day), [cv2.IMWRITE_PNG_COMPRESSION, 1])[1].tobytes() for day in DEMO_DATES
    ]
    found: dict[str, float] = {}
    false: list[str] = []
    for before, after, older, newer in zip(DEMO_DATES, DEMO_DATES[1:], days, days[1:], strict=False):
        near = cv2.dilate(truth(view, before, after), np.ones((2 * NEAR_PX + 1,) * 2, np.uint8)) > 0
        change = compare(older, newer, view=view, area=EVERYWHERE, thresholds=Thresholds(min_changed_area_m2=25))
        for region in change.regions:
            mask = drawn(view, region.outline[0])
            if not (mask & near).any():
                false.append(f"{view.tile} {before} to {after}: {region.area_m2:.0f} m2, score {region.score:.2f}")
            for scripted in SCRIPT:
                if before < scripted.since <= after and (mask & drawn(view, scripted.lonlat)).any():
                    found[scripted.name] = max(found.get(scripted.name, 0.0), region.area_m2)
    return found, false


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    x, y = (int(part) for part in grid_position(DEMO_CENTER_LON, DEMO_CENTER_LAT, 17))
    places = [(x + column, y + row) for row in (-1, 0, 1) for column in (-1, 0, 1)]
    places += [(x + column, y + row) for column, row in ELSEWHERE]
    with ProcessPoolExecutor(options.jobs) as pool:
        results = list(pool.map(tile, places))
    for scripted in SCRIPT:
        marked = max(found.get(scripted.name, 0.0) for found, _ in results)
        print(f"{scripted.name:20s} {scripted.area_m2:6.0f} m2  {f'marked {marked:.0f} m2' if marked else 'missed'}")
    false = [line for _, lines in results for line in lines]
    print(
        f"{len(false)} regions on unchanged ground in {len(places) * (len(DEMO_DATES) - 1)} comparisons",
        *false,
        sep="\n  ",
    )


if __name__ == "__main__":
    main()
