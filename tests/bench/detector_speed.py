"""Time the detector on one thread, beside the plain tutorial method, in the same run.

    python -m tests.bench.detector_speed [--metres-per-pixel 0.6] [--ingredients]

Prints ms and peak MiB (of a fresh process, above the libraries' own) a tile, and the multiple of two PNG decodes and an
absolute difference: where much was built, where nothing was, and what of the latter the gate takes. The pictures are
simulated land; those of a quiet tile are one picture twice, the second in other light, with a camera's noise.
`--ingredients` prints what each step takes of either, at 640 and at 1,280 px.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from types import ModuleType

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


def pictures(side: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Draw a place, the same after much was built, and the same in other light."""
    from research.scenes.pairs import pair

    made = pair(7, 640)
    before, after = (cv2.resize(p, (side, side), interpolation=cv2.INTER_CUBIC) for p in (made.before, made.after))
    noise = np.random.default_rng(1).normal(0, 3, before.shape)
    return before, after, np.clip(0.97 * before + noise, 0, 255).astype(np.uint8)


def ingredients(job: tuple[int, float]) -> str:
    """Measure what each step of one size takes, in a process of its own."""
    side, metres_per_pixel = job
    cv2.setNumThreads(1)
    from chalicelib.vision import change_map, changes, drawn_over

    spent: Counter[str] = Counter()

    def timed(module: ModuleType, name: str) -> None:
        work = getattr(module, name)

        def wrapped(*arguments, **named):
            start = time.process_time()
            try:
                return work(*arguments, **named)
            finally:
                spent[name] += time.process_time() - start

        setattr(module, name, wrapped)

    for module, name in (
        (changes, "in_scene"),
        (changes, "placed"),
        (change_map, "cloud_mask"),
        (change_map, "relit"),
        (change_map, "estimate_shift"),
        (change_map, "estimate_field"),
        (change_map, "normalised_greys"),
        (change_map, "log_odds"),
        (changes, "map_uncovered"),
        (drawn_over, "map_change"),
        (changes, "changed_mask"),
    ):
        timed(module, name)
    before, after, same = pictures(side)
    lines = []
    for title, other in (("busy", after), ("quiet", same)):
        changes.detect(before, other, metres_per_pixel)
        spent.clear()
        for _ in range(REPEATS):
            changes.detect(before, other, metres_per_pixel)
        lines += [f"{side} px, {title}:"] + [
            f"  {name:20s} {1000 * s / REPEATS:6.1f} ms" for name, s in spent.most_common()
        ]
    return "\n".join(lines)


def measure(job: tuple[int, float]) -> str:
    """Measure one size in a process of its own."""
    side, metres_per_pixel = job
    cv2.setNumThreads(1)
    from chalicelib.vision.changes import detect
    from chalicelib.vision.pixels import to_pixels
    from chalicelib.vision.placement import placed

    before, after, same = pictures(side)
    files = [cv2.imencode(".png", picture)[1] for picture in (before, after)]
    floor = best_ms(lambda: cv2.absdiff(*(cv2.imdecode(file, cv2.IMREAD_COLOR) for file in files)))
    plain = best_ms(lambda: absdiff(before, after))
    resting = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours = best_ms(lambda: detect(before, after, metres_per_pixel))
    quiet = best_ms(lambda: detect(before, same, metres_per_pixel))
    gate = best_ms(lambda: placed(to_pixels(before), to_pixels(same), metres_per_pixel))
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resting) / 1024
    return (
        f"{side:5d} px  decode+absdiff {floor:6.1f} ms   absdiff-30 {plain:5.1f} ms = x{plain / floor:.2f}   "
        f"busy {ours:6.1f} ms = x{ours / floor:.1f}   quiet {quiet:6.1f} ms = x{quiet / floor:.1f}, "
        f"x{gate / floor:.1f} of it the gate   peak +{peak:.0f} MiB"
    )


def main() -> None:
    """Print one line a size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--metres-per-pixel", type=float, default=0.6)
    parser.add_argument("--ingredients", action="store_true")
    options = parser.parse_args()
    if options.ingredients:
        for side in (640, 1280):
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                print(pool.submit(ingredients, (side, options.metres_per_pixel)).result())
        return
    for side in SIDES:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
            print(pool.submit(measure, (side, options.metres_per_pixel)).result())


if __name__ == "__main__":
    main()
