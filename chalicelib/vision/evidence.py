"""From two pictures to one map: how likely did each place change? Everything else in this room reads that map."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.vision.align import Shift, edges, find_shift, move
from chalicelib.vision.features import features
from chalicelib.vision.network import log_odds
from chalicelib.vision.pixels import Bgr, Floats, Mask, Pixels
from chalicelib.vision.shadows import Shade, shade_of
from chalicelib.vision.sight import clouds, shown, within_scene

WORK_M_PER_PX = 1.0  # finer pictures are brought to this: a house is ten pixels then, and a tile costs little
MOST_WORK_PX = 1024  # a larger side is brought down to this
SMOOTH_PX = 5  # of the log-odds
POSSIBLE = 0.55  # probability: less is no part of a changed object
REACH_SHARE = 0.4  # of the log-odds nearby: an object ends where they fall below it
PEAK_PX = 5
_POSSIBLE_ODDS = math.log(POSSIBLE / (1 - POSSIBLE))
LEAST_WORK_PX = 64  # a smaller one is not brought down further: the windows need some ground


class Prepared(NamedTuple):
    """A pair as the detector looks at it: brought to one scale, lying on each other, with what can be seen in both."""

    one: Floats
    two: Floats
    usable: Mask  # at the working scale
    clear: Mask  # as large as the pictures: seen and free of clouds in both


class Evidence(NamedTuple):
    """What the pair says, as large as the pictures."""

    probability: Floats  # 0 to 1; 0 where nothing can be said
    possible: Mask  # where a changed object would reach
    clear: Mask
    shade: Shade | None  # of the pair at the working scale; None where nothing can be said


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
    """Weigh what two pictures of one size say, into a probability of change for each pixel."""
    pair = prepare(first, second, metres_per_pixel)
    height, width = pair.clear.shape
    if not pair.usable.any():
        return Evidence(np.zeros((height, width), np.float32), np.zeros_like(pair.clear), pair.clear, None)
    score: Floats = log_odds(features(pair.one, pair.two, pair.usable), pair.usable.shape)
    score = cv2.boxFilter(score, cv2.CV_32F, (SMOOTH_PX, SMOOTH_PX), borderType=cv2.BORDER_REFLECT)
    probability = np.asarray(1 / (1 + np.exp(-np.clip(score, -30, 30))) * pair.usable, np.float32)
    beyond = score - np.maximum(_POSSIBLE_ODDS, REACH_SHARE * _peaks(score))
    if probability.shape != (height, width):
        probability = np.asarray(cv2.resize(probability, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
        beyond = np.asarray(cv2.resize(beyond, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)
    probability *= pair.clear
    shade = shade_of(pair.one, pair.two, pair.usable)
    return Evidence(probability, (beyond >= 0) & (probability > 0), pair.clear, shade)


def _peaks(score: Floats) -> Floats:
    """Give how high the log-odds rise nearby: the windows blur an object's rim, the more so the surer it is."""
    side = 2 * PEAK_PX + 1
    highest = cv2.dilate(score, np.ones((side, side), np.uint8))
    return np.asarray(cv2.GaussianBlur(highest, (0, 0), side / 4), np.float32)


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
