"""How sharp two images of one ground are: one may be out of focus, or drawn by a tool finer than it was taken.

What a scene states is its metres a pixel. That it shows no more than much larger pixels would is seen beside the other
image alone; and as a wood is sharper than a meadow, it is believed only where both show one pattern once the sharper
image is blurred. Land that was built over as a whole does not.
"""

from __future__ import annotations

import cv2
import numpy as np

from chalicelib.vision.change_map import working_size
from chalicelib.vision.pixels import Floats, Mask, Pixels, halved

_SOFTER = 4.5  # times as much of what is fine, beside what is coarse; 69 labelled pairs have up to 3.9
_LEAST_PX, _MOST_PX, _STEPS = 0.3, 16.0, 7  # of the working scale: standard deviations that are tried, halving
_ALIKE = 0.5  # correlation of both, once they are as sharp as each other
_LEAST_SIDE_PX = 64
_SMALL_PX, _LARGE_PX = 1.0, 4.0  # at a quarter of the size: what is coarse lies between these


def softer_by(one: Pixels, two: Pixels, gsd_m: float) -> tuple[float, float]:
    """Return by how much each image is softer than the other: the standard deviation of a Gaussian blur, in metres.

    One is 0, and both are where they are about as sharp as each other, or where it is not sure that they show the same.
    """
    height, width = one.valid.shape
    size = working_size(height, width, gsd_m)
    valid = cv2.resize((one.valid & two.valid).astype(np.uint8), size, interpolation=cv2.INTER_NEAREST) > 0
    if min(size) < _LEAST_SIDE_PX or not valid.any():
        return 0.0, 0.0
    greys = [_grey(image, size) for image in (one, two)]
    fine = [_fineness(grey, valid) for grey in greys]
    softer = int(fine[1] < fine[0])
    sharper = 1 - softer
    if fine[sharper] <= _SOFTER * fine[softer]:
        return 0.0, 0.0
    least, most = _LEAST_PX, _MOST_PX
    for _ in range(_STEPS):
        middle = (least * most) ** 0.5
        if _fineness(cv2.GaussianBlur(greys[sharper], (0, 0), middle), valid) > fine[softer]:
            least = middle
        else:
            most = middle
    blurred = cv2.GaussianBlur(greys[sharper], (0, 0), most)
    if not _are_alike(*(_coarse(halved(halved(grey)))[_quarter(valid)] for grey in (blurred, greys[softer]))):
        return 0.0, 0.0
    blur_m = most * gsd_m * width / size[0]
    return (blur_m, 0.0) if softer == 0 else (0.0, blur_m)


def _grey(image: Pixels, size: tuple[int, int]) -> Floats:
    grey = cv2.cvtColor(image.bgr, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey, size, interpolation=cv2.INTER_AREA), np.float32)


def _fineness(grey: Floats, valid: Mask) -> float:
    """Return the power of an image's gradients beside that of its patterns of some ten pixels."""
    x, y = cv2.Sobel(grey, cv2.CV_32F, 1, 0) / 8, cv2.Sobel(grey, cv2.CV_32F, 0, 1) / 8
    coarse = _coarse(halved(halved(grey)))[_quarter(valid)]
    return float((x * x + y * y)[valid].mean()) / (float((coarse * coarse).mean()) + 1e-3 if coarse.size else 1.0)


def _are_alike(one: Floats, two: Floats) -> bool:
    return bool(one.std() and two.std() and np.corrcoef(one, two)[0, 1] >= _ALIKE)


def _coarse(quarter: Floats) -> Floats:
    return np.asarray(cv2.GaussianBlur(quarter, (0, 0), _SMALL_PX) - cv2.GaussianBlur(quarter, (0, 0), _LARGE_PX))


def _quarter(valid: Mask) -> Mask:
    return np.asarray(halved(halved(valid.astype(np.float32))) > 0.999)
