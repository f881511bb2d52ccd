"""False alerts and recall on rendered series of eight dates, by pairs alone and with older pictures as evidence.

    python -m tests.bench.series [--places 24] [--jobs 2] [--first 0] [--land rough|sample]

Each place is simulated land of `scenes.py` (no picture that anybody took, other seeds than those the detector was
fitted on) at 0.5 m a pixel, seen eight times over two years: plants follow the seasons, crops rotate, the sun, the air
and the camera differ each time, and after the third date things are built, dug and cleared, once each, for good. The
dates are compared in turn through `compare`, as the trip does it, twice: without and with what the trip knows of older
dates. A change is found at once in the picture that shows it first, late in the one after. A region that meets nothing
that was ever done there is a false alert. Prints both rows, over all dates and where there are older pictures, their
ratio, and the intervals (95 %). With `--land sample`
the places are unchanged, much calmer land of the `sample` provider, for the false alerts alone.
"""

from __future__ import annotations

import argparse
import datetime as dt
import math
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import cv2
import numpy as np

import landscape
from chalicelib.domain.changes import ignored_of, may_hold_later
from chalicelib.domain.references import MOST_OLDER
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds, Tile, View
from chalicelib.vision.changes import compare
from tests.bench.scene_land import Scene
from tests.bench.scene_painting import render
from tests.bench.scene_stuff import ground, noise
from tests.bench.scenes import camera
from tests.bench.score import wilson

DATES, FIRST_WORK, LAST_WORK = 8, 3, 6  # works begin when there is history, and leave one date for a late alert
VIEW = View(tile=Tile(17, 96_780, 57_975), tile_px=574, margin_px=72)  # 0.50 m a pixel
EVERYWHERE = Bounds(-180, -85, 180, 85)
THRESHOLDS = Thresholds(min_changed_area_m2=25)
LEAST_M2 = 100.0  # of a work that must be found
NEAR_PX = 12  # a region so close to a work is its yard, its shadow
SEED = 77_000


