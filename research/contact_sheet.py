"""Ten of our rendered crops among ten real ones, shuffled: can you tell them apart? Prints the paths of two pictures.

Run as `python -m research.contact_sheet [--pairs DIR]`; the real crops are those of the development pairs (A/*.png).
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from datetime import date
from pathlib import Path

import cv2
import numpy as np

from chalicelib.domain.tiles import Tile, View, grid_position
from landscape import render

CELL_PX = 384  # of each crop on the sheet
GSD_M = 0.5
REAL = (
    "levir_test_12_q00",
    "levir_test_7_q01",
    "levir_test_12_q11",
    "levir_test_2_0000_0512",
    "whu_000121_q01",
    "google_1",
    "szada1_t00",
    "tisza40_t01",
    "szada4_t11",
    "dsifn_2_4",
)
PLACES = (  # east and south of the first tile, and the day: chosen so that every land cover is seen
    (0, 0, date(2025, 3, 10)),
    (6, 3, date(2025, 6, 2)),
    (2, 4, date(2025, 9, 15)),
    (-31, 12, date(2025, 12, 5)),
    (41, -7, date(2024, 1, 20)),
    (58, 33, date(2025, 3, 10)),
    (-2, -54, date(2024, 1, 20)),
    (7, 90, date(2025, 6, 2)),
    (123, 5, date(2025, 9, 15)),
    (-2, -53, date(2025, 3, 10)),
)


def ours() -> list[tuple[str, np.ndarray]]:
    """Render crops from all over a district, at the sheet's resolution."""
    x0, y0 = (int(part) for part in grid_position(85.72, 20.16, 17))
    crops = []
    for east, south, day in PLACES:
        view = View(tile=Tile(17, x0 + east, y0 + south), tile_px=1024, margin_px=128)
        started = time.process_time()
        whole = render(view, day)
        took = time.process_time() - started
        size = round(view.size_px * view.gsd_m / GSD_M)
        small = cv2.resize(whole, (size, size), interpolation=cv2.INTER_AREA)
        start = (size - CELL_PX) // 2
        crops.append((f"ours {view.tile} {day} {took:.1f}s", small[start : start + CELL_PX, start : start + CELL_PX]))
    return crops


def real(pairs: Path) -> list[tuple[str, np.ndarray]]:
    """Read real crops; those smaller than a cell are drawn larger."""
    crops = []
    for name in REAL:
        image = cv2.imread(str(pairs / "A" / f"{name}.png"))
        if image is None:
            raise SystemExit(f"no {name}.png in {pairs / 'A'}: give the development pairs with --pairs")
        side = min(*image.shape[:2], CELL_PX)
        crops.append((f"real {name}", cv2.resize(image[:side, :side], (CELL_PX, CELL_PX))))
    return crops


def sheet(crops: list[tuple[str, np.ndarray]], *, labels: list[str]) -> np.ndarray:
    """Lay crops out five in a row, each with its label."""
    cells = []
    for (_, crop), label in zip(crops, labels, strict=True):
        cell = cv2.copyMakeBorder(crop, 20, 2, 2, 2, cv2.BORDER_CONSTANT, value=(24, 24, 24))
        cells.append(cv2.putText(cell, label, (5, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.42, (235, 235, 235), 1, cv2.LINE_AA))
    return np.vstack([np.hstack(cells[n : n + 5]) for n in range(0, len(cells), 5)])


def main(arguments: list[str]) -> None:
    """Write both sheets."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=Path, default=Path("../shared/change-pairs"))
    parser.add_argument("--out", type=Path, default=Path("build"))
    options = parser.parse_args(arguments)
    cv2.setNumThreads(1)
    crops = [*ours(), *real(options.pairs)]
    random.Random(7).shuffle(crops)
    options.out.mkdir(parents=True, exist_ok=True)
    for name, labels in (
        ("contact-sheet.png", [str(n) for n in range(1, len(crops) + 1)]),
        ("contact-sheet-labelled.png", [label for label, _ in crops]),
    ):
        cv2.imwrite(str(options.out / name), sheet(crops, labels=labels))
        print(options.out / name)
    print("ours:", ", ".join(str(n) for n, (label, _) in enumerate(crops, 1) if label.startswith("ours")))


if __name__ == "__main__":
    main(sys.argv[1:])
