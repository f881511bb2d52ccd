"""Masked zero-mean normalised cross-correlation of a region's pattern: is it the same ground after all?

What was built, cleared or dug has another pattern than before; an image that is warped by a pixel or two, a deeper
green or haze leave the pattern as it was. On the 69 research pairs 95 % of the real changes correlate by less than 0.6;
of what warped and recoloured copies of the same images made seem changed, 95 % correlate by 0.85 and more.
"""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats, Mask

SAME_GROUND = 0.85  # correlation from which on a region is the same ground
SEARCH_PX = 2  # by which a window may have moved
HALF_WINDOW_PX = 7  # windows of fifteen pixels hold enough of a pattern
STEP_PX = 6  # between windows
MAX_WINDOWS = 24
MIN_MASKED_PX = 20  # of the region in a window: fewer say nothing


def pattern_correlation(mask: Mask, top: int, left: int, one: Floats, two: Floats) -> float:
    """Return how well the patterns of two normalised grey images of one size correlate over a region: -1 to 1.

    `mask` is the region; its first pixel is (top, left) of the images. The result is the median over windows all over
    the region, each at its best offset within two pixels; 0 where no window has room. What lies beside the region does
    not count, but for one pixel: a new shed between old ones is new.
    """
    rim = HALF_WINDOW_PX + 1
    framed = cv2.copyMakeBorder(mask.astype(np.float32), rim, rim, rim, rim, cv2.BORDER_CONSTANT)
    weights = np.asarray(cv2.dilate(framed, np.ones((3, 3), np.uint8)), np.float32)
    best = [_best_correlation(one, two, weights, centre, (top - rim, left - rim)) for centre in _window_centres(mask)]
    known = [correlation for correlation in best if np.isfinite(correlation)]
    return float(np.median(known)) if known else 0.0


def _window_centres(mask: Mask) -> list[tuple[int, int]]:
    """Return the (row, column) of windows over a region, evenly thinned out where there are many."""
    rows, columns = np.nonzero(mask)
    cells = rows // STEP_PX * (mask.shape[1] // STEP_PX + 1) + columns // STEP_PX
    _, cell = np.unique(cells, return_inverse=True)
    size = np.bincount(cell)
    centres = np.stack([np.bincount(cell, rows) / size, np.bincount(cell, columns) / size], axis=1)
    kept = np.unique(np.linspace(0, len(centres) - 1, MAX_WINDOWS).astype(int)) if len(centres) > MAX_WINDOWS else ...
    return [(int(row), int(column)) for row, column in centres[kept]]


def _best_correlation(
    one: Floats, two: Floats, weights: Floats, centre: tuple[int, int], corner: tuple[int, int]
) -> float:
    """Return the best correlation of a window around a point of the region; NaN where it holds too little of it.

    `weights` is the region with a rim of HALF_WINDOW_PX + 1; its first pixel is `corner` of the images.
    """
    (height, width), (row, column) = one.shape, (centre[0] + HALF_WINDOW_PX + 1, centre[1] + HALF_WINDOW_PX + 1)
    top = max(row - HALF_WINDOW_PX, SEARCH_PX - corner[0])
    bottom = min(row + HALF_WINDOW_PX + 1, height - SEARCH_PX - corner[0])
    left = max(column - HALF_WINDOW_PX, SEARCH_PX - corner[1])
    right = min(column + HALF_WINDOW_PX + 1, width - SEARCH_PX - corner[1])
    window = weights[max(0, top) : max(0, bottom), max(0, left) : max(0, right)]
    if window.sum() < MIN_MASKED_PX:
        return float("nan")
    top, bottom, left, right = top + corner[0], bottom + corner[0], left + corner[1], right + corner[1]
    searched = two[top - SEARCH_PX : bottom + SEARCH_PX, left - SEARCH_PX : right + SEARCH_PX]
    correlations = cv2.matchTemplate(searched, one[top:bottom, left:right], cv2.TM_CCOEFF_NORMED, mask=window)
    return float(correlations.max())
