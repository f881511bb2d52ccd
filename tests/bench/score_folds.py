"""The detector's figures with its operating point chosen on three quarters of the scenes and measured on the last.

What was chosen with the research pairs in view is the score that a region must have; the weights never saw them. Scenes
(the manifest's column `group`) are dealt to four folds by size, so that a scene is never on both sides.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import numpy as np

from research.labelled_pairs import scored, scorer

SCORES = (0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65)
FOLDS = 4


def by_score(job: tuple[dict, str, dict]) -> list[dict[str, Any]]:
    """Score one pair at each of the scores that a region might need."""
    from chalicelib.vision.change_map import map_change
    from chalicelib.vision.pixels import to_pixels
    from chalicelib.vision.regions import MIN_SCORE, classified_regions, draw_mask

    row, folder, knobs = job
    metres_per_pixel = float(row["metres_per_pixel"])
    before, after, truth = scorer().load(folder, row["id"])
    change_map = map_change(to_pixels(before), to_pixels(after), metres_per_pixel)
    found = classified_regions(change_map, metres_per_pixel, SCORES[0] - MIN_SCORE)
    regions = [region for region, reason in found if reason is None]
    masks = [draw_mask((one for one in regions if one.score >= score), truth.shape) for score in SCORES]
    return [scored(row, truth, mask, knobs) for mask in masks]


def folds_of(rows: list[dict]) -> list[int]:
    """Give each pair's fold: scenes by falling size, each to the fold that has fewest pairs so far."""
    scenes: dict[str, list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        scenes[row["group"]].append(place)
    folds, sizes = [0] * len(rows), [0] * FOLDS
    for scene in sorted(scenes, key=lambda name: (-len(scenes[name]), name)):
        fold = sizes.index(min(sizes))
        sizes[fold] += len(scenes[scene])
        for place in scenes[scene]:
            folds[place] = fold
    return folds


def four_fold(rows: list[dict], found: list[list[dict]]) -> tuple[dict[str, Any], list[float]]:
    """Give the scorer's table, each fold's score chosen on the others by the scorer's headline, and those scores."""
    folds, kept, chosen = folds_of(rows), [], []
    for fold in range(FOLDS):
        others = [place for place, own in enumerate(folds) if own != fold]
        headlines = [scorer().summarise([found[place][k] for place in others])["headline"] for k in range(len(SCORES))]
        best = int(np.argmax(headlines))
        chosen.append(SCORES[best])
        kept += [found[place][best] for place, own in enumerate(folds) if own == fold]
    return scorer().summarise(kept), chosen
