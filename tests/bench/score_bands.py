"""How well the bands of two Sentinel-2 images tell what was built between them: five places with labels.

    python -m tests.bench.score_bands [--sheets] [--ablation] [--season] [--data ../shared/sentinel2]

The places are research data that is not ours to ship (without them this says so and ends); nothing is fitted on them.
Prints, for each place and for all: pixel precision and recall (user's and producer's accuracy of change) and F1;
labelled objects of 800 m2 and more that are hit by a fifth; marked regions of 400 m2 and more beside any label, a
km2; windows of 640 m with labelled change that alert, and those without that do, with Wilson intervals. Then the same
with the operating point chosen on the other four places: the strictest score whose F1 is within .01 of their best.
`--season` holds each region against three earlier years of that season too, which the places have no images of: the
first date stands for them, so what is lost by it are works that are taken for a season.
`--sheets` draws before, after and what was found (green right, red missed, yellow false) into build/score_bands.

`--by-eye` prints instead what a reader saw in all that is marked (`--labels`): the confusion matrix of kinds, and how
many show works, water lost or plants lost, of all, of what the product tells of these, of each kind and of each place.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import cv2
import numpy as np

from chalicelib.domain.bands import MEASURED
from chalicelib.domain.kinds import DEFAULT_ALERT_KINDS, Kind
from chalicelib.vision import band_change
from chalicelib.vision.band_change import MIN_BAND_SCORE, map_band_change
from chalicelib.vision.band_kinds import NO_SEASONS, NO_WORKS, WATERS, changed_share, kind_of
from chalicelib.vision.band_pairs import LEAST_ALERT_PX
from chalicelib.vision.regions import classified_regions
from chalicelib.vision.season_change import SeasonTest
from research.band_cards import FoundByBands, regions_by_bands
from research.fit_kinds import matrix
from research.labelled_pairs import wilson
from research.labelled_places import GSD_M, PLACES, dates_of, places_in, read, read_place
from research.model_files import ROOT
from research.region_cards import label_of, read_labels
from research.scenes.kinds import KINDS

WINDOW_PX = 64
SCORES = (0.3, 0.4, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
SHIPPED = MIN_BAND_SCORE
COUNTS = ("right", "false", "missed", "objects", "hit", "beside", "km2", "changed", "alarmed", "calm", "false_alarms")
ABLATION = {
    "as shipped": {},
    "without finding a shift": {"estimate_shift": lambda *_edges: band_change.NO_SHIFT},
    "without what lies nearby": {"_SUPPORT_WEIGHT": 0.0},
    "without what is brighter or darker": {"_BRIGHTNESS_WEIGHT": 0.0},
    "without the noise of contrast": {"_CONTRAST_NOISE": 0.0},
    "without products of bands": {"_PRODUCTS": 0.0},
    "with short-wave infrared": {"_COMPARED": MEASURED},
    "three bands: true colour": {"_COMPARED": MEASURED[:3]},
    "red, near and short-wave infrared": {"_COMPARED": ("red", "nir", "swir16")},
}


def scores_of(place: Path, *, with_season: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Give the score of the region that each pixel is of, and which pixels are labelled."""
    _, one, two, truth = read_place(place)
    season = SeasonTest(lambda: [one] * 3, two)
    scores = np.zeros(truth.shape, np.float32)
    for region, _ in classified_regions(map_band_change(one, two), GSD_M, 0.0):
        is_asked = with_season and kind_of(region, one, two, truth.shape) not in NO_SEASONS
        if is_asked and season.is_as_ever(region, truth.shape):
            continue
        scores[region.box][region.mask] = region.score
    return scores, truth


def parts(mask: np.ndarray, least: int) -> list[tuple[tuple[slice, slice], np.ndarray]]:
    """Give the connected parts of a mask, each with its box."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    boxes = [(n, np.s_[y : y + h, x : x + w]) for n, (x, y, w, h, size) in enumerate(stats) if n and size >= least]
    return [(box, labels[box] == number) for number, box in boxes]


def counted(found: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Count what `COUNTS` names, as the scorer beside the places does."""
    near = cv2.dilate(truth.astype(np.uint8), np.ones((5, 5), np.uint8)) > 0
    counts = dict.fromkeys(COUNTS, 0.0) | {
        "right": (found & truth).sum(),
        "false": (found & ~truth).sum(),
        "missed": (~found & truth).sum(),
        "km2": truth.size * GSD_M**2 / 1e6,
    }
    for box, part in parts(truth, 8):
        counts["objects"] += 1
        counts["hit"] += found[box][part].mean() >= 0.2
    counts["beside"] = sum(not near[box][part].any() for box, part in parts(found, 4))
    for top in range(0, truth.shape[0] - WINDOW_PX + 1, WINDOW_PX):
        for left in range(0, truth.shape[1] - WINDOW_PX + 1, WINDOW_PX):
            box = np.s_[top : top + WINDOW_PX, left : left + WINDOW_PX]
            alarm = found[box].sum() >= 4
            if truth[box].sum() >= 8:
                counts["changed"] += 1
                counts["alarmed"] += alarm
            elif not near[box].any():
                counts["calm"] += 1
                counts["false_alarms"] += alarm
    return counts


def total(many: list[dict[str, float]]) -> dict[str, float]:
    """Add counts up."""
    return {name: sum(each[name] for each in many) for name in COUNTS}


def f1(counts: dict[str, float]) -> float:
    """Give the pixel F1 of some counts."""
    return 2 * counts["right"] / max(1, 2 * counts["right"] + counts["false"] + counts["missed"])


