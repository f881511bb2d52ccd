"""False alerts and recall on rendered series of eight dates: by pairs, with older pictures, with the baseline.

    python -m research.series [--places 24] [--jobs 2] [--first 0] [--land rough|sample]

Each place is simulated land of `research/scenes` (no picture that anybody took, other seeds than those the detector was
fitted on) at 0.5 m a pixel, seen eight times over two years: plants follow the seasons, crops rotate, the sun, the air
and the camera differ each time, and after the third date things are built, dug and cleared, once each, for good. The
dates are compared in turn through `compare`, as the trip does it, twice: without and with what the trip knows of older
dates; the second time each date is compared with the first one, the baseline, as well, and what that adds is told
apart. A slab that grows by 12 m2 with each date from the third on, drawn into the same pictures, is looked for too.
A change is found at once in the picture that shows it first, late in the one after. A region that meets nothing that
was ever done there is a false alert. Prints both rows, over all dates and where there are older pictures, their ratio,
and the intervals (95 %). With `--land sample`
the places are unchanged, much calmer land of the `sample` provider, for the false alerts alone.
"""

from __future__ import annotations

import argparse
import math
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import cv2
import numpy as np

from chalicelib.domain.changes import Change, Region, ignored_of, may_hold_later
from chalicelib.domain.places import KnownPart, Sighting
from chalicelib.domain.references import MOST_OLDER
from chalicelib.domain.slow_changes import judge_together
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds
from chalicelib.vision.changes import compare, compare_with_baseline
from research.labelled_pairs import wilson
from research.scenes.series import DATES, VIEW, Place, SampleLand

EVERYWHERE = Bounds(-180, -85, 180, 85)
THRESHOLDS = Thresholds(min_changed_area_m2=25)
LEAST_M2 = 100.0  # of a work that must be found
CREEP_M2 = 12.0  # a date
NEAR_PX = 12  # a region so close to a work is its yard, its shadow


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
    counts = [follow(place, files, with_history=with_history) for with_history in (False, True)]
    return [*counts, follow_slab(place, seed)]


def follow(place: Place | SampleLand, files: list[bytes], *, with_history: bool) -> Counter:
    """Compare one place's dates in turn; count false alerts, works found at once and late, works and m2 looked at."""
    count: Counter = Counter()
    delays: dict[int, int] = {}
    doubted: list = []
    baseline = Baseline(files)
    for date in range(1, DATES):
        older = [partial(files.__getitem__, earlier) for earlier in range(date - 2, -1, -1)][:MOST_OLDER]
        memory = {"older": older, "doubted": doubted} if with_history else {}
        change = compare(files[date - 1], files[date], view=VIEW, area=EVERYWHERE, thresholds=THRESHOLDS, **memory)
        doubted = doubts_of(change)
        count.update(f"ignored: {region['reason']}" for region in ignored_of(change, THRESHOLDS))
        if with_history:
            new, grown = baseline.look(date, change)
            by_baseline = Counter()
            hold_against_works(place, date, new, by_baseline, {})
            count.update({"false, by the baseline": by_baseline["false"], "told by the baseline": len(new)})
            count["growth told"] += len(grown)
        hold_against_works(place, date, change.above(THRESHOLDS), count, delays)
    for _, _, truth in place.all_works(DATES):
        if truth.sum() * VIEW.gsd_m**2 >= LEAST_M2:
            count["works"] += 1
            count["at once"] += delays.get(id(truth)) == 0
            count["late"] += delays.get(id(truth)) == 1
    return count


class Baseline:
    """What comparing with the first date as well adds to a place's series."""

    def __init__(self, files: list[bytes]) -> None:
        self.files = files
        self.known: dict[int, KnownPart] = {}

    def look(self, date: int, pair: Change) -> tuple[list[Region], list[Region]]:
        """Return what a date's comparison with the baseline tells: of new places, and of places that grew."""
        slow = None
        if date > 1:
            between = [partial(self.files.__getitem__, earlier) for earlier in range(date - 1, 0, -1)]
            where = {"view": VIEW, "area": EVERYWHERE, "thresholds": THRESHOLDS}
            slow = compare_with_baseline(self.files[0], self.files[date], **where, between=between)
        judged = judge_together(pair, slow, known=tuple(self.known.values()), thresholds=THRESHOLDS)
        for sighting in judged.sightings:
            self._keep(sighting)
        told = judged.slow.regions if judged.slow else ()
        return [region for region in told if not region.grew_from_m2], [
            region for region in told if region.grew_from_m2
        ]

    def _keep(self, sighting: Sighting) -> None:
        place_id = sighting.place_id or len(self.known) + 1
        told_m2 = sighting.area_m2 if sighting.is_told else self.known[place_id].told_m2
        self.known[place_id] = KnownPart(
            place_id=place_id, is_here=True, outlines=sighting.outlines, area_m2=sighting.area_m2, told_m2=told_m2
        )


