"""An image reduced to where its ground lies: its greys, what of it shows ground, and the field of its edges."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.vision.clouds import cloud_mask
from chalicelib.vision.orientation_correlation import orientation_field
from chalicelib.vision.pixels import Bgr, Floats, Mask, Pixels
from chalicelib.vision.similarity import Similarity, laid_back

_SIDE_PX = 256  # an image is reduced to this


class CoarseImage(NamedTuple):
    """A reduced image; `bgr` is as it came, whatever was done to the rest."""

    bgr: Bgr
    grey: Floats
    usable: Mask | None

    @property
    def field(self) -> Floats:
        """Its orientation field, (height, width, 2)."""
        return orientation_field(self.grey, self.usable)

    @property
    def seen_share(self) -> float:
        """How much of it shows ground: neither no-data nor cloud."""
        usable = np.ones(self.grey.shape, np.bool_) if self.usable is None else self.usable
        return float((usable & ~cloud_mask(self.bgr.astype(np.float32), usable)).mean())

    def laid_back(self, by: Similarity) -> CoarseImage:
        """Lay it on the grid of the image that it differs from by a similarity."""
        usable = np.ones(self.grey.shape, np.float32) if self.usable is None else self.usable.astype(np.float32)
        return CoarseImage(self.bgr, laid_back(self.grey, by), laid_back(usable, by) > 0.999)

    def turned(self, way: Callable[[Floats], Floats]) -> CoarseImage:
        """Mirror or turn it."""
        usable = None if self.usable is None else np.ascontiguousarray(way(self.usable))
        return CoarseImage(self.bgr, np.ascontiguousarray(way(self.grey)), usable)

    def reduced(self, side: int) -> CoarseImage:
        """Reduce it further."""
        factor = side / max(self.grey.shape)
        if factor >= 1:
            return self
        size = tuple(max(1, round(n * factor)) for n in self.grey.shape[::-1])
        usable = None if self.usable is None else _reduced(self.usable.astype(np.float32), size) > 0.999
        return CoarseImage(self.bgr, _reduced(self.grey, size), usable)


def coarse_image(pixels: Pixels) -> CoarseImage:
    """Reduce an image to 256 px at most."""
    factor = min(1.0, _SIDE_PX / max(pixels.valid.shape))
    bgr, valid = pixels
    if factor < 1:
        size = tuple(max(1, round(n * factor)) for n in valid.shape[::-1])
        bgr = np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), np.uint8)
        valid = np.ones(bgr.shape[:2], np.bool_) if valid.all() else _reduced(valid.astype(np.float32), size) > 0.999
    grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY).astype(np.float32)
    return CoarseImage(bgr, grey, None if valid.all() else valid)


def _reduced(image: Floats, size: tuple[int, ...]) -> Floats:
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA), np.float32)
