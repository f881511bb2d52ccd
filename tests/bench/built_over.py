"""Look at what was built over as a whole: windows of the labelled pairs that are mostly change, seen by themselves.

    python -m tests.bench.built_over [--side 192] [--least 0.35]

Of each real before/after pair beside the repository (without them this says so and ends) the window with the most
labelled change is taken, where its share is large enough. Prints the share of its labelled pixels that are found in the
whole pair, and in the window alone: a pair must not take its own change for what is normal in it.
"""

from __future__ import annotations

import argparse
import csv

import cv2
import numpy as np

from research.labelled_pairs import SHARED, scorer


def fullest(labelled: np.ndarray, side: int) -> tuple[tuple[slice, slice], float]:
    """Return the window of a mask that holds the most of it, and the share that it fills there."""
    side = min(side, *labelled.shape)
    shares = cv2.boxFilter(labelled.astype(np.float32), -1, (side, side), anchor=(0, 0))
    shares = shares[: labelled.shape[0] - side + 1, : labelled.shape[1] - side + 1]
    top, left = (int(place) for place in np.unravel_index(shares.argmax(), shares.shape))
    return (slice(top, top + side), slice(left, left + side)), float(shares[top, left])


def main() -> None:
    """Print a line a window, and the means."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--side", type=int, default=192)
    parser.add_argument("--least", type=float, default=0.35)
    options = parser.parse_args()
    from chalicelib.vision.changes import detect

    cv2.setNumThreads(1)
    manifest = SHARED / "bench" / "dev.csv"
    if not manifest.exists():
        print(f"No pairs to look at: {manifest} is not there. They are research data and not part of this repository.")
        return
    found = []
    with manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        before, after, truth = scorer().load(str(SHARED / "change-pairs"), row["id"])
        window, share = fullest(truth > 0, options.side)
        if share < options.least:
            continue
        gsd_m = float(row["metres_per_pixel"])
        whole = detect(before, after, gsd_m)[window]
        alone = detect(np.ascontiguousarray(before[window]), np.ascontiguousarray(after[window]), gsd_m)
        labelled = truth[window] > 0
        found.append([float((mask > 0)[labelled].mean()) for mask in (whole, alone)])
        print(f"{row['id']:24s} {share:.2f} labelled   in the pair {found[-1][0]:.2f}   alone {found[-1][1]:.2f}")
    if not found:
        print(f"No window of {options.side} px is labelled to {options.least:g} and more.")
        return
    print("{} windows   in the pair {:.2f}   alone {:.2f}".format(len(found), *np.mean(found, axis=0)))


if __name__ == "__main__":
    main()
