"""What earlier years say of a newer image: is a region as it always was at that time, or as it never was?"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property

import numpy as np

from chalicelib.vision.band_images import BandImage, index
from chalicelib.vision.pixels import Floats, Mask
from chalicelib.vision.regions import PixelRegion

LEAST = 3  # images of the season that show a region: with fewer nothing is said

_ENOUGH = 5  # images, to leave the lowest and the highest of them out: a cloud that was missed is no season
_LEAST_SHOWN = 0.5  # of a region, for an image to say something of it
_NEAR, _NEAR_SHARE = 0.015, 0.1  # reflectance beside what earlier years had that is still the same: sun and air
_NEAR_NDVI = 0.06  # the same; leafless trees and bare soil differ by little else
_FAR = 2.0  # times that, beside what earlier years had: it never was so


class SeasonTest:
    """Holds a newer image against those of the same season of earlier years, which are read when first asked for."""

    def __init__(self, read: Callable[[], Iterable[BandImage]], newer: BandImage) -> None:
        """Take what reads the images of earlier years, in any order."""
        self._read, self._newer = read, newer

    def is_as_ever(self, region: PixelRegion, shape: tuple[int, ...]) -> bool:
        """Whether a region lies, in each band, within what earlier years had at that time; False where too few say it.

        `shape` is of the image, in pixels, that the region is of.
        """
        departure = self._departure(region, shape)
        return departure is not None and departure <= 1

    def is_as_never(self, region: PixelRegion, shape: tuple[int, ...]) -> bool:
        """Whether a region lies, in some band, far from all that earlier years had; False where too few say it."""
        departure = self._departure(region, shape)
        return departure is not None and departure >= _FAR

    def _departure(self, region: PixelRegion, shape: tuple[int, ...]) -> float | None:
        """Return how far a region lies outside of what earlier years had, in the band where it is farthest.

        In units of what is still the same there; None where too few show it.
        """
        mask = self._at_bands(region, shape)
        shown = [image for image in self._images if _shows(image, mask)]
        if len(shown) < LEAST or not _shows(self._newer, mask):
            return None
        earlier = np.sort([_medians(image, mask) for image in shown], axis=0)
        if len(shown) >= _ENOUGH:
            earlier = earlier[1:-1]
        now = _medians(self._newer, mask)
        low, high = earlier.min(axis=0), earlier.max(axis=0)
        slack = _NEAR + _NEAR_SHARE * np.maximum(now, high)
        slack[-1] = _NEAR_NDVI
        return float((np.maximum(low - now, now - high) / slack).max())

    @cached_property
    def _images(self) -> list[BandImage]:
        like = self._newer
        return [each for each in self._read() if each.names == like.names and each.valid.shape == like.valid.shape]

    def _at_bands(self, region: PixelRegion, shape: tuple[int, ...]) -> Mask:
        side = self._newer.valid.shape
        mask = np.zeros(side, np.bool_)
        rows, columns = np.nonzero(region.mask)
        mask[(rows + region.top) * side[0] // shape[0], (columns + region.left) * side[1] // shape[1]] = True
        return mask


def _shows(image: BandImage, mask: Mask) -> bool:
    return bool((image.valid & mask).sum() >= max(1, _LEAST_SHOWN * mask.sum()))


def _medians(image: BandImage, mask: Mask) -> Floats:
    """Return the median of each band under a mask, and that of NDVI as the last."""
    seen = image.valid & mask
    ndvi = index(image.band("nir")[seen], image.band("red")[seen])
    return np.asarray([*np.median(image.reflectance[seen], axis=0), np.median(ndvi)])
