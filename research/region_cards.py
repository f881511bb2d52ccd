"""Cards of the regions that the detector finds on the labelled pairs, for readers who say of which kind each one is.

    python -m research.region_cards write [--out build/cards] [--every 3] [--known LABELS.csv]   # and a form
    python -m research.region_cards kappa FIRST.csv SECOND.csv                         # how far two readers agree

A card shows both dates (before, after) with the region's outline, and neither score nor kind; the order is shuffled. A
filled form is a file of labels: pair, box (left, top, width, height in px of the pair) and label, one of `LABELS`.
"""

from __future__ import annotations

import argparse
import csv
import random
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np

from chalicelib.domain.evidence import MIN_SCORE_ALONE
from chalicelib.vision.change_map import ChangeMap
from chalicelib.vision.drawn_over import map_uncovered
from chalicelib.vision.pixels import to_pixels
from chalicelib.vision.regions import PixelRegion, classified_regions, outline_rings
from research.labelled_pairs import SHARED, scorer

LABELS = (
    "built",
    "road",
    "bare_earth",
    "vegetation_lost",
    "vegetation_grown",
    "crop_or_season",
    "water_gained",
    "water_lost",
    "other",
    "nothing",
)
FIELDS = ("card", "pair", "left", "top", "width", "height", "label")
CELL_PX, ACROSS, DOWN = 250, 3, 5  # of a card's two cells, and the cards of a sheet
LEAST_SIDE_M, CONTEXT = 60.0, 1.7  # what a cell shows, at least, and as a multiple of the region's longer side


class Box(NamedTuple):
    """Which region of which pair; px."""

    pair: str
    left: int
    top: int
    width: int
    height: int


class Found(NamedTuple):
    """A region that the detector finds on a pair, with the pair's images and metres a pixel."""

    box: Box
    region: PixelRegion
    before: np.ndarray
    after: np.ndarray
    change_map: ChangeMap
    gsd_m: float
    source: str


