"""How much change is worth a person's attention: in m2, never in percent of an image."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from chalicelib.domain.errors import Invalid
from chalicelib.domain.kinds import DEFAULT_ALERT_KINDS, Kind
from chalicelib.domain.scenes import ProviderTerms

SMALLEST_THRESHOLD_M2 = 25.0
THRESHOLD_RANGE_M2 = (1, 1_000_000)
PIXELS_OF_A_CHANGE = 4  # fewer than four pixels cannot be told from noise


class Sensitivity(StrEnum):
    """How readily an area alerts: it moves the least score a region must have, and nothing else."""

    LOW = "low"
    NORMAL = "normal"
    HIGH = "high"


TWICE = "/twice"  # the end of the key of what wants two images
SCORE_SHIFTS = {Sensitivity.LOW: 0.15, Sensitivity.NORMAL: 0.0, Sensitivity.HIGH: -0.15}


def default_threshold_m2(gsd_m: float) -> float:
    """Return the smallest change to alert on where the owner has not said: four pixels, at least 25 m2.

    >>> default_threshold_m2(0.5), default_threshold_m2(10)
    (25.0, 400.0)
    """
    return max(SMALLEST_THRESHOLD_M2, float(PIXELS_OF_A_CHANGE * gsd_m * gsd_m))


def smallest_alert_m2(asked: float | None, *, terms: ProviderTerms, gsd_m: float) -> float:
    """Return the smallest change to alert on, as the owner asks for it or by the imagery's detail.

    Raises Invalid for less than a provider's images are trusted with.
    """
    least = terms.smallest_alert_m2
    if asked is None:
        return max(default_threshold_m2(gsd_m), least)
    if asked < least:
        raise Invalid(
            f"on {terms.name} nobody can be alerted of less than {least:g} m2, and {asked:g} m2 are asked for: "
            "what is smaller is kept without an alert",
            pointer="/minChangedAreaM2",
        )
    return asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """How much change on a tile is worth a person's attention."""

    min_changed_area_m2: float
    min_clear_share: float = 0.3
    sensitivity: Sensitivity = Sensitivity.NORMAL
    alert_kinds: frozenset[Kind] = DEFAULT_ALERT_KINDS
    is_confirmed_twice: bool = False  # what one image shows is told when a later one shows it still

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
        """The name of these thresholds in the key that makes a comparison unique.

        The kinds are in it as a number of nine bits, unless they are the usual ones.
        What asks for no second image has the key that it always had.
        """
        kinds = sum((kind in self.alert_kinds) << place for place, kind in enumerate(Kind))
        of_kinds = "" if self.alert_kinds == DEFAULT_ALERT_KINDS else f"/{kinds:x}"
        of_images = TWICE if self.is_confirmed_twice else ""
        return f"{self.min_changed_area_m2:g}/{self.min_clear_share:g}/{self.sensitivity}{of_kinds}{of_images}"


def checked_sensitivity(word: str) -> Sensitivity:
    """Parse a sensitivity. Raises Invalid."""
    try:
        return Sensitivity(word)
    except ValueError:
        known = ", ".join(Sensitivity)
        raise Invalid(f"a sensitivity is one of {known}, not {word[:40]!r}", pointer="/sensitivity") from None
