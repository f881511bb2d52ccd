"""Time the detector on one thread, beside the plain tutorial method, in the same run.

    python -m tests.bench.detector_speed [--metres-per-pixel 0.6]

Prints ms and peak MiB (of a fresh process, above the libraries' own) a tile, and the multiple of two PNG decodes and an
absolute difference. The pictures are simulated land.
"""

from __future__ import annotations

import argparse
import resource
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import cv2
import numpy as np

SIDES = (256, 512, 640, 1024, 1280)
REPEATS = 5


def absdiff(before: np.ndarray, after: np.ndarray) -> np.ndarray:
    """Mark changes as tutorials do: grey, difference, threshold 30."""
    grey = [cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY) for picture in (before, after)]
    return cv2.threshold(cv2.absdiff(*grey), 30, 255, cv2.THRESH_BINARY)[1]


def best_ms(work) -> float:
    """Time a piece of work: the median of some repeats, in milliseconds of this process's CPU."""
    work()
    times = []
    for _ in range(REPEATS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return 1000 * float(np.median(times))


def measure(job: tuple[int, float]) -> str:
    """Measure one size in a process of its own."""
    side, metres_per_pixel = job
    cv2.setNumThreads(1)
    from chalicelib.vision.changes import detect
    from research.scenes.pairs import pair

    made = pair(7, 640)
    before, after = (cv2.resize(p, (side, side), interpolation=cv2.INTER_CUBIC) for p in (made.before, made.after))
    files = [cv2.imencode(".png", picture)[1] for picture in (before, after)]
    floor = best_ms(lambda: cv2.absdiff(*(cv2.imdecode(file, cv2.IMREAD_COLOR) for file in files)))
    plain = best_ms(lambda: absdiff(before, after))
    resting = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours = best_ms(lambda: detect(before, after, metres_per_pixel))
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resting) / 1024
    return (
        f"{side:5d} px  decode+absdiff {floor:6.1f} ms   absdiff-30 {plain:5.1f} ms = x{plain / floor:.2f}   "
        f"detect {ours:6.1f} ms = x{ours / floor:.1f}   peak +{peak:.0f} MiB"
    )


def main() -> None:
    """Print one line a size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--metres-per-pixel", type=float, default=0.6)
    options = parser.parse_args()
    for side in SIDES:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            print(pool.submit(measure, (side, options.metres_per_pixel)).result())


if __name__ == "__main__":
    main()
