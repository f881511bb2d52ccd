"""Go down the list of scenes of one tile until the ground is clear, and record what was found there."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import dataclass, field, replace

from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.imagery import Imagery
from chalicelib.application.ports.images import Images
from chalicelib.application.ports.inspect import Inspect
from chalicelib.application.ports.tile_images import TileImages
from chalicelib.application.ports.tile_runs import TileRuns
from chalicelib.application.tile_work import put_object
from chalicelib.domain.choosing import (
    MORE,
    MOST_FETCHED,
    Ground,
    Unusable,
    baselines,
    newer_unusable,
    steps_down,
    why_not_compared,
)
from chalicelib.domain.errors import BadImage, ImageryFailed, LicenceRefused, NoCoverage, ProviderUnavailable
from chalicelib.domain.images import StoredImage, is_usable
from chalicelib.domain.jobs import Message
from chalicelib.domain.scenes import Found, Scene, day_of
from chalicelib.domain.tile_runs import CaptureClaim, Captured, Outcome, Verdict

log = logging.getLogger(__name__)


class _Stale(Exception):
    """Another worker has claimed the tile run meanwhile."""


@dataclass(slots=True, kw_only=True)
class Choice:
    """One tile run's way down the list. `record` is its only entrance."""

    claim: CaptureClaim
    provider: Imagery
    runs: TileRuns
    tile_images: TileImages
    images: Images
    inspect: Inspect
    clock: Clock
    unusable: list[Unusable] = field(default_factory=list)
    kept: list[StoredImage] = field(default_factory=list)
    fetched: int = 0

    def record(self, found: Found) -> list[Message]:
        """Look at the scenes newest first, and record the first image that has not been answered for yet.

        What shows too little is kept and passed over, what cannot be used is passed over with its reason. Raises
        ImageryFailed where the provider as a whole fails, or nothing of the tile was ever seen.
        """
        ground = Ground.of(self.claim.view, self.claim.area)
        scenes = ground.reached_by(ground.scenes(found), self.claim.thresholds)
        self.unusable += ground.refused(found)
        try:
            return self._go_down(scenes, ground, says=found.says)
        except _Stale:
            return []

    def _go_down(self, scenes: list[Scene], ground: Ground, *, says: str) -> list[Message]:
        hidden: StoredImage | None = None  # the newest of all, where it shows too little
        answered: StoredImage | None = None  # the newest that is settled
        clear_share = 0.0
        for scene, image in steps_down(scenes, self.claim.stored):
            looked: Captured | StoredImage | None = image
            if image is not None:
                replaced = self._look_at_stored(image, scene)
                if replaced is not None:
                    return replaced
            elif scene is not None and self._is_worth_a_look(scene, ground, clear_share):
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
            clear_share = max(clear_share, looked.clear_share)
        return self._nothing_new(scenes, hidden, answered, says=says)

    def _look_at_stored(self, image: StoredImage, scene: Scene | None) -> list[Message] | None:
        """Make sure that a stored image is still there; return what was recorded in its place, if it was."""
        if scene is not None and image.version is None:
            self.tile_images.confirm(image, scene)
        if not image.is_usable or self.images.has(image.key):
            return None
        return self._restore(image, scene)

    def _is_worth_a_look(self, scene: Scene, ground: Ground, clear_share: float) -> bool:
        """Whether a scene is fetched, where so much of the ground has been answered for by newer ones."""
        may_show = scene.shown_share(ground.bounds, slack=ground.slack)
        return self.fetched < MOST_FETCHED and (not clear_share or may_show > clear_share + MORE)

    def _look(self, scene: Scene) -> Captured | StoredImage | None:
        """Fetch a scene: a usable image is new; else what is stored of it; None if it cannot be used."""
        claim = self.claim
        of_day = [image for image in claim.stored if _is_of_day(image, scene)]
        before = max(of_day, key=lambda image: image.image_id, default=None)
        scene = scene.news_first(before.items if before else ())
        self.fetched += 1
        try:
            captured, content = self._fetch(scene)
        except (ProviderUnavailable, LicenceRefused):
            raise
        except ImageryFailed as failure:
            log.warning("scene not used", extra={"tile": str(claim.view.tile), "reason": failure.reason})
            self.unusable.append(Unusable(scene.captured_at, failure.reason))
            return None
        twins = [image for image in (claim.newest, *of_day) if image and image.sha256 == captured.sha256]
        if twins:  # another name, another time of the file, or none, but the same bytes
            self.images.put(twins[0].key, content)  # nothing if it is there
            self.tile_images.confirm(twins[0], scene)
            return twins[0]
        if before is not None:
            captured = replace(captured, version_after=before.taken_at)
        if not captured.is_usable:
            return self._keep(captured, content, is_baseline=False)
        return replace(captured, key=put_object(self.images, claim, "image", content))

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
        captured, content = self._fetch(scene.news_first(image.items))
        if captured.sha256 == image.sha256:
            self.images.put(image.key, content)
            return None
        captured = replace(captured, key=put_object(self.images, claim, "image", content))
        if not captured.is_usable:
            raise BadImage(f"the stored picture of {tile} is lost, and what the provider has now shows too little")
        self._note(captured)
        return self.runs.record_capture(claim, captured, now=self.clock(), lost_image_id=image.image_id)

    def _record_new(self, captured: Captured, scenes: list[Scene]) -> list[Message]:
        claim = self.claim
        self._note(captured)
        if not any((image.taken_at <= captured.taken_at) for image in claim.references):
            baseline = self._baseline(scenes, captured)
            if baseline is not None:
                claim = replace(claim, newest=claim.newest or baseline, references=(*claim.references, baseline))
            captured = replace(captured, note=why_not_compared(scenes, captured.scene))
        messages = self.runs.record_capture(claim, captured, now=self.clock())
        log.info("tile captured", extra={"tile": str(claim.view.tile), "clear_share": captured.clear_share})
        return messages

    def _baseline(self, scenes: list[Scene], than: Captured | StoredImage) -> StoredImage | None:
        """Capture the oldest usable scene that is older than an image, to compare it with; None if there is none."""
        gsd_m = (than.scene if isinstance(than, Captured) else than).gsd_m
        for scene in baselines(scenes, self.claim.stored, before=than.taken_at, gsd_m=gsd_m):
            try:
                captured, content = self._fetch(scene)
            except (BadImage, NoCoverage) as failure:
                log.warning("scene not used", extra={"tile": str(self.claim.view.tile), "reason": failure.reason})
                continue
            if captured.sha256 == than.sha256:
                continue  # nothing to compare
            image = self._keep(captured, content, is_baseline=captured.is_usable)
            if image.is_usable:
                return image
        return None

    def _nothing_new(
        self, scenes: list[Scene], hidden: StoredImage | None, answered: StoredImage | None, *, says: str
    ) -> list[Message]:
        claim, tile, now = self.claim, self.claim.view.tile, self.clock()
        why = self._note(answered or hidden)
        if why is not None:
            failed = Outcome(verdict=Verdict.FAILED, reason=why, failed_provider=claim.provider)
            return self.runs.end(claim, failed, now=now)
        if not scenes:
            raise NoCoverage(f"there is no picture of tile {tile}" + (f"; {says}" if says else ""))
        if hidden is not None:
            outcome = Outcome(verdict=Verdict.OBSCURED, clear_share=hidden.clear_share, image_id=hidden.image_id)
            return self.runs.end(claim, outcome, now=now)
        if answered is None:
            raise NoCoverage(f"no picture of tile {tile} could be looked at")
        oldest = min((image for image in claim.references), key=lambda image: image.taken_at, default=answered)
        baseline = self._baseline(scenes, oldest)
        if baseline is not None:
            return self.runs.compare_stored(claim, answered, baseline, now=self.clock())
        return self.runs.record_nothing_new(claim, answered, now=now)

    def _note(self, answer: Captured | StoredImage | None) -> str | None:
        """Keep why newer scenes than the answer could not be used, and return it."""
        why = newer_unusable(self.unusable, than=answer.taken_at if answer is not None else None)
        if why != self.claim.unusable:
            self.tile_images.note_unusable(self.claim, why)
        return why

    def _fetch(self, scene: Scene) -> tuple[Captured, bytes]:
        claim = self.claim
        fetched = self.provider.fetch(scene, claim.view, claim.area)
        inspection = self.inspect(fetched.content, claim.view, claim.area, self.provider.terms)
        captured = Captured(
            key="",
            sha256=hashlib.sha256(inspection.content).hexdigest(),
            size_bytes=len(inspection.content),
            scene=fetched.scene,
            fetched_at=self.clock(),
            attribution=fetched.attribution,
            clear_share=inspection.clear_share,
            is_usable=is_usable(inspection.clear_share, claim.thresholds),
        )
        return captured, inspection.content

    def _keep(self, captured: Captured, content: bytes, *, is_baseline: bool) -> StoredImage:
        mine = [*self.kept, *(image for image in self.claim.stored if image.session_id == self.claim.session_id)]
        for image in mine:
            if image.sha256 == captured.sha256:  # two dates of nothing but cloud are one object of this session
                return image
        captured = replace(captured, key=put_object(self.images, self.claim, "image", content))
        kept = self.tile_images.keep(self.claim, captured, is_baseline=is_baseline)
        if kept is None:
            raise _Stale
        self.kept.append(kept)
        return kept


def _is_of_day(image: StoredImage, scene: Scene) -> bool:
    return image.captured_at is not None and day_of(image.captured_at) == day_of(scene.captured_at)
