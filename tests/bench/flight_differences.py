"""What two flights over one place differ in: bends, shadows of clouds, the sun on the other side, blur, coarse pixels.

    python -m tests.bench.flight_differences [--every 1] [--only "cloud shadow"] [--jobs 2] [--sheets]

On the real before/after pairs beside the repository (without them this says so and ends). Prints, for each difference,
the share of unchanged copies that alert, and the pixel F1 on the changed pairs whose newer image has it. The seeds are
the pairs' names: a run is always the same. `--sheets` draws what alerts into build/flight_differences.
"""

from __future__ import annotations

import argparse
import csv
import zlib
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

import cv2
import numpy as np

from research.labelled_pairs import SHARED, scorer, wilson
from research.model_files import ROOT

Nuisance = Callable[[np.ndarray, np.random.Generator, float], np.ndarray]


def _clipped(values: np.ndarray) -> np.ndarray:
    return np.clip(np.rint(values), 0, 255).astype(np.uint8)


def _field(shape: tuple[int, ...], random: np.random.Generator, most: float, nodes: int) -> np.ndarray:
    """Return a smooth field that is `most` at its largest."""
    small = random.uniform(-1, 1, (nodes, nodes)).astype(np.float32)
    field = cv2.resize(small, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    return field * (most / np.abs(field).max())


def bent(most_px: float, nodes: int) -> Nuisance:
    """Bend an image smoothly, by so many pixels at most either way."""

    def nuisance(image: np.ndarray, random: np.random.Generator, _: float) -> np.ndarray:
        x, y = _field(image.shape, random, most_px, nodes), _field(image.shape, random, most_px, nodes)
        rows, columns = np.mgrid[0 : image.shape[0], 0 : image.shape[1]].astype(np.float32)
        return cv2.remap(image, columns + x, rows + y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)

    return nuisance


def cloud_shadow(soft_px: float) -> Nuisance:
    """Lay the shadow of a cloud over a tenth to a third of an image, bluish, with a rim of so many pixels."""

    def nuisance(image: np.ndarray, random: np.random.Generator, _: float) -> np.ndarray:
        height, width = image.shape[:2]
        small = random.normal(0, 1, (7, 7)).astype(np.float32)
        field = cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
        shade = (field > np.quantile(field, random.uniform(0.67, 0.9))).astype(np.float32)
        if soft_px:
            shade = cv2.GaussianBlur(shade, (0, 0), soft_px)
        left = random.uniform(0.4, 0.7) * np.array([1.08, 1.0, 0.94], np.float32)
        return _clipped(image * (1 + shade[..., None] * (left - 1)))

    return nuisance


def other_sun(image: np.ndarray, random: np.random.Generator, gsd_m: float) -> np.ndarray:
    """Cast the shadows of what is bright and small, 3 to 8 m long, to some side."""
    grey = cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (0, 0), 1.0).astype(np.float32)
    block = np.clip((grey - cv2.GaussianBlur(grey, (0, 0), max(4.0, 8.0 / gsd_m))) / 30, 0, 1)
    way, length = random.uniform(0, 2 * np.pi), random.uniform(3, 8) / gsd_m
    cast = np.zeros_like(block)
    for step in np.linspace(0, length, max(2, int(length) + 1)):
        matrix = np.array([[1, 0, step * np.cos(way)], [0, 1, step * np.sin(way)]], np.float32)
        cast = np.maximum(cast, cv2.warpAffine(block, matrix, (image.shape[1], image.shape[0])))
    shade = cv2.GaussianBlur(np.clip(cast - block, 0, 1), (0, 0), 0.7)
    return _clipped(image * (1 - 0.5 * shade[..., None]))


def motion(image: np.ndarray, random: np.random.Generator, _: float) -> np.ndarray:
    """Blur an image along a line of seven pixels."""
    kernel = np.zeros((7, 7), np.float32)
    way = random.uniform(0, np.pi)
    for step in np.linspace(-3, 3, 25):
        kernel[round(3 + step * np.sin(way)), round(3 + step * np.cos(way))] += 1
    return cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)


