"""What a region looks like in one image and in the other, in plain numbers: what its kind is told by.

All of it is at the working scale, of the two images of a change map, older one first: what is measured in each image is
in units of that image's own spread, so that film, haze and season of a whole image say nothing.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats, Mask

_RING_PX = 8  # the ground beside a region
_SMALL_PX = 9  # bright or dark objects are smaller than that
_MOST_PX = 4000  # of a region: quantiles of a larger one are those of every so many of its pixels
_LEAST_SPREAD = np.array([8.0, 0.02, 0.02], np.float32)  # grey levels; greenness; red less blue
IN_ONE = (
    "dark",
    "brightness",
    "bright",
    "green",
    "greenest",
    "warm",
    "tint",
    "texture",
    "edges",
    "straight",
    "bright_small",
    "dark_small",
    "bright_beside",
    "green_beside",
)
OF_BOTH = ("brightness_off", "green_off", "warm_off", "size", "filled", "long", "scale")
NAMES = (*(f"{name}_{when}" for when in ("before", "after") for name in IN_ONE), *OF_BOTH)


class Levels(NamedTuple):
    """Median and spread of brightness, greenness and red less blue over an image, (3,) each."""

    median: Floats
    spread: Floats


def levels_of(image: Floats, usable: Mask) -> Levels:
    """Measure an image once for all its regions; (rows, columns, 3), 0 to 255."""
    sample = _ground(image[::3, ::3])[usable[::3, ::3]]
    if not len(sample):
        return Levels(np.zeros(3, np.float32), _LEAST_SPREAD)
    low, median, high = np.quantile(sample, (0.16, 0.5, 0.84), axis=0)
    return Levels(np.asarray(median, np.float32), np.maximum(np.asarray(high - low, np.float32) / 2, _LEAST_SPREAD))


def describe(
    mask: Mask, corner: tuple[int, int], images: tuple[Floats, Floats], levels: tuple[Levels, Levels], gsd_m: float
) -> Floats:
    """Return a region's numbers, one for each of NAMES; its mask's first pixel is `corner` = (top, left).

    `images` are the older and the newer one, with the levels of each.
    """
    top, left = corner
    height, width = mask.shape
    rows, columns = images[0].shape[:2]
    box = (
        slice(max(0, top - _RING_PX), min(rows, top + height + _RING_PX)),
        slice(max(0, left - _RING_PX), min(columns, left + width + _RING_PX)),
    )
    region = np.zeros((box[0].stop - box[0].start, box[1].stop - box[1].start), np.uint8)
    region[top - box[0].start :, left - box[1].start :][:height, :width] = mask
    near = cv2.dilate(region, np.ones((2 * _RING_PX + 1, 2 * _RING_PX + 1), np.uint8))
    inside, beside = region > 0, (near > 0) & (region == 0)
    grounds = [(_ground(image[box]) - level.median) / level.spread for image, level in zip(images, levels, strict=True)]
    then, now = (_in_one(ground, inside, beside) for ground in grounds)
    off = [abs(now[IN_ONE.index(name)] - then[IN_ONE.index(name)]) for name in ("brightness", "green", "warm")]
    return np.array([*then, *now, *off, *_shape(region, gsd_m)], np.float32)


def _ground(image: Floats) -> Floats:
    """Return brightness, greenness and red less blue of each pixel."""
    blue, green, red = cv2.split(np.ascontiguousarray(image, np.float32))
    total = blue + green + red + 30
    return np.dstack([(blue + green + red) / 3, (2 * green - blue - red) / total, (red - blue) / total])


def _in_one(ground: Floats, inside: Mask, beside: Mask) -> list[float]:
    """Measure a region in one image, in the order of IN_ONE."""
    grey = np.ascontiguousarray(ground[..., 0])
    values = ground[inside]
    thinned = slice(None, None, max(1, len(values) // _MOST_PX))
    values = values[thinned]
    dark, middle, bright = np.quantile(values[:, 0], (0.1, 0.5, 0.9))
    green, greenest = np.quantile(values[:, 1], (0.5, 0.9))
    ring = np.median(ground[beside], axis=0) if beside.any() else np.median(values, axis=0)
    x, y = cv2.Scharr(grey, cv2.CV_32F, 1, 0) / 16, cv2.Scharr(grey, cv2.CV_32F, 0, 1) / 16
    power, across, along = (cv2.blur(part, (_SMALL_PX,) * 2) for part in (x * x + y * y, x * x - y * y, 2 * x * y))
    straight = float(np.hypot(across, along)[inside].sum() / (power[inside].sum() + 1e-3))
    mean = cv2.blur(grey, (5, 5))
    texture = np.sqrt(np.maximum(cv2.blur(grey * grey, (5, 5)) - mean * mean, 0))[inside].mean()
    kernel = np.ones((_SMALL_PX, _SMALL_PX), np.uint8)
    small = (cv2.morphologyEx(grey, how, kernel)[inside][thinned] for how in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT))
    bright_small, dark_small = (float(np.quantile(part, 0.9)) for part in small)
    return [
        float(dark),
        float(middle),
        float(bright),
        float(green),
        float(greenest),
        float(np.median(values[:, 2])),
        float(np.quantile(np.hypot(values[:, 1], values[:, 2]), 0.9)),
        float(np.log(texture + 0.1)),
        float(np.log(np.quantile(np.hypot(x, y)[inside][thinned], 0.9) + 0.05)),
        straight,
        float(np.log(bright_small + 0.1)),
        float(np.log(dark_small + 0.1)),
        float(middle - ring[0]),
        float(green - ring[1]),
    ]


def _shape(region: Floats, gsd_m: float) -> list[float]:
    """Return size (logarithm of px), share of its rectangle, length by width (logarithm), and the scale (logarithm)."""
    pixels = int(region.sum())
    _, (one, two), _ = cv2.minAreaRect(cv2.findNonZero(region))
    longer, shorter = max(one, two) + 1, min(one, two) + 1
    return [np.log10(pixels), pixels / (longer * shorter), float(np.log(longer / shorter)), float(np.log(gsd_m))]
