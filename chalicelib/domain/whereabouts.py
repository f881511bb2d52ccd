"""Whereabouts: does a place look like the one that was meant, or like latitude and longitude exchanged?"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import NamedTuple

from chalicelib.domain.tiles import M_PER_DEGREE, MAX_LATITUDE

POLAR_CIRCLE = 66.5  # degrees: hardly anybody owns land beyond it, and most of what is exchanged comes to lie there
NEAR_KM, FAR_KM = 300.0, 1500.0


class Spot(NamedTuple):
    """A point on the earth, in degrees."""

    latitude: float
    longitude: float

    @property
    def exchanged(self) -> Spot | None:
        """The point with its two numbers exchanged; None where that is no place that can be watched."""
        return Spot(self.longitude, self.latitude) if abs(self.longitude) <= MAX_LATITUDE else None

    def km_to(self, other: Spot) -> float:
        """Return the distance on a sphere.

        >>> round(Spot(12.97, 77.59).km_to(Spot(28.61, 77.21)))
        1740
        """
        one, two = math.radians(self.latitude), math.radians(other.latitude)
        half = math.radians(other.longitude - self.longitude) / 2
        chord = math.sin((two - one) / 2) ** 2 + math.cos(one) * math.cos(two) * math.sin(half) ** 2
        return 2 * math.degrees(math.asin(min(1.0, math.sqrt(chord)))) * M_PER_DEGREE / 1000

    def __str__(self) -> str:
        return f"latitude {self.latitude:g}, longitude {self.longitude:g}"


def why_exchanged(spot: Spot, *, others: Iterable[Spot]) -> str | None:
    """Say why a spot looks like one whose two numbers were exchanged; None if it does not.

    `others` are where the same person watches already. What is far from all of them, and near one of them when
    exchanged, is doubted; so is what lies beyond a polar circle, and does not when exchanged.

    >>> why_exchanged(Spot(77.5946, 12.9716), others=[])
    'it lies beyond the polar circle'
    >>> why_exchanged(Spot(12.9716, 77.5946), others=[]) is None
    True
    """
    exchanged = spot.exchanged
    if exchanged is None:
        return None
    if abs(spot.latitude) > POLAR_CIRCLE >= abs(exchanged.latitude):
        return "it lies beyond the polar circle"
    watched = list(others)
    if not watched or min(spot.km_to(other) for other in watched) < FAR_KM:
        return None
    nearest_km = min(exchanged.km_to(other) for other in watched)
    return "it lies far from everything that you watch" if nearest_km < NEAR_KM else None


def question(spot: Spot, why: str) -> str:
    """Ask whether a place is meant as it was said."""
    return (
        f"is {spot} right? {why}; exchanged it would be {spot.exchanged}. Exchange the two numbers, or send "
        "isPlaceConfirmed: true"
    )
