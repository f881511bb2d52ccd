"""Capture the clearest image of one tile near each of two dates that somebody asked for, and have them compared."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

from chalicelib.application.capture_image import CapturedElsewhereError, ImageCapture
from chalicelib.application.ports.clock import Clock, Jitter
from chalicelib.application.ports.tile_images import TileImages
from chalicelib.application.ports.tile_runs import TileRuns
from chalicelib.application.tile_work import postpone
from chalicelib.domain.choosing import MOST_LOOKED_AT, Ground
from chalicelib.domain.errors import ImageryFailed, LicenceRefused, NoCoverage, ProviderUnavailable
from chalicelib.domain.images import StoredImage
from chalicelib.domain.jobs import Message
from chalicelib.domain.references import CLEAR_SHARE
from chalicelib.domain.retries import soon
from chalicelib.domain.scenes import Found, Scene
from chalicelib.domain.tile_runs import CaptureClaim, Captured, Outcome, Verdict
from chalicelib.domain.two_dates import TwoDates

log = logging.getLogger(__name__)


@dataclass(slots=True, kw_only=True)
class ChoiceOfTwoDates:
    """What one tile run of such a session looks at. `record` is its only entrance.

    Its images stand apart: whatever they are, the area's own sessions know nothing of them.
    """

    claim: CaptureClaim
    dates: TwoDates
    found: Found  # near the two dates, in the order to look at
    capture: ImageCapture
    runs: TileRuns
    tile_images: TileImages
    clock: Clock
    jitter: Jitter
    ground: Ground = field(init=False)

    def __post_init__(self) -> None:
        self.ground = Ground.of(self.claim.view, self.claim.area, self.claim.watched)

    def record(self) -> list[Message]:
        """Go on to the comparison, or end the tile run where its ground is hidden at one of the dates.

        Raises ImageryFailed where nothing of one date can be used.
        """
        sides = self.dates.sides(self.ground.scenes(self.found), lon=self.ground.lon)
        days = self.dates.before, self.dates.after
        try:
            captured = [self._clearest(scenes, str(day)) for scenes, day in zip(sides, days, strict=True)]
        except CapturedElsewhereError:
            retry = soon("another tile run captures this image", now=self.clock(), jitter=self.jitter)
            return postpone(self.claim, retry, runs=self.runs, clock=self.clock)
        hidden = [(each.clear_share, day) for each, day in zip(captured, days, strict=True) if not each.is_usable]
        if hidden:
            clear_share, day = min(hidden)
            outcome = Outcome(verdict=Verdict.OBSCURED, reason=f"hidden near {day}", clear_share=clear_share)
            return self.runs.end(self.claim, outcome, now=self.clock())
        before, after = (self._kept(each) for each in captured)
        if before is None or after is None:
            return []  # another worker has claimed the tile run meanwhile
        return self.runs.compare_stored(self.claim, after, before, now=self.clock())

    def _clearest(self, scenes: list[Scene], day: str) -> Captured:
        tile, why = str(self.claim.view.tile), ""
        best: Captured | None = None
        in_order = sorted(scenes, key=lambda scene: not self._shows_enough(scene))
        for scene in in_order[:MOST_LOOKED_AT]:
            try:
                captured = self.capture.of_ground(self.ground, scene, self.found)
            except (ProviderUnavailable, LicenceRefused):
                raise
            except ImageryFailed as failure:
                log.warning("scene not used", extra={"tile": tile, "reason": failure.reason})
                why = why or f": {failure.reason}"
                continue
            if best is None or captured.clear_share > best.clear_share:
                best = captured
            if best.clear_share >= CLEAR_SHARE:
                break
        if best is None:
            raise NoCoverage(f"no picture of tile {tile} near {day} could be used{why}")
        return best

    def _shows_enough(self, scene: Scene) -> bool:
        return self.ground.shown_share(scene) >= CLEAR_SHARE

    def _kept(self, captured: Captured) -> StoredImage | None:
        """Keep an image, unless an earlier try of this tile run has done so."""
        known = next((image for image in self.claim.stored if image.is_of(captured.scene)), None)
        return known or self.tile_images.keep(self.claim, captured, is_baseline=False)
