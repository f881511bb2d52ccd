"""Bring two pictures to one light: what sun, haze, film and season did to the whole picture is no change."""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats, Mask

_SAMPLES = 5_000  # pixels that the colour map is fitted on; more make OpenBLAS start threads, see network.py
_ROUNDS = 6  # of re-weighting: what changed loses its vote
_LOCAL_PX = 127  # haze and sun vary over such distances, houses do not
_FLOOR = 5.0  # grey levels: less local contrast than this is noise, not to be blown up


def levelled(grey: Floats) -> Floats:
    """Take local brightness and contrast out of a grey picture, over distances that no house reaches."""
    side = (_LOCAL_PX, _LOCAL_PX)
    small: Floats = (
        cv2.resize(grey, None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA) if min(grey.shape) >= 64 else grey
    )
    if small is not grey:
        side = (_LOCAL_PX // 4, _LOCAL_PX // 4)
    mean: Floats = cv2.boxFilter(small, cv2.CV_32F, side, borderType=cv2.BORDER_REFLECT)
    size = (grey.shape[1], grey.shape[0])
    mean = cv2.resize(mean, size, interpolation=cv2.INTER_LINEAR)
    off: Floats = grey - mean
    power: Floats = off * off
    if small is not grey:
        power = cv2.resize(power, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA)
    spread = cv2.resize(cv2.boxFilter(power, cv2.CV_32F, side, borderType=cv2.BORDER_REFLECT), size)
    floor = _FLOOR + 0.2 * float(grey.std())
    return np.asarray(off / (np.sqrt(np.maximum(spread, 0)) + floor), np.float32)


def explained(source: Floats, target: Floats, usable: Mask) -> Floats:
    """Give the source's colours as the target's light would show them, by a robust affine map fitted on both.

    Shapes (height, width, 3). The map also knows where a pixel lies, so that a sun gradient is part of it.
    """
    height, width = usable.shape
    places = np.flatnonzero(usable)
    if places.size < 64:
        return source
    places = places[:: -(-places.size // _SAMPLES)]
    rows, columns = places // width, places % width
    seen = source.reshape(-1, 3)[places].astype(np.float64)
    wanted = target.reshape(-1, 3)[places].astype(np.float64) - seen  # shrunk towards no map at all
    x, y = columns / width - 0.5, rows / height - 0.5
    ones = np.ones_like(x)
    terms = np.column_stack([seen / 128, ones, x, y, x * y])
    weights = ones
    solution = np.zeros((terms.shape[1], 3))
    keep_still = np.diag([1e-3, 1e-3, 1e-3, 1e-9, 1e-4, 1e-4, 1e-4]) * places.size
    for _ in range(_ROUNDS):
        heavy = terms * weights[:, None]
        solution = np.linalg.solve(heavy.T @ terms + keep_still, heavy.T @ wanted)
        miss = np.linalg.norm(wanted - terms @ solution, axis=1)
        scale = max(float(np.median(miss)), 2.0)
        weights = 1 / (1 + (miss / (1.5 * scale)) ** 2)
    linear = (np.eye(3) + solution[:3] / 128).astype(np.float32)
    mapped = cv2.transform(source, np.ascontiguousarray(linear.T))
    column = np.linspace(-0.5, 0.5, width, endpoint=False, dtype=np.float32)[None, :, None]
    row = np.linspace(-0.5, 0.5, height, endpoint=False, dtype=np.float32)[:, None, None]
    tilt = solution[3:].astype(np.float32)
    return np.asarray(mapped + (tilt[0] + column * tilt[1] + row * (tilt[2] + column * tilt[3])), np.float32)
