"""Veils: small thin clouds that one image of a pair has and no cloud mask finds, for the ground shows through them.

A veil takes every colour the same part of the way to the light of a cloud, and it thins out over metres; what people
build has a colour of its own or ends within what the camera blurs.
"""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.vision.pixels import Bgr, Floats, Mask

_LIGHT = 245.0  # of a cloud
_LEAST, _SPREAD = 0.12, 0.12  # of the way to it, and by how much the colours may differ in that
_SOFT_PX, _SOFT_M = 4.5, 3.4  # from veiled to clear, at least: no camera blurs an edge as much
_MOST_GSD_M = 0.75  # with coarser pixels the edge of a yard is as wide
_MOST_M2 = 3000.0  # what is larger is told: it may be ground that was cleared, and no veil
_PEAK, _STEEPEST = 0.9, 0.97  # quantiles of what the veil adds, and of how it rises: a house under it is steeper


def is_veil(older: Bgr, newer: Bgr, inside: Mask, gsd_m: float) -> bool:
    """Return whether a region, given with the ground around it, is a veil of one of the two images."""
    if gsd_m > _MOST_GSD_M or not 0 < inside.sum() * gsd_m**2 <= _MOST_M2:
        return False
    return _lies_over(older, newer, inside, gsd_m) or _lies_over(newer, older, inside, gsd_m)


def _lies_over(clear: Bgr, veiled: Bgr, inside: Mask, gsd_m: float) -> bool:
    ground, seen = (image[inside].mean(axis=0, dtype=np.float64) for image in (clear, veiled))
    part = (seen - ground) / np.maximum(_LIGHT - ground, 1.0)
    if part.min() < _LEAST or np.ptp(part) > _SPREAD:
        return False
    return _edge_px(clear, veiled, inside) >= max(_SOFT_PX, _SOFT_M / gsd_m)


def _edge_px(clear: Bgr, veiled: Bgr, inside: Mask) -> float:
    """Return over how many pixels what was added comes to its peak, by the steepest it rises."""
    added = _calm(veiled) - _calm(clear)
    slope = cv2.magnitude(cv2.Sobel(added, cv2.CV_32F, 1, 0), cv2.Sobel(added, cv2.CV_32F, 0, 1)) / 8
    around = cv2.dilate(inside.astype(np.uint8), np.ones((9, 9), np.uint8)) > 0
    peak, steepest = np.quantile(added[inside], _PEAK), np.quantile(slope[around], _STEEPEST)
    return float(peak / max(float(steepest), 0.5))


def _calm(image: Bgr) -> Floats:
    return np.asarray(cv2.GaussianBlur(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), (0, 0), 1.5), np.float32)
