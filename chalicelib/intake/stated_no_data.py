"""No data as an item states it: which pixels of a picture have its value in all colours, also after a lossy format.

A JPEG, or a WebP of its kind, keeps a value only where a whole block of its pixels has it. So there the blocks are
looked for, and what lies around them and is nearly of that value belongs to them, with the ground in the same blocks.
"""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.intake.pixels import Bgr, Mask, Pixels

_BLOCK_PX = 8
_EXACT = 2  # grey levels: what the conversion of colours makes of a block of one value
_RINGING = 24  # grey levels: what the edge of the ground makes of it
_RINGING_PX = 16  # of such an edge: one block, twice as large where colours are stored coarser
_BLED_PX = 6  # into the ground: its colours are not its own
_MARGIN_PX = _BLOCK_PX + _RINGING_PX + _BLED_PX
_ROWS = 512  # at a time, so that the masks take little memory


def without(pixels: Pixels, value: int) -> Pixels:
    """Return a picture that was stored with losses without what had that value; it was of 8 bits."""
    if value > 255:
        return pixels
    valid = pixels.valid if pixels.valid.flags.writeable else pixels.valid.copy()
    height = len(valid)
    for top in range(0, height, _ROWS):
        bottom = min(height, top + _ROWS)
        first, last = max(0, top - _MARGIN_PX), min(height, bottom + _MARGIN_PX)
        nothing = _nothing(pixels.bgr[first:last], value)
        valid[top:bottom] &= ~nothing[top - first : bottom - first]
    return Pixels(pixels.bgr, valid)


def _nothing(bgr: Bgr, value: int) -> Mask:
    exact, near = (
        cv2.inRange(bgr, (max(0, value - most),) * 3, (min(255, value + most),) * 3) for most in (_EXACT, _RINGING)
    )
    found = cv2.morphologyEx(exact, cv2.MORPH_OPEN, np.ones((_BLOCK_PX,) * 2, np.uint8))
    if not found.any():
        return np.asarray(found > 0)
    for _ in range(_RINGING_PX):
        found = cv2.bitwise_and(cv2.dilate(found, np.ones((3, 3), np.uint8)), near)
    return np.asarray(cv2.dilate(found, np.ones((2 * _BLED_PX + 1,) * 2, np.uint8)) > 0)