def line(name: str, counts: dict[str, float]) -> str:
    """Say counts in a line."""
    precision = counts["right"] / max(1, counts["right"] + counts["false"])
    recall = counts["right"] / max(1, counts["right"] + counts["missed"])
    shares = (("alarmed", "changed"), ("false_alarms", "calm"))
    windows, calm = (wilson(int(counts[some]), int(counts[of])) for some, of in shares)
    false_a_km2 = counts["beside"] / max(0.01, counts["km2"])
    return (
        f"{name:36} user's {precision:.2f} producer's {recall:.2f} F1 {f1(counts):.3f} | objects "
        f"{counts['hit']:.0f}/{counts['objects']:.0f} | {false_a_km2:.2f} false a km2 | windows {windows} at {calm}"
    )


def left_out(of_places: dict[str, dict[float, dict[str, float]]]) -> tuple[dict[str, float], list[float]]:
    """Give the counts of each place at the operating point that the others choose, and these points."""
    chosen, points = [], []
    for place in of_places:
        others = {
            score: f1(total([of_places[other][score] for other in of_places if other != place])) for score in SCORES
        }
        points.append(max(score for score in SCORES if others[score] >= max(others.values()) - 0.01))
        chosen.append(of_places[place][points[-1]])
    return total(chosen), points


def sheet(place: Path, scores: np.ndarray, truth: np.ndarray) -> None:
    """Draw a place's contact sheet."""
    found = scores >= SHIPPED
    cells = [cv2.convertScaleAbs(read(date / "visual.tif"), alpha=1.6) for date in dates_of(place)]
    verdict = cells[1] // 2
    for mask, colour in (
        (truth & found, (80, 200, 80)),
        (truth & ~found, (60, 60, 235)),
        (~truth & found, (60, 220, 240)),
    ):
        verdict[mask] = colour
    cv2.imwrite(str(ROOT / "build" / "score_bands" / f"{place.name}.png"), np.hstack([*cells, verdict]))


def by_eye(labels: Path) -> None:
    """Print what a reader saw in what is marked, beside the kind that it is told as."""
    known = read_labels(labels)
    judged = [(found, label_of(found.box, known), _kind_told(found)) for found in regions_by_bands()]
    print(f"{len(judged)} regions, {sum(label is not None for _, label, _ in judged)} of them with a reader's label")
    judged = [one for one in judged if one[1] is not None]
    places = {kind.value: place for place, kind in enumerate(KINDS)}
    was = np.array([places.get(label, places["other"]) for _, label, _ in judged])
    said = np.array([places[kind] for _, _, kind in judged])
    print(f"of the same kind {(said == was).mean():.2f} (rows: the reader)")
    print(matrix(said, was))
    right = np.array([label in DEFAULT_ALERT_KINDS for _, label, _ in judged])
    ignored = NO_WORKS | (WATERS - DEFAULT_ALERT_KINDS)
    told = np.array([kind not in ignored and _is_large(found) for found, _, kind in judged])
    of_place = np.array([found.place.name for found, _, _ in judged])
    chosen = {"marked": np.ones_like(told), "told": told}
    chosen |= {f"told as {kind}": told & (said == places[kind]) for kind in Kind}
    chosen |= {f"told, {place}": told & (of_place == place) for place in sorted(set(of_place))}
    for name, kept in chosen.items():
        print(f"{name:24} works, water lost, plants lost by eye: {wilson(int(right[kept].sum()), int(kept.sum()))}")


def _kind_told(found: FoundByBands) -> str:
    return kind_of(found.region, found.place.older, found.place.newer, found.place.truth.shape)


def _is_large(found: FoundByBands) -> bool:
    _, older, newer, truth = found.place
    return changed_share(found.region, older, newer, truth.shape) * found.region.mask.sum() >= LEAST_ALERT_PX


def score(places: list[Path], options: argparse.Namespace) -> None:
    """Print what the labels of the places say of what is marked."""
    for variant, changed in (ABLATION if options.ablation else {"": {}}).items():
        shipped = {key: getattr(band_change, key) for key in changed}
        for key in shipped:
            setattr(band_change, key, changed[key])
        of_places = {}
        for place in places:
            scores, truth = scores_of(place, with_season=options.season)
            of_places[place.name] = {score: counted(scores >= score, truth) for score in SCORES}
            if options.sheets:
                sheet(place, scores, truth)
            if not options.ablation:
                print(line(place.name, of_places[place.name][SHIPPED]), flush=True)
        print(line(variant or "all", total([each[SHIPPED] for each in of_places.values()])), flush=True)
        if not options.ablation:
            counts, points = left_out(of_places)
            print(line("all, each place's point by the others", counts))
            print(f"points chosen: {dict(zip(of_places, points, strict=True))}; shipped: {SHIPPED:g}")
            for score in SCORES:
                print(line(f"all, score {score:g}", total([each[score] for each in of_places.values()])))
        for key, value in shipped.items():
            setattr(band_change, key, value)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=PLACES)
    parser.add_argument("--sheets", action="store_true")
    parser.add_argument("--ablation", action="store_true")
    parser.add_argument("--season", action="store_true")
    parser.add_argument("--by-eye", action="store_true")
    parser.add_argument("--labels", type=Path, default=ROOT / "research" / "region_labels" / "bands_first.csv")
    options = parser.parse_args()
    places = places_in(options.data)
    if not places:
        print(f"No places: {options.data} is not there. They are research data and not part of this repository.")
        return
    if options.by_eye:
        by_eye(options.labels)
        return
    (ROOT / "build" / "score_bands").mkdir(parents=True, exist_ok=True)
    score(places, options)


if __name__ == "__main__":
    main()