def defocus(sigma_px: float) -> Nuisance:
    """Blur an image evenly."""
    return lambda image, _random, _gsd_m: cv2.GaussianBlur(image, (0, 0), sigma_px)


def drawn_finer(times: int) -> Nuisance:
    """Show an image as pixels so many times as large do, drawn at its own by a tool that does not say so."""

    def nuisance(image: np.ndarray, _random: np.random.Generator, _gsd_m: float) -> np.ndarray:
        size = image.shape[1::-1]
        small = cv2.resize(image, tuple(max(1, side // times) for side in size), interpolation=cv2.INTER_AREA)
        return cv2.resize(small, size, interpolation=cv2.INTER_CUBIC)

    return nuisance


NUISANCES: dict[str, Nuisance] = {
    "bent by 2 px": bent(2, 4),
    "bent by 4 px": bent(4, 4),
    "bent by 4 px, six waves": bent(4, 7),
    "cloud shadow, hard rim": cloud_shadow(0),
    "cloud shadow, rim of 3 px": cloud_shadow(3),
    "cloud shadow, rim of 8 px": cloud_shadow(8),
    "sun on the other side": other_sun,
    "motion blur": motion,
    "defocused by 4 px": defocus(4),
    "defocused by 6 px": defocus(6),
    "drawn 6 times finer": drawn_finer(6),
    "drawn 10 times finer": drawn_finer(10),
}


def applied(name: str, image: np.ndarray, key: str, gsd_m: float) -> np.ndarray:
    """Return an image as another flight would have it, by the seed of its name."""
    return NUISANCES[name](image, np.random.default_rng(zlib.crc32(f"{name}|{key}".encode())), gsd_m)


def judge(job: tuple[dict, list[str], bool]) -> dict[str, tuple[int, list[int]]]:
    """For each nuisance: how many of a pair's two copies alert, and its right, false and missed pixels."""
    from chalicelib.vision.changes import detect

    cv2.setNumThreads(1)
    row, names, draws = job
    one, two, truth = scorer().load(str(SHARED / "change-pairs"), row["id"])
    gsd_m = float(row["metres_per_pixel"])
    alarm = scorer().px_for(200.0, gsd_m, 64.0)
    found = {}
    for name in names:
        copies = 0
        for side, image in (("a", one), ("b", two)):
            other = applied(name, image, row["id"] + side, gsd_m)
            mask = detect(image, other, gsd_m)
            copies += int((mask > 0).sum() >= alarm)
            if draws and (mask > 0).sum() >= alarm:
                marked = other.copy()
                marked[mask > 0] = (60, 220, 240)
                folder = ROOT / "build" / "flight_differences"
                cv2.imwrite(str(folder / f"{name} {row['id']}{side}.png"), np.hstack([image, other, marked]))
        ours, real = detect(one, applied(name, two, row["id"], gsd_m), gsd_m) > 0, truth > 0
        found[name] = copies, [int((ours & real).sum()), int((ours & ~real).sum()), int((~ours & real).sum())]
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--sheets", action="store_true")
    options = parser.parse_args()
    manifest = SHARED / "bench" / "dev.csv"
    if not manifest.exists():
        print(f"No pairs: {manifest} is not there. They are research data and not part of this repository.")
        return
    (ROOT / "build" / "flight_differences").mkdir(parents=True, exist_ok=True)
    with manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))[:: options.every]
    names = [name for name in NUISANCES if options.only in name]
    with ProcessPoolExecutor(options.jobs) as pool:
        found = list(pool.map(judge, [(row, names, options.sheets) for row in rows]))
    for name in names:
        pixels = np.sum([each[name][1] for each in found], axis=0)
        copies = sum(each[name][0] for each in found)
        print(f"{name:26s} copies that alert {wilson(copies, 2 * len(rows)):44s}", end=" ")
        print(f"F1 of the changed pairs {scorer().prf(*pixels)['F1']:.3f}")


if __name__ == "__main__":
    main()
