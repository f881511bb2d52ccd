"""From a map of probabilities to changed objects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.vision.pixels import Floats, Mask

SURE, POSSIBLE = 0.95, 0.7  # a region holds a pixel of the first and reaches as far as the second
LEAST_M2 = 20.0
LEAST_PX = 4


class Part(NamedTuple):
    """One connected object in a picture: its box, its pixels in that box, and how sure it is."""

    left: int
    top: int
    mask: Mask
    score: float

    @property
    def box(self) -> tuple[slice, slice]:
        """Rows and columns of the box."""
        height, width = self.mask.shape
        return slice(self.top, self.top + height), slice(self.left, self.left + width)


def least_px(metres_per_pixel: float) -> float:
    """Give the size below which a part is noise, in pixels."""
    return max(LEAST_PX, LEAST_M2 / metres_per_pixel**2)


def changed(probability: Floats, metres_per_pixel: float) -> NDArray[np.uint8]:
    """Mark what changed: 255 where a place possibly changed and hangs together with one that surely did."""
    possible = (probability >= POSSIBLE).astype(np.uint8)
    marked = np.zeros_like(possible)
    if not possible.any():
        return marked
    count, labels, stats, _ = cv2.connectedComponentsWithStats(possible, connectivity=8)
    keep = np.zeros(count, np.uint8)
    keep[np.unique(labels[probability >= SURE])] = 255
    keep[stats[:, cv2.CC_STAT_AREA] < least_px(metres_per_pixel)] = 0
    keep[0] = 0
    return np.asarray(keep[labels], np.uint8)


def parts(mask: NDArray[np.uint8], probability: Floats) -> Iterator[Part]:
    """Yield a mask's connected objects."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(mask, connectivity=8)
    for label in range(1, count):
        left, top, width, height = (int(stats[label, column]) for column in range(4))
        box = (slice(top, top + height), slice(left, left + width))
        mine = np.asarray(labels[box] == label)
        yield Part(left, top, mine, round(float(probability[box][mine].mean()), 4))


def rings(part: Part) -> list[NDArray[np.float64]]:
    """Give a part's outline and its holes as simplified rings of (column, row) in the picture, not closed."""
    doubled = np.repeat(np.repeat(part.mask.astype(np.uint8), 2, axis=0), 2, axis=1)
    padded = cv2.copyMakeBorder(doubled, 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    contours, levels = cv2.findContours(padded, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_NONE)
    found: list[NDArray[np.float64]] = []
    for contour, level in sorted(zip(contours, levels[0], strict=True), key=lambda pair: pair[1][3] >= 0):
        simple = cv2.approxPolyDP(contour, 1.5, closed=True).reshape(-1, 2)
        is_hole = level[3] >= 0
        if len(simple) < 3:
            if is_hole:
                continue
            x, y, width, height = cv2.boundingRect(contour)
            simple = np.array([[x, y], [x, y + height - 1], [x + width - 1, y + height - 1], [x + width - 1, y]])
        found.append((simple.astype(np.float64) - 0.5) / 2 + np.array([part.left, part.top]))
    return found
