"""What in the pair itself speaks against a change: haze, thin cloud, vegetation phenology, the edge of unseen ground.

Cast shadows are in `shadows.py`; what older images say is in `persistence.py`.
"""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.domain.changes import Reason
from chalicelib.vision.pixels import Bgr, Floats, Mask, Pixels
from chalicelib.vision.regions import PixelRegion
from chalicelib.vision.veils import is_veil

SCORE_FACTORS = {Reason.NO_DATA_EDGE: 0.6, Reason.HAZE: 0.6, Reason.VEIL: 0.2, Reason.SEASON_LIKE: 0.65}
"""What is left of a region's score. One that is large and sure may still alert behind haze or beside a cloud."""

_RING_M = 15.0  # of the ground beside a region: haze lies on it too, a building does not
_HAZE_CONTRAST = 0.5  # of the contrast that the other image has there, relative to both images at large
_HAZE_LIFT = 10.0  # grey levels by which haze lifts the darkest ground
_DARK_QUANTILE = 0.1  # the darkest ground
_SAME_PATTERN = 0.3  # correlation of the detail in both, at least
_MIN_RING_PX = 60
_GREEN = 0.045  # of the light, by which green exceeds red and blue: vegetation
_NOT_WATER = 0.015  # by which red exceeds blue on vegetation: in a green pond it does not
_WARM = 0.05  # by which red exceeds blue: soil, straw, dry grass
_MAX_EDGE_RATIO = 1.25  # of the edges before: with stronger edges, something was built
_MIN_EDGE_RATIO = 0.55  # of the edges before: with weaker edges, a wood was felled
_LIGHTER = 1.2  # times as light: a wood is full of shade, and a clearing is not


def find_confounder(
    region: PixelRegion, older: Pixels, newer: Pixels, gsd_m: float, *, is_along_unseen: bool
) -> Reason | None:
    """Return what speaks most against a region, or None. The images are of one size; their order matters."""
    if is_along_unseen:
        return Reason.NO_DATA_EDGE
    reach = max(2, round(_RING_M / gsd_m))
    box, inside = _with_surroundings(region, older.valid.shape, reach)
    one, two = older.bgr[box], newer.bgr[box]
    ring = _dilated(inside, reach) & ~_dilated(inside, max(1, reach // 4)) & older.valid[box] & newer.valid[box]
    if _is_haze(one, two, ring, older, newer):
        return Reason.HAZE
    if is_veil(one, two, inside, gsd_m):
        return Reason.VEIL
    brightened = (float(newer.bgr[::4, ::4].mean()) + 1) / (float(older.bgr[::4, ::4].mean()) + 1)
    return Reason.SEASON_LIKE if _is_phenology(one, two, inside, brightened) else None


def _with_surroundings(region: PixelRegion, shape: tuple[int, ...], reach: int) -> tuple[tuple[slice, slice], Mask]:
    """Return a region's box with the ground around it, and the region's mask in that box."""
    height, width = region.mask.shape
    top, left = max(0, region.top - reach), max(0, region.left - reach)
    box = (
        slice(top, min(shape[0], region.top + height + reach)),
        slice(left, min(shape[1], region.left + width + reach)),
    )
    inside = np.zeros((box[0].stop - top, box[1].stop - left), np.bool_)
    inside[region.top - top : region.top - top + height, region.left - left : region.left - left + width] = region.mask
    return box, inside


def _dilated(mask: Mask, reach: int) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0)


def _grey_and_detail(bgr: Bgr) -> tuple[Floats, Floats]:
    """Return an image's grey and its detail, both (height, width): a difference of Gaussians, bright or dark."""
    grey = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), np.float32)
    return grey, np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.2) - cv2.GaussianBlur(grey, (0, 0), 5), np.float32)


def _is_haze(one: Bgr, two: Bgr, ring: Mask, older: Pixels, newer: Pixels) -> bool:
    """Has the ground beside a region lost contrast in one image, more than that image has lost at large?

    Haze also lifts what is dark, and leaves the ground's pattern: a field that was ploughed shows another one.
    """
    if ring.sum() < _MIN_RING_PX:
        return False
    (grey_one, detail_one), (grey_two, detail_two) = _grey_and_detail(one), _grey_and_detail(two)
    at_large = [_grey_and_detail(pixels.bgr) for pixels in (older, newer)]
    usual = _spread(at_large[1][1]) / _spread(at_large[0][1])
    ratio = _spread(detail_two[ring]) / _spread(detail_one[ring]) / usual
    lift = _dark_level(grey_two[ring]) - _dark_level(grey_one[ring])
    lift = lift - _dark_level(at_large[1][0]) + _dark_level(at_large[0][0])
    is_newer_hazy = ratio < _HAZE_CONTRAST and lift > _HAZE_LIFT
    is_older_hazy = ratio > 1 / _HAZE_CONTRAST and lift < -_HAZE_LIFT
    if not (is_newer_hazy or is_older_hazy):
        return False
    return float((detail_one[ring] * detail_two[ring]).mean()) > _SAME_PATTERN * float(
        detail_one[ring].std() * detail_two[ring].std()
    )


def _spread(detail: Floats) -> float:
    return float(detail.std()) + 0.5


def _dark_level(grey: Floats) -> float:
    return float(np.quantile(grey, _DARK_QUANTILE))


def _is_phenology(one: Bgr, two: Bgr, inside: Mask, brightened: float) -> bool:
    """Does vegetation stand where vegetation or soil was, with no new edges and as much texture as before?

    The other way round, vegetation that gave way to soil, is how a building site begins. Vegetation that is much
    lighter than before, beyond how much the whole image `brightened`, may be the grass where a wood was felled.
    """
    before, after = (image[inside].mean(axis=0, dtype=np.float64) for image in (one, two))
    if not _is_green(after) or not (_is_green(before) or _is_warm(before)):
        return False
    if _is_green(before) and after.mean() > _LIGHTER * brightened * before.mean():
        return False
    edges_before, edges_after = (_edge_strength(image, inside) for image in (one, two))
    return _MIN_EDGE_RATIO * edges_before <= edges_after <= _MAX_EDGE_RATIO * edges_before


def _is_green(colour: Floats) -> bool:
    blue, green, red = colour
    total = colour.sum() + 1
    return bool((2 * green - red - blue) / total > _GREEN and (red - blue) / total > _NOT_WATER)


def _is_warm(colour: Floats) -> bool:
    blue, _, red = colour
    return bool((red - blue) / (colour.sum() + 1) > _WARM)


def _edge_strength(image: Bgr, inside: Mask) -> float:
    grey = cv2.GaussianBlur(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.float32), (0, 0), 1)
    strength = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return float(np.quantile(strength[inside], 0.9)) + 2.0
