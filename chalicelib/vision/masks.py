"""The scene of an image: which of its pixels show ground at all, and are neither transparent nor without data."""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.intake.no_data import Bits, values_in_runs, without_data
from chalicelib.vision.pixels import Bgr, Floats, Mask, Pixels
from chalicelib.vision.stripes import meet_runs, probing_lines, stripes

_BLACK, _WHITE = (0, 0, 0), (255, 255, 255)
_STRIPE_LEVELS, _STRIPE_LEVELS_BETWEEN = 24, 16  # grey levels: what JPEG makes of eight pixels of a value
_MIN_RIM_SHARE = 0.01  # of the image: a smaller black or white corner may be a shadow or a roof
_MIN_BESIDE_PX = 64  # of black or white beside what is transparent
_RIM_LEVELS = ((0, 4), (255, 0))  # grey level outside of a scene, and its tolerance: roofs are nearly white
_RINGING_LEVELS = 48  # the tolerance in the blocks of a JPEG that the edge of black or white runs through
_RINGING_LEVELS_BETWEEN = 24  # and of a grey: more ground is as light as that
_NEARLY = 4  # black or white
_VIVID = 64  # between the channels: no ground is so coloured
_RINGING_PX = 24  # one and a half of the largest of such blocks: a wedge ends thin
_RINGING_SHARE = 0.5  # of the pixels beside it that are similar: something went over the edge
_BELT_PX = 3.0  # of similar pixels: more than resampling makes
_BLED_PX = 6  # into the ground of the same blocks: its colours are not its own
_BLURRED_PX = 3  # an edge that was resampled is no wider
_BLURRED_SHARE = 0.85  # of how unlike the ground is farther away
_ISLAND_PX = 1200  # of ground that is enclosed: as large as a flat piece that proves to be none
_MIN_SPREAD = 1.5  # grey levels, standard deviation: an image with less shows nothing
_SQUARE = np.ones((3, 3), np.uint8)


def in_scene(pixels: Pixels) -> Pixels:
    """Return an image of which only what lies within its scene is valid: everything after this asks no more."""
    return Pixels(pixels.bgr, scene_mask(pixels))


def usable_mask(pixels: Pixels) -> Mask:
    """Return the mask of the valid pixels; empty for an image without any contrast."""
    valid = pixels.valid
    if not valid.any():
        return valid
    grey = cv2.cvtColor(pixels.bgr, cv2.COLOR_BGR2GRAY)
    if float(cv2.meanStdDev(grey, mask=valid.astype(np.uint8))[1][0, 0]) < _MIN_SPREAD:
        return np.zeros_like(valid)
    return valid


def scene_mask(pixels: Pixels) -> Mask:
    """Return the mask of the pixels within the scene.

    Outside of it lies what is transparent, what has one exact value over a piece or along a line, and what is black or
    white along the rim or beside what is transparent; stripes after JPEG; also what JPEG or resampling made of their
    edges.
    """
    bgr, valid = pixels
    if not valid.any():
        return valid
    values = values_in_runs(bgr)
    found = [_with_its_edge(bits, bgr, valid, value) for value, bits in without_data(bgr, valid, values)]
    rest = valid & (np.bitwise_or.reduce(found) == 0) if found else valid
    probes = probing_lines(bgr)
    for value in dict.fromkeys((_BLACK, _WHITE, *values)):
        is_extreme = value in (_BLACK, _WHITE)
        levels = _STRIPE_LEVELS if is_extreme else _STRIPE_LEVELS_BETWEEN
        if not any(meet_runs(_near(lines, value, levels)) for lines in probes):
            continue  # what `stripes` asks first of the whole image
        lines = stripes(_near(bgr, value, levels), rest, is_extreme=is_extreme)
        if lines is not None:
            found.append(lines)
    rim = np.concatenate([bgr[0], bgr[-1], bgr[:, 0], bgr[:, -1]])[None]
    is_whole = bool(valid.all())
    for level, tolerance in _RIM_LEVELS:
        if is_whole and not _near(rim, (level,) * 3, tolerance).any():
            continue
        # Transparent pixels are left out first: they have no ringing.
        beside = _along_rim(_near(bgr, (level,) * 3, tolerance), valid)
        if beside is not None:
            found.append(_with_ringing(beside, _near(bgr, (level,) * 3, _RINGING_LEVELS)))
    if not found:
        return valid
    seen = (valid & (np.bitwise_or.reduce(found) == 0)).astype(np.uint8)
    return _without_islands(cv2.morphologyEx(seen, cv2.MORPH_OPEN, _SQUARE))  # without slivers of ground