def creep(picture: np.ndarray, date: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a slab of six metres' width that has grown by 12 m2 with each date since the first; return its mask too."""
    mask = np.zeros(picture.shape[:2], np.uint8)
    left, top = np.random.default_rng([seed, 12]).integers(VIEW.margin_px + 20, VIEW.margin_px + 480, 2)
    long = round(CREEP_M2 * max(0, date - 1) / 6 / VIEW.gsd_m)
    if long:
        cv2.rectangle(mask, (left, top), (left + round(6 / VIEW.gsd_m) - 1, top + long - 1), 1, -1)
    shown = picture.copy()
    shown[mask > 0] = np.clip(0.25 * shown[mask > 0] + 135, 0, 255)
    return shown, mask


def follow_slab(place: Place | SampleLand, seed: int) -> Counter:
    """Compare dates on which a slab grows; count whether a pair, or the baseline, ever found it."""
    drawn_in = [creep(place.picture(date), date, seed) for date in range(DATES)]
    files = [cv2.imencode(".png", picture)[1].tobytes() for picture, _ in drawn_in]
    baseline, doubted, found = Baseline(files), [], Counter({"slabs": 1})
    for date in range(1, DATES):
        older = [partial(files.__getitem__, earlier) for earlier in range(date - 2, -1, -1)][:MOST_OLDER]
        where = {"view": VIEW, "area": EVERYWHERE, "thresholds": THRESHOLDS}
        pair = compare(files[date - 1], files[date], **where, older=older, doubted=doubted)
        doubted = doubts_of(pair)
        new, grown = baseline.look(date, pair)
        on_slab = partial(meets, drawn_in[date][1])
        found["slab by a pair"] |= any(map(on_slab, drawn(pair.above(THRESHOLDS))))
        found["slab by either"] |= found["slab by a pair"] | any(map(on_slab, drawn([*new, *grown])))
    return found


def meets(truth: np.ndarray, mask: np.ndarray) -> bool:
    return bool((mask & truth).any())


def doubts_of(change: Change) -> list:
    """Return what of a change the next date is to settle."""
    kept = ignored_of(change, THRESHOLDS)
    return [region["outline"]["coordinates"] for region in kept if may_hold_later(region["reason"], region["score"])]


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
            if meets(truth, mask):
                delays.setdefault(id(truth), delay)
    inner = slice(VIEW.margin_px, VIEW.margin_px + VIEW.tile_px)
    m2 = round(float((near[inner, inner] == 0).sum()) * VIEW.gsd_m**2)
    count.update({"m2": m2, "m2, second picture": m2 * (date == 1)})


def later(count: Counter) -> tuple[int, int]:
    """Return the false alerts and the m2 from the third picture on: a second one has none to be held against."""
    return count["false"] - count["false, second picture"], count["m2"] - count["m2, second picture"]


def rate(events: int, m2: int) -> str:
    """Return false alerts a km2 with their 95 % interval (Byar's approximation of the exact Poisson limits)."""
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
    *totals, slabs = [sum(counts, Counter()) for counts in zip(*results, strict=True)]
    for name, count in zip(("pairs alone", "with history"), totals, strict=True):
        print(f"{name}, all eight dates: {rate(count['false'], count['m2'])}")
        print(f"  from the third picture on, where older ones exist: {rate(*later(count))}")
        if land is Place:
            in_time = wilson(count["at once"] + count["late"], count["works"])
            print(f"  works found at once {wilson(count['at once'], count['works'])}, at most a picture late {in_time}")
        print("  ", {key: value for key, value in sorted(count.items()) if key.startswith(("ignored", "false,"))})
    added = totals[1]["false, by the baseline"]
    print(f"added by the baseline: {rate(added, totals[1]['m2'])}")
    told, grown = totals[1]["told by the baseline"], totals[1]["growth told"]
    print(f"  told of {told} new places, and of the growth of {grown} known ones")
    for how in ("slab by a pair", "slab by either"):
        print(f"  slabs that grow by {CREEP_M2:.0f} m2 a date, {how}: {wilson(slabs[how], slabs['slabs'])}")
    everything, since = [count["false"] for count in totals], [later(count)[0] for count in totals]
    for when, (alone, held) in (("over all dates", everything), ("from the third picture on", since)):
        print(f"false alerts cut {alone / max(1, held):.1f} times {when} ({alone} to {held})")


if __name__ == "__main__":
    main()
