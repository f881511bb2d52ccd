"""From two pictures to one map: how likely did each place change? Everything else in this room reads that map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.vision.align import Shift, edges, find_shift, move
from chalicelib.vision.features import features, levels_of
from chalicelib.vision.network import log_odds
from chalicelib.vision.pixels import Bgr, Floats, Mask, Pixels
from chalicelib.vision.shadows import Shade, shade_of
from chalicelib.vision.sight import clouds, shown, within_scene

WORK_M_PER_PX = 1.0  # finer pictures are brought to this: a house is ten pixels then, and a tile costs little
MOST_WORK_PX = 1024  # a larger side is brought down to this
SMOOTH_PX = 7  # of the log-odds
_NOTHING = -30.0  # log-odds of what cannot be seen
LEAST_WORK_PX = 64  # a smaller one is not brought down further: the windows need some ground


class Prepared(NamedTuple):
    """A pair as the detector looks at it: brought to one scale, lying on each other, with what can be seen in both."""

    one: Floats
    two: Floats
    usable: Mask  # at the working scale
    clear: Mask  # as large as the pictures: seen and free of clouds in both


@dataclass(frozen=True)
class Evidence:
    """What a pair says: log-odds of change at the working scale."""

    odds: Floats  # -30 where nothing can be said
    clear: Mask  # as large as the pictures
    sight: Sight | None  # what the pair looks like, for further questions; None where it is not kept or shows nothing

    def inside(self, mask: Mask, top: int, left: int) -> Floats:
        """Give the log-odds under the pixels of a part of the pictures, a mask that begins at (top, left)."""
        (rows, columns), (height, width) = self.odds.shape, self.clear.shape
        down, right = np.nonzero(mask)
        return np.asarray(
            self.odds[(2 * (down + top) + 1) * rows // (2 * height), (2 * (right + left) + 1) * columns // (2 * width)]
        )

    def work_scale(self, metres_per_pixel: float) -> float:
        """Give the metres per pixel of the working scale."""
        return metres_per_pixel * math.sqrt(self.clear.size / max(1, self.odds.size))


@dataclass(frozen=True)
class Sight:
    """A pair's pictures at the working scale, and their levelled greys."""

    one: Floats
    two: Floats
    level_one: Floats
    level_two: Floats
    usable: Mask

    @cached_property
    def shade(self) -> Shade:
        """What tells a shadow."""
        return shade_of(self.one, self.two, self.usable)


def work_size(height: int, width: int, metres_per_pixel: float) -> tuple[int, int]:
    """Give (width, height) to work at: about a metre a pixel, never larger than the picture."""
    factor = min(1.0, metres_per_pixel / WORK_M_PER_PX)
    factor = max(factor, min(1.0, LEAST_WORK_PX / max(1, min(height, width))))
    factor = min(factor, MOST_WORK_PX / max(height, width))
    return max(1, round(width * factor)), max(1, round(height * factor))


def clear_of(pixels: Pixels, metres_per_pixel: float) -> Mask:
    """Mark what one picture shows of the ground: within its scene, and not under clouds.

    A flat picture counts as clear: flat is water, as far as one picture can tell.
    """
    height, width = pixels.seen.shape
    seen = within_scene(pixels)
    size = work_size(height, width, metres_per_pixel)
    cloudy = clouds(_scaled(pixels.bgr, size), _scaled_mask(seen, size))
    return np.asarray(seen & ~_enlarged(cloudy, (width, height)))


def prepare(first: Pixels, second: Pixels, metres_per_pixel: float) -> Prepared:
    """Bring two pictures of one size to the working scale and onto each other.

    Each is moved by half the shift between them, so both are interpolated alike.
    """
    height, width = first.seen.shape
    size = work_size(height, width, metres_per_pixel)
    shown_first, shown_second = shown(first), shown(second)
    one, two = (_scaled(pixels.bgr, size) for pixels in (first, second))
    seen_one, seen_two = (_scaled_mask(mask, size) for mask in (shown_first, shown_second))
    cloudy = clouds(one, seen_one) | clouds(two, seen_two)
    usable = seen_one & seen_two & ~cloudy
    edge_one, edge_two = (
        edges(cv2.cvtColor(_filled(picture, usable), cv2.COLOR_BGR2GRAY)) * usable for picture in (one, two)
    )
    shift = find_shift(edge_one, edge_two)
    one = move(one, Shift(shift.x / 2, shift.y / 2))
    two = move(two, Shift(-shift.x / 2, -shift.y / 2))
    reach = 1 + math.ceil(max(abs(shift.x), abs(shift.y)) / 2)
    usable = _shrunk(usable, reach)
    clear = shown_first & shown_second & ~_enlarged(cloudy, (width, height))
    return Prepared(_filled(one, usable), _filled(two, usable), usable, clear)


def weigh(first: Pixels, second: Pixels, metres_per_pixel: float) -> Evidence:
    """Weigh what two pictures of one size say, into log-odds of change."""
    pair = prepare(first, second, metres_per_pixel)
    odds = np.full(pair.usable.shape, _NOTHING, np.float32)
    if not pair.usable.any():
        return Evidence(odds, np.zeros_like(pair.clear), None)
    levels = levels_of(pair.one, pair.two)
    raw = log_odds(features(pair.one, pair.two, *levels, pair.usable), pair.usable.shape)
    raw = np.asarray(cv2.boxFilter(raw, cv2.CV_32F, (SMOOTH_PX, SMOOTH_PX), borderType=cv2.BORDER_REFLECT), np.float32)
    np.copyto(odds, np.clip(raw, _NOTHING, -_NOTHING), where=pair.usable)
    return Evidence(odds, pair.clear, Sight(pair.one, pair.two, *levels, pair.usable))


def _scaled(bgr: Bgr, size: tuple[int, int]) -> Floats:
    if (bgr.shape[1], bgr.shape[0]) != size:
        bgr = np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), np.uint8)
    return bgr.astype(np.float32)


def _scaled_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    if mask.all():
        return np.ones((size[1], size[0]), np.bool_)
    share = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(share > 0.999)


def _enlarged(mask: Mask, size: tuple[int, int]) -> Mask:
    return np.asarray(cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0)


def _shrunk(mask: Mask, by: int) -> Mask:
    if mask.all():
        return mask
    return np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((2 * by + 1, 2 * by + 1), np.uint8)) > 0)


def _filled(picture: Floats, usable: Mask) -> Floats:
    """Put the picture's mean where nothing can be seen, so that its rim makes no strong edge."""
    if usable.all() or not usable.any():
        return picture
    filled = picture.copy()
    filled[~usable] = picture[usable].mean(axis=0)
    return filled
