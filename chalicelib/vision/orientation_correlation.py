"""Orientation correlation: where does the pattern of edges of one image lie in another one?

It asks which way the ground gets brighter, pixel by pixel, and hardly how much: haze, sun and season keep most of that.
Sources: Fitch, Kadyrov, Christmas and Kittler 2002, "Orientation correlation"; the half-whitened spectrum as in Knapp
and Carter 1976, "The generalized correlation method for estimation of time delay".
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import cv2
import numpy as np

from chalicelib.vision.pixels import Floats, Mask

_TAPER = 0.15  # of a side, at both ends: a picture's rim is no edge
_EDGE_PX = 12  # over which unusable ground fades in
_PEAK_PX = 5  # how far a peak reaches: a second one is looked for beyond


class Peak(NamedTuple):
    """The best of all displacements, and how much better than chance it is."""

    x: float  # pixels, columns and rows, by which the second field's ground lies further than the first one's
    y: float
    score: float  # robust standard deviations above the correlations at all displacements
    lead: float  # its score as a multiple of the next best, elsewhere: chance comes to 1.34 in 200 images at most

    @property
    def displacement(self) -> complex:
        """Columns and rows as one number."""
        return complex(self.x, self.y)


def orientation_field(grey: Floats, usable: Mask | None = None) -> Floats:
    """Return the field of an image, (height, width, 2), tapered towards the rim; 0 where it is not usable.

    It is the direction in which the ground gets brighter, columns and rows, times the logarithm of how much.
    """
    smooth = cv2.GaussianBlur(grey, (0, 0), 1.0)
    x, y = cv2.Scharr(smooth, cv2.CV_32F, 1, 0), cv2.Scharr(smooth, cv2.CV_32F, 0, 1)
    strength = cv2.magnitude(x, y) + 1e-6
    inside = strength[::2, ::2] if usable is None else strength[usable]
    if not inside.size:
        return np.zeros((*grey.shape, 2), np.float32)
    factor = cv2.log(1 + strength / (float(np.median(inside)) + 1e-3)) / strength
    x, y, window = x * factor, y * factor, _window(*grey.shape)
    if usable is not None:
        window = window * _ramp_within(usable)
    weight = float(window.sum()) + 1e-6
    x, y = ((each - float((each * window).sum()) / weight) * window for each in (x, y))
    return cv2.merge([x, y])


def correlation(first: Floats, second: Floats) -> Floats:
    """Return the correlation of two fields at every displacement, which wraps around: (height, width)."""
    spectrum = cv2.mulSpectrums(cv2.dft(second), cv2.dft(first), 0, conjB=True)
    real, imaginary = cv2.split(spectrum)
    whitened = cv2.sqrt(cv2.magnitude(real, imaginary)) + 1e-6
    return cv2.extractChannel(cv2.idft(cv2.merge([real / whitened, imaginary / whitened])), 0)


def highest_peak(surface: Floats) -> Peak:
    """Return the highest peak of a correlation surface, to a fraction of a pixel."""
    height, width = surface.shape
    row, column = (int(n) for n in np.unravel_index(int(surface.argmax()), surface.shape))
    around = np.roll(surface, (height // 2 - row, width // 2 - column), (0, 1))
    middle, spread = _chance(surface)
    y0, x0 = height // 2, width // 2
    top = float(around[y0, x0])
    x = column + _vertex(float(around[y0, x0 - 1]), top, float(around[y0, x0 + 1]))
    y = row + _vertex(float(around[y0 - 1, x0]), top, float(around[y0 + 1, x0]))
    around[y0 - _PEAK_PX : y0 + _PEAK_PX + 1, x0 - _PEAK_PX : x0 + _PEAK_PX + 1] = middle
    second = max(float(around.max()) - middle, 1e-9)
    return Peak(
        x=(x + width / 2) % width - width / 2,
        y=(y + height / 2) % height - height / 2,
        score=(top - middle) / spread,
        lead=(top - middle) / second,
    )


def score_near(surface: Floats, at: complex, radius: float) -> float:
    """Return the best score of the displacements within a radius of one."""
    height, width = surface.shape
    middle, spread = _chance(surface)
    most = min(round(radius), min(height, width) // 2 - 1)
    reach = np.arange(-most, most + 1)
    rows, columns = (reach + round(at.imag)) % height, (reach + round(at.real)) % width
    return (float(surface[np.ix_(rows, columns)].max()) - middle) / spread


def _chance(surface: Floats) -> tuple[float, float]:
    """Return the mean of all displacements' correlations, and their robust standard deviation."""
    middle = float(surface.mean())
    return middle, float(np.median(np.abs(surface[::2, ::2] - middle))) / 0.6745 + 1e-9


def _vertex(before: float, at: float, after: float) -> float:
    """Return where a parabola through three neighbours has its top, from the middle one."""
    curve = before - 2 * at + after
    return 0.0 if curve >= 0 else min(max(0.5 * (before - after) / curve, -0.5), 0.5)


def _ramp_within(usable: Mask) -> Floats:
    """Return the weight of each pixel, rising from the edge of what is usable: that edge is none of the ground."""
    distance = cv2.distanceTransform(usable.astype(np.uint8), cv2.DIST_L2, 3)
    return np.clip((distance - 3) / _EDGE_PX, 0, 1)


@cache
def _window(height: int, width: int) -> Floats:
    return np.outer(_ramp(height), _ramp(width)).astype(np.float32)


def _ramp(length: int) -> Floats:
    ramp, reach = np.ones(length, np.float32), max(1, round(_TAPER * length))
    rising = 0.5 - 0.5 * np.cos(np.pi * (np.arange(reach) + 0.5) / reach)
    ramp[:reach] *= rising
    ramp[-reach:] *= rising[::-1]
    return ramp
