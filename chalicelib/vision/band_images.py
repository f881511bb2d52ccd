"""An image as its bands measured it: the reflectance of what can be seen."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.domain.bands import LAYERS, MEASURED, NO_DATA, ONE, ZERO
from chalicelib.domain.tiles import View
from chalicelib.intake.bands import Layers
from chalicelib.vision.bands import hidden_pixels
from chalicelib.vision.pixels import Floats, Mask

NEEDED = ("red", "nir", "swir16")  # what tells plants, water, soil and what is built: with less, the picture is asked


class BandImage(NamedTuple):
    """The bands of an image, on one grid."""

    reflectance: Floats  # (rows, columns, bands), float32, 1: all light comes back
    names: tuple[str, ...]  # of the bands, in the order of LAYERS
    valid: Mask  # (rows, columns): measured by all of them, and not hidden

    def of(self, names: tuple[str, ...]) -> Floats:
        """Return the reflectance in some of its bands, (rows, columns, bands)."""
        if names == self.names:
            return self.reflectance
        return np.ascontiguousarray(self.reflectance[..., [self.names.index(name) for name in names]])

    def band(self, name: str) -> Floats:
        """Return the reflectance in one of its bands, (rows, columns)."""
        return np.asarray(self.reflectance[..., self.names.index(name)])


def band_image(layers: Layers, view: View, seen: Mask | None = None) -> BandImage | None:
    """Return what stored layers measured; None where a band that is NEEDED is not among them.

    `seen` is what the picture beside them shows, as large as the view: the rest is not valid either.
    """
    measured = [(name, layers[LAYERS.index(name)]) for name in MEASURED]
    measured = [(name, layer) for name, layer in measured if np.ptp(layer) > 0]  # one number all over is no measurement
    names = tuple(name for name, _ in measured)
    if not set(NEEDED) <= set(names):
        return None
    numbers = np.dstack([layer for _, layer in measured])
    valid = (numbers != NO_DATA).all(axis=2) & ~hidden_pixels(layers, view)
    if seen is not None:
        side, times = len(valid), len(seen) // len(valid)
        valid &= seen.reshape(side, times, side, times).all(axis=(1, 3))
    return BandImage((numbers.astype(np.float32) - ZERO) / ONE, names, valid)


def smoothed(image: BandImage, names: tuple[str, ...], sigma_px: float) -> Floats:
    """Return the reflectance in some bands, smoothed; what is not valid counts as the mean of what is."""
    values = image.of(names)
    if not image.valid.all() and image.valid.any():
        values = np.where(image.valid[..., None], values, values[image.valid].mean(axis=0))
    return np.asarray(cv2.GaussianBlur(values, (0, 0), sigma_px), np.float32).reshape(values.shape)


def index(first: Floats, second: Floats) -> Floats:
    """Return the normalised difference of two bands, -1 to 1: NDVI of (nir, red), MNDWI of (green, swir16).

    >>> round(float(index(np.float32(0.4), np.float32(0.1))), 2)
    0.6
    """
    return np.asarray((first - second) / np.maximum(np.abs(first) + np.abs(second), 0.02), np.float32)
