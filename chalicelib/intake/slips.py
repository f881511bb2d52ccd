"""A slip: from one block on, everything that follows has another level.

A JPEG stores the level of each block as the difference from the block before. One wrong difference shifts all blocks
from there to the end, and the file decodes without a warning. What it leaves is a staircase that nothing on the ground
makes: a step along the upper edge of one row of blocks from some block to the right, and the same step along its lower
edge to the left of that block, exactly on the edges of blocks, and none on the other halves of these lines.
"""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

_STEP = 8  # half grey levels, beyond what the ground does beside the edge
_LEAST_BLOCKS = 4  # on each side of the slip
_SHARE = 0.85  # of the blocks along the stair that step
_ELSEWHERE = 0.5  # the most that may on the other halves of its two lines
_BAND = 64  # lines at once: four copies of their rows are made


def slipped(bgr: NDArray[np.uint8], block: tuple[int, int]) -> bool:
    """Tell whether the levels slip somewhere between the first row of blocks and the last one."""
    steps = _steps(bgr, *block)
    return _has_stair(steps > _STEP) or _has_stair(steps < -_STEP)


def _has_stair(steps: NDArray[np.bool_]) -> bool:
    """Tell whether two neighbouring lines of (lines, columns, channels) are a stair in any of the channels."""
    lines, columns = steps.shape[:2]
    if lines < 2 or columns < 2 * _LEAST_BLOCKS:
        return False
    until = np.cumsum(steps, axis=1, dtype=np.float32)  # of each line, from the left to a column and with it
    count = np.arange(1, columns, dtype=np.float32)[:, None]  # blocks to the left
    left = until[:, :-1] / count
    right = (until[:, -1:] - until[:, :-1]) / (columns - count)
    stair = np.minimum(left[1:], right[:-1])  # the lower line to the left, the upper one to the right
    other = np.maximum(left[:-1], right[1:])
    found = (stair >= _SHARE) & (other <= _ELSEWHERE)
    return bool(found[:, _LEAST_BLOCKS - 1 : columns - _LEAST_BLOCKS].any())


def _steps(bgr: NDArray[np.uint8], wide: int, high: int) -> NDArray[Any]:
    """Return by how much more than beside it the level changes over the edges: (edges between rows, columns, 3)."""
    columns, lines = bgr.shape[1] // wide, (bgr.shape[0] - 2) // high
    steps = np.zeros((max(0, lines), columns, 3), np.int16)
    for first in range(0, lines if columns else 0, _BAND):
        at = np.arange(first + 1, min(first + _BAND, lines) + 1) * high
        two, one, below, next_below = (bgr[at + offset, : columns * wide].astype(np.int16) for offset in (-2, -1, 0, 1))
        over = 3 * (below - one) - (next_below - two)
        steps[first : first + len(at)] = cv2.resize(over, (columns, len(at)), interpolation=cv2.INTER_AREA)
    return steps
