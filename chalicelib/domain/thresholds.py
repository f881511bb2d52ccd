"""How much change is worth a person's attention: in m2, never in percent of an image."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.errors import Invalid

SMALLEST_THRESHOLD_M2 = 25.0
THRESHOLD_RANGE_M2 = (1, 1_000_000)
PIXELS_OF_A_CHANGE = 4  # fewer than four pixels cannot be told from noise


class Sensitivity(StrEnum):
    """How readily an area alerts: it moves the least score a region must have, and nothing else."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


SCORE_SHIFTS = {Sensitivity.LOW: 0.15, Sensitivity.NORMAL: 0.0, Sensitivity.HIGH: -0.15}


def default_threshold_m2(gsd_m: float) -> float:
    """Return the smallest change to alert on where the owner has not said: four pixels, at least 25 m2.

    >>> default_threshold_m2(0.5), default_threshold_m2(10)
    (25.0, 400.0)
    """
    return max(SMALLEST_THRESHOLD_M2, float(PIXELS_OF_A_CHANGE * gsd_m * gsd_m))


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How much change on a tile is worth a person's attention."""

    min_changed_area_m2: float
    min_clear_share: float = 0.3
    sensitivity: Sensitivity = Sensitivity.NORMAL

    def __post_init__(self) -> None:
        least, most = THRESHOLD_RANGE_M2
        if not least <= self.min_changed_area_m2 <= most:
            raise Invalid(
                f"the smallest change worth an alert is 1 to 1 000 000 m2, not {self.min_changed_area_m2:g}",
                pointer="/minChangedAreaM2",
            )
        if not 0 <= self.min_clear_share <= 1:
            raise Invalid(f"min_clear_share must be 0 to 1, not {self.min_clear_share}")

    @property
    def score_shift(self) -> float:
        """What is added to the score that a region must have."""
        return SCORE_SHIFTS[self.sensitivity]

    @property
    def key(self) -> str:
        """The name of these thresholds in the key that makes a comparison unique."""
        return f"{self.min_changed_area_m2:g}/{self.min_clear_share:g}/{self.sensitivity}"


def checked_sensitivity(word: str) -> Sensitivity:
    """Parse a sensitivity. Raises Invalid."""
    try:
        return Sensitivity(word)
    except ValueError:
        known = ", ".join(Sensitivity)
        raise Invalid(f"a sensitivity is one of {known}, not {word[:40]!r}", pointer="/sensitivity") from None
