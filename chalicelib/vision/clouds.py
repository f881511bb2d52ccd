"""Clouds: which of an image's pixels lie under one."""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats, Mask

_CLOUD_LIGHT = 165.0  # of 255, in every channel
_CLOUD_TINT = 28.0  # largest less smallest channel
_CLOUD_GRADIENT = 9.0  # grey levels a pixel: roofs and pavements have edges, clouds have not
_CLOUD_RADIUS_PX = 14  # at about a metre a pixel: narrower than 28 m is a roof or a road
_CLOUD_RIM_PX = 49  # a cloud thins out over twenty metres and more
_MIN_CLOUD_SHARE = 0.004  # of the image
_FRAME_PX = 13  # kernel that finds the frame around a bright object
_WIDE_CLOUD_SHARE = 0.2  # of the image: no hall covers so much


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
