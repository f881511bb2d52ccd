"""Which of a picture's pixels show ground at all? Not those outside a scene, and not those under a cloud."""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.vision.pixels import Bgr, Floats, Mask, Pixels

_LEAST_EMPTY_SHARE = 0.01  # of the picture: a smaller black or white corner may be a shadow or a roof
_EMPTY = ((0, 4), (255, 0))  # grey level of what is outside of a scene, and by how much it may be off: roofs are white
_RINGING_LEVELS = 48  # the same in the blocks of a JPEG that the scene's rim runs through
_RINGING_PX = 16  # the largest of such blocks
_LEAST_SPREAD = 1.5  # grey levels: a picture with less shows nothing
_CLOUD_LIGHT = 165.0  # of 255
_CLOUD_TINT = 28.0  # largest less smallest channel
_CLOUD_STRUCTURE = 9.0  # grey levels a pixel: roofs and pavements have edges, clouds have not
_CLOUD_RADIUS_PX = 14  # at about a metre a pixel: narrower than 28 m is a roof or a road
_CLOUD_RIM_PX = 49  # a cloud thins out over twenty metres and more
_CLOUD_SHARE = 0.004  # of the picture, at least


def shown(pixels: Pixels) -> Mask:
    """Leave out what lies outside of the scene, and pictures that show nothing at all."""
    seen = pixels.seen
    if not seen.any():
        return seen
    grey = cv2.cvtColor(pixels.bgr, cv2.COLOR_BGR2GRAY)
    if float(cv2.meanStdDev(grey, mask=seen.astype(np.uint8))[1][0, 0]) < _LEAST_SPREAD:
        return np.zeros_like(seen)
    return within_scene(pixels)


def within_scene(pixels: Pixels) -> Mask:
    """Leave out what is transparent, and black or white ground along the rim: outside of the scene."""
    seen = pixels.seen
    for level, off in _EMPTY:
        outside = _along_rim(_near(pixels.bgr, level, off) & pixels.seen)  # what is transparent has no ringing
        if outside.any():
            seen = seen & ~_with_ringing(outside, _near(pixels.bgr, level, _RINGING_LEVELS))
    return np.asarray(seen)


def _near(bgr: Bgr, level: int, by: int) -> Mask:
    return np.asarray(cv2.inRange(bgr, (level - by,) * 3, (level + by,) * 3) > 0)


def _with_ringing(outside: Mask, like: Mask) -> Mask:
    """Give what lies outside of the scene with what a JPEG made of it in the blocks along the scene's rim."""
    grown, around = outside, np.ones((3, 3), np.uint8)
    for _ in range(_RINGING_PX):
        grown = np.asarray(cv2.dilate(grown.astype(np.uint8), around) > 0) & like
    return grown | outside


def _along_rim(empty: Mask) -> Mask:
    """Keep those parts of a mask that touch the rim and are large."""
    if not any(line.any() for line in (empty[0], empty[-1], empty[:, 0], empty[:, -1])):
        return np.zeros_like(empty)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(empty.astype(np.uint8), connectivity=4)
    rim = np.zeros(count, np.bool_)
    for line in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        rim[line] = True
    rim[0] = False
    rim &= stats[:, cv2.CC_STAT_AREA] >= max(16, _LEAST_EMPTY_SHARE * empty.size)
    return np.asarray(rim[labels])


def clouds(picture: Floats, seen: Mask) -> Mask:
    """Find clouds in a picture of about a metre a pixel: bright, colourless, without edges, and wide.

    A white hall of 30 m and more has sharp straight edges; a part that is framed by such an edge is no cloud, unless it
    covers so much that no hall would.
    """
    smooth = cv2.GaussianBlur(picture, (0, 0), 2.0)
    blue, green, red = cv2.split(smooth)
    light, dark = cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red)
    grey = cv2.cvtColor(smooth, cv2.COLOR_BGR2GRAY)
    strength = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)) / 4
    pale = (dark > _CLOUD_LIGHT) & (light - dark < _CLOUD_TINT) & (strength < _CLOUD_STRUCTURE)
    pale &= cv2.boxFilter(strength, cv2.CV_32F, (15, 15)) < _CLOUD_STRUCTURE / 3
    found = np.zeros_like(seen)
    if not pale.any():
        return found
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _CLOUD_RADIUS_PX + 1,) * 2)
    wide = cv2.morphologyEx(pale.astype(np.uint8), cv2.MORPH_OPEN, disc, borderType=cv2.BORDER_REPLICATE)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(wide, connectivity=8)
    for part in range(1, count):
        size = int(stats[part, cv2.CC_STAT_AREA])
        if size < _CLOUD_SHARE * seen.size:
            continue
        mine = (labels == part).astype(np.uint8)
        ring = cv2.dilate(mine, np.ones((13, 13), np.uint8)) - mine
        frame = float(np.median(strength[ring > 0])) if ring.any() else 0.0
        if frame < _CLOUD_STRUCTURE or size > 0.2 * seen.size:
            found |= cv2.dilate(mine, np.ones((_CLOUD_RIM_PX,) * 2, np.uint8)) > 0
    return found


def grey_of(picture: Bgr) -> Floats:
    """Give a picture's brightness, 0 to 255."""
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.float32)