class Place(Scene):
    """One place over eight dates: `picture(date)`; `works[date]` are masks of what was done before that date."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        super().__init__(np.random.default_rng([seed, SEED]), VIEW.size_px, VIEW.gsd_m)
        r = self.r
        swing = r.normal(0, 1.0)
        self.seasons = [swing * math.sin(2 * math.pi * (date / 4 + 0.1)) + r.normal(0, 0.15) for date in range(DATES)]
        self.kept = list(self.things)
        rotation = [self.crops(k) for k in range(len(self.base))]
        self.fields = [[self.field(k, date, rotation[k]) for k in range(len(self.base))] for date in range(DATES)]
        self.crop_texture = [noise(r, self.n, self.px(r.uniform(15, 60)), 3) for _ in range(DATES)]
        self.done: dict[int, list] = {date: [] for date in range(DATES)}
        for date in range(FIRST_WORK, LAST_WORK + 1):
            if r.random() < 0.6:
                self.work(date)

    def change(self) -> None:
        """Do nothing between two dates only: here things are done once, for good."""
        self.works = []

    def crops(self, k):
        """Two or three crops that follow each other on a parcel, or None."""
        if self.kind[k] != "crop" or self.r.random() < 0.25:
            return None
        return [ground(self.r, "crop", self.angle, self.mpp) for _ in range(self.r.integers(2, 5))]

    def field(self, k, date, rotation):
        """A parcel's ground on a date."""
        r, season = self.r, self.seasons[date]
        g = dict(rotation[date % len(rotation)] if rotation else self.base[k])
        if g["kind"] == "water":
            g["colour"] = g["colour"] * r.uniform(0.75, 1.3) * r.uniform(0.92, 1.08, 3)
        elif g["kind"] in ("bare", "works"):
            g["colour"] = g["colour"] * r.uniform(0.9, 1.1) * r.uniform(0.97, 1.03, 3)
        else:
            g["colour"] = g["colour"] * np.exp(season * np.float32([-0.03, -0.02, 0.18]) + r.normal(0, 0.03, 3))
        g["amount"] = g["amount"] * r.uniform(0.75, 1.35)
        return g

    def work(self, date) -> None:
        """Build, dig or clear something that stays, where nobody did or built anything yet."""
        r, n = self.r, self.n
        what = r.choice(["house", "house", "hall", "cleared", "pond"])
        mask = np.zeros((n, n), np.uint8)
        if what in {"house", "hall"}:
            outline = self.building(r.uniform(0.25, 0.75, 2) * n, (True, True), big=what == "hall")
            cv2.fillPoly(mask, [np.int32(outline)], 1)
            done = ("thing", self.things.pop(), mask)
        else:
            mask = self.blob(r.uniform(14, 60))
            done = ("ground", ground(r, "water" if what == "pond" else "bare", self.angle, self.mpp), mask)
        if not self.is_taken(mask):
            self.done[date].append(done)

    def is_taken(self, mask) -> bool:
        """Does something stand, or was something done there; is it water, or outside of the tile?"""
        inner = slice(VIEW.margin_px, VIEW.margin_px + VIEW.tile_px)
        roofs = np.zeros_like(mask)
        for thing in self.kept:
            if thing.kind == "building":
                cv2.fillPoly(roofs, [np.int32(thing.polygon)], 1)
        size = mask.sum()
        return (
            mask[inner, inner].sum() < 0.9 * size
            or (mask & roofs).sum() > 0.3 * size
            or (mask & self.water()).sum() > 0.2 * size
            or any((mask & truth).any() for _, _, truth in self.all_works(DATES))
        )

    def all_works(self, until):
        """What was done up to a date."""
        return [work for date in range(min(until, DATES - 1) + 1) for work in self.done[date]]

    def picture(self, date):
        """The place as that date's camera sees it."""
        works = self.all_works(date)
        covered = np.zeros((self.n, self.n), np.uint8)
        for _, _, mask in works:
            covered |= mask
        self.things = [t for t in self.kept if t.kind != "tree" or not self.inside(covered, t.centre)]
        self.things += [thing for kind, thing, _ in works if kind == "thing"]
        self.works = [(mask, (True, True), look) for kind, look, mask in works if kind == "ground"]
        self.then, self.season, self.broad2 = self.fields[date], self.seasons[date], self.crop_texture[date]
        self.r = np.random.default_rng([self.seed, SEED, date])
        strength = self.r.choice([0.2, 0.5, 0.9], p=[0.4, 0.4, 0.2])
        return camera(self.r, render(self, 1), strength)


class SampleLand:
    """Unchanged land of the `sample` provider over the same eight dates, far from the demo's and the tests' tiles."""

    def __init__(self, seed: int) -> None:
        self.tile = Tile(VIEW.tile.z, VIEW.tile.x + 900 + 13 * seed, VIEW.tile.y + 700 + 7 * seed)
        self.done: dict[int, list] = {}

    def all_works(self, _until) -> list:
        return []

    def picture(self, date):
        drawn_as = View(tile=self.tile, tile_px=1024, margin_px=128)
        fine = landscape.render(drawn_as, dt.date(2024, 1, 20) + dt.timedelta(days=91 * date))
        return cv2.resize(fine, (VIEW.size_px,) * 2, interpolation=cv2.INTER_AREA)


def drawn(regions) -> list[np.ndarray]:
    masks = []
    for region in regions:
        mask = np.zeros((VIEW.size_px,) * 2, np.uint8)
        cv2.fillPoly(mask, [np.round([VIEW.pixel(*corner) for corner in region.outline[0]]).astype(np.int32)], 1)
        masks.append(mask)
    return masks


def run(job: tuple[type[Place | SampleLand], int]) -> list[Counter]:
    """Look at one place twice, by pairs alone and with history; count what came of it."""
    land, seed = job
    cv2.setNumThreads(1)
    place = land(seed)
    files = [cv2.imencode(".png", place.picture(date))[1].tobytes() for date in range(DATES)]
    return [follow(place, files, with_history=with_history) for with_history in (False, True)]


