"""What lies over the ground in one of two images and never was there: stripes without data, text of a program."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.vision.change_map import ChangeMap, map_change
from chalicelib.vision.lettering import letters_between
from chalicelib.vision.pair_stripes import stripes_between
from chalicelib.vision.pixels import Mask, Pixels
from chalicelib.vision.regions import PixelRegion, classified_regions


class Uncovered(NamedTuple):
    """A pair without what was drawn over it, its change map, and what letters hid."""

    before: Pixels
    after: Pixels
    change_map: ChangeMap
    letters: tuple[PixelRegion, ...]  # with the score of the change they looked like


def map_uncovered(before: Pixels, after: Pixels, gsd_m: float) -> Uncovered:
    """Map the change of a pair, as `map_change`; where it comes of stripes or letters, without the ground they hide."""
    change_map = map_change(before, after, gsd_m)
    regions = _changed(change_map, gsd_m)
    stripes = stripes_between(before, after) if regions else None
    if stripes is not None:
        before, after = _without(stripes, before, after)
        change_map = map_change(before, after, gsd_m)
        regions = _changed(change_map, gsd_m)
    hidden, score = letters_between(before, after, regions)
    if not hidden.any():
        return Uncovered(before, after, change_map, ())
    before, after = _without(hidden, before, after)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(hidden.astype(np.uint8), connectivity=8)
    letters = []
    for label, (left, top, width, height, _) in enumerate(stats.tolist()[1:], start=1):
        mask = np.asarray(labels[top : top + height, left : left + width] == label)
        letters.append(PixelRegion(left, top, mask, score))
    return Uncovered(before, after, map_change(before, after, gsd_m), tuple(letters))


def _changed(change_map: ChangeMap, gsd_m: float) -> list[PixelRegion]:
    return [region for region, reason in classified_regions(change_map, gsd_m) if reason is None]


def _without(hidden: Mask, *images: Pixels) -> tuple[Pixels, ...]:
    return tuple(Pixels(image.bgr, image.valid & ~hidden) for image in images)
