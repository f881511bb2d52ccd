"""What the gate makes of pictures that do not lie where they say: a grid of displacements, and wrong ones.

    python -m tests.bench.ground_match [--every 1] [--only "1 degree, .5 %"]

On the real before/after pairs beside the repository (without them this says so and ends). Prints the share of
unchanged copies that alert, uncorrected and corrected, the share of the recall that is kept where the newer image of a
changed pair is displaced, what becomes of wrong pictures, and what the gate costs beside the whole comparison.
"""

from __future__ import annotations

import argparse
import csv
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator

import cv2
import numpy as np

from chalicelib.domain.image_header import read_header
from chalicelib.vision.change_map import map_change
from chalicelib.vision.changes import detect
from chalicelib.vision.ground_match import match_ground
from chalicelib.vision.pixels import decode, to_pixels
from chalicelib.vision.regions import changed_mask
from research.labelled_pairs import SHARED, scorer

DISPLACEMENTS = [
    ("nothing", 0.0, 0.0, 0.0),
    *((f"{metres} m", 0.0, 0.0, float(metres)) for metres in (3, 6, 12, 20, 30, 36, 60)),
    *((f"{turn:+d} degrees", float(turn), 0.0, 0.0) for turn in (-3, -2, -1, 1, 2, 3)),
    *((f"scale {1 + stretch:.2f}", 0.0, stretch, 0.0) for stretch in (-0.02, -0.01, 0.01, 0.02)),
    ("1 degree, .5 %", 1.0, 0.005, 0.0),
    ("2 degrees, 1 %, 20 m", 2.0, 0.01, 20.0),
]
WRONG: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "mirrored, left to right": lambda image: image[:, ::-1],
    "mirrored, top to bottom": lambda image: image[::-1],
    "upside down": lambda image: image[::-1, ::-1],
    "a quarter to the left": np.rot90,
    "a quarter to the right": lambda image: np.rot90(image, 3),
    "a negative": lambda image: 255 - image,
}


