"""What speaks against a change in the pair itself: a veil over one picture, ground that only grew another plant.

Cast shadows are in `shadows.py`; what older pictures say is in `history.py`.
"""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.domain.changes import Reason
from chalicelib.vision.pixels import Bgr, Floats, Mask, Pixels
from chalicelib.vision.regions import Part

MARKED_DOWN = {Reason.NO_DATA_EDGE: 0.6, Reason.HAZE: 0.6, Reason.SEASON_LIKE: 0.65}
"""What is left of a region's score. One that is large and sure may still alert behind a veil or beside a cloud."""

_RING_M = 15.0  # of the ground beside a place: a veil lies on it too, a building does not
_VEILED = 0.5  # of the contrast that the other picture has there, as both have it elsewhere
_BRIGHTER = 10.0  # grey levels by which a veil lifts the darkest ground
_DARKEST = 0.1  # the share of the ground that is its darkest
_SAME_PATTERN = 0.3  # correlation of the detail in both, at least
_LEAST_PX = 60
_GREEN = 0.045  # of the light, by which green is ahead of red and blue: plants
_NOT_WATER = 0.015  # by which red is ahead of blue on plants: in a green pond it is not
_WARM = 0.05  # by which red is ahead of blue: soil, straw, dry grass
_NEW_EDGES = 1.25  # times the strength of the edges before: something was built
_LIGHTER = 1.2  # times as light: a wood is full of shade, and a clearing is not
_LOST_TEXTURE = 0.55  # of it, at least: with less, a wood was felled


def doubt(part: Part, older: Pixels, newer: Pixels, metres_per_pixel: float, *, hugs_unseen: bool) -> Reason | None:
    """Say what speaks most against a region, if anything does. The pictures are of one size; the order matters."""
    if hugs_unseen:
        return Reason.NO_DATA_EDGE
    reach = max(2, round(_RING_M / metres_per_pixel))
    box, inside = _widened(part, older.seen.shape, reach)
    one, two = older.bgr[box], newer.bgr[box]
    ring = _near(inside, reach) & ~_near(inside, max(1, reach // 4)) & older.seen[box] & newer.seen[box]
    if _is_veiled(one, two, ring, older, newer):
        return Reason.HAZE
    brightened = (float(newer.bgr[::4, ::4].mean()) + 1) / (float(older.bgr[::4, ::4].mean()) + 1)
    return Reason.SEASON_LIKE if _is_grown(one, two, inside, brightened) else None


def _widened(part: Part, shape: tuple[int, ...], reach: int) -> tuple[tuple[slice, slice], Mask]:
    """Give a part's box with the ground around it, and the part in that box."""
    height, width = part.mask.shape
    top, left = max(0, part.top - reach), max(0, part.left - reach)
    box = (slice(top, min(shape[0], part.top + height + reach)), slice(left, min(shape[1], part.left + width + reach)))
    inside = np.zeros((box[0].stop - top, box[1].stop - left), np.bool_)
    inside[part.top - top : part.top - top + height, part.left - left : part.left - left + width] = part.mask
    return box, inside


def _near(mask: Mask, reach: int) -> Mask:
    return np.asarray(cv2.dilate(mask.astype(np.uint8), np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)) > 0)


def _detail(bgr: Bgr) -> tuple[Floats, Floats]:
    """Give a picture's brightness, and its detail, bright or dark: what a wider blur takes away and a narrow leaves."""
    grey = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), np.float32)
    return grey, np.asarray(cv2.GaussianBlur(grey, (0, 0), 1.2) - cv2.GaussianBlur(grey, (0, 0), 5), np.float32)


def _is_veiled(one: Bgr, two: Bgr, ring: Mask, older: Pixels, newer: Pixels) -> bool:
    """Say whether the ground beside a place has lost its contrast in one picture, more than that picture has at large.

    A veil also lifts what is dark, and leaves the ground's pattern: a field that was ploughed shows another one.
    """
    if ring.sum() < _LEAST_PX:
        return False
    (grey_one, detail_one), (grey_two, detail_two) = _detail(one), _detail(two)
    at_large = [_detail(pixels.bgr) for pixels in (older, newer)]
    usual = _spread(at_large[1][1]) / _spread(at_large[0][1])
    ratio = _spread(detail_two[ring]) / _spread(detail_one[ring]) / usual
    lift = _dark(grey_two[ring]) - _dark(grey_one[ring]) - _dark(at_large[1][0]) + _dark(at_large[0][0])
    if not ((ratio < _VEILED and lift > _BRIGHTER) or (ratio > 1 / _VEILED and lift < -_BRIGHTER)):
        return False
    return float((detail_one[ring] * detail_two[ring]).mean()) > _SAME_PATTERN * float(
        detail_one[ring].std() * detail_two[ring].std()
    )


def _spread(detail: Floats) -> float:
    return float(detail.std()) + 0.5


def _dark(grey: Floats) -> float:
    return float(np.quantile(grey, _DARKEST))


def _is_grown(one: Bgr, two: Bgr, inside: Mask, brightened: float) -> bool:
    """Say whether plants stand now where plants or soil were, with no edges that were not there, and as much texture.

    The other way round, plants that gave way to soil, is how a building site begins. Plants in whose place it is much
    lighter, beyond how much the whole picture `brightened`, may be the grass where a wood was felled.
    """
    before, after = (picture[inside].mean(axis=0, dtype=np.float64) for picture in (one, two))
    if not _is_green(after) or not (_is_green(before) or _is_warm(before)):
        return False
    if _is_green(before) and after.mean() > _LIGHTER * brightened * before.mean():
        return False
    edges_before, edges_after = (_edges(picture, inside) for picture in (one, two))
    return _LOST_TEXTURE * edges_before <= edges_after <= _NEW_EDGES * edges_before


def _is_green(colour: Floats) -> bool:
    blue, green, red = colour
    total = colour.sum() + 1
    return bool((2 * green - red - blue) / total > _GREEN and (red - blue) / total > _NOT_WATER)


def _is_warm(colour: Floats) -> bool:
    blue, _, red = colour
    return bool((red - blue) / (colour.sum() + 1) > _WARM)


def _edges(picture: Bgr, inside: Mask) -> float:
    grey = cv2.GaussianBlur(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.float32), (0, 0), 1)
    strength = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1))
    return float(np.quantile(strength[inside], 0.9)) + 2.0
