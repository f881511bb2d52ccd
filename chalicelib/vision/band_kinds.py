"""Of which kind a change is, by the reflectance of its ground before and after: plants, water, soil and what is built.

The words are those that every region's kind is said with.
"""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.vision.band_images import BandImage, index
from chalicelib.vision.pixels import Floats, Mask
from chalicelib.vision.regions import PixelRegion

NO_WORKS = frozenset({"vegetation_grown", "crop_or_season"})
WATERS = frozenset({"water_gained", "water_lost"})  # told from all else by the bands, so an area's choice decides
NO_SEASONS = frozenset({"built", "road"})  # no season brings them, however like the ground before they are

_WATER = 0.1  # MNDWI, or where there is no green band as little NIR, at least
_PLANTS = 0.35  # NDVI, at least
_PLANTS_CHANGED = 0.15  # NDVI
_BARE = 0.25  # NDVI, at most
_GREY = 0.8  # blue over red: roofs and concrete; soil is redder
_DARKEST = 0.01  # of the ground: what comes back from there came back from the air (Chavez 1988)
_BRIGHTER = 0.02  # reflectance, red: what is cleared is lighter than plants
_ROAD_RATIO, _ROAD_PX = 4.0, 4.0  # length over width, and the width at most


def kind_of(region: PixelRegion, before: BandImage, after: BandImage, shape: tuple[int, ...]) -> str:
    """Return the kind of a region of an image of a shape, (rows, columns), that the bands lie under."""
    whole = _at_bands(region, shape, before.valid.shape)
    mask = _most_changed(whole, before, after)
    was_water, is_water = (_is_water(image, mask) for image in (before, after))
    if was_water or is_water:
        return "other" if was_water and is_water else "water_lost" if was_water else "water_gained"
    return _kind_on_land(before, after, mask, is_long=_is_long(whole))


def _kind_on_land(before: BandImage, after: BandImage, mask: Mask, *, is_long: bool) -> str:
    was, now = (_mean(index(image.band("nir"), image.band("red")), mask) for image in (before, after))
    red = _mean(after.band("red"), mask) - _mean(before.band("red"), mask)
    if now - was >= _PLANTS_CHANGED and now >= _PLANTS:
        return "vegetation_grown"
    if now >= _PLANTS and was >= _PLANTS:
        return "crop_or_season"
    if _is_grey(after, mask):
        return "road" if is_long else "built"
    if now < _BARE and red >= _BRIGHTER:
        return "bare_earth"
    return "vegetation_lost" if was - now >= _PLANTS_CHANGED else "other"


def changed_share(region: PixelRegion, before: BandImage, after: BandImage, shape: tuple[int, ...]) -> float:
    """Return how much of a region changed: what is blurred into its rim counts by how much of it came there."""
    mask = _at_bands(region, shape, before.valid.shape)
    change = _change(before, after)[mask]
    return float(change.mean() / max(1e-6, float(change.max())))


def _change(before: BandImage, after: BandImage) -> Floats:
    """Return how much each pixel changed, beside what most of the ground did: the sum over the bands that both have."""
    names = tuple(name for name in before.names if name in after.names)
    change = after.of(names) - before.of(names)
    both = before.valid & after.valid
    usual = np.median(change[both][::7], axis=0) if both.any() else 0.0
    return np.asarray(np.abs(change - usual).sum(axis=2))


def _at_bands(region: PixelRegion, shape: tuple[int, ...], bands: tuple[int, ...]) -> Mask:
    """Return which pixels of the bands a region covers, (rows, columns); the nearest ones of a tiny region."""
    rows, columns = np.nonzero(region.mask)
    mask = np.zeros(bands, np.bool_)
    mask[(rows + region.top) * bands[0] // shape[0], (columns + region.left) * bands[1] // shape[1]] = True
    return mask


def _most_changed(mask: Mask, before: BandImage, after: BandImage) -> Mask:
    """Leave the half of a region that changed most: its rim is the ground beside it."""
    change = _change(before, after)
    return np.asarray(mask & (change >= np.median(change[mask])))


def _mean(values: Floats, mask: Mask) -> float:
    return float(np.median(values[mask]))


def _is_water(image: BandImage, mask: Mask) -> bool:
    nir = image.band("nir")
    visible = image.band("green" if "green" in image.names else "red")
    return _mean(index(visible, image.band("swir16")), mask) >= _WATER and _mean(nir, mask) < _mean(visible, mask)


def _is_grey(image: BandImage, mask: Mask) -> bool:
    if "blue" not in image.names:
        return False
    ground = image.valid if image.valid.any() else mask
    blue, red = (
        _mean(image.band(name), mask) - float(np.quantile(image.band(name)[ground], _DARKEST))
        for name in ("blue", "red")
    )
    return blue >= _GREY * red


def _is_long(mask: Mask) -> bool:
    (_, (one, two), _) = cv2.minAreaRect(np.argwhere(mask).astype(np.float32))
    length, width = max(one, two) + 1, min(one, two) + 1
    return bool(length >= _ROAD_RATIO * width and mask.sum() <= _ROAD_PX * length)
