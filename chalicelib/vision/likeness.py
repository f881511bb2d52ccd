"""Is a place that seems changed the same ground after all: moved a little, or in another light or colour?

Its pattern says so. What was built, cleared or dug has another pattern than before; a picture that is bent by a pixel
or two, a deeper green or a veil leave it as it was. On the 69 research pairs 95 % of the real changes correlate by less
than 0.6; of what bent and recoloured copies of the same pictures made seem changed, 95 % correlate by 0.85 and more.
"""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats, Mask

SAME_GROUND = 0.85  # correlation from which on a place is the same ground
REACH_PX = 2  # by which its parts may have moved
HALF_PX = 7  # of the window around a part: fifteen pixels hold enough of a pattern
STEP_PX = 6  # between parts
MOST_PARTS = 24
LEAST_PX = 20  # of a place in a window: fewer say nothing


def likeness(place: Mask, top: int, left: int, one: Floats, two: Floats) -> float:
    """Say how well the patterns of two levelled grey pictures of one size correlate over a place: -1 to 1.

    `place` is a mask whose first pixel is (top, left) of the pictures. The median over windows all over it, each where
    it fits best within two pixels; 0 where no window has room. What lies beside the place does not count, but for one
    pixel: a new shed between old ones is new.
    """
    rim = HALF_PX + 1
    framed = cv2.copyMakeBorder(place.astype(np.float32), rim, rim, rim, rim, cv2.BORDER_CONSTANT)
    weights = np.asarray(cv2.dilate(framed, np.ones((3, 3), np.uint8)), np.float32)
    found = [_best(one, two, weights, (row, column), (top - rim, left - rim)) for row, column in _parts(place)]
    known = [best for best in found if np.isfinite(best)]
    return float(np.median(known)) if known else 0.0


def _parts(place: Mask) -> list[tuple[int, int]]:
    """Give the middles (row, column) of a place's parts, evenly thinned out where there are many."""
    rows, columns = np.nonzero(place)
    cells = rows // STEP_PX * (place.shape[1] // STEP_PX + 1) + columns // STEP_PX
    _, cell = np.unique(cells, return_inverse=True)
    size = np.bincount(cell)
    middles = np.stack([np.bincount(cell, rows) / size, np.bincount(cell, columns) / size], axis=1)
    chosen = np.unique(np.linspace(0, len(middles) - 1, MOST_PARTS).astype(int)) if len(middles) > MOST_PARTS else ...
    return [(int(row), int(column)) for row, column in middles[chosen]]


def _best(one: Floats, two: Floats, weights: Floats, middle: tuple[int, int], corner: tuple[int, int]) -> float:
    """Give the best correlation of a window around a place's middle; not a number where there is too little of it.

    `weights` is the place with a rim of HALF_PX + 1, and begins at `corner` of the pictures.
    """
    (height, width), (row, column) = one.shape, (middle[0] + HALF_PX + 1, middle[1] + HALF_PX + 1)
    top = max(row - HALF_PX, REACH_PX - corner[0])
    bottom = min(row + HALF_PX + 1, height - REACH_PX - corner[0])
    left = max(column - HALF_PX, REACH_PX - corner[1])
    right = min(column + HALF_PX + 1, width - REACH_PX - corner[1])
    window = weights[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if window.sum() < LEAST_PX:
        return float("nan")
    top, bottom, left, right = top + corner[0], bottom + corner[0], left + corner[1], right + corner[1]
    around = two[top - REACH_PX : bottom + REACH_PX, left - REACH_PX : right + REACH_PX]
    found = cv2.matchTemplate(around, one[top:bottom, left:right], cv2.TM_CCOEFF_NORMED, mask=window)
    return float(found.max())