def displaced(image: np.ndarray, gsd_m: float, turn: float, stretch: float, metres: float, way: float) -> np.ndarray:
    """Show the ground by a camera that is turned, nearer, and off by some metres; its rim is mirrored."""
    height, width = image.shape[:2]
    matrix = cv2.getRotationMatrix2D(((width - 1) / 2, (height - 1) / 2), turn, 1 + stretch)
    matrix[:, 2] += metres / gsd_m * np.array([math.cos(way), math.sin(way)])
    return cv2.warpAffine(image, matrix, (width, height), flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def before(first: np.ndarray, second: np.ndarray, gsd_m: float) -> np.ndarray:
    """Mark what changed as it was done before there was this gate."""
    return changed_mask(map_change(to_pixels(first), to_pixels(second), gsd_m), gsd_m)


def alerts(mask: np.ndarray, gsd_m: float) -> bool:
    """Is so much marked that the scorer counts an alert?"""
    return bool((mask > 0).sum() >= scorer().px_for(200.0, gsd_m, 64.0))


def answer(first: np.ndarray, second: np.ndarray, gsd_m: float) -> str:
    """Say what the gate says of a pair."""
    match = match_ground(to_pixels(first), to_pixels(second), gsd_m)
    return match.misfit.kind.value if match.misfit else "fits" if match.is_sure else "no answer"


def pairs(every: int) -> Iterator[tuple[dict, np.ndarray, np.ndarray, np.ndarray, float]]:
    """Yield the pairs: row, before, after, truth, metres a pixel."""
    with (SHARED / "bench" / "dev.csv").open(newline="") as file:
        for row in list(csv.DictReader(file))[::every]:
            yield row, *scorer().load(str(SHARED / "change-pairs"), row["id"]), float(row["metres_per_pixel"])


def grid(every: int, only: str) -> None:
    """Print, for each displacement, what alerts and what is kept."""
    print(f"{'displacement':22s} {'copies':>6s} {'alert before':>12s} {'alert now':>9s} {'FAILED':>6s} recall kept")
    for name, turn, stretch, metres in DISPLACEMENTS:
        if only not in name:
            continue
        was, now, failed, copies, kept, all_of_it = 0, 0, 0, 0, 0, 0
        for place, (_, one, two, truth, gsd_m) in enumerate(pairs(every)):
            if metres / gsd_m > 0.3 * min(one.shape[:2]):  # hardly anything of the ground is left
                continue
            how = gsd_m, turn, stretch, metres, place * math.pi / 4
            copy = displaced(one, *how)
            copies += 1
            was += alerts(before(one, copy, gsd_m), gsd_m)
            now += alerts(detect(one, copy, gsd_m), gsd_m)
            failed += match_ground(to_pixels(one), to_pixels(copy), gsd_m).misfit is not None
            found = (detect(one, two, gsd_m) > 0) & (truth > 0)
            still = (detect(one, displaced(two, *how), gsd_m) > 0) & found
            all_of_it, kept = all_of_it + int(found.sum()), kept + int(still.sum())
        shares = was / copies, now / copies, failed / copies, kept / max(1, all_of_it)
        print("{:22s} {:6d} {:12.2f} {:9.2f} {:6.2f} {:.2f}".format(name, copies, *shares))


def wrong(every: int) -> None:
    """Print what the gate says of pairs as they are, turned the wrong way, and of other places."""
    known = list(pairs(every))
    print("as they are:", dict(Counter(answer(one, two, gsd_m) for _, one, two, _, gsd_m in known)))
    for name, way in WRONG.items():
        said: Counter[str] = Counter()
        for _, one, two, _, gsd_m in known:
            side = min(one.shape[:2])
            said[answer(one[:side, :side], np.ascontiguousarray(way(two[:side, :side])), gsd_m)] += 1
        print(f"{name}:", dict(said))
    for date in ("before", "after"):
        said = Counter()
        for place, (row, one, _, _, gsd_m) in enumerate(known):
            for other in known[place + 1 :]:
                if (other[0]["source"], other[4]) == (row["source"], gsd_m):
                    two = other[1] if date == "before" else other[2]
                    side = min(*one.shape[:2], *two.shape[:2])
                    said[answer(one[:side, :side], two[:side, :side], gsd_m)] += 1
        print(f"another place, {date}:", dict(said))


def halves(every: int) -> None:
    """Print how often the half of an image that lies 21 m off is found: of a copy, and of the other date."""
    print("half of it 21 m off, pairs of 150 m a side and more, to 2 m a pixel:")
    for name in ("a copy", "the other date"):
        found: list[bool] = []
        for _, one, two, _, gsd_m in pairs(every):
            if gsd_m > 2 or min(one.shape[:2]) * gsd_m < 150:
                continue
            image = one if name == "a copy" else two
            mosaic, middle = image.copy(), image.shape[1] // 2
            mosaic[:, middle:] = displaced(image, gsd_m, 0.0, 0.0, 21.0, 0.34)[:, middle:]
            found.append(match_ground(to_pixels(one), to_pixels(mosaic), gsd_m).part is not None)
        print(f"  {name}: {sum(found)} of {len(found)}")


def cost() -> None:
    """Print the gate's milliseconds of CPU beside the whole comparison's, decoding included, of 640 px pairs."""
    cv2.setNumThreads(1)
    shares = []
    for _, one, two, _, _ in pairs(6):
        files = [cv2.imencode(".png", cv2.resize(image, (640, 640)))[1].tobytes() for image in (one, two)]
        pixels = [decode(file, read_header(file)) for file in files]

        def spent(work: Callable[[], object]) -> float:
            times = []
            for _ in range(5):
                start = time.process_time()
                work()
                times.append(time.process_time() - start)
            return 1000 * float(np.median(times))

        gate = spent(lambda: match_ground(*pixels, 0.6))
        rest = spent(lambda: map_change(*(decode(file, read_header(file)) for file in files), 0.6))
        shares.append((gate, rest))
    gate, rest = (float(np.median(each)) for each in zip(*shares, strict=True))
    print(
        f"640 px, .6 m: gate {gate:.1f} ms beside {rest:.1f} ms of decoding and change map: {100 * gate / rest:.0f} %"
    )


def main() -> None:
    """Print it all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", default="", help="displacements whose name has this")
    options = parser.parse_args()
    if not (SHARED / "bench" / "dev.csv").exists():
        print("No pairs: they are research data and not part of this repository.")
        return
    cost()
    grid(options.every, options.only)
    wrong(options.every)
    halves(options.every)


if __name__ == "__main__":
    main()
