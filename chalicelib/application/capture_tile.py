"""Capture one tile: fetch its newest image, inspect it, store the bytes, then the row."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable

from chalicelib.application.ports.breakers import Breakers
from chalicelib.application.ports.clock import Clock, Jitter
from chalicelib.application.ports.imagery import Imagery
from chalicelib.application.ports.images import Images
from chalicelib.application.ports.inspect import Inspect
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.tile_runs import TileRuns
from chalicelib.application.tile_work import postpone, put_object, released_on_failure
from chalicelib.domain.breakers import Breaker
from chalicelib.domain.errors import ImageryFailed, Invalid, ProviderUnavailable, Unavailable
from chalicelib.domain.images import Inspection, StoredImage, is_usable
from chalicelib.domain.jobs import Message, TileJob
from chalicelib.domain.retries import Retry, after_failure, given_up, retry_after
from chalicelib.domain.scenes import FetchedImage, Scene, check_date, is_newer
from chalicelib.domain.tile_runs import CaptureClaim, Captured, Outcome, Verdict

log = logging.getLogger(__name__)


def capture_tile(
    job: TileJob,
    *,
    runs: TileRuns,
    breakers: Breakers,
    imagery: Callable[[str], Imagery],
    images: Images,
    jobs: Jobs,
    inspect: Inspect,
    clock: Clock,
    jitter: Jitter,
    lease_s: float,
) -> None:
    """Capture one tile; the rules `after_capture` and `after_nothing_new` say what follows.

    Safe to repeat: a run is claimed before the work, and only the latest claim's holder can record or end it. Bytes
    first: a crash between the two leaves an orphan object, which reconcile deletes, never a row without its object.
    """
    claim = runs.claim_capture(job, now=clock(), lease_s=lease_s)
    if claim is None:
        return
    with released_on_failure(runs, claim):
        gave_up = given_up(claim.attempts, claim.last_reason)
        if gave_up is not None:
            jobs.send(runs.end(claim, gave_up, now=clock()))
            return
        breaker = claim.breaker
        if breaker.open_until is not None and breaker.is_open(clock()):
            retry = Retry(retry_at=breaker.open_until, reason=claim.last_reason or "the provider is left alone")
            jobs.send(postpone(claim, retry, runs=runs, clock=clock))
            return
        try:
            messages = _capture(claim, imagery(claim.provider), runs=runs, images=images, inspect=inspect, clock=clock)
        except ProviderUnavailable as failure:
            breaker = after_failure(breaker, asked_s=failure.retry_after_s, now=clock(), jitter=jitter)
            breakers.put(claim.provider, breaker)
            retry = retry_after(
                breaker.failures,
                asked_s=failure.retry_after_s,
                reason=failure.reason,
                now=clock(),
                jitter=jitter,
            )
            messages = postpone(claim, retry, runs=runs, clock=clock)
        except Unavailable as failure:  # the image store is away, or full
            retry = retry_after(claim.waits + 1, asked_s=None, reason=failure.reason, now=clock(), jitter=jitter)
            messages = postpone(claim, retry, runs=runs, clock=clock)
        except (ImageryFailed, Invalid) as failure:  # Invalid: the area's provider is not set up here any more
            log.warning("tile not captured", extra={"tile": str(claim.view.tile), "reason": failure.reason})
            failed = Outcome(verdict=Verdict.FAILED, reason=failure.reason, failed_provider=claim.provider)
            messages = runs.end(claim, failed, now=clock())
        else:
            if breaker.failures:
                breakers.put(claim.provider, Breaker())
        jobs.send(messages)


def _capture(
    claim: CaptureClaim, provider: Imagery, *, runs: TileRuns, images: Images, inspect: Inspect, clock: Clock
) -> list[Message]:
    scene = provider.newest(claim.view, claim.area)
    check_date(scene, now=clock())
    stored = claim.newest
    if stored is not None and not is_newer(scene, than=stored.scene):
        if images.has(stored.key):
            return runs.record_nothing_new(claim, now=clock())
        return _restore(claim, stored, scene, provider, runs=runs, images=images, inspect=inspect, clock=clock)
    fetched, inspection = _fetch(claim, scene, provider, inspect)
    if stored is not None and _digest(inspection) == stored.sha256:
        images.put(stored.key, inspection.content)  # nothing if it is there
        return runs.record_nothing_new(claim, now=clock())  # another name, or none, but the same bytes
    return _record(claim, fetched, inspection, runs=runs, images=images, clock=clock)


def _restore(
    claim: CaptureClaim,
    stored: StoredImage,
    scene: Scene,
    provider: Imagery,
    *,
    runs: TileRuns,
    images: Images,
    inspect: Inspect,
    clock: Clock,
) -> list[Message]:
    """Fetch again what was stored and is gone: nothing may be said of ground whose newest image is not there."""
    tile = str(claim.view.tile)
    log.error("stored image lost", extra={"tile": tile, "image_id": stored.image_id})
    if scene != stored.scene:
        reason = f"the stored picture of {tile} is lost, and the provider has only an older one"
        return runs.end(
            claim, Outcome(verdict=Verdict.FAILED, reason=reason, lost_image_id=stored.image_id), now=clock()
        )
    fetched, inspection = _fetch(claim, scene, provider, inspect)
    if _digest(inspection) == stored.sha256:
        images.put(stored.key, inspection.content)
        return runs.record_nothing_new(claim, now=clock())
    return _record(claim, fetched, inspection, runs=runs, images=images, clock=clock, lost_image_id=stored.image_id)


def _fetch(claim: CaptureClaim, scene: Scene, provider: Imagery, inspect: Inspect) -> tuple[FetchedImage, Inspection]:
    fetched = provider.fetch(scene, claim.view, claim.area)
    return fetched, inspect(fetched.content, claim.view, claim.area, provider.terms)


def _record(
    claim: CaptureClaim,
    fetched: FetchedImage,
    inspection: Inspection,
    *,
    runs: TileRuns,
    images: Images,
    clock: Clock,
    lost_image_id: int | None = None,
) -> list[Message]:
    captured = Captured(
        key=put_object(images, claim, "image", inspection.content),
        sha256=_digest(inspection),
        size_bytes=len(inspection.content),
        scene=fetched.scene,
        fetched_at=clock(),
        attribution=fetched.attribution,
        clear_share=inspection.clear_share,
        is_usable=is_usable(inspection.clear_share, claim.thresholds),
    )
    messages = runs.record_capture(claim, captured, now=clock(), lost_image_id=lost_image_id)
    log.info("tile captured", extra={"tile": str(claim.view.tile), "clear_share": captured.clear_share})
    return messages


def _digest(inspection: Inspection) -> str:
    return hashlib.sha256(inspection.content).hexdigest()
