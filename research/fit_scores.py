"""Fit how a region's score is worked out, on simulated land, and draw how far the scores can be trusted.

    python -m research.fit_scores [--pairs 800] [--jobs 2]

To be run after fit_detector, on other seeds; years lie between the dates of half of the pairs. A region
is right when at least 30 % of it changed. Every second pair is kept apart: the expected calibration error is measured
there. Writes chalicelib/vision/model/calibration.json, and docs/reliability.png.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor

import cv2
import numpy as np

from chalicelib.vision.calibration import Calibration, strength_of
from research.model_files import ROOT, origin, write_calibration

FIRST_SEED = 90_000
RIGHT_SHARE = 0.3


def regions_of(seed: int) -> list[tuple[int, list[float], bool]]:
    """Return seed, what is known of it, and whether it is right, for each region of one simulated pair."""
    cv2.setNumThreads(1)
    from chalicelib.vision.change_map import map_change
    from chalicelib.vision.pixels import to_pixels
    from chalicelib.vision.regions import candidate_regions, threshold_excess
    from research.scenes.pairs import pair

    made = pair(seed, years=seed % 4 >= 2)
    gsd_m = made.metres_per_pixel
    change_map = map_change(to_pixels(made.before), to_pixels(made.after), gsd_m)
    found = []
    size = (change_map.odds.shape[1], change_map.odds.shape[0])
    changed = cv2.resize((made.truth == 1).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    open_ = cv2.resize((made.truth == 2).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    real = np.where(open_ > 0.5, 2, changed > 0.5)
    for region in candidate_regions(change_map, threshold_excess(change_map.odds), gsd_m):
        truth = real[region.box][region.mask]
        decided = truth != 2
        if decided.sum() < 4:
            continue
        area_m2 = region.area_m2(change_map.working_gsd_m(gsd_m))
        known = strength_of(change_map.odds[region.box][region.mask], area_m2)
        found.append((seed, [known], bool((truth[decided] == 1).mean() >= RIGHT_SHARE)))
    return found


def fit(x: np.ndarray, y: np.ndarray, ridge: float = 1.0) -> np.ndarray:
    """Fit a logistic regression by Newton's method; the bias comes last."""
    x = np.column_stack([x, np.ones(len(x))])
    w = np.zeros(x.shape[1])
    keep = np.diag([ridge] * (x.shape[1] - 1) + [0.0])
    for _ in range(30):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        w -= np.linalg.solve((x * (p * (1 - p) + 1e-9)[:, None]).T @ x + keep, x.T @ (p - y) + keep @ w)
    return w


def reliability(p: np.ndarray, y: np.ndarray, bins: int = 10) -> tuple[float, list[tuple[float, float, int]]]:
    """Return the expected calibration error and, for each bin, mean score, share right, and count."""
    lines = []
    for low in np.arange(bins) / bins:
        inside = (p >= low) & (p < low + 1 / bins + (1e-9 if low + 1 / bins >= 1 else 0))
        if inside.any():
            lines.append((float(p[inside].mean()), float(y[inside].mean()), int(inside.sum())))
    return sum(abs(said - was) * count for said, was, count in lines) / len(p), lines


def plot(lines: list[tuple[float, float, int]], error: float) -> np.ndarray:
    """Draw said against was."""
    canvas = np.full((420, 420, 3), 255, np.uint8)
    cv2.rectangle(canvas, (50, 20), (400, 370), (0, 0, 0), 1)
    cv2.line(canvas, (50, 370), (400, 20), (180, 180, 180), 1, cv2.LINE_AA)
    most = max(count for _, _, count in lines)
    points = [(int(50 + 350 * said), int(370 - 350 * was)) for said, was, _ in lines]
    cv2.polylines(canvas, [np.array(points)], isClosed=False, color=(60, 20, 235), thickness=2, lineType=cv2.LINE_AA)
    for point, (_, _, count) in zip(points, lines, strict=True):
        cv2.circle(canvas, point, int(3 + 9 * (count / most) ** 0.5), (60, 20, 235), -1, cv2.LINE_AA)
    cv2.putText(
        canvas, f"score said (ECE {error:.3f})", (120, 405), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA
    )
    cv2.putText(canvas, "share right", (55, 15), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return canvas


def main() -> None:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=800)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    made = origin()
    with ProcessPoolExecutor(options.jobs) as pool:
        seeds = range(FIRST_SEED, FIRST_SEED + options.pairs)
        found = [region for some in pool.map(regions_of, seeds, chunksize=4) for region in some]
    apart = np.array([seed % 2 == 1 for seed, _, _ in found])
    x, y = np.array([known for _, known, _ in found]), np.array([right for _, _, right in found], float)
    weights = fit(x[~apart], y[~apart])
    p = 1 / (1 + np.exp(-(x @ weights[:-1] + weights[-1])))
    error, lines = reliability(p[apart], y[apart])
    print(
        f"{len(y)} regions, {y.mean():.2f} right; kept apart {int(apart.sum())}: expected calibration error {error:.3f}"
    )
    for said, was, count in lines:
        print(f"  said {said:.2f}  was {was:.2f}  of {count}")
    cv2.imwrite(str(ROOT / "docs" / "reliability.png"), plot(lines, error))
    write_calibration(Calibration(slope=weights[0], intercept=weights[-1]), made)


if __name__ == "__main__":
    main()
