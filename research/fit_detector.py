"""Fit the detector's network on simulated land and write it into chalicelib/vision/model/weights.json.

    python -m research.fit_detector [--pairs 300] [--jobs 2] [--samples FILE.npz] [--epochs 5]

Only images that `research/scenes` draws. One hidden layer, logistic loss, Adam with a falling step, weight decay;
every fifth pair is kept apart to measure on. With --samples the pixels are kept in (or taken from) a file.
"""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import cv2
import numpy as np

from chalicelib.vision.network import Network
from research.model_files import origin, write_weights

FIRST_SEED = 1_000
HIDDEN = 12


def samples(seed: int) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Return names, features (rows) and truth of some pixels of one simulated pair."""
    cv2.setNumThreads(1)
    from chalicelib.vision.change_map import register_pair
    from chalicelib.vision.features import feature_maps, normalised_greys
    from chalicelib.vision.pixels import to_pixels
    from research.scenes.pairs import pair

    made = pair(seed)
    ready = register_pair(to_pixels(made.before), to_pixels(made.after), made.metres_per_pixel)
    size = (ready.usable.shape[1], ready.usable.shape[0])
    changed = cv2.resize((made.truth == 1).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    quiet = cv2.resize((made.truth == 0).astype(np.float32), size, interpolation=cv2.INTER_AREA)
    r = np.random.default_rng(seed)
    yes = np.flatnonzero((changed > 0.7) & ready.usable)
    no = np.flatnonzero((quiet > 0.99) & ready.usable)
    at = np.concatenate(
        [r.choice(yes, min(len(yes), 1000), replace=False), r.choice(no, min(len(no), 2600), replace=False)]
    )
    names, columns = [], []
    greys = normalised_greys(ready.one, ready.two)
    for feature in feature_maps(ready.one, ready.two, *greys, ready.usable):
        names.append(feature.name)
        columns.append(np.full(len(at), feature.values) if feature.values.ndim == 0 else feature.values.ravel()[at])
    return names, np.array(columns, np.float16).T, changed.ravel()[at] > 0.5, np.full(len(at), seed)


def collect(pairs: int, jobs: int) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Draw samples from that many pairs."""
    with ProcessPoolExecutor(jobs) as pool:
        made = list(pool.map(samples, range(FIRST_SEED, FIRST_SEED + pairs), chunksize=4))
    x, y, seeds = (np.concatenate([m[i] for m in made]) for i in (1, 2, 3))
    return made[0][0], x, y, seeds


def fit(x: np.ndarray, y: np.ndarray, *, epochs: int, hidden: int = HIDDEN, decay: float = 0.1) -> list[np.ndarray]:
    """Fit first (hidden, maps), its bias, second (hidden,) and bias on standardised rows."""
    r = np.random.default_rng(1)
    count = x.shape[1]
    weights = [
        r.normal(0, (2 / count) ** 0.5, (hidden, count)),
        np.zeros(hidden),
        r.normal(0, hidden**-0.5, hidden),
        np.zeros(1),
    ]
    weights = [w.astype(np.float32) for w in weights]
    moments = [[np.zeros_like(w), np.zeros_like(w)] for w in weights]
    batch, step = 2048, 0
    total = epochs * (len(y) // batch)
    for _ in range(epochs):
        order = r.permutation(len(y))
        for begin in range(0, len(y) - batch + 1, batch):
            at = order[begin : begin + batch]
            rows, wanted = x[at].astype(np.float32), y[at].astype(np.float32)
            raw = rows @ weights[0].T + weights[1]
            out = np.maximum(raw, 0)
            miss = (1 / (1 + np.exp(-(out @ weights[2] + weights[3]))) - wanted) / batch
            back = np.outer(miss, weights[2]) * (raw > 0)
            slopes = [back.T @ rows, back.sum(0), miss @ out, miss.sum(keepdims=True)]
            step += 1
            rate = 4e-3 * 0.5 * (1 + np.cos(np.pi * step / total))
            for w, slope, moment in zip(weights, slopes, moments, strict=True):
                moment[0] += 0.1 * (slope - moment[0])
                moment[1] += 0.001 * (slope * slope - moment[1])
                change = moment[0] / (1 - 0.9**step) / (np.sqrt(moment[1] / (1 - 0.999**step)) + 1e-8)
                w -= (rate * (change + decay * w)).astype(np.float32)  # noqa: PLW2901 (in place)
    return weights


def answer(weights: list[np.ndarray], x: np.ndarray) -> np.ndarray:
    """Return probabilities of standardised rows."""
    out = np.maximum(x.astype(np.float32) @ weights[0].T + weights[1], 0) @ weights[2] + weights[3]
    return 1 / (1 + np.exp(-out))


def fitted_network(names: list[str], weights: list[np.ndarray], mean: np.ndarray, spread: np.ndarray) -> Network:
    """Make the network, with the standardising folded into its first layer."""
    first = weights[0] / spread
    bias = weights[1] - first @ mean
    first, bias, second, last = (np.asarray(part, np.float32) for part in (first, bias, weights[2], weights[3]))
    return Network(tuple(names), first, bias, second, float(last[0]))


def main() -> None:
    """Fit and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--samples", type=Path)
    options = parser.parse_args()
    made = origin()
    if options.samples and options.samples.exists():
        kept = np.load(options.samples)
        names, x, y, seeds = [str(name) for name in kept["names"]], kept["x"], kept["y"], kept["seeds"]
    else:
        names, x, y, seeds = collect(options.pairs, options.jobs)
        if options.samples:
            np.savez(options.samples, names=names, x=x, y=y, seeds=seeds)
    apart = seeds % 5 == 0
    mean, spread = x[~apart].astype(np.float64).mean(0), x[~apart].astype(np.float64).std(0) + 1e-6
    ready = ((x - mean) / spread).astype(np.float16)
    weights = fit(ready[~apart], y[~apart], epochs=options.epochs)
    for name, part in (("fitted on", ~apart), ("kept apart", apart)):
        p, truth = answer(weights, ready[part]), y[part]
        loss = -np.mean(np.where(truth, np.log(p + 1e-9), np.log(1 - p + 1e-9)))
        print(f"{name}: {part.sum()} pixels of {len(set(seeds[part]))} pairs, log loss {loss:.4f}")
    write_weights(fitted_network(names, weights, mean, spread), made)


if __name__ == "__main__":
    main()
