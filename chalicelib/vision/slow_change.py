"""The slow-change test: did the ground turn, step by step, from what the baseline shows to what the newest image shows?

A pair of neighbouring images sees none of the steps; the baseline sees their sum. It also sees every season, sun and
camera since: so a region counts only if the images between tell one story.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from typing import Generic

from chalicelib.domain.changes import Reason
from chalicelib.domain.evidence import Persistence
from chalicelib.domain.tiles import View
from chalicelib.vision.change_map import ChangeMap
from chalicelib.vision.persistence import (
    CONFIRMED_AT_LEAST,
    MIN_CLEAR_SHARE,
    SAME_AT_MOST,
    STILL_THERE_AT_MOST,
    Image,
    MapChange,
    median_odds,
)
from chalicelib.vision.regions import PixelRegion


class SlowChangeTest(Generic[Image]):
    """Tests the regions of a baseline and a newer image against the images between, read when first asked for."""

    def __init__(
        self,
        read: Callable[[], list[Image]],
        *,
        baseline: Image,
        newer: Image,
        view: View,
        map_change: MapChange[Image],
    ) -> None:
        """Take what reads the images between the two, newest first, and what maps the change of two images."""
        images = cache(read)

        @cache
        def to_newer(place: int) -> ChangeMap:
            return replace(map_change(images()[place], newer, view.gsd_m), pair=None)  # large, and not needed here

        @cache
        def from_baseline(place: int) -> ChangeMap:
            return replace(map_change(images()[place], baseline, view.gsd_m), pair=None)

        self._images, self._to_newer, self._from_baseline = images, to_newer, from_baseline

    def test(self, region: PixelRegion, _change_map: ChangeMap) -> Persistence:
        """Test a region, changed from the baseline to the newer image, against every image between.

        It counts if the image before the newest shows it too, unlike the baseline; if the first image after the
        baseline does not; and if the ground has turned once between. What the two newest images do not agree on, and
        what was so from the first image after the baseline on, is left to the next image.
        """
        reason = self._rejection(region)
        return Persistence(reason, region.score, len(self._images()), 0 if reason else len(self._images()))

    def confirm(self, _region: PixelRegion, _change_map: ChangeMap, _min_score: float) -> Persistence | None:
        """Confirm nothing: what is doubtful here is tested anew with each image."""
        return None

    def confirm_as_new(self, _region: PixelRegion, _change_map: ChangeMap, _min_score: float) -> Persistence | None:
        """Confirm nothing: a baseline is of any time of the year."""
        return None

    def map_before_doubt(self) -> ChangeMap | None:
        """Map nothing: nothing is confirmed here."""
        return None

    def image_before_doubt(self) -> None:
        """Return nothing: nothing is confirmed here."""
        return

    def _rejection(self, region: PixelRegion) -> Reason | None:
        places = [place for place in range(len(self._images())) if self._is_shown(region, place)]
        if len(places) < 2 or places[0] != 0:
            return Reason.NOT_YET_SURE
        previous, first = places[0], places[-1]
        if self._newer_odds(region, previous) > STILL_THERE_AT_MOST:
            return Reason.NOT_YET_SURE
        if self._baseline_odds(region, previous) < CONFIRMED_AT_LEAST:
            return Reason.NOT_YET_SURE
        if (
            self._newer_odds(region, first) < CONFIRMED_AT_LEAST
            or self._baseline_odds(region, first) >= CONFIRMED_AT_LEAST
        ):
            return Reason.NOT_YET_SURE
        return None if self._turned_once(region, list(reversed(places))) else Reason.COMES_BACK

    def _turned_once(self, region: PixelRegion, oldest_first: Sequence[int]) -> bool:
        """Was the ground, once unlike the baseline, never like it again, and once like now, never unlike it again?"""
        has_left, has_come = False, False
        for place in oldest_first:
            now, then = self._newer_odds(region, place), self._baseline_odds(region, place)
            if (has_left and then <= SAME_AT_MOST) or (has_come and now >= CONFIRMED_AT_LEAST):
                return False
            has_left, has_come = has_left or then >= CONFIRMED_AT_LEAST, has_come or now <= SAME_AT_MOST
        return True

    def _is_shown(self, region: PixelRegion, place: int) -> bool:
        clear = region.mask & self._to_newer(place).clear[region.box]
        return bool(clear.sum() >= max(1, MIN_CLEAR_SHARE * region.mask.sum()))

    def _newer_odds(self, region: PixelRegion, place: int) -> float:
        return self._median(region, self._to_newer(place))

    def _baseline_odds(self, region: PixelRegion, place: int) -> float:
        return self._median(region, self._from_baseline(place))

    @staticmethod
    def _median(region: PixelRegion, change_map: ChangeMap) -> float:
        return median_odds(change_map.odds_under(region.mask & change_map.clear[region.box], region.top, region.left))
