"""Capture the image of a scene and a tile once: the first worker that wants it fetches it, all others use it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from chalicelib.application.ports.captures import Captures
from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.imagery import Imagery
from chalicelib.application.ports.images import Images
from chalicelib.application.ports.inspect import Inspect
from chalicelib.domain.bands import StoredBands
from chalicelib.domain.captures import Capture, CaptureFailed, CaptureHold, bands_key, image_key
from chalicelib.domain.choosing import Ground
from chalicelib.domain.errors import BadImage, NoCoverage, NotFound, Unavailable
from chalicelib.domain.images import Inspection, is_usable
from chalicelib.domain.scenes import Found, Item, Scene
from chalicelib.domain.tile_runs import CaptureClaim, Captured

log = logging.getLogger(__name__)


class CapturedElsewhereError(Exception):
    """Another worker captures this image right now."""


@dataclass(slots=True, kw_only=True)
class ImageCapture:
    """How one tile run comes by images. What it stores is the same whichever area it is for."""

    claim: CaptureClaim
    provider: Imagery
    captures: Captures
    images: Images
    inspect: Inspect
    clock: Clock
    until: datetime  # when its worker's claim ends, and so do its holds
    fetched: int = 0  # how often the provider has answered

    def of_ground(self, ground: Ground, scene: Scene, found: Found, *, seen: Sequence[Item] = ()) -> Captured:
        """Return a scene's image with all that it shows; where that fails, with what it shows of an area's ground."""
        whole = ground.whole(scene, found)
        try:
            return self.of(whole, seen=seen)
        except (BadImage, NoCoverage):
            if whole.version == scene.version:
                raise
            return self.of(scene, seen=seen)

    def of(self, scene: Scene, *, seen: Sequence[Item]) -> Captured:
        """Return a scene's image of the tile, stored, with what it shows of the claim's area.

        `seen` is what this area's latest image of that day was made of: the order of the items, where no area's image
        of it is stored. Raises ImageryFailed; CapturedElsewhereError.
        """
        claim, now = self.claim, self.clock()
        lost: Sequence[str] = ()
        found = self.captures.begin(scene, claim.view, claim.provider, since=claim.opened_at, now=now, until=self.until)
        if isinstance(found, Capture):
            stored = self._read(found)
            if stored is not None:
                return self._captured(found, self._inspected(*stored))
            log.error("stored image lost", extra={"tile": str(claim.view.tile), "capture_id": found.capture_id})
            lost, found = found.keys, self.captures.begin_again(found, now=now, until=self.until)
        if isinstance(found, CaptureFailed):
            raise BadImage(found.reason)
        if found is None:
            raise CapturedElsewhereError
        try:
            return self._fetched(found, scene.news_first(found.before or seen), instead_of=lost)
        except CapturedElsewhereError:
            raise
        except Exception as error:
            reason = error.reason if isinstance(error, BadImage | NoCoverage) else None
            with suppress(Unavailable):  # then the lease ends by itself, and what went wrong here stays said
                self.captures.give_up(found, reason=reason, now=self.clock())
            raise

    def _read(self, capture: Capture) -> tuple[bytes, bytes | None] | None:
        """Read the image that is stored, and its bands; None if one is not there, or is not what was stored."""
        try:
            content, *bands = [self.images.get(key) for key in capture.keys]
        except NotFound:
            return None
        if [hashlib.sha256(each).hexdigest() for each in (content, *bands)] == capture.digests:
            return content, bands[0] if bands else None
        return None

    def _fetched(self, hold: CaptureHold, scene: Scene, *, instead_of: Sequence[str]) -> Captured:
        """Fetch, inspect and store an image, instead of objects that are lost or damaged."""
        view = self.claim.view
        fetched = self.provider.fetch(scene, view, view.bounds)
        self.fetched += 1
        inspection = self._inspected(fetched.content, fetched.bands)
        content, bands = inspection.content, inspection.bands
        capture = Capture(
            capture_id=hold.capture_id,
            key=image_key(capture_id=hold.capture_id, tile=view.tile, content=content),
            sha256=hashlib.sha256(content).hexdigest(),
            size_bytes=len(content),
            bands=None if bands is None else self._stored_bands(hold, bands, instead_of),
            scene=fetched.scene,
            fetched_at=self.clock(),
            attribution=fetched.attribution,
        )
        self._put(capture.key, content, instead_of)
        if not self.captures.keep(hold, capture):
            raise CapturedElsewhereError
        self.images.delete([key for key in instead_of if key not in capture.keys])  # damaged: who uses it notices then
        return self._captured(capture, inspection)

    def _put(self, key: str, content: bytes, instead_of: Sequence[str]) -> None:
        """Store an object; a damaged one goes only now that its bytes are at hand: they may be had no more."""
        if key in instead_of and not self._is_stored(key, content):
            self.images.delete([key])  # it would stay: a key is written once
        self.images.put(key, content)

    def _is_stored(self, key: str, content: bytes) -> bool:
        """Whether it is there and whole: a worker that took this hold over may have put it right."""
        try:
            return self.images.get(key) == content
        except NotFound:
            return False

    def _stored_bands(self, hold: CaptureHold, content: bytes, instead_of: Sequence[str]) -> StoredBands:
        """Store bands: before the image, and both before their row."""
        key = bands_key(capture_id=hold.capture_id, tile=self.claim.view.tile, content=content)
        self._put(key, content, instead_of)
        return StoredBands(key, hashlib.sha256(content).hexdigest())

    def _inspected(self, content: bytes, bands: bytes | None) -> Inspection:
        claim, terms = self.claim, self.provider.terms
        of_shape = {} if claim.outlines is None else {"outlines": claim.outlines}
        return self.inspect(content, claim.view, claim.area, terms, bands, **of_shape)

    def _captured(self, capture: Capture, inspection: Inspection) -> Captured:
        return Captured(
            capture_id=capture.capture_id,
            key=capture.key,
            sha256=capture.sha256,
            size_bytes=capture.size_bytes,
            bands=capture.bands,
            scene=capture.scene,
            fetched_at=self.clock(),
            attribution=capture.attribution,
            clear_share=inspection.clear_share,
            is_usable=is_usable(inspection.clear_share, self.claim.thresholds),
        )
