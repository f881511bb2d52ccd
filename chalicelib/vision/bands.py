"""What an image's bands say of its pixels: by its class layer, which of them do not show the ground."""

from __future__ import annotations

import math

import cv2
import numpy as np

from chalicelib.domain.bands import CLASS, CLASSES, CLOUD_SHADOW, CLOUDS, LAYERS, UNSEEN, UNSEEN_AROUND_M
from chalicelib.domain.tiles import View
from chalicelib.intake.bands import Layers, each_pixel
from chalicelib.vision.pixels import Mask, Pixels


def seen_of(pixels: Pixels, layers: Layers | None, view: View) -> Pixels:
    """Return an image without the pixels that its bands call clouds, their shadows, snow or defective."""
    if layers is None:
        return pixels
    hidden = each_pixel(hidden_pixels(layers, view), view)
    return Pixels(pixels.bgr, pixels.valid & ~hidden) if hidden.any() else pixels


def hidden_pixels(layers: Layers, view: View) -> Mask:
    """Return which of the layers' own pixels do not show the ground, by their class, (rows, columns)."""
    classes = layers[LAYERS.index(CLASS)]
    hidden = np.isin(classes, UNSEEN)
    if classes.any():
        hidden |= ~np.isin(classes, CLASSES)  # of all else in the layer it is not said what the pixel shows
    veiled = np.isin(classes, (*CLOUDS, CLOUD_SHADOW))
    if veiled.any():
        around_px = math.ceil(UNSEEN_AROUND_M / (view.gsd_m * view.size_px / len(classes)))
        disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * around_px + 1,) * 2)
        hidden |= cv2.dilate(veiled.astype(np.uint8), disc) > 0
    return hidden
