"""Sums over feature maps that use up what they are given: a map is megabytes, and new memory costs more than the sum.

Each step is the one that the plain sum would take, in its order, so every bit of the result is too.
"""

from __future__ import annotations

import numpy as np

from chalicelib.vision.pixels import Floats


def less_product(power: Floats, one: Floats, two: Floats) -> Floats:
    """Return a mean product less the product of the means, in the place of the first."""
    power -= one * two
    return power


def weighted_unlike(
    covariance: Floats, powers: tuple[Floats, Floats], strongest: Floats, *, floor: float, calm: float
) -> Floats:
    """Return 1 - NCC, less where both are calm, in the place of the covariance; the powers are used up."""
    power_one, power_two = powers
    power_one += floor
    power_two += floor
    power_one *= power_two
    np.sqrt(power_one, out=power_one)
    covariance /= power_one
    np.subtract(1, covariance, out=covariance)
    covariance *= strongest
    covariance /= np.add(strongest, 2 * calm, out=power_two)
    return covariance


def log_of(values: Floats, floor: float) -> Floats:
    """Return the logarithm of values and a floor, in their place."""
    values += floor
    return np.asarray(np.log(values, out=values))


def dot(x_one: Floats, x_two: Floats, y_one: Floats, y_two: Floats) -> Floats:
    """Return the product of two fields of vectors, pixel by pixel."""
    product = x_one * x_two
    product += y_one * y_two
    return np.asarray(product)


def log1p_of(values: Floats) -> Floats:
    """Return the logarithm of values and 1, in their place."""
    return np.asarray(np.log1p(values, out=values))


def centred(values: Floats) -> Floats:
    """Return values less the median of every ninth, in their place."""
    values -= float(np.median(values[::3, ::3]))
    return values


def distance(one: Floats, two: Floats) -> Floats:
    """Return how far two maps are apart, pixel by pixel."""
    apart = one - two
    return np.asarray(np.abs(apart, out=apart))
