"""The change map of a pair: log-odds of change at the working scale. All later steps of detection read this map."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.vision.cloud_shadows import relit
from chalicelib.vision.clouds import cloud_mask
from chalicelib.vision.features import feature_maps, normalised_greys
from chalicelib.vision.local_registration import bent, estimate_field
from chalicelib.vision.masks import scene_mask, usable_mask
from chalicelib.vision.network import log_odds
from chalicelib.vision.pixels import Bgr, Floats, Mask, Pixels, has_colour
from chalicelib.vision.region_descriptors import Levels, levels_of
from chalicelib.vision.registration import Shift, edge_strength, estimate_shift, translate
from chalicelib.vision.shadows import ShadowInput, shadow_input

WORKING_GSD_M = 1.0  # finer images are reduced to this: a house is ten pixels then, and a tile costs little
MAX_WORKING_PX = 1024  # a larger side is reduced to this
MIN_WORKING_PX = 64  # a smaller side is not reduced further: the windows need some ground
SMOOTHING_PX = 7  # of the log-odds
UNKNOWN = -30.0  # log-odds of what cannot be seen


class RegisteredPair(NamedTuple):
    """Two images reduced to the working scale and registered, with what can be seen in both."""

    one: Floats  # (rows, columns, 3), 0 to 255
    two: Floats
    usable: Mask  # (rows, columns)
    clear: Mask  # as large as the images: within both scenes and free of clouds in both


@dataclass(frozen=True)
class WorkingPair:
    """What later questions need of a pair at the working scale: its colours and its normalised greys."""

    one: Floats
    two: Floats
    grey_one: Floats
    grey_two: Floats
    usable: Mask
    is_exchanged: bool = False  # `one` is the newer image

    @cached_property
    def older_and_newer(self) -> tuple[Floats, Floats]:
        """The two images in the order that they were given in: what changed has a direction, where it changed none."""
        return (self.two, self.one) if self.is_exchanged else (self.one, self.two)

    @cached_property
    def levels(self) -> tuple[Levels, Levels]:
        """What the kinds of regions are measured by, once for the older and the newer image."""
        older, newer = (levels_of(image, self.usable) for image in self.older_and_newer)
        return older, newer

    @cached_property
    def shadow_input(self) -> ShadowInput:
        """What the shadow test measures once for the pair."""
        return shadow_input(self.one, self.two, self.usable)


@dataclass(frozen=True)
class ChangeMap:
    """Log-odds of change of a pair at the working scale."""

    odds: Floats  # (rows, columns); -30 where nothing is known
    clear: Mask  # as large as the images
    pair: WorkingPair | None  # None where it is not kept, or where nothing can be seen

    def odds_under(self, mask: Mask, top: int, left: int) -> Floats:
        """Return the log-odds under a mask at the images' scale whose first pixel is (top, left); one a mask pixel."""
        (rows, columns), (height, width) = self.odds.shape, self.clear.shape
        down, right = np.nonzero(mask)
        return np.asarray(
            self.odds[(2 * (down + top) + 1) * rows // (2 * height), (2 * (right + left) + 1) * columns // (2 * width)]
        )

    def at_working_scale(self, mask: Mask, top: int, left: int) -> tuple[Mask, tuple[int, int]]:
        """Return a mask at the images' scale, whose first pixel is (top, left), at the working scale, with its corner.

        A mask smaller than a pixel there is that pixel.
        """
        (rows, columns), (height, width) = self.odds.shape, self.clear.shape
        down, right = np.nonzero(mask)
        own = (2 * (down + top) + 1) * rows // (2 * height), (2 * (right + left) + 1) * columns // (2 * width)
        share = np.zeros((own[0].max() - own[0].min() + 1, own[1].max() - own[1].min() + 1), np.int64)
        np.add.at(share, (own[0] - own[0].min(), own[1] - own[1].min()), 1)
        most = 0.5 * min(height / rows * width / columns, share.max())
        return np.asarray(share >= most), (int(own[0].min()), int(own[1].min()))

    def working_gsd_m(self, gsd_m: float) -> float:
        """Return the metres a pixel of the working scale, for images of `gsd_m`."""
        return gsd_m * math.sqrt(self.clear.size / max(1, self.odds.size))


def working_size(height: int, width: int, gsd_m: float) -> tuple[int, int]:
    """Return (width, height) of the working scale: about a metre a pixel, never larger than the image.

    >>> working_size(640, 640, 0.5)
    (320, 320)
    """
    factor = min(1.0, gsd_m / WORKING_GSD_M)
    factor = max(factor, min(1.0, MIN_WORKING_PX / max(1, min(height, width))))
    factor = min(factor, MAX_WORKING_PX / max(height, width))
    return max(1, round(width * factor)), max(1, round(height * factor))


def clear_mask(pixels: Pixels, gsd_m: float) -> Mask:
    """Return the mask of the ground that one image shows: within its scene, and not under clouds.

    A flat image counts as clear: it may be water, as far as one image can tell.
    """
    height, width = pixels.valid.shape
    in_scene = scene_mask(pixels)
    size = working_size(height, width, gsd_m)
    cloudy = cloud_mask(_resized(pixels.bgr, size), _resized_mask(in_scene, size))
    return np.asarray(in_scene & ~_enlarged(cloudy, (width, height)))


def register_pair(first: Pixels, second: Pixels, gsd_m: float) -> RegisteredPair:
    """Reduce two images of one size, valid within their scenes, to the working scale and register them.

    Each is moved by half of what lies between them, so that both are interpolated alike: one shift, then what is bent.
    """
    height, width = first.valid.shape
    size = working_size(height, width, gsd_m)
    usable_first, usable_second = usable_mask(first), usable_mask(second)
    one, two = (_resized(pixels.bgr, size) for pixels in (first, second))
    usable_one, usable_two = (_resized_mask(mask, size) for mask in (usable_first, usable_second))
    cloudy = cloud_mask(one, usable_one) | cloud_mask(two, usable_two)
    usable = usable_one & usable_two & ~cloudy
    one, two = _alike_in_colour(one, two)
    edges = _edges(one, two, usable)
    shift = estimate_shift(*edges)
    shifted = translate(one, Shift(shift.x / 2, shift.y / 2)), translate(two, Shift(-shift.x / 2, -shift.y / 2))
    alike = relit(*shifted, usable)
    if alike[0] is not one or alike[1] is not two:
        edges = _edges(*alike, usable)
    one, two = alike
    moved_px = max(abs(shift.x), abs(shift.y)) / 2
    field = estimate_field(*edges, usable)
    if field is not None:
        one, two = bent(one, -field / 2), bent(two, field / 2)
        moved_px += float(np.abs(field).max()) / 2
    usable = _eroded(usable, 1 + math.ceil(moved_px))
    clear = usable_first & usable_second & ~_enlarged(cloudy, (width, height))
    return RegisteredPair(_filled(one, usable), _filled(two, usable), usable, clear)


def map_change(first: Pixels, second: Pixels, gsd_m: float) -> ChangeMap:
    """Compute the change map of two images of one size, valid within their scenes.

    They are ordered by their bytes first, so that exchanging them changes no bit of the result but the pair's
    `is_exchanged`.
    """
    is_exchanged = _has_larger_bytes(first.bgr, second.bgr)
    if is_exchanged:
        first, second = second, first
    pair = register_pair(first, second, gsd_m)
    odds = np.full(pair.usable.shape, UNKNOWN, np.float32)
    if not pair.usable.any():
        return ChangeMap(odds, np.zeros_like(pair.clear), None)
    greys = normalised_greys(pair.one, pair.two)
    raw = log_odds(feature_maps(pair.one, pair.two, *greys, pair.usable), pair.usable.shape)
    window = (SMOOTHING_PX, SMOOTHING_PX)
    raw = np.asarray(cv2.boxFilter(raw, cv2.CV_32F, window, borderType=cv2.BORDER_REFLECT), np.float32)
    np.copyto(odds, np.clip(raw, UNKNOWN, -UNKNOWN), where=pair.usable)
    return ChangeMap(odds, pair.clear, WorkingPair(pair.one, pair.two, *greys, pair.usable, is_exchanged))


def nothing_known(image: Pixels, gsd_m: float) -> ChangeMap:
    """Return the change map of an image and one that shows nothing of its ground."""
    height, width = image.valid.shape
    odds = np.full(working_size(height, width, gsd_m)[::-1], UNKNOWN, np.float32)
    return ChangeMap(odds, np.zeros_like(image.valid), None)


def _has_larger_bytes(first: Bgr, second: Bgr) -> bool:
    """Compare the bytes of two images of one size: the first row that differs tells, so the rest is not copied."""
    for rows in zip(first, second, strict=True):
        one, two = (row.tobytes() for row in rows)
        if one != two:
            return bool(one > two)
    return False


def _edges(one: Floats, two: Floats, usable: Mask) -> tuple[Floats, Floats]:
    greys = (cv2.cvtColor(_filled(image, usable), cv2.COLOR_BGR2GRAY) for image in (one, two))
    edges_one, edges_two = (edge_strength(grey) * usable for grey in greys)
    return edges_one, edges_two


def _resized(bgr: Bgr, size: tuple[int, int]) -> Floats:
    if (bgr.shape[1], bgr.shape[0]) != size:
        bgr = np.asarray(cv2.resize(bgr, size, interpolation=cv2.INTER_AREA), np.uint8)
    return bgr.astype(np.float32)


def _alike_in_colour(one: Floats, two: Floats) -> tuple[Floats, Floats]:
    """Take the colour from a pair of which one image has none: what is grey says nothing of colours."""
    if has_colour(one) == has_colour(two):
        return one, two
    one, two = (cv2.cvtColor(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), cv2.COLOR_GRAY2BGR) for image in (one, two))
    return one, two


def _resized_mask(mask: Mask, size: tuple[int, int]) -> Mask:
    """Reduce a mask: a pixel of the result is set where all that it covers is."""
    if mask.all():
        return np.ones((size[1], size[0]), np.bool_)
    share = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.asarray(share > 0.999)


def _enlarged(mask: Mask, size: tuple[int, int]) -> Mask:
    return np.asarray(cv2.resize(mask.astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0)


def _eroded(mask: Mask, by: int) -> Mask:
    if mask.all():
        return mask
    return np.asarray(cv2.erode(mask.astype(np.uint8), np.ones((2 * by + 1, 2 * by + 1), np.uint8)) > 0)


def _filled(image: Floats, usable: Mask) -> Floats:
    """Fill what cannot be seen with the image's mean colour, so that its rim makes no strong edge."""
    if usable.all() or not usable.any():
        return image
    filled = image.copy()
    filled[~usable] = image[usable].mean(axis=0)
    return filled
