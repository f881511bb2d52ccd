"""Score the detector on the real before/after pairs beside the repository, and draw what it got right and wrong.

    python -m tests.bench.score [--jobs 2] [--nuisance-every 6] [--no-sheets] [--no-stress]

The pairs and their scorer are research data that is not ours to ship (`../shared`); without them this says so and ends.
Prints the scorer's table, Wilson intervals for the small counts, the same pairs made coarser and cropped, and the
figures with the operating point chosen four-fold; writes a contact sheet per pair (before, after, truth, ours: green
right, red missed, yellow false) into build/score/.
"""

from __future__ import annotations

import argparse
import csv
from concurrent.futures import ProcessPoolExecutor

import cv2
import numpy as np

from research.labelled_pairs import SHARED, scorer, wilson
from research.model_files import ROOT
from tests.bench.score_sources import by_score, one_source_left_out

DETECTOR = "chalicelib.vision.changes:detect"
CELL_PX = 420


def begin() -> None:
    """Prepare a worker process."""
    scorer()._init(DETECTOR, None, [str(ROOT)])


def judge(job: tuple) -> dict:
    """Score one pair."""
    return scorer().work(job)


def sheet(row: dict) -> tuple[float, float, str]:
    """Draw one pair's contact sheet; give its F1, less the m2 that are wrong, and both as a line."""
    from chalicelib.vision.changes import detect

    before, after, truth = scorer().load(str(SHARED / "change-pairs"), row["id"])
    ours = detect(before, after, float(row["metres_per_pixel"])) > 0
    real = truth > 0
    verdict = (after // 2).copy()
    verdict[real & ours] = (80, 200, 80)
    verdict[real & ~ours] = (60, 60, 235)
    verdict[~real & ours] = (60, 220, 240)
    cells = [before, after, cv2.cvtColor(truth * 255, cv2.COLOR_GRAY2BGR), verdict]
    size = (CELL_PX, round(CELL_PX * before.shape[0] / before.shape[1]))
    line = np.hstack([cv2.resize(cell, size, interpolation=cv2.INTER_AREA) for cell in cells])
    right, false, missed = int((real & ours).sum()), int((~real & ours).sum()), int((real & ~ours).sum())
    f1 = 2 * right / (2 * right + false + missed) if right + false + missed else 1.0
    false_m2, missed_m2 = (pixels * float(row["metres_per_pixel"]) ** 2 for pixels in (false, missed))
    text = f"{row['id']}  {row['source']}  F1 {f1:.2f}  false {false_m2:.0f} m2  missed {missed_m2:.0f} m2"
    line = cv2.copyMakeBorder(line, 24, 0, 0, 0, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    cv2.putText(line, text, (6, 17), cv2.FONT_HERSHEY_SIMPLEX, 0.5, (0, 0, 0), 1, cv2.LINE_AA)
    cv2.imwrite(str(ROOT / "build" / "score" / f"{row['id']}.png"), line)
    return f1, -false_m2 - missed_m2, text


COPIES = {  # cropped by so many pixels, made so much coarser, said to have so many times their metres a pixel
    "cropped by 17 px": (17, 1.0, 1.0),
    "made coarser by 0.8": (0, 0.8, 1.0),
    "both": (17, 0.8, 1.0),
    "m a pixel 20 % too small": (0, 1.0, 0.8),
    "m a pixel 20 % too large": (0, 1.0, 1.2),
}


def of_copies(row: dict) -> list[list[int]]:
    """Score copies of one pair: right, false, missed pixels of each of `COPIES`."""
    from chalicelib.vision.changes import detect

    pictures, gsd_m = scorer().load(str(SHARED / "change-pairs"), row["id"]), float(row["metres_per_pixel"])
    found = []
    for crop, scale, off in COPIES.values():
        size = (round((pictures[0].shape[1] - crop) * scale), round((pictures[0].shape[0] - crop) * scale))
        before, after, truth = (
            cv2.resize(picture[crop:, crop:].astype(np.float32), size, interpolation=cv2.INTER_AREA)
            for picture in pictures
        )
        ours = detect(np.rint(before).astype(np.uint8), np.rint(after).astype(np.uint8), gsd_m * off / scale) > 0
        real = truth > 0.5
        found.append([int((real & ours).sum()), int((~real & ours).sum()), int((real & ~ours).sum())])
    return found


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--nuisance-every", type=int, default=6)
    parser.add_argument("--no-sheets", action="store_true")
    parser.add_argument("--no-stress", action="store_true")
    options = parser.parse_args()
    manifest = SHARED / "bench" / "dev.csv"
    if not manifest.exists():
        print(f"No pairs to score on: {manifest} is not there. They are research data and not part of this repository.")
        return
    with manifest.open(newline="") as file:
        rows = list(csv.DictReader(file))
    knobs = {"alert_m2": 200.0, "alert_px": 64.0, "object_m2": 30.0, "nuisance": True, "stress": not options.no_stress}
    calm = {**knobs, "nuisance": False}
    jobs = [
        (row, str(SHARED / "change-pairs"), calm if place % options.nuisance_every else knobs)
        for place, row in enumerate(rows)
    ]
    (ROOT / "build" / "score").mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(options.jobs, initializer=begin) as pool:
        found = list(pool.map(judge, jobs))
        copies = np.sum(list(pool.map(of_copies, rows)), axis=0)
        lines = [] if options.no_sheets else sorted(pool.map(sheet, rows))
        at_scores = list(pool.map(by_score, jobs))
    table = scorer().summarise(found)
    timing = scorer().timing(scorer().Detector(DETECTOR, None), rows, str(SHARED / "change-pairs"))
    scorer().show(table, timing)
    quiet, windows = table["quiet"]["clean_windows_generic"], table["window_alert_generic"]
    print(
        "real unchanged tiles alerted      ", wilson(table["alert"]["fp"], table["alert"]["fp"] + table["alert"]["tn"])
    )
    print("clean windows alerted, generic    ", wilson(round(quiet["false_alarm"] * quiet["n"]), quiet["n"]))
    print("changed windows alerted, generic  ", wilson(round(windows["R"] * windows["changed"]), windows["changed"]))
    print(f"pixel F1 of copies, beside {table['pixel']['F1']:.3f} as stored:")
    print(
        *(f"  {name} {scorer().prf(*pixels)['F1']:.3f}" for name, pixels in zip(COPIES, copies, strict=True)), sep="\n"
    )
    folded, chosen = one_source_left_out(rows, at_scores)
    alert, apart = folded["window_alert_generic"], folded["quiet"]["clean_windows_generic"]
    print("the needed score that the other sources choose, and each source itself:")
    print(*(f"  {each.source} {each.others} {each.own}" for each in chosen), sep="\n")
    print(
        "one source left out, the needed score chosen on the others: pixel F1 "
        f"{folded['pixel']['F1']:.3f}, macro {folded['pixel_macro_F1']:.3f}; windows {alert['R']:.2f} at "
        f"{apart['false_alarm']:.2f}; cover F1 {folded['objects']['cover']['F1']:.3f}; IoU .3 recall "
        f"{folded['objects']['IoU0.3']['R']:.2f}, precision {folded['objects']['IoU0.3']['P']:.2f}; unchanged tiles "
        f"alerted {folded['alert']['fp']} of {folded['alert']['fp'] + folded['alert']['tn']}"
    )
    if lines:
        print("worst twenty by pixel F1, then by wrong m2; sheets are in build/score/:")
        print(*(f"  {text}" for _, _, text in lines[:20]), sep="\n")


if __name__ == "__main__":
    main()
