"""The temporal persistence test: does a change hold against older images of its place?

Time is the evidence that one pair does not have.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Generic, TypeVar

import numpy as np

from chalicelib.application.ports.compare import OlderImage
from chalicelib.domain.changes import Reason
from chalicelib.domain.errors import BadImage
from chalicelib.domain.evidence import Persistence
from chalicelib.domain.tiles import View
from chalicelib.vision.calibration import score_of
from chalicelib.vision.change_map import ChangeMap
from chalicelib.vision.masks import in_scene
from chalicelib.vision.pixels import Floats, Pixels, decode_stored, has_colour
from chalicelib.vision.regions import PixelRegion

Image = TypeVar("Image")
MapChange = Callable[[Image, Image, float], ChangeMap]

# Median log-odds of change over a region's ground in a pair of images:
SAME_AT_MOST = -1.0  # the two show the same
STABLE_AT_MOST = -0.5  # an older image and the reference: the ground does not change anyway
NEW_AT_LEAST = 1.25  # the newer image and each older one: the region is new
SURELY_NEW_AT_LEAST = 2.5  # the same, where there is but one older image, or where the newer one is an outlier
STILL_THERE_AT_MOST = 0.0  # the newer image and the reference: what was doubtful in the reference is still there
CONFIRMED_AT_LEAST = 0.5  # both of them and each older image: two images agree

OUTLIER_SHARE = 0.05  # of an image's ground that is like no other image: with more, the image is an outlier
MIN_OLDER_IMAGES = 2  # to confirm what was doubtful
ALL, NEWEST = slice(None), slice(1)  # of the older images
MIN_CLEAR_SHARE = 0.5  # of a region's ground, for an image to count
REJECTED_FACTOR = 0.3  # what is left of the score of a region that does not persist
DOUBT_FACTOR = 0.7  # what is left of the doubt, 1 - score, for each older image that the region is unlike
MAX_DOUBT_FACTORS = 3


class PersistenceTest(Generic[Image]):
    """Tests the regions of one pair against the older images of the place, which are read when first asked for."""

    def __init__(
        self,
        read: Callable[[], list[Image]],
        *,
        reference: Image,
        newer: Image,
        view: View,
        map_change: MapChange[Image],
    ) -> None:
        """Take what reads the images older than the reference, newest first, and what maps the change of two images."""
        self._read, self._reference, self._newer, self._view = read, reference, newer, view
        self._map_change = map_change

    def test(self, region: PixelRegion, change_map: ChangeMap) -> Persistence:
        """Test a region, changed from the reference to the newer image, against every older image.

        If the newest of them looks as the place does now, the reference was the outlier; if an older one does, the
        state comes back. If any looks different from the reference, the ground changes anyway. The latter, and a region
        that is not clearly unlike every older image, can be confirmed by the next image. `change_map` is that of the
        pair itself.
        """
        against_newer = [median_odds(odds) for odds in self._odds(self._maps_to_newer, region)]
        if not against_newer:
            return Persistence(None, region.score, 0, 0)
        held_against = sum(one > SAME_AT_MOST for one in against_newer)
        reason = self._rejection(region, change_map, against_newer)
        if reason is not None:
            return Persistence(reason, round(REJECTED_FACTOR * region.score, 4), len(against_newer), held_against)
        doubt = (1 - region.score) * DOUBT_FACTOR ** min(held_against, MAX_DOUBT_FACTORS)
        return Persistence(None, round(1 - doubt, 4), len(against_newer), held_against)

    def confirm(self, region: PixelRegion, change_map: ChangeMap, min_score: float) -> Persistence | None:
        """Confirm a region that was doubtful when the reference was compared; None if it is not confirmed.

        It is confirmed where the newer image is like the reference, which showed it first, and both are unlike every
        older image, with a mean score of at least `min_score`.
        """
        return self._confirm(region, change_map, min_score, ALL, least=MIN_OLDER_IMAGES)

    def confirm_as_new(self, region: PixelRegion, change_map: ChangeMap, min_score: float) -> Persistence | None:
        """Confirm a doubtful region that is known to look as it never did at that time; None if it is not confirmed.

        What the ground does through a year is no matter then: of the older images the newest alone is asked.
        """
        return self._confirm(region, change_map, min_score, NEWEST, least=1)

    def _confirm(
        self, region: PixelRegion, change_map: ChangeMap, min_score: float, asked: slice, *, least: int
    ) -> Persistence | None:
        now = self._odds([change_map], region)
        if not now or median_odds(now[0]) > STILL_THERE_AT_MOST:
            return None
        against_newer = self._odds(self._maps_to_newer[asked], region)
        if len(against_newer) < least or _least(against_newer) < CONFIRMED_AT_LEAST:
            return None
        against_reference = self._odds(self._maps_to_reference[asked], region)
        if not against_reference or _least(against_reference) < CONFIRMED_AT_LEAST:
            return None
        area_m2 = region.area_m2(self._view.gsd_m)
        scores = [score_of(odds, area_m2) for odds in (*against_newer, *against_reference)]
        score = sum(scores) / len(scores)
        count = len(against_newer)
        return Persistence(None, round(score, 4), count, count) if score >= min_score else None

    def map_before_doubt(self) -> ChangeMap | None:
        """Map the change from the newest older image to the newer one, which shows what the reference was doubted for.

        It keeps its pair: what is confirmed has a kind.
        """
        return self._before_doubt

    def image_before_doubt(self) -> Image | None:
        """Return the newest of the older images: what was doubtful in the reference came after it."""
        return self._images[0] if self._images else None

    @cached_property
    def _before_doubt(self) -> ChangeMap | None:
        return self._map_change(self._images[0], self._newer, self._view.gsd_m) if self._images else None

    def _rejection(self, region: PixelRegion, change_map: ChangeMap, against_newer: list[float]) -> Reason | None:
        """Return why a region does not persist, from its median log-odds against each older image, newest first."""
        if any(one <= SAME_AT_MOST for one in against_newer):
            return Reason.COMES_BACK if against_newer[0] > SAME_AT_MOST else Reason.DOES_NOT_HOLD
        if any(median_odds(odds) > STABLE_AT_MOST for odds in self._odds(self._maps_to_reference, region)):
            return Reason.SEASON_LIKE
        must_be_sure = len(against_newer) == 1 or self._is_outlier(change_map)
        if min(against_newer) < (SURELY_NEW_AT_LEAST if must_be_sure else NEW_AT_LEAST):
            return Reason.NOT_YET_SURE
        return None

    def _is_outlier(self, change_map: ChangeMap) -> bool:
        """Is the newer image like no other one on more of its ground than building works mostly take?"""
        nearest = np.min([one.odds for one in (*self._maps_to_newer, change_map)], axis=0)
        return float((nearest > SAME_AT_MOST).mean()) > OUTLIER_SHARE

    def _odds(self, change_maps: Sequence[ChangeMap], region: PixelRegion) -> list[Floats]:
        """Return the log-odds of a region's ground in each pair that shows enough of it, in their order."""
        clear = [(one, region.mask & one.clear[region.box]) for one in change_maps]
        enough = MIN_CLEAR_SHARE * region.mask.sum()
        return [one.odds_under(mask, region.top, region.left) for one, mask in clear if mask.sum() >= max(1, enough)]

    @cached_property
    def _images(self) -> list[Image]:
        return self._read()

    @cached_property
    def _maps_to_newer(self) -> list[ChangeMap]:
        return [self._map(image, self._newer) for image in self._images]

    @cached_property
    def _maps_to_reference(self) -> list[ChangeMap]:
        return [self._map(image, self._reference) for image in self._images]

    def _map(self, older: Image, newer: Image) -> ChangeMap:
        return replace(self._map_change(older, newer, self._view.gsd_m), pair=None)  # large, and not needed here


def read_images(readers: Sequence[OlderImage], view: View) -> Iterator[Pixels]:
    """Yield the images that can be read, in their order."""
    for read in readers:
        content = read()
        if content is None:
            continue
        try:
            yield in_scene(decode_stored(content, view))
        except BadImage:  # one image less to hold a change against
            continue


def read_witnesses(readers: Sequence[OlderImage], view: View, one: Pixels, two: Pixels) -> list[Pixels]:
    """Read the images that can say whether a change of a pair holds.

    A grey one cannot where the pair has colour: much of what differs in colour is the same grey.
    """
    needs_colour = has_colour(one.bgr) and has_colour(two.bgr)
    return [image for image in read_images(readers, view) if not needs_colour or has_colour(image.bgr)]


def median_odds(odds: Floats) -> float:
    """Return the median of the log-odds over a region's ground."""
    return float(np.median(odds))


def _least(odds: Sequence[Floats]) -> float:
    return min(median_odds(one) for one in odds)
