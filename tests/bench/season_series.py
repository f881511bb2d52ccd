"""How soon, and how surely, the same-season rule tells that plants were cleared, on simulated series of NDVI.

    python -m tests.bench.season_series [--pixels 200] [--seed 11] [--false-alerts 0.1] [--ablation]

Five land types under an Indian year of clouds, by the simulator that lies beside the pairs (without it this says so
and ends), and a harder one of ours: soils differ from pixel to pixel, and what is cleared lies anywhere between dark
and light. One threshold for all land types, at which quiet ground has so many false alerts a pixel in two years.
Printed for each: producer's accuracy (cleared pixels that alert within 120 days) with its interval, the median delay
in days and its quartiles, and user's accuracy where one pixel in fifty is cleared in a year.
"""

from __future__ import annotations

import argparse
import importlib.util
from typing import Any

import numpy as np

from chalicelib.vision import seasons
from research.labelled_pairs import SHARED, wilson

RARE = 0.02  # of the pixels, cleared in a year
ABLATION = {
    "as shipped": {},
    "two earlier years": {"YEARS": 2},
    "one earlier year": {"YEARS": 1},
    "+-15 days": {"SEASON_DAYS": 15},
    "+-30 days": {"SEASON_DAYS": 30},
    "one level of bare ground": {"_BARE": (0.12,)},
    "five levels": {"_BARE": (0.04, 0.08, 0.12, 0.16, 0.20)},
    "no limit to what a pass says": {"_MOST_OF_A_PASS": 60.0, "_LEAST_OF_A_PASS": -60.0},
}


def simulator() -> Any:
    """Load the simulator."""
    spec = importlib.util.spec_from_file_location("ndvi_series", SHARED / "bench" / "ndvi_series.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def series(made: Any, pixels: int, seed: int, *, is_hard: bool) -> dict[str, tuple]:
    """Give for each land type its quiet series, its cleared ones, and the day of each clearing."""
    random = np.random.default_rng(seed)

    def ground(kind: str) -> np.ndarray:
        index = made.ground(kind, pixels, random)
        return index + random.normal(0, 0.03, (pixels, 1)) if is_hard else index

    found = {}
    for kind in made.KINDS:
        quiet = made.observed(ground(kind), random)
        when = made.START + random.integers(30, 600, pixels)
        bare = random.uniform(0.06, 0.2, (pixels, 1)) if is_hard else 0.13
        bare = bare + random.normal(0, 0.02, (pixels, made.DAYS.size))
        gone = made.observed(np.where(made.DAYS[None] >= when[:, None], bare, ground(kind)), random)
        found[kind] = quiet, gone, when
    return found


def alerts(evidence: np.ndarray, threshold: float) -> int:
    """Count how often evidence rises over a threshold."""
    over = evidence > threshold
    return int((over[:, 1:] & ~over[:, :-1]).sum())


def threshold_of(quiet: list[np.ndarray], allowed: float) -> float:
    """Give the threshold at which quiet ground has so many alerts a pixel."""
    pixels = sum(len(each) for each in quiet)
    low, high = 0.0, seasons.MOST_EVIDENCE
    for _ in range(40):
        middle = (low + high) / 2
        is_more = sum(alerts(each, middle) for each in quiet) > allowed * pixels
        low, high = (middle, high) if is_more else (low, middle)
    return high


def measure(made: Any, of_kinds: dict[str, tuple], allowed: float, *, is_short: bool) -> None:
    """Print what is found of each land type."""
    first = int(np.searchsorted(made.DAYS, made.START - 180))
    after = made.DAYS >= made.START
    quiet = {kind: seasons.cleared_evidence(made.DAYS, each[0], first)[:, after] for kind, each in of_kinds.items()}
    threshold = threshold_of(list(quiet.values()), allowed)
    shares = []
    for kind, (_, gone, when) in of_kinds.items():
        since = made.DAYS[None] - when[:, None]
        hits = (seasons.cleared_evidence(made.DAYS, gone, first) > threshold) & (since >= 0) & (since < 120)
        found = hits.any(axis=1)
        delay = np.percentile((made.DAYS[hits.argmax(axis=1)] - when)[found], [25, 50, 75]) if found.any() else [0] * 3
        false_a_year = alerts(quiet[kind], threshold) / len(gone) / 2
        users = RARE * found.mean() / max(1e-9, RARE * found.mean() + (1 - RARE) * false_a_year)
        shares.append(f"{found.mean():.2f} ({delay[1]:.0f})")
        if not is_short:
            told = f"{delay[1]:.0f} days ({delay[0]:.0f} to {delay[2]:.0f})"
            print(f"  {kind:10} {wilson(int(found.sum()), len(found)):44} {told:22} user's {users:.2f}")
    if is_short:
        print(f"threshold {threshold:4.1f}  {'  '.join(shares)}")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pixels", type=int, default=200)
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--false-alerts", type=float, default=0.1)
    parser.add_argument("--ablation", action="store_true")
    options = parser.parse_args()
    if not (SHARED / "bench" / "ndvi_series.py").exists():
        print("No simulator: ../shared/bench/ndvi_series.py is not there. It is not part of this repository.")
        return
    made = simulator()
    for name, is_hard in (("as the simulator has them", False), ("harder", True)):
        of_kinds = series(made, options.pixels, options.seed, is_hard=is_hard)
        print(f"{name}: {', '.join(made.KINDS)}" if options.ablation else name)
        for variant, changed in (ABLATION if options.ablation else {"": {}}).items():
            shipped = {key: getattr(seasons, key) for key in changed}
            for key, value in changed.items():
                setattr(seasons, key, value)
            if options.ablation:
                print(f"  {variant:28}", end=" ")
            measure(made, of_kinds, options.false_alerts, is_short=options.ablation)
            for key, value in shipped.items():
                setattr(seasons, key, value)


if __name__ == "__main__":
    main()
