"""Is a place that seems changed the same ground after all: moved a little, or in another light or colour?

Its pattern says so. What was built, cleared or dug has another pattern than before; a picture that is bent by a pixel
or two, a deeper green or a veil leave it as it was. On the 69 research pairs 95 % of the real changes correlate by less
than 0.6; of what bent and recoloured copies of the same pictures made seem changed, 95 % correlate by 0.85 and more.
"""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats, Mask

SAME_GROUND = 0.75  # correlation from which on a place is the same ground
REACH_PX = 2  # by which its parts may have moved
HALF_PX = 7  # of the window around a part: fifteen pixels hold enough of a pattern
STEP_PX = 6  # between parts
MOST_PARTS = 24
LEAST_PX = 8  # a window that the rim makes smaller than this says nothing


def likeness(place: Mask, top: int, left: int, one: Floats, two: Floats) -> float:
    """Say how well the patterns of two levelled grey pictures of one size correlate over a place: -1 to 1.

    `place` is a mask whose first pixel is (top, left) of the pictures. The median over windows all over it, each where
    it fits best within two pixels; 0 where no window has room.
    """
    found = [
        best
        for row, column in _parts(place)
        if (best := _best(one, two, row + top, column + left)) is not None and np.isfinite(best)
    ]
    return float(np.median(found)) if found else 0.0


def _parts(place: Mask) -> list[tuple[int, int]]:
    """Give the middles (row, column) of a place's parts, evenly thinned out where there are many."""
    rows, columns = np.nonzero(place)
    cells = rows // STEP_PX * (place.shape[1] // STEP_PX + 1) + columns // STEP_PX
    _, cell = np.unique(cells, return_inverse=True)
    size = np.bincount(cell)
    middles = np.stack([np.bincount(cell, rows) / size, np.bincount(cell, columns) / size], axis=1)
    chosen = np.unique(np.linspace(0, len(middles) - 1, MOST_PARTS).astype(int)) if len(middles) > MOST_PARTS else ...
    return [(int(row), int(column)) for row, column in middles[chosen]]


def _best(one: Floats, two: Floats, row: int, column: int) -> float | None:
    height, width = one.shape
    top, bottom = max(REACH_PX, row - HALF_PX), min(height - REACH_PX, row + HALF_PX + 1)
    left, right = max(REACH_PX, column - HALF_PX), min(width - REACH_PX, column + HALF_PX + 1)
    if bottom - top < LEAST_PX or right - left < LEAST_PX:
        return None
    around = two[top - REACH_PX : bottom + REACH_PX, left - REACH_PX : right + REACH_PX]
    return float(cv2.matchTemplate(around, one[top:bottom, left:right], cv2.TM_CCOEFF_NORMED).max())
