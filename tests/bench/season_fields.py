"""What the same season of earlier years adds to the pair rule at 10 m, on simulated fields under an Indian cloud year.

    python -m tests.bench.season_fields [--lands 3] [--seed 5] [--jobs 2] [--kinds crop2,scrub] [--rules ...]

Land of five types (the simulator that lies beside the pairs: without it this says so and ends), one type a land:
fields of 110 m with their own soil, sowing dates and fallow years, six bands, passes every fifth day of five years,
clear as the simulator's cloud year has them, haze, clouds that the mask missed. In the 430 days after the third year
spots of 0.3 to 1.2 ha are cleared to bare soil, at random days, and stay bare. Each clear pass is compared with the one
before by `compare`, as a tile of an area is; told are its alerts. A pair is held against older images, as in an area
that is watched since the third year; alone it has nothing but its two images, as a new area's second look. With the
season rule it is given the images of the same season of each earlier year, as they are fetched beside the looks.
Printed: spots told within 120 days with their interval, the median delay in days, false alerts with their number a km2
and year.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import cv2
import numpy as np

from chalicelib.application.ports.compare import Seasons
from chalicelib.domain.changes import Change, may_hold_later
from chalicelib.domain.references import YEAR_DAYS, choose_older
from chalicelib.domain.seasons import choose_of_seasons, years_of
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Tile, View
from chalicelib.intake.bands import pack
from chalicelib.vision.changes import compare
from research.labelled_pairs import SHARED, wilson
from tests.bench.season_series import simulator
from tests.support.builders.band_land import PLANTS, SOIL, layers_of, picture_of, seen
from tests.support.builders.land import EVERYWHERE, png

VIEW = View(tile=Tile(16, 46044, 29228), tile_px=64, margin_px=8)  # 9 m a pixel
FIELD_PX = 12
SPOTS, SPOT_PX = 3, (6, 12)
WITHIN_DAYS, WATCHED_DAYS = 120, 430
FIRST_DAY = datetime(2020, 1, 1, tzinfo=UTC)
TOLD = Thresholds(min_changed_area_m2=2_000)
BARE_NDVI = 0.13
ALONE, SEASON = "alone", "season"  # words of a rule's name: no older images; the season of earlier years
RULES = ("pair alone", "pair alone, season", "pair", "pair, season")


class Image:
    """One clear pass over the land, stored."""

    def __init__(self, image_id: int, day: int, picture: bytes, bands: bytes) -> None:
        self.image_id, self.day, self.picture, self.bands = image_id, day, picture, bands
        self.taken_at, self.clear_share, self.is_settled = FIRST_DAY + timedelta(days=int(day)), 1.0, True


class Land:
    """A land of one type: its images, and what was cleared on it when."""

    def __init__(self, kind: str, seed: int) -> None:
        made, random = simulator(), np.random.default_rng(seed)
        side, cells = VIEW.size_px, -(-VIEW.size_px // FIELD_PX)
        series = made.ground(kind, cells * cells, random)
        self.which = np.repeat(np.repeat(np.arange(cells * cells).reshape(cells, -1), FIELD_PX, 0), FIELD_PX, 1)
        self.which = self.which[:side, :side]
        soils = np.array(SOIL) * random.uniform(0.75, 1.25, (cells * cells, 1))
        detail = cv2.GaussianBlur(random.normal(0, 1, (side, side)).astype(np.float32), (0, 0), 1.5)
        self.detail = 1 + 0.3 * detail[..., None]
        self.spots = [
            (*random.integers(VIEW.margin_px + 2, side - VIEW.margin_px - 14, 2), *random.integers(*SPOT_PX, 2), when)
            for when in made.START + random.integers(30, WATCHED_DAYS - WITHIN_DAYS, SPOTS)
        ]
        is_clear = random.random(made.DAYS.size) >= made.CLOUD
        passes = np.flatnonzero(is_clear & (made.DAYS < made.START + WATCHED_DAYS))
        self.images = [
            self._image(n, int(made.DAYS[at]), series[:, at], soils, float(made.CLOUD[at]), random)
            for n, at in enumerate(passes)
        ]
        self.watched_from = made.START

    def _image(self, number: int, day: int, ndvi: Any, soils: Any, cloud: float, random: Any) -> Image:
        share = _share_of(ndvi, soils)[:, None]
        fields = share * np.array(PLANTS) + (1 - share) * soils
        ground = fields[self.which]
        for left, top, width, height, when in self.spots:
            if day >= when:
                box = np.s_[top : top + height, left : left + width]
                soil = soils[self.which[box]]
                bare = _share_of(np.full(soil.shape[:2], BARE_NDVI).ravel(), soil.reshape(-1, 6)).reshape(
                    soil.shape[:2]
                )
                ground[box] = bare[..., None] * np.array(PLANTS) + (1 - bare[..., None]) * soil
        ground = (ground * self.detail).clip(0.005, 1)
        haze = random.uniform(0.01, 0.04) if random.random() < 0.12 else random.uniform(0, 0.008)
        measured = seen(ground, seed=random.integers(1 << 30), gain=random.uniform(0.93, 1.07), haze=haze)
        if random.random() < 0.3 * cloud:  # what the mask missed, soft at its rim
            left, top = random.integers(0, VIEW.size_px, 2)
            blob = np.zeros(ground.shape[:2], np.float32)
            cv2.circle(blob, (int(left), int(top)), int(random.integers(5, 25)), 1, -1)
            blob = cv2.GaussianBlur(blob, (0, 0), 4)[..., None]
            measured = measured * (1 - 0.8 * blob) + 0.8 * blob * random.uniform(0.25, 0.5)
        return Image(number, day, png(picture_of(measured)), pack(layers_of(measured)))


def _share_of(ndvi: Any, soils: Any) -> Any:
    """Give how much of plants over soils has an NDVI; less than that of the soil is a darker infrared, at most -.1."""
    red = soils[:, 2] - ndvi * 0
    nir = soils[:, 3]
    plants_red, plants_nir = PLANTS[2], PLANTS[3]
    one = nir - red - ndvi * (nir + red)
    other = (plants_nir - nir) - (plants_red - red) - ndvi * ((plants_nir - nir) + (plants_red - red))
    return np.clip(-one / other, -0.1, 1.3)


def judged(task: tuple[str, int, list[str]]) -> list[dict[str, Any]]:
    """Give what each rule tells on one land."""
    kind, seed, rules = task
    cv2.setNumThreads(1)
    land = Land(kind, seed)
    return [_judged(land, rule) | {"kind": kind, "rule": rule} for rule in rules]


def _judged(land: Land, rule: str) -> dict[str, Any]:
    told: set[int] = set()
    delays, false, alerts = [], 0, 0
    change: Change | None = None
    own = [image for image in land.images if image.day >= land.watched_from]
    for place, image in enumerate(own[1:], 1):
        before, stored = own[place - 1], own[: place - 1]
        older = () if ALONE in rule else choose_older(stored, taken_at=image.taken_at)
        season = None
        if SEASON in rule:
            earlier = [each for each in land.images if each.day < before.day]
            chosen = choose_of_seasons(earlier, taken_at=image.taken_at)
            season = Seasons(years_of(chosen, image.taken_at), [partial(_bands, each) for each in chosen])
        change = compare(
            before.picture,
            image.picture,
            view=VIEW,
            area=EVERYWHERE,
            thresholds=TOLD,
            older=[partial(_picture, each) for each in older],
            doubted=_doubted(change),
            bands=(before.bands, image.bands),
            older_bands=[partial(_bands, each) for each in older],
            seasons=season,
        )
        for region in change.above(TOLD):
            alerts += 1
            hit = [n for n, spot in enumerate(land.spots) if _is_on(region, spot) and image.day >= spot[4]]
            false += not hit
            for n in hit:
                if n not in told and image.day < land.spots[n][4] + WITHIN_DAYS:
                    delays.append(image.day - land.spots[n][4])
                told.add(n)
    km2 = (VIEW.tile_px * VIEW.gsd_m / 1000) ** 2
    found = {"found": len(delays), "delays": delays, "false": false, "alerts": alerts}
    return found | {"km2_years": km2 * WATCHED_DAYS / YEAR_DAYS}


def _doubted(change: Change | None) -> list[Any]:
    """Give what the next image is to settle, as an area's claim does."""
    ignored = () if change is None else change.ignored
    return [each.outline for each in ignored if may_hold_later(each.reason, each.score)]


