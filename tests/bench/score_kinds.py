"""Hold the kinds of the regions on the labelled pairs against what a reader saw, and print what ignoring kinds gives.

    python -m tests.bench.score_kinds [--labels research/region_labels/dev_first.csv] [--sheets]

Prints the confusion matrix, how well works are told from plants (AUC, of the chance of a kind that alerts), and, before
and after kinds that do not alert are ignored, the precision by eye for works, water lost and vegetation lost, and the
tiles with labelled works that alert. With `--sheets`, the regions by kind as cards in build/kinds/.
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.domain.kinds import DEFAULT_ALERT_KINDS, SURE, WORKS, Kind
from chalicelib.vision.kinds import COARSEST_GSD_M, kinds_of
from chalicelib.vision.regions import draw_mask
from research.fit_kinds import auc, matrix
from research.labelled_pairs import SHARED, scored, scorer, wilson
from research.model_files import ROOT
from research.region_cards import ACROSS, Found, card, found_regions, label_of, read_labels
from research.scenes.kinds import KINDS

PLANTS = frozenset({Kind.VEGETATION_GROWN, Kind.CROP_OR_SEASON})
UNWANTED = frozenset(Kind) - DEFAULT_ALERT_KINDS - {Kind.OTHER}
LEAST_ALERT_M2 = 200.0
KNOBS = {"alert_m2": 200.0, "alert_px": 64.0, "object_m2": 30.0}
POINTS = (0.95, 0.9, 0.85, 0.8, 0.75, 0.7, 0.6, 0.5)
KEPT_WORKS = 0.98  # of the regions: what the operating point is to leave


class Judged(NamedTuple):
    """A region with what a reader saw in it and what the detector says."""

    found: Found
    label: str
    chances: dict[Kind, float]

    @property
    def kind(self) -> Kind:
        return max(self.chances, key=self.chances.__getitem__)

    @property
    def unwanted(self) -> float:
        """How probable it is that nobody asks for it, by the usual choice."""
        return sum(self.chances[kind] for kind in UNWANTED)

    def is_ignored(self, sure: float) -> bool:
        """Is it, if it must be so probable? Not where pixels are coarser than those that kinds were fitted on."""
        return self.found.gsd_m <= COARSEST_GSD_M and self.unwanted >= sure


def report(judged: list[Judged]) -> None:
    """Print the tables."""
    places = {kind.value: place for place, kind in enumerate(KINDS)}
    was = np.array([places.get(one.label, places["other"]) for one in judged])
    said = np.array([KINDS.index(one.kind) for one in judged])
    print(f"{len(judged)} regions with a label; of the same kind {(said == was).mean():.2f} (rows: the reader)")
    print(matrix(said, was))
    works = np.array([sum(one.chances[kind] for kind in WORKS) for one in judged])
    unwanted = np.array([one.unwanted for one in judged])
    is_works = np.array([one.label in WORKS for one in judged])
    is_plants = np.array([one.label in PLANTS for one in judged])
    scores = np.array([one.found.region.score for one in judged])
    for name, number in (
        ("score", scores),
        ("chance of works", works),
        ("chance of a kind that does not alert", -unwanted),
    ):
        print(f"works or plants, by {name}: AUC {auc(number[is_works], number[is_plants]):.3f}")
    right = np.array([one.label in DEFAULT_ALERT_KINDS for one in judged])
    print("needed to ignore | precision by eye | works kept | plants and crops dropped | pairs of works that alert")
    for sure in (2.0, *POINTS):
        kept = left(judged, sure)
        of = {one.found.box.pair for one in judged if one.label in WORKS}
        alerting = {one.found.box.pair for one, keep in zip(judged, kept, strict=True) if keep and _is_alert(one)}
        name = "nothing" if sure > 1 else f"{sure:.2f}" + (" (shipped)" if sure == SURE else "")
        print(
            f"{name} | {wilson(int(right[kept].sum()), int(kept.sum()))} | {kept[is_works].mean():.3f} | "
            f"{1 - kept[is_plants].mean():.3f} | {len(of & alerting)} of {len(of)}"
        )

    print("the point chosen on the other sources, where works are kept to", KEPT_WORKS)
    sources = np.array([one.found.source for one in judged])
    for source in sorted(set(sources)):
        own = sources == source
        enough = [sure for sure in POINTS if left(judged, sure)[is_works & ~own].mean() >= KEPT_WORKS]
        kept = own & left(judged, min(enough))
        print(
            f"{source} | {min(enough):.2f} | {wilson(int(right[own].sum()), int(own.sum()))} before | "
            f"{wilson(int(right[kept].sum()), int(kept.sum()))} after | works kept "
            f"{int((is_works & kept).sum())} of {int((is_works & own).sum())}"
        )


def left(judged: list[Judged], sure: float) -> np.ndarray:
    """Return which regions are not ignored."""
    return np.array([not one.is_ignored(sure) for one in judged])


def by_label(judged: list[Judged]) -> None:
    """Print what the pairs' own labels say of all that is marked, before and after."""
    with (SHARED / "bench" / "dev.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for name, sure in (("before", 2.0), ("after", SURE)):
        found = []
        for row in rows:
            _, _, truth = scorer().load(str(SHARED / "change-pairs"), row["id"])
            kept = [one for one in judged if one.found.box.pair == row["id"] and not one.is_ignored(sure)]
            found.append(scored(row, truth, draw_mask((one.found.region for one in kept), truth.shape), KNOBS))
        on_label = [one["id"] for one in found if one["gt"] >= one["alarm"] and one["px"][0] >= one["alarm"]]
        table = scorer().summarise(found)
        alert, windows = table["alert"], table["window_alert_generic"]
        false_alarm = table["quiet"]["clean_windows_generic"]["false_alarm"]
        print(f"by the pairs' own labels, {name}:")
        print(f"  changed tiles that alert {alert['tp']} of {alert['tp'] + alert['fn']}", end=", ")
        print(f"where they changed {len(on_label)}")
        print(f"  unchanged tiles that alert {alert['fp']} of {alert['fp'] + alert['tn']}")
        print(f"  windows: recall {windows['R']:.3f} at {false_alarm:.3f}")
        print(f"  pixel F1 {table['pixel']['F1']:.3f}, macro {table['pixel_macro_F1']:.3f}")


def _is_alert(one: Judged) -> bool:
    return one.found.region.area_m2(one.found.gsd_m) >= LEAST_ALERT_M2


def sheets(judged: list[Judged], out: Path) -> None:
    """Draw the regions of each kind, the surest first; under each what the reader saw."""
    out.mkdir(parents=True, exist_ok=True)
    for kind in KINDS:
        own = sorted((one for one in judged if one.kind is kind), key=lambda one: -one.chances[kind])
        cards = []
        for number, one in enumerate(own, 1):
            drawn = card(one.found, number)
            text = f"{one.label} {one.chances[kind]:.2f}"
            cards.append(cv2.putText(drawn, text, (250, 13), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (80, 220, 255), 1))
        cards += [np.zeros_like(cards[0])] * (-len(cards) % ACROSS) if cards else []
        lines = [np.hstack(cards[place : place + ACROSS]) for place in range(0, len(cards), ACROSS)]
        if lines:
            cv2.imwrite(str(out / f"{kind}.png"), np.vstack(lines))


def main() -> None:
    """Print, and draw if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--labels", type=Path, default=ROOT / "research" / "region_labels" / "dev_first.csv")
    parser.add_argument("--sheets", action="store_true")
    options = parser.parse_args()
    cv2.setNumThreads(1)
    labels = read_labels(options.labels)
    every = []
    for found in found_regions():
        region = found.region
        chances = kinds_of(region.mask, region.top, region.left, found.change_map, found.gsd_m)
        every.append(Judged(found, label_of(found.box, labels) or "", chances))
    judged = [one for one in every if one.label]
    print(f"{len(every)} regions, {len(judged)} of them with a reader's label")
    counts = Counter(one.label for one in judged).most_common()
    print("labels:", ", ".join(f"{label} {count}" for label, count in counts))
    report(judged)
    by_label(every)
    if options.sheets:
        sheets(judged, ROOT / "build" / "kinds")


if __name__ == "__main__":
    main()