def _without_islands(seen: Floats) -> Mask:
    """Leave out what is small and enclosed by what shows no ground: letters on a panel, and what lies within them."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats(_bits(seen), connectivity=8)
    keeps = stats[:, cv2.CC_STAT_AREA] >= _ISLAND_PX
    for line in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        keeps[line] = True  # ground goes on beyond the rim
    keeps[0] = False
    return np.asarray(keeps[labels] if count > 1 else seen > 0)


def _bits(mask: Floats) -> Bits:
    return np.asarray(mask != 0, np.uint8)


def _near(bgr: Bgr, value: tuple[int, ...], tolerance: int) -> Bits:
    low, high = ([channel + sign * tolerance for channel in value] for sign in (-1, 1))
    return np.asarray(cv2.inRange(bgr, np.array(low), np.array(high)), np.uint8) & np.uint8(1)


def _with_its_edge(bits: Bits, bgr: Bgr, valid: Mask, value: tuple[int, int, int]) -> Bits:
    """Extend what has an exact value by what JPEG or resampling made of its edge."""
    is_rare = max(value) <= _NEARLY or min(value) >= 255 - _NEARLY or max(value) - min(value) > _VIVID
    similar = _near(bgr, value, _RINGING_LEVELS if is_rare else _RINGING_LEVELS_BETWEEN) & valid
    around = cv2.countNonZero(ring := _bits(cv2.dilate(bits, _SQUARE) - bits) & valid)
    if cv2.countNonZero(ring & similar) >= _RINGING_SHARE * max(1, around):
        ringing = _with_ringing(bits, similar)
        if cv2.countNonZero(ringing - bits) > _BELT_PX * around:
            return np.asarray(cv2.dilate(ringing, np.ones((2 * _BLED_PX + 1,) * 2, np.uint8)))
        bits = ringing
    elif is_rare:  # lines, of which only parts are exact
        bits = _with_ringing(bits, _near(bgr, value, _STRIPE_LEVELS))
    greys = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
    unlike = cv2.absdiff(greys, np.full_like(greys, _grey(value)))
    rings: list[float] = []
    grown = [bits]
    for _ in range(_BLURRED_PX + 1):
        grown.append(_bits(cv2.dilate(grown[-1], _SQUARE)))
        rings.append(cv2.mean(unlike, (grown[-1] - grown[-2]) & valid)[0])
    width = next((px for px in range(_BLURRED_PX) if rings[px] >= _BLURRED_SHARE * rings[-1]), _BLURRED_PX)
    return grown[width]


def _grey(value: tuple[int, int, int]) -> int:
    return int(cv2.cvtColor(np.array([[value]], np.uint8), cv2.COLOR_BGR2GRAY)[0, 0])


def _with_ringing(outside: Bits, similar: Bits) -> Bits:
    """Extend what lies outside of the scene by what JPEG made of it in the blocks along the scene's edge."""
    grown = outside
    for _ in range(_RINGING_PX):
        grown = np.asarray(cv2.dilate(grown, _SQUARE), np.uint8) & similar
    return np.asarray(grown | outside)


def _along_rim(empty: Bits, valid: Mask) -> Bits | None:
    """Keep the connected components of a mask that are large and touch the image's rim, or lie beside no data."""
    whole = bool(valid.all())
    if not whole:
        empty = empty & valid
    count, labels, stats, _ = cv2.connectedComponentsWithStats(empty, connectivity=4)
    least = np.full(count, empty.size + 1.0)
    for line in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        least[line] = max(16.0, _MIN_RIM_SHARE * empty.size)
    if not whole:
        least[labels[cv2.dilate((~valid).astype(np.uint8), _SQUARE) > 0]] = _MIN_BESIDE_PX
    found = stats[:, cv2.CC_STAT_AREA] >= least
    found[0] = False
    return found.astype(np.uint8)[labels] if found.any() else None
