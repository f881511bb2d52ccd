"""Fit the detector's weights on simulated land and write them into chalicelib/vision/weights.py.

    python -m tests.bench.fit_detector [--pairs 240] [--jobs 2]

Only pictures drawn by `scenes.py` are used. Logistic regression on standardised features, by Newton's method, with
change and no change weighing what they weigh in the sample; a ridge keeps the redundant features' weights small.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

TARGET = Path(__file__).resolve().parents[2] / "chalicelib" / "vision" / "weights.py"
FIRST_SEED = 1_000


def samples(seed: int) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Give names, features (rows) and truth of some pixels of one simulated pair."""
    cv2.setNumThreads(1)
    from chalicelib.vision.evidence import prepare
    from chalicelib.vision.features import features
    from chalicelib.vision.pixels import split
    from tests.bench.scenes import pair

    made = pair(seed)
    ready = prepare(split(made.before), split(made.after), made.metres_per_pixel)
    size = (ready.usable.shape[1], ready.usable.shape[0])
    changed = cv2.resize((made.truth == 1).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    quiet = cv2.resize((made.truth == 0).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    r = np.random.default_rng(seed)
    yes = np.flatnonzero((changed > 0.7) & ready.usable)
    no = np.flatnonzero((quiet > 0.99) & ready.usable)
    yes = r.choice(yes, min(len(yes), 1200), replace=False)
    no = r.choice(no, min(len(no), 2400), replace=False)
    at = np.concatenate([yes, no])
    names, columns = [], []
    for feature in features(ready.one, ready.two, ready.usable):
        names.append(feature.name)
        columns.append(cv2.boxFilter(feature.values, cv2.CV_32F, (5, 5)).ravel()[at])
    truth = np.concatenate([np.ones(len(yes)), np.zeros(len(no))]).astype(np.float32)
    return names, np.array(columns, np.float32).T, truth, np.full(len(at), seed)


def fit(x: np.ndarray, y: np.ndarray, ridge: float = 30.0, weight: np.ndarray | None = None) -> np.ndarray:
    """Fit weights (last one the bias) of a logistic regression."""
    x = np.column_stack([x, np.ones(len(x))]).astype(np.float64)
    w = np.zeros(x.shape[1])
    weight = np.ones(len(y)) if weight is None else weight
    keep = np.full(x.shape[1], ridge)
    keep[-1] = 0
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(x @ w, -30, 30)))
        g = x.T @ (weight * (p - y)) + keep * w
        h = (x * (weight * p * (1 - p) + 1e-9)[:, None]).T @ x + np.diag(keep)
        step = np.linalg.solve(h, g)
        w -= step
        if np.abs(step).max() < 1e-5:
            break
    return w


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=240)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--keep", help="also keep the samples in this .npz file")
    options = parser.parse_args()
    with ProcessPoolExecutor(options.jobs) as pool:
        made = list(pool.map(samples, range(FIRST_SEED, FIRST_SEED + options.pairs), chunksize=4))
    names = made[0][0]
    x, y, seeds = (np.concatenate([m[i] for m in made]) for i in (1, 2, 3))
    if options.keep:
        np.savez(options.keep, x=x, y=y, seeds=seeds, names=names)
    mean, spread = x.mean(0), x.std(0) + 1e-6
    w = fit((x - mean) / spread, y)
    weights, bias = w[:-1] / spread, float(w[-1] - (w[:-1] / spread * mean).sum())
    lines = [f'    "{name}": {value:.5f},' for name, value in zip(names, weights, strict=True)]
    TARGET.write_text(
        '"""The detector\'s fitted numbers, from `python -m tests.bench.fit_detector`: simulated land only."""\n\n'
        f"BIAS = {bias:.5f}\nWEIGHTS: dict[str, float] = {{\n" + "\n".join(lines) + "\n}\n"
    )
    p = 1 / (1 + np.exp(-(x @ weights + bias)))
    loss = -np.mean(y * np.log(p + 1e-9) + (1 - y) * np.log(1 - p + 1e-9))
    print(f"{len(y)} pixels of {options.pairs} pairs, {y.mean():.2f} changed; log loss {loss:.3f}")
    for name, v, s in sorted(zip(names, w[:-1], spread, strict=True), key=lambda t: -abs(t[1])):
        print(f"  {name:14s} {v:+.3f}  spread {s:.3f}")


if __name__ == "__main__":
    main()
