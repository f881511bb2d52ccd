"""What the surroundings say: a small convolutional network that sees both pictures, on top of the maps.

`tests/bench/fit_context.py` fits it, on simulated land only. Without its file the maps decide alone.
"""

from __future__ import annotations

import threading
from functools import cached_property
from pathlib import Path

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats

MODEL = Path(__file__).with_name("context.onnx")
_STEP_PX = 16  # the network halves its pictures four times
_LIVELY = 8.0  # brings tints to about the spread of the levelled greys


class _Own(threading.local):
    """A network of OpenCV answers one thread at a time, so each reads its own, when it first asks."""

    @cached_property
    def model(self) -> cv2.dnn.Net | None:
        return cv2.dnn.readNetFromONNX(str(MODEL)) if MODEL.exists() else None


_own = _Own()


def planes(picture: Floats, level: Floats) -> Floats:
    """Give what the network sees of a colour picture (height, width, 3; 0 to 255): its levelled grey and two tints."""
    blue, green, red = cv2.split(picture)
    light = (blue + green + red + 30) / _LIVELY
    tints = ((2 * green - blue - red) / light, (red - blue) / light)
    return np.stack([level, *(tint - np.float32(np.median(tint[::3, ::3])) for tint in tints)]).astype(np.float32)


def context_odds(one: Floats, two: Floats, level_one: Floats, level_two: Floats) -> Floats | None:
    """Give the log-odds of change for each pixel of two pictures, from them and their levels; None without a model."""
    model = _own.model
    if model is None:
        return None
    height, width = level_one.shape
    for name, seen in (("one", planes(one, level_one)), ("two", planes(two, level_two))):
        rim = ((0, 0), (0, -height % _STEP_PX), (0, -width % _STEP_PX))
        model.setInput(np.pad(seen, rim, mode="edge")[None], name)
    half = model.forward()[0, 0]
    odds = cv2.resize(half, (2 * half.shape[1], 2 * half.shape[0]), interpolation=cv2.INTER_LINEAR)
    return np.asarray(odds[:height, :width], np.float32)
