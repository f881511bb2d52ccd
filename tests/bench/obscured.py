"""What is made of ground that an image does not show, and of bright roofs that only look so.

    python -m tests.bench.obscured [--every 3] [--only "stripes"] [--against COMMIT] [--sheets]

On the real before/after pairs beside the repository (without them this says so and ends). Into a copy of each pair's
first image one thing is drawn: holes, wedges and stripes without data, clouds, halls. Prints for each kind, as stored
in PNG and in JPEG: how many copies alert, how much of what was drawn counts as unseen, how much other ground does, and
of halls how many are found; with `--against`, the same of another commit. `--sheets` writes into build/obscured/.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np

from chalicelib.vision.change_map import clear_mask
from chalicelib.vision.changes import detect
from chalicelib.vision.pixels import to_pixels

try:
    from chalicelib.vision.drawn_over import map_uncovered
except ImportError:  # an older commit
    from chalicelib.vision.lettering import map_without_letters as map_uncovered

try:
    from chalicelib.vision.masks import in_scene
except ImportError:  # an older commit, whose change map looks for the scene itself

    def in_scene(pixels):
        return pixels


from research.labelled_pairs import SHARED, scorer
from research.model_files import ROOT
from tests.bench.obscured_kinds import KINDS, stored

FOUND_SHARE = 0.3  # of a hall that is marked


def pairs(every: int) -> Iterator[tuple[dict, np.ndarray, float]]:
    """Yield the first images of the pairs: row, image, metres a pixel."""
    with (SHARED / "bench" / "dev.csv").open(newline="") as file:
        for row in list(csv.DictReader(file))[::every]:
            yield row, scorer().load(str(SHARED / "change-pairs"), row["id"])[0], float(row["metres_per_pixel"])


def judge(image: np.ndarray, drawn: np.ndarray, where: np.ndarray, gsd_m: float) -> tuple[dict, np.ndarray, np.ndarray]:
    """Compare an image with its copy; give the figures, what is marked, and what is unseen."""
    marked = detect(image, drawn, gsd_m) > 0
    pair = in_scene(to_pixels(image)), in_scene(to_pixels(drawn))
    unseen = ~(clear_mask(to_pixels(drawn), gsd_m) & map_uncovered(*pair, gsd_m).change_map.clear)
    around = cv2.dilate(where.astype(np.uint8), np.ones((3, 3), np.uint8), iterations=max(2, round(20 / gsd_m))) > 0
    was_unseen = ~clear_mask(to_pixels(image), gsd_m)
    return (
        {
            "alerts": int(marked.sum() >= scorer().px_for(200.0, gsd_m, 64.0)),
            "found": int((marked & where).sum() >= FOUND_SHARE * max(1, where.sum())),
            "unseen": float(unseen[where].mean()) if where.any() else 0.0,
            "beyond": float((unseen & ~around & ~was_unseen).mean()),
        },
        marked,
        unseen,
    )


def measure(options: argparse.Namespace) -> dict[str, dict]:
    """Measure all kinds; write the sheets, if wanted."""
    cv2.setNumThreads(1)
    table: dict[str, dict] = {}
    for kind in KINDS:
        for ending in kind.endings:
            name = f"{kind.name}, {ending}"
            if options.only not in name:
                continue
            begun, rows, cells = time.process_time(), [], []
            for place, (row, image, gsd_m) in enumerate(pairs(options.every)):
                made = kind.draw(image, gsd_m, np.random.default_rng([place, len(kind.name)]))
                if made is None:
                    continue
                drawn = stored(made[0], ending)
                figures, marked, unseen = judge(image, drawn, made[1], gsd_m)
                rows.append(figures)
                if options.sheets:
                    cells.append(sheet(row["id"], image, drawn, marked, unseen))
            if rows:
                table[name] = {key: float(np.mean([row[key] for row in rows])) for key in rows[0]}
                table[name] |= {"copies": len(rows), "seconds": time.process_time() - begun}
            if cells:
                folder = ROOT / "build" / "obscured"
                folder.mkdir(parents=True, exist_ok=True)
                cv2.imwrite(str(folder / f"{name.replace(', ', '-').replace(' ', '_')}.png"), np.vstack(cells))
    return table


def sheet(name: str, image: np.ndarray, drawn: np.ndarray, marked: np.ndarray, unseen: np.ndarray) -> np.ndarray:
    """Draw one copy: before, after, what is unseen (magenta) and marked (yellow)."""
    verdict = drawn // 2
    verdict[unseen] = (200, 40, 200)
    verdict[marked] = (60, 220, 240)
    line = np.hstack(
        [cv2.resize(cell[..., :3], (240, 240), interpolation=cv2.INTER_AREA) for cell in (image, drawn, verdict)]
    )
    return cv2.putText(line, name, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 255), 1, cv2.LINE_AA)


def of_commit(commit: str, options: argparse.Namespace) -> dict[str, dict]:
    """Measure the same with the code of another commit."""
    with tempfile.TemporaryDirectory() as folder:
        archive = subprocess.run(["git", "archive", commit, "chalicelib"], cwd=ROOT, check=True, capture_output=True)
        subprocess.run(["tar", "-x", "-C", folder], input=archive.stdout, check=True)
        command = [sys.executable, str(Path(__file__)), "--json", "--every", str(options.every), "--only", options.only]
        env = os.environ | {"PYTHONPATH": f"{folder}{os.pathsep}{ROOT}"}
        done = subprocess.run(command, env=env, cwd=folder, check=True, capture_output=True, text=True)
        return json.loads(done.stdout)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--every", type=int, default=3)
    parser.add_argument("--only", default="", help="kinds whose name has this")
    parser.add_argument("--against", default="", help="a commit to measure too")
    parser.add_argument("--sheets", action="store_true", help="draw what was found")
    parser.add_argument("--json", action="store_true", help="print figures only")
    options = parser.parse_args()
    if not (SHARED / "bench" / "dev.csv").exists():
        print("No pairs: they are research data and not part of this repository.")
        return
    now = measure(options)
    if options.json:
        print(json.dumps(now))
        return
    was = of_commit(options.against, options) if options.against else {}
    keys = ("alerts", "found", "unseen", "beyond")
    print(f"{'kind':36s} copies " + " ".join(f"{key:>{13 if was else 7}s}" for key in keys))
    for name, figures in now.items():
        cells = [(f"{was[name][key]:5.3f} > " if name in was else "  ") + f"{figures[key]:5.3f}" for key in keys]
        print(f"{name:36s} {figures['copies']:6d} " + " ".join(cells))


if __name__ == "__main__":
    main()
