"""What each ingredient of the detector gives: the research pairs scored without it, everything else as shipped.

    python -m research.ablation

The weights stay as they are; what is left out is left out of the reckoning only. Nuisances are those of every sixth
pair, both dates: the share of copies, in which nothing but weather happens, that alert.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import cv2
import numpy as np

from chalicelib.vision import calibration, change_map, changes, features, network, regions, registration, shadows
from research.labelled_pairs import SHARED, scored, scorer

KNOBS = {"alert_m2": 200.0, "alert_px": 64.0, "object_m2": 30.0}
NUISANCE_EVERY = 6
USUAL_M2 = 300.0  # of a region that is told


@contextmanager
def put(module: Any, **values: Any) -> Iterator[None]:
    """Put other values into a module for a while."""
    kept = {name: getattr(module, name) for name in values}
    for name, value in values.items():
        setattr(module, name, value)
    yield
    for name, value in kept.items():
        setattr(module, name, value)


def without(*families: str) -> Callable[..., np.ndarray]:
    """Return the network's answer with some families of maps held at their mean over the picture."""

    def answer(maps: Any, shape: tuple[int, ...]) -> np.ndarray:
        calmed = (
            features.FeatureMap(one.name, np.full_like(one.values, np.mean(one.values)))
            if one.name.startswith(families)
            else one
            for one in maps
        )
        return network.log_odds(calmed, shape)

    return answer


@contextmanager
def without_size() -> Iterator[None]:
    """Let each region count as one of a usual size: what is surer is still told before what is less sure."""
    strength_of = calibration.strength_of
    with put(calibration, strength_of=lambda odds, _area_m2: strength_of(odds, USUAL_M2)):
        yield


VARIANTS: dict[str, Callable[[], Any]] = {
    "as shipped": partial(put, change_map),
    "without what a region's size is worth": without_size,
    "without asking for the same ground": partial(put, regions, SAME_GROUND=2.0),
    "without the rule of shadows": partial(put, shadows, MAX_AREA_M2=0.0, MAX_ROW_AREA_M2=0.0),
    "without finding a shift": partial(put, registration, MAX_SHIFT_PX=0.0),
    "without radiometric normalisation of the colours": partial(
        put, features, normalise_radiometry=lambda source, *_: source
    ),
    "without local contrast normalisation of the grey": partial(
        put, features, normalise_contrast=lambda grey: (grey - grey.mean()) / (grey.std() + 5)
    ),
    "without local correlation (unlike)": partial(put, change_map, log_odds=without("unlike_")),
    "without contrast (contrast, calm)": partial(put, change_map, log_odds=without("contrast_", "calm_")),
    "without edges (turned, edges, straight)": partial(
        put, change_map, log_odds=without("turned_", "edges_", "straight_")
    ),
    "without colour and tint": partial(put, change_map, log_odds=without("colour_", "tint_")),
    "without what the ground is (green, warm, bright)": partial(
        put, change_map, log_odds=without("green_", "warm_", "bright_")
    ),
}


def measure(rows: list[dict]) -> str:
    """Score the pairs and the nuisances once; give one row of a table."""
    found, alerted, copies = [], 0, 0
    for place, row in enumerate(rows):
        metres_per_pixel = float(row["metres_per_pixel"])
        before, after, truth = scorer().load(str(SHARED / "change-pairs"), row["id"])
        found.append(scored(row, truth, changes.detect(before, after, metres_per_pixel), KNOBS))
        if place % NUISANCE_EVERY:
            continue
        for name in scorer().NUISANCES:
            for picture in (before, after):
                seen = scorer().apply_nuisance(name, picture, row["id"])
                alerted += (changes.detect(picture, seen, metres_per_pixel) > 0).sum() >= found[-1]["alarm"]
                copies += 1
    table = scorer().summarise(found)
    windows, quiet = table["window_alert_generic"], table["quiet"]["clean_windows_generic"]
    return (
        f"{table['pixel']['F1']:.3f} / {table['pixel_macro_F1']:.3f} | "
        f"{windows['R']:.2f} at {quiet['false_alarm']:.2f} | "
        f"{table['objects']['cover']['F1']:.3f} | {table['alert']['fp']} | {alerted / copies:.3f} |"
    )


def main() -> None:
    """Print the table."""
    manifest = SHARED / "bench" / "dev.csv"
    if not manifest.exists():
        print(f"No pairs to score on: {manifest} is not there. They are research data and not part of this repository.")
        return
    cv2.setNumThreads(1)
    with manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    print(
        "| variant | pixel F1 micro / macro | windows: recall at false alarm | cover F1 | unchanged of 14 | nuisances |"
    )
    print("| --- | --- | --- | --- | --- | --- |")
    for name, change in VARIANTS.items():
        with change():
            print(f"| {name} | {measure(rows)}", flush=True)


if __name__ == "__main__":
    main()
