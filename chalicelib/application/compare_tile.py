"""Compare one tile: its new image with its reference, held against older ones, to a verdict."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from functools import partial

from chalicelib.application.ports.clock import Clock, Jitter
from chalicelib.application.ports.compare import Compare
from chalicelib.application.ports.images import Images
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.tile_runs import TileRuns
from chalicelib.application.tile_work import postpone, put_object, released_on_failure
from chalicelib.domain.changes import change_log, ignored_of, judge
from chalicelib.domain.errors import BadImage, NotFound, Unavailable
from chalicelib.domain.images import StoredImage
from chalicelib.domain.jobs import TileJob
from chalicelib.domain.retries import given_up, retry_after
from chalicelib.domain.tile_runs import ALREADY_COMPARED, ComparisonClaim, Outcome, Verdict

log = logging.getLogger(__name__)


def compare_tile(
    job: TileJob,
    *,
    runs: TileRuns,
    images: Images,
    jobs: Jobs,
    compare: Compare,
    clock: Clock,
    jitter: Jitter,
    lease_s: float,
) -> None:
    """Compare one tile with its reference and end its run with a verdict.

    Safe to repeat: a run is claimed before the work, only the latest claim's holder can end it, and a pair has one
    comparison whoever makes it.
    """
    claim = runs.claim_comparison(job, now=clock(), lease_s=lease_s)
    if claim is None:
        return
    with released_on_failure(runs, claim):
        gave_up = given_up(claim.attempts, claim.last_reason)
        if gave_up is not None:
            jobs.send(runs.end(claim, gave_up, now=clock()))
            return
        try:
            outcome = ALREADY_COMPARED if claim.is_compared else _compare(claim, images, compare)
            messages = runs.end(claim, outcome, now=clock())
        except Unavailable as failure:  # the image store is away, or full
            retry = retry_after(claim.waits + 1, asked_s=None, reason=failure.reason, now=clock(), jitter=jitter)
            messages = postpone(claim, retry, runs=runs, clock=clock)
        jobs.send(messages)


def _compare(claim: ComparisonClaim, images: Images, compare: Compare) -> Outcome:
    stored: list[bytes] = []
    for image in (claim.reference, claim.image):
        try:
            stored.append(_get(images, image))
        except (BadImage, NotFound) as failure:  # never used again: the next session finds another reference, or image
            return Outcome(verdict=Verdict.FAILED, reason=failure.reason, lost_image_id=image.image_id)
    thresholds = claim.thresholds
    try:
        change = compare(
            *stored,
            view=claim.view,
            area=claim.area,
            thresholds=thresholds,
            older=[partial(_get_older, images, image) for image in claim.older],
            doubted=claim.doubted,
        )
    except BadImage as failure:
        return Outcome(verdict=Verdict.FAILED, reason=failure.reason)
    seen = Outcome(
        verdict=judge(change, thresholds),
        clear_share=change.clear_share,
        compared_by=thresholds.key,
        ignored=ignored_of(change, thresholds),
    )
    if seen.verdict is not Verdict.CHANGED:
        return seen
    return replace(
        seen,
        change_log=change_log(change, thresholds),
        mask_key=put_object(images, claim, "mask", change.mask_png),
        overlay_key=put_object(images, claim, "overlay", change.overlay_png),
    )


def _get(images: Images, image: StoredImage) -> bytes:
    content = images.get(image.key)
    if hashlib.sha256(content).hexdigest() != image.sha256:
        raise BadImage(f"the stored picture of {image.view.tile} is damaged: its bytes are not those that were stored")
    return content


def _get_older(images: Images, image: StoredImage) -> bytes | None:
    """Read an older image; None if it is lost: without that evidence there are more alerts, not fewer."""
    try:
        return _get(images, image)
    except (BadImage, NotFound) as failure:
        log.warning("older picture not read", extra={"tile": str(image.view.tile), "reason": failure.reason})
        return None
