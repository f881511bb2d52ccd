"""What a comparison found, and whether it is worth a person's attention."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from chalicelib.domain.comparisons import DETECTOR
from chalicelib.domain.kinds import Kind, read_as, reading_kind
from chalicelib.domain.severity import highest, severity_of
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tile_runs import Verdict
from chalicelib.domain.tiles import Bounds, Outline

EVIDENCE = "evidence"  # the member of a kept region that people are not shown
MOST_IGNORED = 50  # kept of one comparison: what may hold later, then the largest


class Reason(StrEnum):
    """Why something that was seen is no alert."""

    BELOW_SIZE = "below size"
    BELOW_SCORE = "below score"
    SHADOW_LIKE = "shadow-like"
    SEASON_LIKE = "season-like"
    SAME_GROUND = "same ground"
    HAZE = "haze"
    NO_DATA_EDGE = "edge of no-data"
    VEIL = "thin cloud"
    LETTERING = "drawn text"
    COMES_BACK = "comes back"
    DOES_NOT_HOLD = "does not hold"
    NOT_YET_SURE = "not yet sure"
    KIND_NOT_ASKED_FOR = "kind not asked for"
    OUTSIDE = "outside the area"
    SEEN_ONCE = "seen once, to be confirmed"


_MAY_HOLD_LATER = frozenset(
    {
        Reason.SHADOW_LIKE,
        Reason.SEASON_LIKE,
        Reason.HAZE,
        Reason.NO_DATA_EDGE,
        Reason.VEIL,
        Reason.NOT_YET_SURE,
    }
)
_OF_ALERTS = ("severity", "confirmed", "compared_with", "grew_from_m2")  # members that only their regions have
_NEARLY_ENOUGH = 0.4  # of the score, for something below what was needed


def waits_for_another(ignored: Sequence[Mapping[str, Any]] | None, least_m2: float) -> bool:
    """Whether regions that were ignored, as they are kept, show something that the next image has to confirm or deny.

    What was found too little sure to be told waits as well, from the least that alerts on.

    >>> waits_for_another([{"reason": "not yet sure", "area_m2": 900.0}], 400.0), waits_for_another([], 400.0)
    (True, False)
    """
    waiting = {Reason.SEEN_ONCE: 0.0, Reason.NOT_YET_SURE: least_m2}
    return any(region["area_m2"] >= waiting.get(region["reason"], math.inf) for region in ignored or ())


def may_hold_later(reason: str | None, score: float) -> bool:
    """Whether the next image can settle why something was ignored.

    What looks as an older image did is no change, however long it stays.
    """
    return score >= _NEARLY_ENOUGH if reason == Reason.BELOW_SCORE else reason in _MAY_HOLD_LATER


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One changed object."""

    area_m2: float
    score: float  # 0 to 1
    bounds: Bounds
    centroid: tuple[float, float]  # lon, lat
    outline: Outline
    reason: Reason | None = None  # why it is no alert; None where it may be one
    older: int = 0  # older images that show its ground
    held_against: int = 0  # those of them that it is unlike
    is_confirmed: bool = False  # doubted with the image before, and still there
    is_slow: bool = False  # seen against the baseline, not against the image before
    grew_from_m2: float | None = None  # of a known place: what people were told before
    kind: Kind | None = None  # the most probable one; None where the pair does not tell
    kind_probability: float | None = None
    seen_against: int | None = None  # of what was seen once: the id of the image that it was seen against
    evidence: tuple[Any, ...] | None = None  # what other settings judge it by (`evidence.py`); None: none would tell it

    def to_json(self) -> dict[str, Any]:
        """Return the region as the change log carries it."""
        return {
            "area_m2": round(self.area_m2, 1),
            "score": round(self.score, 3),
            "severity": severity_of(self.area_m2, self.score),
            "bounds": list(self.bounds),
            "centroid": list(self.centroid),
            "outline": {"type": "Polygon", "coordinates": self.outline},
            "older_pictures": self.older,
            "held_against": self.held_against,
            "confirmed": self.is_confirmed,
            "compared_with": "baseline" if self.is_slow else "previous",
            "grew_from_m2": self.grew_from_m2,
            "kind": self.kind or Kind.OTHER,
            "kind_probability": None if self.kind_probability is None else round(self.kind_probability, 3),
        }

    def kept_json(self) -> dict[str, Any]:
        """Return the region as it is kept: with what other settings would judge it by."""
        return self.to_json() | ({EVIDENCE: list(self.evidence)} if self.evidence else {})

    def ignored_json(self) -> dict[str, Any]:
        """Return the region as ignored regions are kept: with its reason, and no severity."""
        kept = self.kept_json() | {"reason": self.reason}
        kept |= {} if self.seen_against is None else {"seen_against": self.seen_against}
        return {name: value for name, value in kept.items() if name not in _OF_ALERTS}

    @classmethod
    def from_ignored(cls, kept: dict[str, Any]) -> Region:
        """Return a region of what is kept of it."""
        return cls(
            area_m2=kept["area_m2"],
            score=kept["score"],
            bounds=Bounds(*kept["bounds"]),
            centroid=(kept["centroid"][0], kept["centroid"][1]),
            outline=kept["outline"]["coordinates"],
            reason=Reason(kept["reason"]),
            older=kept["older_pictures"],
            held_against=kept["held_against"],
            kind=Kind(kept["kind"]) if kept.get("kind") else None,
            kind_probability=kept.get("kind_probability"),
            seen_against=kept.get("seen_against"),
            evidence=tuple(kept[EVIDENCE]) if kept.get(EVIDENCE) else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What comparing the two images of one tile found."""

    regions: tuple[Region, ...]  # those that count for this tile, inside the area; largest first
    ignored: tuple[Region, ...] = ()  # those that were seen there too, each with its reason
    clear_share: float  # of tile and area together, clear in both images, 0 to 1
    changed_share: float  # of tile and area together, 0 to 1
    gsd_m: float
    smallest_change_m2: float  # smaller ones could not have been seen
    mask_png: bytes  # one channel, 255 = changed, as large as the images
    overlay_png: bytes  # the newer image with the regions drawn on it
    earlier_years: int = 0  # whose same season judged as well; 0: the pair and older images alone

    def above(self, thresholds: Thresholds) -> tuple[Region, ...]:
        """Return the regions that are worth an alert."""
        return tuple(region for region in self.regions if region.area_m2 >= thresholds.min_changed_area_m2)


def without_evidence(region: dict[str, Any]) -> dict[str, Any]:
    """Return a kept region as people are shown it."""
    return {name: value for name, value in region.items() if name != EVIDENCE}


def judge(change: Change, thresholds: Thresholds) -> Verdict:
    """Turn a comparison into a verdict. What is seen through a gap in the clouds is seen; blindness is no all-clear."""
    if change.above(thresholds):
        return Verdict.CHANGED
    if change.clear_share < thresholds.min_clear_share:
        return Verdict.OBSCURED
    return Verdict.NO_CHANGE


def _is_seen_once(region: Region) -> bool:
    return region.reason is Reason.SEEN_ONCE


def _is_to_be_settled(region: Region) -> bool:
    return may_hold_later(region.reason, region.score)


def ignored_of(change: Change, thresholds: Thresholds) -> list[dict[str, Any]]:
    """Return what was seen and is no alert, each with its reason, largest first.

    Of more than MOST_IGNORED the largest are kept, but first those that the next image is to settle; and all that was
    seen once, for nobody has been told of it.
    """
    alerts = change.above(thresholds)
    small = [replace(region, reason=Reason.BELOW_SIZE) for region in change.regions if region not in alerts]
    doubts_first = sorted(
        [*small, *change.ignored],
        key=lambda region: (not _is_seen_once(region), not _is_to_be_settled(region), -region.area_m2),
    )
    kept = doubts_first[: max(MOST_IGNORED, sum(map(_is_seen_once, doubts_first)))]
    return [region.ignored_json() for region in sorted(kept, key=lambda region: -region.area_m2)]


def _growth(regions: Iterable[Region]) -> str:
    """Say what grew, of regions that are told."""
    grown = [region for region in regions if region.grew_from_m2]
    return "".join(f"; one grew from {region.grew_from_m2:,.0f} to {region.area_m2:,.0f} m2" for region in grown)


def change_log(change: Change, thresholds: Thresholds) -> dict[str, Any]:
    """Return an alert's `changeLog`: the contract's three members first, then ours."""
    regions = change.above(thresholds)
    changed_m2 = sum(region.area_m2 for region in regions)
    places = "1 place" if len(regions) == 1 else f"{len(regions)} places"
    return {
        "changed": True,
        "change_percent": round(100 * change.changed_share, 3),
        "message": f"{changed_m2:,.0f} m2 changed in {places}{_growth(regions)}".replace(",", " "),
        "kinds": read_as(reading_kind(region.kind) for region in regions),
        "severity": highest(severity_of(region.area_m2, region.score) for region in regions),
        "changed_area_m2": round(changed_m2, 1),
        "regions": [region.kept_json() for region in regions],
        "ignored": [without_evidence(region) for region in ignored_of(change, thresholds)],
        "gsd_m": round(change.gsd_m, 4),
        "smallest_change_m2": round(change.smallest_change_m2, 1),
        "clear_share": round(change.clear_share, 4),
        "detector": DETECTOR,
        "earlier_years": change.earlier_years,
    }
