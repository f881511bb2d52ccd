"""Cloud shadows: ground that one image shows darker by one factor, with the same pattern on it, is lit again.

A shadow of a cloud multiplies the light of all that lies in it; what was built, ploughed or flooded has another
pattern. So the ratio of the two images tells the shadow, and the pattern in it tells that it is one. The same holds for
the larger shadows of buildings and trees, where ground can be recognised in them.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats, Mask, halved

MIN_DARKENING = 0.18  # natural logarithm of the ratio of light: a sixth darker
MIN_AREA_PX = 120  # of the working scale: of less the pattern cannot be told
MIN_PATTERN = 0.8  # correlation of the detail in the shadow with that in the light
MAX_UNEVENNESS = 0.15  # of the logarithm around its median nearby, in robust spreads: a shadow multiplies by one factor
ALIKE = 0.01  # an evenness that hardly anything but the same ground has
WEAK_PATTERN = 0.25  # then that much is enough: on bare soil a shadow leaves few grey levels of a pattern
CLOUD_PX = 1_600  # of the working scale: as large a shadow is a cloud's
LIKE_DEPTH = LIKE_TINT = 0.1  # natural logarithm: two shadows of one day
_RATIO_PX = 11  # window of the median that is the shadow's depth at a place
_OPENING_PX = 9  # narrower dark pieces are edges
_CORE_PX = 5  # from the rim inwards the shadow is asked
_MIN_CORE_PX = 40
_RIM_PX = 25  # so wide, at most, half of it on either side, a rim fades out
_FADED = 0.02  # less than this is no shadow any more
_DETAIL_PX = 9
_DARK = 6.0  # grey levels, added to both: the ratio of two blacks says nothing
_MAX_SAMPLES, _ITERATIONS = 5_000, 6  # of the fit of brightness
_LEAST_SPREAD = 0.02  # of the logarithm: below it nothing loses weight
_LEVELS = 80.0  # grey levels for a unit of the logarithm, where a median of bytes is taken
_TINTS = 0.6, 1.5  # of a channel's darkening, relative to that of the grey: a shadow is bluish


class _Pair(NamedTuple):
    """Two images at half size; each (rows, columns), but for the images themselves."""

    dark: Floats  # (rows, columns, 3), 0 to 255: the image that may have a shadow
    light: Floats  # (rows, columns, 3), 0 to 255: the one that has none
    ratio: Floats  # by how much it is lighter, natural logarithm, beyond what brightness explains
    darkening: Floats  # its median nearby: how much of it is light, and not pattern
    detail_one: Floats
    detail_two: Floats


class _Shadow(NamedTuple):
    """A shadow at half size: the first pixel of its box, and its mask in there."""

    left: int
    top: int
    mask: Mask


class _Piece(NamedTuple):
    """A dark piece that may be a shadow: see `_likeness`."""

    shadow: _Shadow
    spread: float
    pattern: float
    depth: float  # natural logarithm
    tint: Floats  # (3,): by how much more each channel is darkened than all are, natural logarithm

    def is_same_ground(self, least_pattern: float) -> bool:
        return self.spread <= MAX_UNEVENNESS and self.pattern >= (
            WEAK_PATTERN if self.spread <= ALIKE else least_pattern
        )

    def is_of_one_day(self, other: _Piece) -> bool:
        """Is it a shadow, if another one is? A rim, or a thinner cloud, lets more of the light through, never less.

        Where the ground has no pattern to tell, as much light of each colour comes through one as through the other.
        """
        if self.is_same_ground(WEAK_PATTERN):
            return self.depth <= other.depth + LIKE_DEPTH
        is_as_deep = abs(self.depth - other.depth) <= LIKE_DEPTH
        return self.spread <= ALIKE and is_as_deep and float(np.abs(self.tint - other.tint).max()) <= LIKE_TINT


def relit(one: Floats, two: Floats, usable: Mask) -> tuple[Floats, Floats]:
    """Light the shadows of clouds in either of two registered images, (rows, columns, 3), by how the other shows them.

    They are looked for at half size. Images without one are returned as they are.
    """
    small_one, small_two = halved(one), halved(two)
    seen = cv2.resize(usable.astype(np.uint8), small_one.shape[1::-1], interpolation=cv2.INTER_NEAREST) > 0
    if not seen.any():
        return one, two
    lit_one, lit_two = _relit(one, two, small_one, small_two, seen), _relit(two, one, small_two, small_one, seen)
    if lit_one is one or lit_two is two:
        return lit_one, lit_two
    # The shadows in one image bend the tone by which the other is asked. With the larger ones lit that must have some
    # still: else it had none.
    if np.count_nonzero(lit_one - one) >= np.count_nonzero(lit_two - two):
        return lit_one, two if _relit(two, lit_one, small_two, halved(lit_one), seen) is two else lit_two
    return one if _relit(one, lit_two, small_one, halved(lit_two), seen) is one else lit_one, lit_two


def _relit(dark: Floats, light: Floats, small_dark: Floats, small_light: Floats, seen: Mask) -> Floats:
    log_dark, log_light = (_log(cv2.cvtColor(small, cv2.COLOR_BGR2GRAY)) for small in (small_dark, small_light))
    tone = _tone(log_light, log_light - log_dark, seen)
    ratio = np.asarray(log_light - log_dark - _of_tone(tone, log_light), np.float32)
    details = (each - cv2.blur(each, (_DETAIL_PX // 2 | 1, _DETAIL_PX // 2 | 1)) for each in (log_dark, log_light))
    pair = _Pair(small_dark, small_light, ratio, _depth(ratio, _RATIO_PX // 2), *details)
    return _lit(dark, light, tone, _shadows(pair, seen))


def _log(values: Floats) -> Floats:
    return np.asarray(cv2.log(values + np.float32(_DARK)), np.float32)


def _tone(light: Floats, ratio: Floats, seen: Mask) -> Floats:
    """Fit how much lighter one image is by its own brightness: (3,), of a parabola. What is shaded loses its weight.

    Another gamma, contrast or exposure darkens what is dark otherwise than what is bright, and is no shadow.
    """
    chosen = np.flatnonzero(seen)
    chosen = chosen[:: -(-chosen.size // _MAX_SAMPLES)]
    x, y = light.ravel()[chosen].astype(np.float64), ratio.ravel()[chosen].astype(np.float64)
    terms = np.column_stack([np.ones_like(x), x, x * x])
    weights = np.ones_like(x)
    solution: Floats = np.zeros(3)
    for _ in range(_ITERATIONS):
        weighted = terms * weights[:, None]
        solution = np.linalg.solve(weighted.T @ terms + 1e-6 * len(x) * np.eye(3), weighted.T @ y)
        off = np.abs(y - terms @ solution)
        weights = 1 / (1 + (off / max(1.5 * float(np.median(off)), _LEAST_SPREAD)) ** 2)
    return np.asarray(solution)


def _of_tone(tone: Floats, light: Floats) -> Floats:
    return np.asarray(tone[0] + light * (tone[1] + light * tone[2]), np.float32)


def _depth(ratio: Floats, side: int) -> Floats:
    as_bytes = np.clip(128 + ratio * _LEVELS, 0, 255).astype(np.uint8)
    return np.asarray((cv2.medianBlur(as_bytes, side).astype(np.float32) - 128) / _LEVELS)


def _shadows(pair: _Pair, seen: Mask) -> list[_Shadow]:
    """Find the pieces that are darker by one factor with the same pattern, and what is as dark as they are beside them.

    The clouds of one day have about one depth: beside shadows that are certain, less is enough (`is_of_one_day`).
    """
    deep = (seen & (pair.darkening > MIN_DARKENING)).astype(np.uint8)
    deep = np.asarray(cv2.morphologyEx(deep, cv2.MORPH_OPEN, _square(_OPENING_PX // 2 | 1)))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(deep)
    certain, others = [], []
    for label in range(1, count):
        left, top, width, height, area = (int(value) for value in stats[label])
        box = slice(top, top + height), slice(left, left + width)
        mask = np.asarray(labels[box] == label)
        padded = cv2.copyMakeBorder(mask.astype(np.uint8), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
        core = cv2.erode(padded, _square(_CORE_PX // 2 | 1))[1:-1, 1:-1] > 0
        if not core.any():
            continue
        piece = _Piece(_Shadow(left, top, mask), *_likeness(pair, box, core))
        if area >= MIN_AREA_PX / 4 and core.sum() >= _MIN_CORE_PX / 4 and piece.is_same_ground(MIN_PATTERN):
            certain.append(piece)
        else:
            others.append(piece)
    clouds = [piece for piece in certain if piece.shadow.mask.sum() >= CLOUD_PX / 4]
    certain += [piece for piece in others if any(map(piece.is_of_one_day, clouds))]
    return [piece.shadow for piece in certain]


def _likeness(pair: _Pair, box: tuple[slice, slice], core: Mask) -> tuple[float, float, float, Floats]:
    """Return how the darkening in the core strays, how its detail is like that in the light, its depth, its tint."""
    uneven = (pair.ratio[box] - pair.darkening[box])[core]
    spread = 1.4826 * float(np.median(np.abs(uneven - np.median(uneven))))
    one, two = pair.detail_one[box][core], pair.detail_two[box][core]
    pattern = float((one * two).sum()) / math.sqrt(float((one * one).sum()) * float((two * two).sum()) + 1e-9)
    of_channels = np.median(_log(pair.light[box][core]) - _log(pair.dark[box][core]), axis=0)
    return spread, pattern, float(np.median(pair.darkening[box][core])), np.asarray(of_channels - of_channels.mean())


def _lit(dark: Floats, light: Floats, tone: Floats, shadows: list[_Shadow]) -> Floats:
    """Light the shadows of `dark`, with their rims, by how much lighter the other image shows their ground."""
    if not shadows:
        return dark
    gain = np.zeros_like(dark)
    for left, top, mask in shadows:
        box = (
            slice(max(0, 2 * top - _RIM_PX), 2 * (top + mask.shape[0]) + _RIM_PX),
            slice(max(0, 2 * left - _RIM_PX), 2 * (left + mask.shape[1]) + _RIM_PX),
        )
        shaded, lit = dark[box], light[box]
        core = np.zeros(shaded.shape[:2], np.uint8)
        inner = core[2 * top - box[0].start :, 2 * left - box[1].start :]
        inner = inner[: 2 * mask.shape[0], : 2 * mask.shape[1]]
        inner[:] = np.repeat(np.repeat(mask, 2, axis=0), 2, axis=1)[: inner.shape[0], : inner.shape[1]]
        ratios = _log(lit) - _log(shaded) - _of_tone(tone, _log(cv2.cvtColor(lit, cv2.COLOR_BGR2GRAY)))[..., None]
        darkening = _depth(np.asarray(ratios.mean(axis=2)), _RATIO_PX)
        of_channels = np.median(ratios[core > 0], axis=0)
        tint = np.clip(of_channels / max(float(np.median(darkening[core > 0])), MIN_DARKENING), *_TINTS)
        reach = (cv2.dilate(core, _square(_RIM_PX)) > 0) & (darkening > _FADED) & ~gain[box].any(axis=2)
        gain[box][reach] = darkening[reach][:, None] * tint
    # Where the gain is 0, `expm1` leaves every bit as it is.
    return np.minimum(dark + (dark + _DARK) * np.expm1(gain), 255)


def _square(side: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.ones((side, side), np.uint8)
