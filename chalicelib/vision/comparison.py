"""One comparison of a tile: its regions, judged one by one by the pair itself and by older images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import cv2
import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.changes import Reason, Region
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds, Outline, View
from chalicelib.vision.change_map import ChangeMap
from chalicelib.vision.confounders import SCORE_FACTORS, find_confounder
from chalicelib.vision.persistence import Persistence
from chalicelib.vision.pixels import Mask, Pixels
from chalicelib.vision.regions import MIN_SCORE, PixelRegion, classified_regions, draw_mask, outline_rings
from chalicelib.vision.render import Drawing
from chalicelib.vision.tile_ownership import is_inside, lies_along_unseen, owned_regions

MIN_KEPT_SCORE = 0.1  # of what is kept as seen and ignored: below it is noise


class RegionTest(Protocol):
    """Holds a region of the pair against other images of the place."""

    def test(self, region: PixelRegion, change_map: ChangeMap) -> Persistence:
        """Test a region that changed in the pair of that change map."""
        ...

    def confirm(self, region: PixelRegion, change_map: ChangeMap, min_score: float) -> Persistence | None:
        """Confirm a region that was doubtful before; None if it is not confirmed."""
        ...


@dataclass
class Findings:
    """The regions of one comparison: those that count, drawn into a mask, and those that are ignored."""

    view: View
    thresholds: Thresholds
    counted: Mask  # as large as the images
    veiled: Mask  # what a thin cloud lies over in one of them: that is not seen
    kept: list[tuple[Region, Drawing]] = field(default_factory=list)
    ignored: list[Region] = field(default_factory=list)

    def add(self, pixel_region: PixelRegion, result: Persistence, *, is_confirmed: bool = False) -> None:
        """Add a region: ignored if the result has a reason, else counted."""
        rings = outline_rings(pixel_region)
        region = replace(_region(pixel_region, rings, self.view, result), is_confirmed=is_confirmed)
        if result.reason is Reason.VEIL:
            self.veiled[pixel_region.box] |= pixel_region.mask
        if result.reason is not None:
            self.ignored.append(region)
            return
        self.counted[pixel_region.box] |= pixel_region.mask
        is_alert = region.area_m2 >= self.thresholds.min_changed_area_m2
        self.kept.append((region, Drawing(rings, region.area_m2, is_alert)))


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """What is known of one comparison: the pair, its change map, the test against older images, and what was asked."""

    reference: Pixels
    newer: Pixels
    change_map: ChangeMap
    persistence: RegionTest
    view: View
    area: Bounds
    thresholds: Thresholds
    least_m2: float = 0.0  # less than this the images cannot show

    def find(self, doubted: Sequence[Outline]) -> Findings:
        """Find the regions on the tile and inside the area, largest first.

        Those of `doubted` that are confirmed are added, unless they overlap a region that counts already.
        """
        findings = Findings(self.view, self.thresholds, *np.zeros((2, *self.newer.valid.shape), np.bool_))
        for region, reason in self._regions_on_tile():
            ruled_out = None if reason is None else Persistence(reason, region.score, 0, 0)
            if region.area_m2(self.view.gsd_m) < self.least_m2:
                ruled_out = Persistence(Reason.BELOW_SIZE, region.score, 0, 0)
            findings.add(region, ruled_out or self._judge(region))
        for region in _drawn(doubted, self.view):
            confirmed = self.persistence.confirm(region, self.change_map, self._min_score)
            if confirmed is not None and not findings.counted[region.box][region.mask].any():
                findings.add(region, confirmed, is_confirmed=True)
        findings.kept.sort(key=lambda pair: (-pair[0].area_m2, pair[0].bounds))
        return findings

    @property
    def _min_score(self) -> float:
        return MIN_SCORE + self.thresholds.score_shift

    def _regions_on_tile(self) -> Iterator[tuple[PixelRegion, Reason | None]]:
        """Yield first the regions that may be changes, then those ruled out, each with its reason."""
        found = list(classified_regions(self.change_map, self.view.gsd_m, self.thresholds.score_shift))
        mask = draw_mask((region for region, reason in found if reason is None), self.change_map.clear.shape)
        for region in owned_regions(mask, self.change_map, self.view, self.area):
            yield region, None
        for region, reason in found:
            if reason is None or region.score < MIN_KEPT_SCORE:
                continue
            if is_inside(self.view, self.area, region.centroid):
                yield region, reason

    def _judge(self, region: PixelRegion) -> Persistence:
        """Look for confounders of a region in the pair first, as that costs next to nothing, then in older images."""
        gsd_m = self.view.gsd_m
        along = lies_along_unseen(region, self.change_map.clear, gsd_m)
        reason = find_confounder(region, self.reference, self.newer, gsd_m, is_along_unseen=along)
        if reason is not None:
            region = region._replace(score=round(SCORE_FACTORS[reason] * region.score, 4))
            if region.score < self._min_score:
                return Persistence(reason, region.score, 0, 0)
        if region.area_m2(gsd_m) < self.thresholds.min_changed_area_m2:
            return Persistence(None, region.score, 0, 0)
        return self.persistence.test(region, self.change_map)


def _drawn(outlines: Sequence[Outline], view: View) -> Iterator[PixelRegion]:
    """Yield outlines of (lon, lat) as regions of the image; those outside of it are left out."""
    for outline in outlines:
        mask = np.zeros((view.size_px, view.size_px), np.uint8)
        corners = [np.array([view.pixel(*place) for place in ring]) for ring in outline]
        cv2.fillPoly(mask, [np.round((ring - 0.5) * 16).astype(np.int32) for ring in corners], 1, shift=4)
        left, top, width, height = cv2.boundingRect(mask)
        if width and height:
            yield PixelRegion(left, top, mask[top : top + height, left : left + width] > 0, 0.0)


def _region(pixel_region: PixelRegion, rings: Sequence[NDArray[np.float64]], view: View, result: Persistence) -> Region:
    """Convert a region from pixels to degrees, rounded to seven decimals: a centimetre."""

    def place(column: float, row: float) -> tuple[float, float]:
        lon, lat = view.lonlat(float(column), float(row))
        return round(lon, 7), round(lat, 7)

    height, width = pixel_region.mask.shape
    west, north = place(pixel_region.left, pixel_region.top)
    east, south = place(pixel_region.left + width, pixel_region.top + height)
    return Region(
        area_m2=pixel_region.area_m2(view.gsd_m),
        score=result.score,
        bounds=Bounds(west, south, east, north),
        centroid=place(*pixel_region.centroid),
        outline=[[place(*point) for point in (*ring, ring[0])] for ring in rings],
        reason=result.reason,
        older=result.older,
        held_against=result.held_against,
    )
