"""Capture one tile: fetch its newest image, inspect it, store the bytes, then the row."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable

from chalicelib.application.ports.clock import Clock
from chalicelib.application.ports.imagery import Imagery
from chalicelib.application.ports.images import Images
from chalicelib.application.ports.inspect import Inspect
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.tile_runs import TileRuns
from chalicelib.application.tile_work import put_object, released_on_failure
from chalicelib.domain.errors import ImageryFailed, Invalid
from chalicelib.domain.images import Inspection, is_usable
from chalicelib.domain.jobs import TileJob
from chalicelib.domain.scenes import FetchedImage, check_date, is_newer
from chalicelib.domain.tile_runs import CaptureClaim, Captured, Outcome, Verdict

log = logging.getLogger(__name__)


def capture_tile(
    job: TileJob,
    *,
    runs: TileRuns,
    imagery: Callable[[str], Imagery],
    images: Images,
    jobs: Jobs,
    inspect: Inspect,
    clock: Clock,
    lease_s: float,
) -> None:
    """Capture one tile; the rule `after_capture` says what follows.

    Safe to repeat: a run is claimed before the work, and only the latest claim's holder can record or end it. Bytes
    first: a crash between the two leaves an orphan object, which reconcile deletes, never a row without its object.
    """
    claim = runs.claim_capture(job, now=clock(), lease_s=lease_s)
    if claim is None:
        return
    with released_on_failure(runs, claim):
        try:
            found = _fetch_newer(claim, imagery(claim.provider), inspect, clock)
        except (ImageryFailed, Invalid) as failure:  # Invalid: the area's provider is not set up here any more
            log.warning("tile not captured", extra={"tile": str(claim.view.tile), "reason": failure.reason})
            failed = Outcome(verdict=Verdict.FAILED, reason=failure.reason, failed_provider=claim.provider)
            jobs.send(runs.end(claim, failed, now=clock()))
            return
        if found is None:
            jobs.send(runs.end(claim, Outcome(verdict=Verdict.NO_NEW_IMAGERY), now=clock()))
            return
        captured = _store(claim, *found, images=images, clock=clock)
        jobs.send(runs.record_capture(claim, captured, now=clock()))
        log.info("tile captured", extra={"tile": str(claim.view.tile), "clear_share": captured.clear_share})


def _fetch_newer(
    claim: CaptureClaim, provider: Imagery, inspect: Inspect, clock: Clock
) -> tuple[FetchedImage, Inspection] | None:
    """Fetch the provider's newest image, or None where that is what is stored already."""
    scene = provider.newest(claim.view, claim.area)
    check_date(scene, now=clock())
    stored = claim.newest
    if stored is not None and not is_newer(scene, than=stored.scene):
        return None
    fetched = provider.fetch(scene, claim.view, claim.area)
    inspection = inspect(fetched.content, claim.view, claim.area, provider.terms)
    if stored is not None and hashlib.sha256(inspection.content).hexdigest() == stored.sha256:
        return None  # another name, or no name, but the same bytes: nothing new was seen
    return fetched, inspection


def _store(
    claim: CaptureClaim, fetched: FetchedImage, inspection: Inspection, *, images: Images, clock: Clock
) -> Captured:
    return Captured(
        key=put_object(images, claim, "image", inspection.content),
        sha256=hashlib.sha256(inspection.content).hexdigest(),
        size_bytes=len(inspection.content),
        scene=fetched.scene,
        fetched_at=clock(),
        attribution=fetched.attribution,
        clear_share=inspection.clear_share,
        is_usable=is_usable(inspection.clear_share, claim.thresholds),
    )
