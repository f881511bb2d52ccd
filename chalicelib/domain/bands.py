"""Bands: what a sensor measured of a view, beside the visible image: seven layers, one below the other in one PNG.

A layer is as wide and high as the view, or a whole fraction of it where the sensor's pixels are larger; a pixel has 16
bits, and 0 where the sensor shows nothing. A layer that a sensor does not have is 0 all over.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from chalicelib.domain.tiles import View

LAYERS = ("blue", "green", "red", "nir", "swir16", "swir22", "class")  # from the top of the PNG to its bottom
MEASURED, CLASS = LAYERS[:-1], LAYERS[-1]
VISIBLE = ("blue", "green", "red")
NO_DATA = 0
ONE, ZERO = 10_000, 1_000  # a value is ONE times the reflectance (1: all light comes back), and ZERO more

# Of the layer `class`: the numbers of Sentinel-2's scene classification.
CLASSES = tuple(range(1, 12))  # 0: none is said
DEFECTIVE, CLOUD_SHADOW, SNOW = 1, 3, 11
CLOUDS = (8, 9, 10)  # of medium probability, of high, thin cirrus
UNSEEN = (DEFECTIVE, CLOUD_SHADOW, *CLOUDS, SNOW)  # the ground below is not what the pixel shows
UNSEEN_AROUND_M = 60.0  # beyond clouds and shadows, three pixels of the classification: their rims are not classified


class StoredBands(NamedTuple):
    """The object of an image's bands."""

    key: str
    sha256: str


class HasObjects:
    """What is stored in an object of its own, and a second one for its bands if it has them: all or nothing."""

    __slots__ = ()
    key: str
    sha256: str
    bands: StoredBands | None

    @property
    def keys(self) -> list[str]:
        """The keys of its objects: where one of them is not there it is lost."""
        return [self.key, self.bands.key] if self.bands else [self.key]

    @property
    def digests(self) -> list[str]:
        """The sha256 of each: what has the same ones shows the same."""
        return [self.sha256, self.bands.sha256] if self.bands else [self.sha256]


def reflectance(value: float) -> float:
    """Return the reflectance that a layer's value stands for.

    >>> reflectance(1_000), reflectance(4_558), reflectance(900)
    (0.0, 0.3558, -0.01)
    """
    return round((value - ZERO) / ONE, 6)


def side_px(view: View, gsd_m: float) -> int:
    """Return how many pixels the side of a layer has, for a sensor of so many metres a pixel.

    The view's own, or a whole fraction of them, so that tile and margin still begin with a pixel.

    >>> from chalicelib.domain.tiles import Tile
    >>> view = View(tile=Tile(17, 96_693, 57_850), tile_px=512, margin_px=64)
    >>> round(view.gsd_m, 2), side_px(view, 10.0), side_px(view, 0.3)
    (0.56, 40, 640)
    """
    shared = math.gcd(view.tile_px, view.margin_px)
    fits = [step for step in range(1, shared + 1) if shared % step == 0 and view.gsd_m * step <= gsd_m]
    return view.size_px // max(fits, default=1)