def found_regions() -> Iterator[Found]:
    """Yield the regions of all labelled pairs that nothing rules out, in the manifest's order."""
    with (SHARED / "bench" / "dev.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        before, after, _ = scorer().load(str(SHARED / "change-pairs"), row["id"])
        gsd_m = float(row["metres_per_pixel"])
        change_map = map_uncovered(to_pixels(before), to_pixels(after), gsd_m).change_map
        for region, reason in classified_regions(change_map, gsd_m, MIN_SCORE_ALONE):
            if reason is None:
                height, width = region.mask.shape
                box = Box(row["id"], region.left, region.top, width, height)
                yield Found(box, region, before, after, change_map, gsd_m, row["source"])


def read_labels(path: Path) -> dict[Box, str]:
    """Read a filled form; cards without a label are left out. A word that is no label ends the command."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    labels = {
        Box(row["pair"], *(int(row[name]) for name in FIELDS[2:6])): row["label"].strip()
        for row in rows
        if row["label"]
    }
    strange = sorted(set(labels.values()) - set(LABELS))
    if strange:
        raise SystemExit(f"{path} has {', '.join(strange)}: a label is one of {', '.join(LABELS)}")
    return labels


def label_of(box: Box, labels: dict[Box, str]) -> str | None:
    """Return the label of the labelled box that a region's box overlaps most, by an IoU of a half at least."""
    near = [(overlap(box, other), label) for other, label in labels.items() if other.pair == box.pair]
    share, label = max(near, default=(0.0, None))
    return label if share >= 0.5 else None


def overlap(one: Box, two: Box) -> float:
    """Return the intersection over union of two boxes of one pair.

    >>> overlap(Box("p", 0, 0, 2, 2), Box("p", 1, 0, 2, 2))
    0.3333333333333333
    """
    across = min(one.left + one.width, two.left + two.width) - max(one.left, two.left)
    down = min(one.top + one.height, two.top + two.height) - max(one.top, two.top)
    both = max(0, across) * max(0, down)
    return both / (one.width * one.height + two.width * two.height - both)


def cohens_kappa(pairs: list[tuple[str, str]]) -> float:
    """Return how far two readers agree beyond chance (Cohen 1960).

    >>> cohens_kappa([("a", "a"), ("a", "b"), ("b", "b"), ("b", "b")])
    0.5
    """
    first, second = (Counter(words) for words in zip(*pairs, strict=True))
    chance = sum(first[word] * second[word] for word in first) / len(pairs) ** 2
    agreed = sum(one == two for one, two in pairs) / len(pairs)
    return (agreed - chance) / (1 - chance) if chance < 1 else 1.0


class Cut(NamedTuple):
    """The square of an image that a card shows: its first pixel and its side, px, and by how much it is enlarged."""

    left: int
    top: int
    side: int
    scale: float

    def cell(self, image: np.ndarray, region: PixelRegion) -> np.ndarray:
        """Draw that square of an image, with a region's outline."""
        rows, columns = image.shape[:2]
        canvas = np.zeros((self.side, self.side, 3), np.uint8)
        down, right = max(0, self.top), max(0, self.left)
        cut = image[down : min(rows, self.top + self.side), right : min(columns, self.left + self.side)]
        canvas[down - self.top :, right - self.left :][: cut.shape[0], : cut.shape[1]] = cut
        method = cv2.INTER_CUBIC if self.scale > 1 else cv2.INTER_AREA
        cell = cv2.resize(canvas, (CELL_PX, CELL_PX), interpolation=method)
        for ring in outline_rings(region):
            points = np.int32((ring + 0.5 - np.array([self.left, self.top])) * self.scale)
            cv2.polylines(cell, [points], isClosed=True, color=(0, 255, 255), thickness=1, lineType=cv2.LINE_AA)
        return cell


def cut_around(region: PixelRegion, least_px: float) -> Cut:
    """Return the square around a region, so many pixels wide at least."""
    height, width = region.mask.shape
    side = max(least_px, CONTEXT * max(height, width))
    left = round(region.left + width / 2 - side / 2)
    top = round(region.top + height / 2 - side / 2)
    return Cut(left, top, round(side), CELL_PX / round(side))


def titled(line: np.ndarray, text: str) -> np.ndarray:
    """Put a line of cells under a text."""
    line = cv2.copyMakeBorder(line, 18, 4, 3, 3, cv2.BORDER_CONSTANT, value=(40, 40, 40))
    return np.asarray(cv2.putText(line, text, (5, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (255, 255, 255), 1, cv2.LINE_AA))


def beside(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Put two cells side by side."""
    return np.hstack([one, np.full((len(one), 2, 3), 255, np.uint8), two])


def card(found: Found, number: int) -> np.ndarray:
    """Draw both dates of a region's surroundings, the outline on each, under the card's number and its scale."""
    cut = cut_around(found.region, LEAST_SIDE_M / found.gsd_m)
    line = beside(*(cut.cell(image, found.region) for image in (found.before, found.after)))
    return titled(line, f"{number}   {round(cut.side * found.gsd_m)} m across")


def write(out: Path, seed: int, every: int, known: Path | None) -> None:
    """Write the sheets and the form, of the regions that have no label in the file `known`."""
    labels = {} if known is None else read_labels(known)
    regions = [found for found in found_regions() if label_of(found.box, labels) is None]
    random.Random(seed).shuffle(regions)
    regions = regions[::every]
    write_sheets(
        out, [found.box for found in regions], [card(found, number) for number, found in enumerate(regions, 1)]
    )


def write_sheets(out: Path, boxes: list[Box], cards: list[np.ndarray], down: int = DOWN) -> None:
    """Write cards, numbered from 1, on sheets of `down` lines, and the form that a reader fills."""
    out.mkdir(parents=True, exist_ok=True)
    for first in range(0, len(cards), ACROSS * down):
        own = cards[first : first + ACROSS * down]
        own += [np.zeros_like(own[0])] * (-len(own) % ACROSS)
        lines = [np.hstack(own[place : place + ACROSS]) for place in range(0, len(own), ACROSS)]
        cv2.imwrite(str(out / f"sheet-{first // (ACROSS * down) + 1:02}.png"), np.vstack(lines))
    with (out / "form.csv").open("w", newline="") as file:
        form = csv.writer(file, lineterminator="\n")
        form.writerow(FIELDS)
        form.writerows((number, *box, "") for number, box in enumerate(boxes, 1))
    print(f"{len(boxes)} cards in {out}/sheet-*.png; write a label in each line of {out}/form.csv:", ", ".join(LABELS))


def kappa(first: Path, second: Path) -> None:
    """Print how far two readers agree, on all labels and on what is told as one thing."""
    one, two = read_labels(first), read_labels(second)
    read = ((label_of(box, one), label) for box, label in sorted(two.items()))
    both: list[tuple[str, str]] = [(first_label, label) for first_label, label in read if first_label is not None]
    if not both:
        raise SystemExit("the two files have no region in common")
    agreed = sum(a == b for a, b in both)
    print(f"{len(both)} regions that both read: {agreed} alike, kappa {cohens_kappa(both):.2f}")
    coarse = [(reading_kind(a), reading_kind(b)) for a, b in both]
    print(f"works, plants lost, water, rest: {sum(a == b for a, b in coarse)} alike, kappa {cohens_kappa(coarse):.2f}")
    for pair, count in Counter(pair for pair in both if pair[0] != pair[1]).most_common():
        print(f"  {pair[0]} / {pair[1]}: {count}")


def reading_kind(label: str) -> str:
    """Return what a label is told as, coarsely: works, plants lost, water lost, or the rest."""
    works = {"built": "works", "road": "works", "bare_earth": "works"}
    return works.get(label, label if label in {"vegetation_lost", "water_lost"} else "rest")


def main() -> None:
    """Do what the command says."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    writing = commands.add_parser("write")
    writing.add_argument("--out", type=Path, default=Path("build/cards"))
    writing.add_argument("--seed", type=int, default=1)
    writing.add_argument("--every", type=int, default=1)
    writing.add_argument("--known", type=Path, help="a file of labels: only regions that have none there are shown")
    comparing = commands.add_parser("kappa")
    comparing.add_argument("first", type=Path)
    comparing.add_argument("second", type=Path)
    options: Any = parser.parse_args()
    cv2.setNumThreads(1)
    if options.command == "write":
        write(options.out, options.seed, options.every, options.known)
    else:
        kappa(options.first, options.second)


if __name__ == "__main__":
    main()
