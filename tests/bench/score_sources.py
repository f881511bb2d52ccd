"""The detector's figures with its operating point chosen on all sources of pairs but one, and measured on that one.

What was chosen with the research pairs in view is the score that a region must have; the weights never saw them. A
source (the manifest's column `source`) has its own sensor, country and rule of labels: what holds on one that nothing
was chosen on carries over.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from research.labelled_pairs import scored, scorer

SCORES = (0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75)


class LeftOut(NamedTuple):
    """A source, the score that the others would choose, and the one that it would itself."""

    source: str
    others: float
    own: float


def by_score(job: tuple[dict, str, dict]) -> list[dict[str, Any]]:
    """Score one pair at each of the scores that a region might need."""
    from chalicelib.vision.change_map import map_change
    from chalicelib.vision.pixels import to_pixels
    from chalicelib.vision.regions import classified_regions, draw_mask

    row, folder, knobs = job
    metres_per_pixel = float(row["metres_per_pixel"])
    before, after, truth = scorer().load(folder, row["id"])
    change_map = map_change(to_pixels(before), to_pixels(after), metres_per_pixel)
    found = classified_regions(change_map, metres_per_pixel, SCORES[0])
    regions = [region for region, reason in found if reason is None]
    masks = [draw_mask((one for one in regions if one.score >= score), truth.shape) for score in SCORES]
    return [scored(row, truth, mask, knobs) for mask in masks]


def one_source_left_out(rows: list[dict], found: list[list[dict]]) -> tuple[dict[str, Any], list[LeftOut]]:
    """Give the scorer's table, each source's score chosen on the others by the scorer's headline, and those scores."""
    sources = [row["source"] for row in rows]
    kept, chosen = [], []
    for source in sorted(set(sources)):
        own = [place for place, each in enumerate(sources) if each == source]
        best = _best([of for of, each in zip(found, sources, strict=True) if each != source])
        chosen.append(LeftOut(source, SCORES[best], SCORES[_best([found[place] for place in own])]))
        kept += [found[place][best] for place in own]
    return scorer().summarise(kept), chosen


def _best(found: list[list[dict]]) -> int:
    return int(np.argmax([scorer().summarise([of[place] for of in found])["headline"] for place in range(len(SCORES))]))
