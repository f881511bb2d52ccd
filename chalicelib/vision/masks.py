"""No-data mask and cloud mask: which of an image's pixels show no ground, being outside its scene or under cloud."""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.vision.pixels import Bgr, Floats, Mask, Pixels

_MIN_NO_DATA_SHARE = 0.01  # of the image: a smaller black or white corner may be a shadow or a roof
_NO_DATA_LEVELS = ((0, 4), (255, 0))  # grey level outside of a scene, and its tolerance: roofs are nearly white
_RINGING_LEVELS = 48  # the tolerance in the blocks of a JPEG that the scene's edge runs through
_RINGING_PX = 16  # the largest of such blocks
_MIN_SPREAD = 1.5  # grey levels, standard deviation: an image with less shows nothing
_CLOUD_LIGHT = 165.0  # of 255, in every channel
_CLOUD_TINT = 28.0  # largest less smallest channel
_CLOUD_GRADIENT = 9.0  # grey levels a pixel: roofs and pavements have edges, clouds have not
_CLOUD_RADIUS_PX = 14  # at about a metre a pixel: narrower than 28 m is a roof or a road
_CLOUD_RIM_PX = 49  # a cloud thins out over twenty metres and more
_MIN_CLOUD_SHARE = 0.004  # of the image
_FRAME_PX = 13  # kernel that finds the frame around a bright object
_WIDE_CLOUD_SHARE = 0.2  # of the image: no hall covers so much


def usable_mask(pixels: Pixels) -> Mask:
    """Return the mask of the pixels within the scene; empty for an image without any contrast."""
    valid = pixels.valid
    if not valid.any():
        return valid
    grey = cv2.cvtColor(pixels.bgr, cv2.COLOR_BGR2GRAY)
    if float(cv2.meanStdDev(grey, mask=valid.astype(np.uint8))[1][0, 0]) < _MIN_SPREAD:
        return np.zeros_like(valid)
    return scene_mask(pixels)


def scene_mask(pixels: Pixels) -> Mask:
    """Return the mask of the pixels within the scene: neither transparent, nor black or white along the rim."""
    mask = pixels.valid
    for level, tolerance in _NO_DATA_LEVELS:
        # Transparent pixels are left out first: they have no ringing.
        outside = _along_rim(_near(pixels.bgr, level, tolerance) & pixels.valid)
        if outside.any():
            mask = mask & ~_with_ringing(outside, _near(pixels.bgr, level, _RINGING_LEVELS))
    return np.asarray(mask)


def cloud_mask(image: Floats, valid: Mask) -> Mask:
    """Find clouds in a colour image of about a metre a pixel: bright, colourless, without edges, and wide.

    A white hall of 30 m and more has sharp straight edges; an object that is framed by such an edge is no cloud, unless
    it covers so much that no hall would. The result is as large as `valid`.
    """
    smooth = cv2.GaussianBlur(image, (0, 0), 2.0)
    blue, green, red = cv2.split(smooth)
    light, dark = cv2.max(cv2.max(blue, green), red), cv2.min(cv2.min(blue, green), red)
    grey = cv2.cvtColor(smooth, cv2.COLOR_BGR2GRAY)
    gradient = cv2.magnitude(cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)) / 4
    pale = (dark > _CLOUD_LIGHT) & (light - dark < _CLOUD_TINT) & (gradient < _CLOUD_GRADIENT)
    pale &= cv2.boxFilter(gradient, cv2.CV_32F, (15, 15)) < _CLOUD_GRADIENT / 3
    clouds = np.zeros_like(valid)
    if not pale.any():
        return clouds
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * _CLOUD_RADIUS_PX + 1,) * 2)
    wide = cv2.morphologyEx(pale.astype(np.uint8), cv2.MORPH_OPEN, disc, borderType=cv2.BORDER_REPLICATE)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(wide, connectivity=8)
    for label in range(1, count):
        size = int(stats[label, cv2.CC_STAT_AREA])
        if size < _MIN_CLOUD_SHARE * valid.size:
            continue
        component = (labels == label).astype(np.uint8)
        frame = cv2.dilate(component, np.ones((_FRAME_PX,) * 2, np.uint8)) - component
        frame_gradient = float(np.median(gradient[frame > 0])) if frame.any() else 0.0
        if frame_gradient < _CLOUD_GRADIENT or size > _WIDE_CLOUD_SHARE * valid.size:
            clouds |= cv2.dilate(component, np.ones((_CLOUD_RIM_PX,) * 2, np.uint8)) > 0
    return clouds


def _near(bgr: Bgr, level: int, tolerance: int) -> Mask:
    return np.asarray(cv2.inRange(bgr, (level - tolerance,) * 3, (level + tolerance,) * 3) > 0)


def _with_ringing(outside: Mask, similar: Mask) -> Mask:
    """Extend what lies outside of the scene by what JPEG made of it in the blocks along the scene's edge."""
    grown, kernel = outside, np.ones((3, 3), np.uint8)
    for _ in range(_RINGING_PX):
        grown = np.asarray(cv2.dilate(grown.astype(np.uint8), kernel) > 0) & similar
    return grown | outside


def _along_rim(empty: Mask) -> Mask:
    """Keep the connected components of a mask that touch the image's rim and are large."""
    if not any(line.any() for line in (empty[0], empty[-1], empty[:, 0], empty[:, -1])):
        return np.zeros_like(empty)
    count, labels, stats, _ = cv2.connectedComponentsWithStats(empty.astype(np.uint8), connectivity=4)
    on_rim = np.zeros(count, np.bool_)
    for line in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        on_rim[line] = True
    on_rim[0] = False
    on_rim &= stats[:, cv2.CC_STAT_AREA] >= max(16, _MIN_NO_DATA_SHARE * empty.size)
    return np.asarray(on_rim[labels])
