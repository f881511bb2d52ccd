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
_LUMPY, _COMPACT = 0.82, 0.85  # fills less of its box than a roof does, and more of its hull than soil and roads do
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
    calm = cv2.blur(np.asarray(image, np.uint8), (_CALM_PX, _CALM_PX))
    cores = cv2.morphologyEx(_pale(calm) & valid, cv2.MORPH_OPEN, _disc(_CORE_PX // 2))
    if cv2.countNonZero(cores) < _LEAST_PX:
        return np.asarray(clouds > 0)
    grey = cv2.cvtColor(np.asarray(image, np.uint8), cv2.COLOR_BGR2GRAY)
    rough = cv2.absdiff(grey, cv2.blur(grey, (_CALM_PX, _CALM_PX)))
    slope = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)) / 8
    count, labels, stats, _ = cv2.connectedComponentsWithStats(cores, connectivity=8)
    for label in range(1, count):
        if stats[label, cv2.CC_STAT_AREA] < _LEAST_PX:
            continue
        left, top, width, height = (int(each) for each in stats[label, :4])
        box = (
            slice(max(0, top - _REACH_PX), top + height + _REACH_PX),
            slice(max(0, left - _REACH_PX), left + width + _REACH_PX),
        )
        core = (labels[box] == label).astype(np.uint8)
        if _is_wide(stats[label], valid.shape) and np.median(slope[box][core > 0]) < _WIDE_SLOPE:
            clouds[box] |= cv2.dilate(core, _disc(_REACH_PX // 2))
            continue
        if np.median(rough[box][core > 0]) > _ROUGH:
            continue
        edge = _edge(core, grey[box], slope[box], valid[box])
        if edge is not None and edge.is_of_a_cloud:
            reach = min(_REACH_PX, 4 + math.ceil(1.2 * edge.width_px))
            clouds[box] |= cv2.dilate(edge.piece, _disc(reach))
    return np.asarray(clouds > 0)


def _pale(calm: Bgr) -> Bits:
    blue, green, red = cv2.split(calm)
    light, dark = cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red)
    return np.asarray(cv2.inRange(dark, _LIGHT, 255) & cv2.inRange(cv2.subtract(light, dark), 0, _TINT) & 1, np.uint8)


def _edge(core: Bits, grey: Bgr, slope: Floats, valid: Mask) -> _Edge | None:
    """Measure how a bright piece ends; None where it is not brighter than what is beside it."""
    near, far = (cv2.dilate(core, _disc(reach)) for reach in _RING_PX)
    ring = ((far - near) > 0) & valid
    if not ring.any():
        return None
    inner, outer = float(np.median(grey[core > 0])), float(np.median(grey[ring]))
    if inner - outer < _LEAST_CONTRAST or (cv2.countNonZero(core) < _SMALL_PX and inner < _SMALL_LIGHT):
        return None
    lit = (grey > (inner + outer) / 2).astype(np.uint8) & cv2.dilate(core, _disc(_REACH_PX)) & valid
    lit = cv2.morphologyEx(lit, cv2.MORPH_OPEN, _disc(2))
    _, labels = cv2.connectedComponents(lit, connectivity=8)
    own = np.bincount(labels[core > 0])
    own[0] = 0
    piece = (labels == int(own.argmax())).astype(np.uint8)
    inside = cv2.erode(piece, _disc(1), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    rim = (piece - inside) & cv2.erode(valid.astype(np.uint8), _disc(1), borderType=cv2.BORDER_CONSTANT, borderValue=0)
    if not rim.any():
        return None
    steepest = cv2.dilate(slope, _disc(1))[rim > 0]
    outlines, _ = cv2.findContours(piece, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=cv2.contourArea)
    (_, (one, other), _) = cv2.minAreaRect(outline)
    width_px = float(np.median((inner - outer) / np.maximum(steepest, 0.5)))
    area = cv2.contourArea(outline)
    solidity = area / max(1.0, cv2.contourArea(cv2.convexHull(outline)))
    is_whole = cv2.countNonZero(rim) >= _WHOLE * cv2.countNonZero(piece - inside)
    return _Edge(piece, width_px, area / max(1.0, one * other), solidity, is_whole)


def _is_wide(stats: Floats, shape: tuple[int, ...]) -> bool:
    left, top, width, height, area = (int(each) for each in stats)
    margin = _CORE_PX
    sides = left <= margin, top <= margin, left + width >= shape[1] - margin, top + height >= shape[0] - margin
    return area > _WIDE_SHARE * shape[0] * shape[1] and sum(sides) >= _WIDE_SIDES


def _disc(radius: int) -> Bits:
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1,) * 2), np.uint8)
