"""Clouds: which of an image's pixels lie under one, and not under a roof that is as bright.

Both are bright, colourless and smooth. A cloud thins out over metres and has lumps; a roof ends within what the camera
blurs, along straight lines. Where its end cannot be seen, a bright piece is ground.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.intake.no_data import Bits
from chalicelib.vision.pixels import Bgr, Floats, Mask

_LIGHT = 165  # of 255, in every channel
_TINT = 28  # largest less smallest channel
_CALM_PX = 5  # window that takes the noise off
_CORE_PX = 11  # a brighter piece that is narrower is a roof, a car, a road
_LEAST_PX = 150  # of what is left of it
_SMALL_PX, _SMALL_LIGHT = 1500, 200  # a small cloud must be brighter: bare soil is not
_RING_PX = 10, 20  # from the core: the ground beside, beyond what thins out
_REACH_PX = 30  # a cloud thins out over no more
_LEAST_CONTRAST = 30.0  # grey levels, to the ground beside
_SOFT_PX = 3.4  # from light to dark: no camera blurs an edge as much
_NOT_SHARP_PX = 2.6  # blurred as a roof may be: then its shape counts
_LUMPY, _COMPACT = 0.78, 0.85  # fills less of its box than a roof does, and more of its hull than soil and roads do
_WHOLE = 0.9  # of its outline can be seen
_ROUGH = 2.5  # grey levels from pixel to pixel, median: roofs with ribs, soil, cars
_WIDE_SHARE, _WIDE_SIDES = 0.2, 3  # of the image, and of its sides: no hall reaches so far
_WIDE_SLOPE = 1.5  # grey levels a pixel, median: sand and snow have more


class _Edge(NamedTuple):
    """How a bright piece ends: where it is half as light, over how many pixels, and how much of its box it fills."""

    piece: Bits
    width_px: float
    fill: float
    solidity: float  # of its convex hull
    is_whole: bool  # and not cut by the image's rim

    @property
    def is_of_a_cloud(self) -> bool:
        is_lump = self.is_whole and self.fill < _LUMPY and self.solidity > _COMPACT
        return self.width_px > _SOFT_PX or (self.width_px > _NOT_SHARP_PX and is_lump)


def cloud_mask(image: Floats, valid: Mask) -> Mask:
    """Find the clouds of a colour image of about a metre a pixel; the result is as large as `valid`."""
    clouds = np.zeros(valid.shape, np.uint8)
    bgr = np.asarray(image, np.uint8)
    pale = _pale(np.asarray(cv2.blur(bgr, (_CALM_PX, _CALM_PX)), np.uint8)) & valid
    if cv2.countNonZero(pale) < _LEAST_PX:
        return np.asarray(clouds > 0)
    cores = np.asarray(cv2.morphologyEx(pale, cv2.MORPH_OPEN, _disc(_CORE_PX // 2)), np.uint8)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cores, connectivity=8)
    for label in range(1, count):
        left, top, width, height, area = (int(each) for each in stats[label])
        if area < _LEAST_PX:
            continue
        box = (
            slice(max(0, top - _REACH_PX), top + height + _REACH_PX),
            slice(max(0, left - _REACH_PX), left + width + _REACH_PX),
        )
        core = np.asarray(labels[box] == label, np.uint8)
        clouds[box] |= _cloud(core, bgr[box], valid[box], is_wide=_is_wide(stats[label], valid.shape))
    return np.asarray(clouds > 0)


def _cloud(core: Bits, bgr: Bgr, valid: Mask, *, is_wide: bool) -> Bits:
    """Return the whole cloud that has a bright core, or nothing."""
    grey = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), np.uint8)
    rough = cv2.absdiff(grey, cv2.blur(grey, (_CALM_PX, _CALM_PX)))
    if np.median(rough[_eroded(core, _CORE_PX // 4) > 0]) > _ROUGH:
        return np.zeros_like(core)
    slope = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)) / 8
    if is_wide and np.median(slope[core > 0]) < _WIDE_SLOPE:
        return _dilated(core, _REACH_PX // 2)
    edge = _edge(core, grey, slope, valid)
    if edge is None or not edge.is_of_a_cloud:
        return np.zeros_like(core)
    return _dilated(edge.piece, min(_REACH_PX, 4 + math.ceil(1.2 * edge.width_px)))


def _pale(calm: Bgr) -> Bits:
    blue, green, red = cv2.split(calm)
    light, dark = cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red)
    return np.asarray((dark >= _LIGHT) & (cv2.subtract(light, dark) <= _TINT), np.uint8)


def _edge(core: Bits, grey: Floats, slope: Floats, valid: Mask) -> _Edge | None:
    """Measure how a bright piece ends; None where it is not brighter than what is beside it."""
    near, far = (_dilated(core, reach) for reach in _RING_PX)
    ring = (far > near) & valid
    if not ring.any():
        return None
    inner, outer = float(np.median(grey[core > 0])), float(np.median(grey[ring]))
    if inner - outer < _LEAST_CONTRAST or (cv2.countNonZero(core) < _SMALL_PX and inner < _SMALL_LIGHT):
        return None
    lit = _bits(grey > (inner + outer) / 2) & _dilated(core, _REACH_PX) & valid
    _, labels = cv2.connectedComponents(cv2.morphologyEx(lit, cv2.MORPH_OPEN, _disc(2)), connectivity=8)
    own = np.bincount(labels[core > 0])
    own[0] = 0
    if not own.any():
        return None
    piece = _bits(labels == int(own.argmax()))
    end = piece - _eroded(piece, 1)
    rim = end & _eroded(_bits(valid), 1)  # where it ends by itself, and not with the image
    if not rim.any():
        return None
    steepest = cv2.dilate(slope, _disc(1))[rim > 0]
    outlines, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=cv2.contourArea)
    (_, (one, other), _) = cv2.minAreaRect(outline)
    area = cv2.contourArea(outline)
    return _Edge(
        piece,
        width_px=float(np.median((inner - outer) / np.maximum(steepest, 0.5))),
        fill=area / max(1.0, one * other),
        solidity=area / max(1.0, cv2.contourArea(cv2.convexHull(outline))),
        is_whole=cv2.countNonZero(rim) >= _WHOLE * cv2.countNonZero(end),
    )


def _is_wide(stats: Floats, shape: tuple[int, ...]) -> bool:
    left, top, width, height, area = (int(each) for each in stats)
    margin = _CORE_PX
    sides = left <= margin, top <= margin, left + width >= shape[1] - margin, top + height >= shape[0] - margin
    return area > _WIDE_SHARE * shape[0] * shape[1] and sum(sides) >= _WIDE_SIDES


def _bits(mask: Mask) -> Bits:
    return np.asarray(mask, np.uint8)


def _dilated(bits: Bits, radius: int) -> Bits:
    return np.asarray(cv2.dilate(bits, _disc(radius)), np.uint8)


def _eroded(bits: Bits, radius: int) -> Bits:
    return np.asarray(cv2.erode(bits, _disc(radius), borderType=cv2.BORDER_CONSTANT, borderValue=0), np.uint8)


def _disc(radius: int) -> Bits:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2), np.uint8)
