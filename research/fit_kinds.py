"""Fit how the kind of a region is told, on simulated land, and print how well it tells kinds there.

    python -m research.fit_kinds [--pairs 600] [--jobs 2] [--samples FILE.npz]

A multinomial logistic regression on what `describe` measures. The kind of a region is that of most of its pixels, but
built where a fifth of it is. Every fifth pair is kept apart: the confusion matrix, the log loss and the expected
calibration error are measured there. Writes chalicelib/vision/model/kinds.json.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from chalicelib.domain.kinds import WORKS, Kind
from chalicelib.vision.kinds import KindModel
from chalicelib.vision.region_descriptors import NAMES, describe
from research.fit_scores import reliability
from research.model_files import origin, write_kinds
from research.scenes.kinds import KINDS, NONE, known_pair

FIRST_SEED = 300_000
LEAST_SCORE = 0.3  # of a region that is learned from: those that may be seen and ignored count too
BUILT_SHARE, SURE_SHARE = 0.2, 0.6  # of a region: built; of one kind
RIDGE = 3.0


def regions_of(seed: int) -> list[tuple[int, int, np.ndarray]]:
    """Return seed, kind and descriptors of each region of one simulated pair whose kind is clear."""
    cv2.setNumThreads(1)
    from chalicelib.vision.change_map import map_change
    from chalicelib.vision.pixels import to_pixels
    from chalicelib.vision.regions import candidate_regions, threshold_excess

    made = known_pair(seed)
    gsd_m = made.metres_per_pixel
    change_map = map_change(to_pixels(made.before), to_pixels(made.after), gsd_m)
    pair = change_map.pair
    if pair is None:
        return []
    size = (change_map.odds.shape[1], change_map.odds.shape[0])
    kinds = cv2.resize(made.kinds, size, interpolation=cv2.INTER_NEAREST)
    found = []
    for region in candidate_regions(change_map, threshold_excess(change_map.odds), gsd_m):
        kind = _kind_of(kinds[region.box][region.mask])
        if kind is not None and region.score >= LEAST_SCORE:
            corner = (region.top, region.left)
            x = describe(region.mask, corner, pair.older_and_newer, pair.levels, change_map.working_gsd_m(gsd_m))
            found.append((seed, kind, x))
    return found


def _kind_of(kinds: np.ndarray) -> int | None:
    """Return the kind of a region's pixels, None where it is not clear."""
    counts = np.bincount(kinds[kinds != NONE], minlength=len(KINDS))
    if counts[KINDS.index(Kind.BUILT)] >= BUILT_SHARE * len(kinds):
        return KINDS.index(Kind.BUILT)
    kind = int(counts.argmax())
    return kind if counts[kind] >= SURE_SHARE * len(kinds) else None


def probabilities(x: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Return (regions, kinds), of descriptors with a column of ones and weights (descriptors + 1, kinds)."""
    odds = x @ weights
    odds -= odds.max(axis=1, keepdims=True)
    return np.exp(odds) / np.exp(odds).sum(axis=1, keepdims=True)


def fit(x: np.ndarray, kinds: np.ndarray, ridge: float = RIDGE) -> np.ndarray:
    """Fit a multinomial logistic regression by Newton's method; the row of the bias comes last, and has no ridge."""
    x = np.column_stack([x, np.ones(len(x))])
    one_hot = np.eye(len(KINDS))[kinds]
    weights = np.zeros((x.shape[1], len(KINDS)))
    keep = np.array([ridge] * (x.shape[1] - 1) + [1e-3])[:, None]
    for _ in range(25):
        p = probabilities(x, weights)
        gradient = x.T @ (p - one_hot) + keep * weights
        blocks = [
            [(x * (p[:, i] * ((i == j) - p[:, j]))[:, None]).T @ x for j in range(len(KINDS))]
            for i in range(len(KINDS))
        ]
        hessian = np.block(blocks) + np.diag(np.tile(keep[:, 0], len(KINDS)))
        step = np.linalg.solve(hessian, gradient.T.ravel()).reshape(len(KINDS), -1).T
        weights -= step
        if np.abs(step).max() < 1e-5:
            break
    return weights


def matrix(said: np.ndarray, was: np.ndarray) -> str:
    """Return the confusion matrix as text: a row for each kind that was, a column for each that was said."""
    names = [str(kind)[:10] for kind in KINDS]
    lines = [" " * 18 + " ".join(f"{name:>10}" for name in names)]
    for place, kind in enumerate(KINDS):
        row = np.bincount(said[was == place], minlength=len(KINDS))
        lines.append(f"{kind:<18}" + " ".join(f"{count:>10}" for count in row))
    return "\n".join(lines)


def auc(of_works: np.ndarray, of_rest: np.ndarray) -> float:
    """Return how often one of the first is above one of the second; a tie counts half."""
    above = (of_works[:, None] > of_rest[None]).mean() + 0.5 * (of_works[:, None] == of_rest[None]).mean()
    return float(above)


def main() -> None:
    """Fit, measure, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=600)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--samples", type=Path, help="keep the regions there, or begin from those that are")
    options = parser.parse_args()
    made = origin()
    if options.samples and options.samples.exists():
        kept = np.load(options.samples)
        seeds, kinds, x = kept["seeds"], kept["kinds"], kept["x"]
    else:
        with ProcessPoolExecutor(options.jobs) as pool:
            run = pool.map(regions_of, range(FIRST_SEED, FIRST_SEED + options.pairs), chunksize=4)
            found = [region for some in run for region in some]
        seeds, kinds = np.array([one[0] for one in found]), np.array([one[1] for one in found])
        x = np.array([one[2] for one in found])
        if options.samples:
            np.savez_compressed(options.samples, seeds=seeds, kinds=kinds, x=x)
    apart = seeds % 5 == 0
    mean, spread = x[~apart].mean(axis=0), x[~apart].std(axis=0) + 1e-6
    scaled = np.clip((x - mean) / spread, -3, 3)
    weights = fit(scaled[~apart], kinds[~apart])
    p = probabilities(np.column_stack([scaled[apart], np.ones(apart.sum())]), weights)
    said, was = p.argmax(axis=1), kinds[apart]
    loss = -np.log(p[np.arange(len(was)), was]).mean()
    error, _ = reliability(p.max(axis=1), (said == was).astype(float))
    works = [KINDS.index(kind) for kind in KINDS if kind in WORKS]
    print(
        f"{len(kinds)} regions of {options.pairs} pairs; kept apart {len(was)}: right {(said == was).mean():.2f}, "
        f"log loss {loss:.3f}, expected calibration error {error:.3f}"
    )
    print(matrix(said, was))
    is_works = np.isin(was, works)
    print(f"works or not: AUC {auc(p[is_works][:, works].sum(axis=1), p[~is_works][:, works].sum(axis=1)):.3f}")
    write_kinds(KindModel(NAMES, mean, spread, weights[:-1].T, weights[-1]), made)


if __name__ == "__main__":
    main()
