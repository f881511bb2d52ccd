"""What one comparison found: its regions in degrees, those that count and those that are ignored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from chalicelib.domain.changes import Reason, Region
from chalicelib.domain.evidence import Evidence, Persistence
from chalicelib.domain.kinds import Kind
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Bounds, View
from chalicelib.vision.pixels import Mask
from chalicelib.vision.regions import PixelRegion, outline_rings
from chalicelib.vision.render import Drawing


@dataclass
class Findings:
    """The regions of one comparison: those that count, drawn into a mask, and those that are ignored."""

    view: View
    thresholds: Thresholds
    counted: Mask  # as large as the images
    veiled: Mask  # what a thin cloud lies over in one of them: that is not seen
    kept: list[tuple[Region, Drawing]] = field(default_factory=list)
    ignored: list[Region] = field(default_factory=list)

    def add(
        self,
        pixel_region: PixelRegion,
        result: Persistence,
        chances: Mapping[Kind, float],
        *,
        is_confirmed: bool = False,
        evidence: Evidence | None = None,
    ) -> None:
        """Add a region with the chance of each kind: ignored if the result has a reason, else counted."""
        rings = outline_rings(pixel_region)
        kind = max(chances, key=chances.__getitem__, default=None)
        region = replace(
            _region(pixel_region, rings, self.view, result),
            is_confirmed=is_confirmed,
            kind=kind,
            kind_probability=None if kind is None else chances[kind] or None,
            evidence=None if evidence is None else evidence.kept(),
        )
        if result.reason is Reason.VEIL:
            self.veiled[pixel_region.box] |= pixel_region.mask
        if result.reason is not None:
            self.ignored.append(region)
            return
        self.counted[pixel_region.box] |= pixel_region.mask
        is_alert = region.area_m2 >= self.thresholds.min_changed_area_m2
        self.kept.append((region, Drawing(rings, region.area_m2, is_alert)))


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
