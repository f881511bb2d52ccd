"""What a comparison found, and whether it is worth a person's attention."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from chalicelib.domain.sessions import Verdict
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds

DETECTOR = "classic-3"
"""The detector's version: raise it whenever `vision` would answer differently. It is part of what makes a comparison
unique, and it stands here because doors without OpenCV have to ask whether a pair is compared."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """One changed object."""

    area_m2: float
    score: float  # 0 to 1
    bounds: Bounds
    centroid: tuple[float, float]  # lon, lat
    outline: list[list[tuple[float, float]]]  # the coordinates of a GeoJSON Polygon: closed rings of (lon, lat)

    def to_json(self) -> dict[str, Any]:
        """Give the region as the change log carries it."""
        return {
            "area_m2": round(self.area_m2, 1),
            "score": round(self.score, 3),
            "bounds": list(self.bounds),
            "centroid": list(self.centroid),
            "outline": {"type": "Polygon", "coordinates": self.outline},
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What comparing one tile's two pictures found."""

    regions: tuple[Region, ...]  # those that count for this tile, inside the area; largest first
    clear_share: float  # of tile and area together, clear in both pictures, 0 to 1
    changed_share: float  # of tile and area together, 0 to 1
    gsd_m: float
    smallest_change_m2: float  # smaller ones could not have been seen
    mask_png: bytes  # one channel, 255 = changed, as large as the pictures
    overlay_png: bytes  # the newer picture with the regions drawn on it

    def above(self, thresholds: Thresholds) -> tuple[Region, ...]:
        """Give the regions that are worth an alert."""
        return tuple(region for region in self.regions if region.area_m2 >= thresholds.min_changed_area_m2)


def judge(change: Change, thresholds: Thresholds) -> Verdict:
    """Turn a comparison into a verdict. What is seen through a gap in the clouds is seen; blindness is no all-clear."""
    if change.above(thresholds):
        return Verdict.CHANGED
    if change.clear_share < thresholds.min_clear_share:
        return Verdict.OBSCURED
    return Verdict.NO_CHANGE


def change_log(change: Change, thresholds: Thresholds) -> dict[str, Any]:
    """Give an alert's `changeLog`: the contract's three members first, then ours."""
    regions = change.above(thresholds)
    changed_m2 = sum(region.area_m2 for region in regions)
    places = "1 place" if len(regions) == 1 else f"{len(regions)} places"
    return {
        "changed": True,
        "change_percent": round(100 * change.changed_share, 3),
        "message": f"{changed_m2:,.0f} m2 changed in {places}".replace(",", " "),
        "changed_area_m2": round(changed_m2, 1),
        "regions": [region.to_json() for region in regions],
        "gsd_m": round(change.gsd_m, 4),
        "smallest_change_m2": round(change.smallest_change_m2, 1),
        "clear_share": round(change.clear_share, 4),
        "detector": DETECTOR,
    }