def _bands(image: Image) -> bytes:
    return image.bands


def _picture(image: Image) -> bytes:
    return image.picture


def _is_on(region: Any, spot: tuple[int, ...]) -> bool:
    left, top, width, height, _ = spot
    (west, north), (east, south) = VIEW.lonlat(left, top), VIEW.lonlat(left + width, top + height)
    bounds = region.bounds
    return bounds.west < east and bounds.east > west and bounds.south < north and bounds.north > south


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lands", type=int, default=2)
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--kinds", default="crop2,crop1,deciduous,evergreen,scrub")
    parser.add_argument("--rules", default=";".join(RULES), help="by semicolons")
    options = parser.parse_args()
    if not (SHARED / "bench" / "ndvi_series.py").exists():
        print("No simulator: ../shared/bench/ndvi_series.py is not there. It is not part of this repository.")
        return
    kinds, rules = options.kinds.split(","), options.rules.split(";")
    tasks = [(kind, options.seed + n, rules) for n in range(options.lands) for kind in kinds]
    results: list[dict[str, Any]] = []
    with ProcessPoolExecutor(options.jobs) as pool:
        for of_land in pool.map(judged, tasks):
            results += of_land
            print(*of_land, sep="\n", flush=True)
    for rule in rules:
        print(f"{rule}: spots told within {WITHIN_DAYS} days, their delay, alerts, false ones, those a km2 and year")
        for kind in [*kinds, "all"]:
            of = [each for each in results if each["rule"] == rule and kind in (each["kind"], "all")]
            found, spots = sum(each["found"] for each in of), SPOTS * len(of)
            delays = [day for each in of for day in each["delays"]]
            delay = f"{np.median(delays):.0f} days" if delays else "-"
            alerts, false = (sum(each[name] for each in of) for name in ("alerts", "false"))
            rate = false / sum(each["km2_years"] for each in of)
            print(f"  {kind:10} {wilson(found, spots):40} {delay:10} {alerts:4} {false:4} {rate:6.1f}")


if __name__ == "__main__":
    main()
