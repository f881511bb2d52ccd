"""Misfits: why an image does not fit its reference, in words for people."""

from __future__ import annotations

import math
from enum import StrEnum
from typing import NamedTuple

_EIGHTHS = ("east", "north-east", "north", "north-west", "west", "south-west", "south", "south-east")


class MisfitKind(StrEnum):
    """What an image is instead of its reference's ground as it should lie."""

    SHIFTED = "shifted"
    MIRRORED = "mirrored"
    UPSIDE_DOWN = "upside down"
    QUARTER_TURN = "turned by a quarter"
    NEGATIVE = "a negative, light and dark are exchanged"
    ANOTHER_PLACE = "another place"


class Misfit(NamedTuple):
    """Why an image does not fit; of one that is SHIFTED, how far its ground lies from where it should."""

    kind: MisfitKind
    east_m: float = 0.0
    north_m: float = 0.0

    @property
    def reason(self) -> str:
        """The sentence.

        >>> Misfit(MisfitKind.SHIFTED, east_m=36.2, north_m=1.0).reason
        'does not fit its reference: about 36 m to the east'
        """
        return f"does not fit its reference: {self._what}"

    @property
    def _what(self) -> str:
        if self.kind is not MisfitKind.SHIFTED:
            return self.kind.value
        distance = math.hypot(self.east_m, self.north_m)
        eighth = round(math.atan2(self.north_m, self.east_m) / (math.pi / 4)) % 8
        return f"about {distance:.0f} m to the {_EIGHTHS[eighth]}"
