"""One comparison of a tile: its regions, judged one by one by the pair itself and by older images."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import cv2
import numpy as np

from chalicelib.domain.changes import Reason
from chalicelib.domain.evidence import Evidence, Persistence, judge_region
from chalicelib.domain.kinds import Kind, is_surely_unwanted
from chalicelib.domain.thresholds import Thresholds
from chalicelib.domain.tiles import Outline, View
from chalicelib.vision.band_change import MIN_BAND_SCORE
from chalicelib.vision.band_kinds import NO_SEASONS, NO_WORKS, WATERS
from chalicelib.vision.band_pairs import BandPair
from chalicelib.vision.change_map import ChangeMap
from chalicelib.vision.confounders import SCORE_FACTORS, find_confounder
from chalicelib.vision.drawn_over import Uncovered
from chalicelib.vision.findings import Findings
from chalicelib.vision.kinds import COARSEST_GSD_M, kinds_of
from chalicelib.vision.pixels import Mask
from chalicelib.vision.regions import (
    MIN_SCORE,
    PixelRegion,
    classified_regions,
    draw_mask,
)
from chalicelib.vision.season_change import SeasonTest
from chalicelib.vision.tile_ownership import is_inside, lies_along_unseen, owned_regions, regions_outside

MIN_KEPT_SCORE = 0.1  # of what is kept as seen and ignored: below it is noise


class RegionTest(Protocol):
    """Holds a region of the pair against other images of the place."""

    def test(self, region: PixelRegion, change_map: ChangeMap) -> Persistence:
        """Test a region that changed in the pair of that change map."""
        ...

    def confirm(self, region: PixelRegion, change_map: ChangeMap, min_score: float) -> Persistence | None:
        """Confirm a region that was doubtful before; None if it is not confirmed."""
        ...

    def confirm_as_new(self, region: PixelRegion, change_map: ChangeMap, min_score: float) -> Persistence | None:
        """Confirm the same, where it looks as it never did at that time of earlier years; None if it is not."""
        ...

    def map_before_doubt(self) -> ChangeMap | None:
        """Map the change from before what was doubtful to the newer image; None where there is no such image."""
        ...

    def image_before_doubt(self) -> Any:  # noqa: ANN401 (as it was given: of pixels or of bands)
        """Return the newest image before what was doubtful; None where there is none."""
        ...


@dataclass(frozen=True)
class Comparison:
    """What is known of a comparison: the pair with its change map, the test against older images, what was asked."""

    seen: Uncovered
    persistence: RegionTest
    view: View
    watched: Mask  # the area's ground in the image, its margin included
    thresholds: Thresholds
    least_m2: float = 0.0  # less than this the images cannot show
    measured: BandPair | None = None  # the bands of both, where the change map is theirs
    season: SeasonTest | None = None  # of earlier years, where there are bands of them

    def find(self, doubted: Sequence[Outline]) -> Findings:
        """Find the regions on the tile and inside the area, largest first.

        Those of `doubted` that are confirmed are added, unless they overlap a region that counts already.
        """
        findings = Findings(self.view, self.thresholds, *np.zeros((2, *self.seen.after.valid.shape), np.bool_))
        for region, reason, made_of in self._regions_on_tile():
            chances = self._kinds(region, self.seen.change_map)
            changed_m2 = self._changed_m2(region)
            if changed_m2 < self.least_m2:
                evidence = replace(self._unexamined(region), m2=changed_m2)
                findings.add(region, Persistence(Reason.BELOW_SIZE, region.score, 0, 0), chances, evidence=evidence)
            elif reason is None:
                evidence, result = self._judge(region, chances, made_of)
                findings.add(region, result, chances, evidence=evidence)
            else:
                unexamined = self._unexamined(region) if reason is Reason.BELOW_SCORE else None
                findings.add(region, Persistence(reason, region.score, 0, 0), chances, evidence=unexamined)
        for letters in self.seen.letters:
            if is_inside(self.view, self.watched, letters.centroid):
                findings.add(letters, Persistence(Reason.LETTERING, letters.score, 0, 0), {})
        for region in _drawn(doubted, self.view):
            confirmed = self._confirmed(region)
            if confirmed is not None and not findings.counted[region.box][region.mask].any():
                chances = self._kinds_of_confirmed(region)
                if self._is_as_ever(region, chances) or (self.measured is not None and NO_WORKS.intersection(chances)):
                    confirmed = confirmed._replace(reason=Reason.SEASON_LIKE)
                elif self._is_unwanted(chances):
                    confirmed = confirmed._replace(reason=Reason.KIND_NOT_ASKED_FOR)
                evidence = self._evidence(region._replace(score=confirmed.score), chances, (confirmed.score,) * 2)
                evidence = replace(evidence, confounder=self._never(confirmed), held=confirmed, is_confirmed=True)
                findings.add(region, confirmed, chances, is_confirmed=True, evidence=evidence)
        findings.kept.sort(key=lambda pair: (-pair[0].area_m2, pair[0].bounds))
        return findings

    def _confirmed(self, region: PixelRegion) -> Persistence | None:
        asked = region, self.seen.change_map, self._min_score
        found = self.persistence.confirm(*asked)
        if found is None and self._is_as_never(region):
            return self.persistence.confirm_as_new(*asked)
        return found

    def _is_as_ever(self, region: PixelRegion, chances: Mapping[Kind, float]) -> bool:
        if NO_SEASONS.intersection(chances):
            return False
        return self.season is not None and self.season.is_as_ever(region, self.seen.change_map.clear.shape)

    def _is_as_never(self, region: PixelRegion) -> bool:
        return self.season is not None and self.season.is_as_never(region, self.seen.change_map.clear.shape)

    def _kinds(self, region: PixelRegion, change_map: ChangeMap | None) -> Mapping[Kind, float]:
        if self.measured is not None:
            return {Kind(self.measured.kind_of(region)): 0.0}  # by a rule: nobody has measured how often it is right
        return {} if change_map is None else kinds_of(region.mask, region.top, region.left, change_map, self.view.gsd_m)

    def _kinds_of_confirmed(self, region: PixelRegion) -> Mapping[Kind, float]:
        """Return the kinds of what the reference showed first: from the image before it to the newer one."""
        if self.measured is None:
            return self._kinds(region, self.persistence.map_before_doubt())
        before = self.persistence.image_before_doubt()
        pair = self.measured if before is None else self.measured._replace(before=before)
        return {Kind(pair.kind_of(region)): 0.0}

    def _is_unwanted(self, chances: Mapping[Kind, float]) -> bool:
        return is_surely_unwanted(self._sure_of(chances), self.thresholds.alert_kinds)

    def _sure_of(self, chances: Mapping[Kind, float]) -> Mapping[Kind, float]:
        """Return by what an area's kinds decide: the chances where their fit holds, of bands whether it is water."""
        if self.measured is not None:
            return {kind: 1.0 for kind in chances if kind in WATERS}
        return chances if self.view.gsd_m <= COARSEST_GSD_M else {}

    @property
    def _usual_score(self) -> float:
        return MIN_SCORE if self.measured is None else MIN_BAND_SCORE

    @property
    def _min_score(self) -> float:
        return self.thresholds.score_shift + self._usual_score

    def _regions_on_tile(self) -> Iterator[tuple[PixelRegion, Reason | None, tuple[float, float]]]:
        """Yield first the regions that may be changes, then those ruled out, each with its reason.

        Beside it the lowest and the highest score of what it was made of, by the pair alone.
        """
        found = list(classified_regions(self.seen.change_map, self.view.gsd_m, self._min_score))
        possible = [region for region, reason in found if reason is None]
        mask = draw_mask(possible, self.seen.change_map.clear.shape)
        for region in owned_regions(mask, self.seen.change_map, self.view, self.watched):
            scores = [part.score for part in possible if part.overlaps(region)] or [region.score]
            yield region, None, (min(scores), max(scores))
        for region in regions_outside(mask, self.seen.change_map, self.view, self.watched):
            yield region, Reason.OUTSIDE, (region.score, region.score)
        for region, reason in found:
            if reason is None or region.score < MIN_KEPT_SCORE:
                continue
            if is_inside(self.view, self.watched, region.centroid):
                yield region, reason, (region.score, region.score)

    def _judge(
        self, region: PixelRegion, chances: Mapping[Kind, float], made_of: tuple[float, float]
    ) -> tuple[Evidence, Persistence]:
        """Look for confounders of a region in the pair first, as that costs next to nothing, then in older images.

        Before those are read it is asked whether the region is surely of no kind that the area wants to be told of.
        """
        along = lies_along_unseen(region, self.seen.change_map.clear, self.view.gsd_m)
        reason = self._confounder(region, is_along_unseen=along)
        if reason is not None:
            region = region._replace(score=round(SCORE_FACTORS[reason] * region.score, 4))
        evidence = replace(self._evidence(region, chances, made_of), confounder=reason)
        asked: list[Persistence] = []

        def hold() -> Persistence:
            asked.append(self._held(region, chances))
            return asked[0]

        result = judge_region(evidence, self.thresholds, hold=hold)
        return replace(evidence, held=asked[0] if asked else None), result

    def _held(self, region: PixelRegion, chances: Mapping[Kind, float]) -> Persistence:
        if self._is_as_ever(region, chances):
            return Persistence(Reason.SEASON_LIKE, region.score, 0, 0)
        held = self.persistence.test(region, self.seen.change_map)
        if held.reason is Reason.COMES_BACK and self._is_as_never(region):
            return held._replace(reason=Reason.NOT_YET_SURE)  # what it was at another time of the year is no matter
        return held

    def _evidence(self, region: PixelRegion, chances: Mapping[Kind, float], made_of: tuple[float, float]) -> Evidence:
        return Evidence(
            m2=region.area_m2(self.view.gsd_m),
            least_score=self._usual_score,
            pair_scores=made_of,
            score=region.score,
            chances=self._sure_of(chances),
        )

    def _unexamined(self, region: PixelRegion) -> Evidence:
        """Return what is known of a region that scored too low, or is too small, to be looked at."""
        return replace(self._evidence(region, {}, (region.score, region.score)), is_examined=False)

    @staticmethod
    def _never(confirmed: Persistence) -> Reason | None:
        """Return why what was confirmed is no alert by any settings."""
        return None if confirmed.reason is Reason.KIND_NOT_ASKED_FOR else confirmed.reason

    def _changed_m2(self, region: PixelRegion) -> float:
        share = 1.0 if self.measured is None else self.measured.changed_share(region)
        return share * region.area_m2(self.view.gsd_m)

    def _confounder(self, region: PixelRegion, *, is_along_unseen: bool) -> Reason | None:
        if self.measured is None:
            before, after = self.seen.before, self.seen.after
            return find_confounder(region, before, after, self.view.gsd_m, is_along_unseen=is_along_unseen)
        if is_along_unseen:
            return Reason.NO_DATA_EDGE
        return Reason.SEASON_LIKE if self.measured.kind_of(region) in NO_WORKS else None


def _drawn(outlines: Sequence[Outline], view: View) -> Iterator[PixelRegion]:
    """Yield outlines of (lon, lat) as regions of the image; those outside of it are left out."""
    for outline in outlines:
        mask = np.zeros((view.size_px, view.size_px), np.uint8)
        corners = [np.array([view.pixel(*place) for place in ring]) for ring in outline]
        cv2.fillPoly(mask, [np.round((ring - 0.5) * 16).astype(np.int32) for ring in corners], 1, shift=4)
        left, top, width, height = cv2.boundingRect(mask)
        if width and height:
            yield PixelRegion(left, top, mask[top : top + height, left : left + width] > 0, 0.0)
