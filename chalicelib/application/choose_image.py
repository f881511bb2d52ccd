"""Go down the list of scenes of one tile until the ground is clear, and record what was found there."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from chalicelib.application.capture_image import CapturedElsewhereError, ImageCapture
from chalicelib.application.ports.clock import Clock, Jitter
from chalicelib.application.ports.images import Images
from chalicelib.application.ports.tile_images import TileImages
from chalicelib.application.ports.tile_runs import TileRuns
from chalicelib.application.tile_work import postpone
from chalicelib.domain.choosing import (
    Ground,
    Unusable,
    baselines,
    earliest_baseline,
    is_worth_a_look,
    newer_unusable,
    steps_down,
    why_not_compared,
)
from chalicelib.domain.errors import BadImage, ImageryFailed, LicenceRefused, NoCoverage, ProviderUnavailable
from chalicelib.domain.images import StoredImage
from chalicelib.domain.jobs import Message
from chalicelib.domain.retries import soon
from chalicelib.domain.scenes import Found, Item, Scene
from chalicelib.domain.tile_runs import CaptureClaim, Captured, Outcome, Verdict

log = logging.getLogger(__name__)


class _Stale(Exception):
    """Another worker has claimed the tile run meanwhile."""


@dataclass(slots=True, kw_only=True)
class Choice:
    """One tile run's way down the list. `record` is its only entrance."""

    claim: CaptureClaim
    found: Found
    capture: ImageCapture
    runs: TileRuns
    tile_images: TileImages
    images: Images
    clock: Clock
    jitter: Jitter
    ground: Ground = field(init=False)
    unusable: list[Unusable] = field(default_factory=list)
    looked_at: int = 0
    failed: int = 0  # scenes that were looked at and cannot be used

    def __post_init__(self) -> None:
        claim, ground = self.claim, Ground.of(self.claim.view, self.claim.area, self.claim.watched)
        lists = claim.stored, claim.references, claim.of_other_land
        stored, references, others = (tuple(map(ground.of_image, images)) for images in lists)
        self.claim = replace(claim, stored=stored, references=references, of_other_land=others)
        self.ground = ground

    def record(self) -> list[Message]:
        """Look at the scenes newest first, and record the first image that has not been answered for yet.

        What shows too little is kept and passed over, what cannot be used is passed over with its reason. Raises
        ImageryFailed where the provider as a whole fails, or nothing of the tile was ever seen.
        """
        scenes = self.ground.reached_by(self.ground.scenes(self.found), self.claim.thresholds)
        self.unusable += self.ground.refused(self.found)
        try:
            return self._go_down(scenes)
        except _Stale:
            return []
        except CapturedElsewhereError:
            retry = soon("another tile run captures this image", now=self.clock(), jitter=self.jitter)
            return postpone(self.claim, retry, runs=self.runs, clock=self.clock)

    def _go_down(self, scenes: list[Scene]) -> list[Message]:
        hidden: StoredImage | None = None  # the newest of all, where it shows too little
        answered: StoredImage | None = None  # the newest that is settled
        clear_share = 0.0
        for scene, image in steps_down(scenes, self.claim.stored, lon=self.ground.lon):
            looked: Captured | StoredImage | None = image
            if image is not None:
                replaced = self._look_at_stored(image, scene)
                if replaced is not None:
                    return replaced
            elif scene is not None and self._is_worth_a_look(scene, clear_share):
                looked = self._look(scene)
            if isinstance(looked, Captured):
                return self._record_new(looked, scenes)
            if looked is None:
                continue
            if not looked.is_usable:
                hidden = hidden or (None if answered else looked)
                continue
            if not looked.is_settled:
                self._note(looked)
                return self.runs.record_nothing_new(self.claim, looked, now=self.clock())
            answered = answered or looked
            clear_share = max(clear_share, looked.answered_share)
        return self._nothing_new(scenes, hidden, answered)

    def _look_at_stored(self, image: StoredImage, scene: Scene | None) -> list[Message] | None:
        """Make sure that a stored image is still there; return what was recorded in its place, if it was."""
        if scene is not None and image.version is None:
            self.tile_images.confirm(image, self.ground.whole(scene, self.found))
        if not image.is_usable or all(map(self.images.has, image.keys)):
            return None
        return self._restore(image, scene)

    def _is_worth_a_look(self, scene: Scene, answered: float) -> bool:
        return is_worth_a_look(self.ground.shown_share(scene), answered, looked_at=self.looked_at, failed=self.failed)

    def _look(self, scene: Scene) -> Captured | StoredImage | None:
        """Look at a scene: a usable image is new; else what is stored of it; None if it cannot be used."""
        claim = self.claim
        of_day = [image for image in claim.stored if self.ground.is_of_day(image, scene)]
        before = max(of_day, key=lambda image: image.image_id, default=None)
        try:
            captured = self._capture(scene, seen=before.items if before else ())
        except (ProviderUnavailable, LicenceRefused):
            raise
        except ImageryFailed as failure:
            log.warning("scene not used", extra={"tile": str(claim.view.tile), "reason": failure.reason})
            self.unusable.append(Unusable(scene.captured_at, failure.reason))
            self.failed += 1
            return None
        self.looked_at += 1
        there = [image for image in (claim.newest, *of_day) if image and image.key]  # not dropped by retention
        twins = [image for image in there if image.digests == captured.digests]
        if twins:  # another name, another time of the file, or none, but the same bytes
            self._put_back(twins[0], captured)
            self.tile_images.confirm(twins[0], captured.scene)
            return twins[0]
        if before is not None:
            captured = replace(captured, version_after=before.taken_at)
        if not captured.is_usable:
            return self._keep(captured, is_baseline=False)
        return captured

    def _restore(self, image: StoredImage, scene: Scene | None) -> list[Message] | None:
        """Fetch again what was stored and is gone: nothing may be said of ground whose image is not there.

        None if it is there again; else what was recorded in its place.
        """
        claim, tile = self.claim, str(self.claim.view.tile)
        log.error("stored image lost", extra={"tile": tile, "image_id": image.image_id})
        if scene is None:
            reason = f"the stored picture of {tile} is lost, and the provider has only an older one"
            lost = Outcome(verdict=Verdict.FAILED, reason=reason, lost_image_id=image.image_id)
            return self.runs.end(claim, lost, now=self.clock())
        captured = self._capture(scene, seen=image.items)
        if captured.digests == image.digests:
            self._put_back(image, captured)
            return None
        if not captured.is_usable:
            raise BadImage(f"the stored picture of {tile} is lost, and what the provider has now shows too little")
        self._note(captured)
        return self.runs.record_capture(claim, captured, now=self.clock(), lost_image_id=image.image_id)

    def _record_new(self, captured: Captured, scenes: list[Scene]) -> list[Message]:
        claim = self.claim
        self._note(captured)
        if not any((image.taken_at <= captured.taken_at) for image in self._since(claim.references)):
            baseline = self._baseline(scenes, captured)
            if baseline is not None:
                claim = replace(claim, newest=claim.newest or baseline, references=(*claim.references, baseline))
            of_ground = self.ground.of_scene(captured.scene)
            captured = replace(captured, note=why_not_compared(scenes, of_ground, lon=self.ground.lon))
        is_known = claim.has_compared(self.ground.of_scene(captured.scene), captured)
        captured = replace(captured, is_known=is_known)
        messages = self.runs.record_capture(claim, captured, now=self.clock())
        log.info("tile captured", extra={"tile": str(claim.view.tile), "clear_share": captured.clear_share})
        return messages

    def _baseline(self, scenes: list[Scene], than: Captured | StoredImage) -> StoredImage | None:
        """Capture the oldest usable scene that is older than an image, to compare it with; None if there is none."""
        gsd_m = (self.ground.of_scene(than.scene) if isinstance(than, Captured) else than).gsd_m
        for scene in baselines(
            scenes,
            self.claim.stored,
            before=than.taken_at,
            gsd_m=gsd_m,
            lon=self.ground.lon,
            since=self.claim.compare_since,
        ):
            try:
                captured = self._capture(scene)
            except (BadImage, NoCoverage) as failure:
                log.warning("scene not used", extra={"tile": str(self.claim.view.tile), "reason": failure.reason})
                continue
            if captured.sha256 == than.sha256:
                continue  # nothing to compare
            image = self._keep(captured, is_baseline=captured.is_usable)
            if image.is_usable:
                return image
        return None

    def _since(self, images: Sequence[StoredImage]) -> list[StoredImage]:
        """Return those that may be the baseline, where changes since a day are asked for."""
        return [image for image in images if image.taken_at >= earliest_baseline(self.claim.compare_since)]

    def _nothing_new(
        self, scenes: list[Scene], hidden: StoredImage | None, answered: StoredImage | None
    ) -> list[Message]:
        claim, tile, now = self.claim, self.claim.view.tile, self.clock()
        why = self._note(answered or hidden)
        if why is not None:
            failed = Outcome(verdict=Verdict.FAILED, reason=why, failed_provider=claim.provider)
            return self.runs.end(claim, failed, now=now)
        if not scenes:
            raise NoCoverage(
                f"there is no picture of tile {tile}" + (f"; {self.found.says}" if self.found.says else "")
            )
        if hidden is not None:
            outcome = Outcome(verdict=Verdict.OBSCURED, clear_share=hidden.clear_share, image_id=hidden.image_id)
            return self.runs.end(claim, outcome, now=now)
        if answered is None:
            raise NoCoverage(f"no picture of tile {tile} could be looked at")
        oldest = min(self._since(claim.references), key=lambda image: image.taken_at, default=answered)
        baseline = self._baseline(scenes, oldest)
        if baseline is not None:
            return self.runs.compare_stored(claim, answered, baseline, now=self.clock())
        return self.runs.record_nothing_new(claim, answered, now=now)

    def _note(self, answer: Captured | StoredImage | None) -> str | None:
        """Keep why newer scenes than the answer could not be used, and return it."""
        than = answer.taken_at if answer is not None else None
        why = newer_unusable(self.unusable, than=than, lon=self.ground.lon)
        if why != self.claim.unusable:
            self.tile_images.note_unusable(self.claim, why)
        return why

    def _capture(self, scene: Scene, *, seen: Sequence[Item] = ()) -> Captured:
        return self.capture.of_ground(self.ground, scene, self.found, seen=seen)

    def _put_back(self, image: StoredImage, captured: Captured) -> None:
        """Make sure that an image is there, of which other objects have the same bytes."""
        for key, same in zip(image.keys, captured.keys, strict=True):
            if key != same and not self.images.has(key):
                self.images.put(key, self.images.get(same))

    def _keep(self, captured: Captured, *, is_baseline: bool) -> StoredImage:
        kept = self.tile_images.keep(self.claim, captured, is_baseline=is_baseline)
        if kept is None:
            raise _Stale
        return self.ground.of_image(kept)