def follow(place: Place | SampleLand, files: list[bytes], *, with_history: bool) -> Counter:
    """Compare one place's dates in turn; count false alerts, works found at once and late, works and m2 looked at."""
    count: Counter = Counter()
    delays: dict[int, int] = {}
    doubted: list = []
    for date in range(1, DATES):
        older = [partial(files.__getitem__, earlier) for earlier in range(date - 2, -1, -1)][:MOST_OLDER]
        memory = {"older": older, "doubted": doubted} if with_history else {}
        change = compare(files[date - 1], files[date], view=VIEW, area=EVERYWHERE, thresholds=THRESHOLDS, **memory)
        kept = ignored_of(change, THRESHOLDS)
        doubted = [
            region["outline"]["coordinates"] for region in kept if may_hold_later(region["reason"], region["score"])
        ]
        count.update(f"ignored: {region['reason']}" for region in kept)
        hold_against_works(place, date, change.above(THRESHOLDS), count, delays)
    for _, _, truth in place.all_works(DATES):
        if truth.sum() * VIEW.gsd_m**2 >= LEAST_M2:
            count["works"] += 1
            count["at once"] += delays.get(id(truth)) == 0
            count["late"] += delays.get(id(truth)) == 1
    return count


def hold_against_works(place, date, alerts, count: Counter, delays: dict[int, int]) -> None:
    """Count a date's false alerts and the ground on which there may be some; note which works were found, how late."""
    near = np.zeros((VIEW.size_px,) * 2, np.uint8)
    for _, _, truth in place.all_works(date):
        near |= truth
    near = cv2.dilate(near, np.ones((2 * NEAR_PX + 1,) * 2, np.uint8))
    recent = [(truth, date - since) for since in (date, date - 1) for _, _, truth in place.done.get(since, [])]
    for region, mask in zip(alerts, drawn(alerts), strict=True):
        if not (mask & near).any():
            count["false"] += 1
            count["false, confirmed"] += region.is_confirmed
            count["false, second picture"] += date == 1
        for truth, delay in recent:
            if (mask & truth).any():
                delays.setdefault(id(truth), delay)
    inner = slice(VIEW.margin_px, VIEW.margin_px + VIEW.tile_px)
    m2 = round(float((near[inner, inner] == 0).sum()) * VIEW.gsd_m**2)
    count.update({"m2": m2, "m2, second picture": m2 * (date == 1)})


def later(count: Counter) -> tuple[int, int]:
    """Give the false alerts and the m2 from the third picture on: a second one has none to be held against."""
    return count["false"] - count["false, second picture"], count["m2"] - count["m2, second picture"]


def rate(events: int, m2: int) -> str:
    """Give false alerts a km2 with their 95 % interval (Byar's approximation of the exact Poisson limits)."""
    km2 = m2 / 1e6
    low, high = (
        n * (1 - 1 / (9 * n) + z / (3 * math.sqrt(n))) ** 3 / km2 if n else 0.0
        for n, z in ((events, -1.96), (events + 1, 1.96))
    )
    return f"{events} false alerts in {km2:.2f} km2 compared: {events / km2:.2f} (95 %: {low:.2f} to {high:.2f}) a km2"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--places", type=int, default=24)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--land", choices=("rough", "sample"), default="rough")
    parser.add_argument("--jobs", type=int, default=1)
    options = parser.parse_args()
    land = Place if options.land == "rough" else SampleLand
    seeds = range(options.first, options.first + options.places)
    with ProcessPoolExecutor(options.jobs) as pool:
        results = list(pool.map(run, [(land, seed) for seed in seeds]))
    totals = [sum(counts, Counter()) for counts in zip(*results, strict=True)]
    for name, count in zip(("pairs alone", "with history"), totals, strict=True):
        print(f"{name}, all eight dates: {rate(count['false'], count['m2'])}")
        print(f"  from the third picture on, where older ones exist: {rate(*later(count))}")
        if land is Place:
            in_time = wilson(count["at once"] + count["late"], count["works"])
            print(f"  works found at once {wilson(count['at once'], count['works'])}, at most a picture late {in_time}")
        print("  ", {key: value for key, value in sorted(count.items()) if key.startswith(("ignored", "false,"))})
    everything, since = [count["false"] for count in totals], [later(count)[0] for count in totals]
    for when, (alone, held) in (("over all dates", everything), ("from the third picture on", since)):
        print(f"false alerts cut {alone / max(1, held):.1f} times {when} ({alone} to {held})")


if __name__ == "__main__":
    main()
