"""One resolution for two images: what only the finer one can show would look like a change."""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.application.ports.compare import GsdsM
from chalicelib.domain.thresholds import default_threshold_m2
from chalicelib.vision.pixels import Pixels
from chalicelib.vision.sharpness import softer_by

_MUCH_COARSER = 4.0  # times: up to there no copy of an image alerts against the image itself
_SPREAD = 0.45  # standard deviation, in pixels of the coarser image, of what one of them shows once it is resampled


class Levelled(NamedTuple):
    """Two images as they can be compared, and the metres a pixel of what both show."""

    before: Pixels
    after: Pixels
    gsd_m: float
    least_m2: float = 0.0  # of a change that both can show


def levelled(before: Pixels, after: Pixels, gsds_m: GsdsM, gsd_m: float) -> Levelled:
    """Blur the finer of two images to what the other shows, if that was taken by much larger pixels; `gsd_m` is theirs.

    `gsds_m` are the metres a pixel that the two were taken with, before they were resampled; None: not known. An image
    that shows no more than such pixels would, whatever is said of it, is taken as they would take it.
    """
    taken = [max(each or gsd_m, gsd_m) for each in gsds_m]
    if max(taken) <= _MUCH_COARSER * min(taken):
        taken = [max(gsd_m, blur_m / _SPREAD) for blur_m in softer_by(before, after, gsd_m)]
    coarse = max(taken)
    if coarse <= _MUCH_COARSER * min(taken):
        return Levelled(before, after, gsd_m)
    if taken[0] < taken[1]:
        before = _blurred(before, coarse / gsd_m)
    else:
        after = _blurred(after, coarse / gsd_m)
    return Levelled(before, after, coarse, default_threshold_m2(coarse))


def _blurred(image: Pixels, pixel_px: float) -> Pixels:
    """Return an image as pixels of so many of its own show it; what has no data is not mixed in."""
    sigma = _SPREAD * pixel_px
    if image.valid.all():
        return Pixels(np.asarray(cv2.GaussianBlur(image.bgr, (0, 0), sigma), np.uint8), image.valid)
    weight = image.valid.astype(np.float32)[..., None]
    mixed = cv2.GaussianBlur(image.bgr * weight, (0, 0), sigma)
    share = cv2.GaussianBlur(weight, (0, 0), sigma)[..., None]
    bgr = np.where(image.valid[..., None], mixed / np.maximum(share, 1e-3), image.bgr)
    return Pixels(np.clip(bgr, 0, 255).astype(np.uint8), image.valid)
