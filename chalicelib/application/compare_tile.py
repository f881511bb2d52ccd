"""Compare one tile: its new image with the one before and with the baseline, held against others, to a verdict."""

from __future__ import annotations

import hashlib
import logging
from dataclasses import replace
from functools import partial

from chalicelib.application.ports.clock import Clock, Jitter
from chalicelib.application.ports.compare import Compare
from chalicelib.application.ports.compare_with_baseline import CompareWithBaseline
from chalicelib.application.ports.images import Images
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.tile_runs import TileRuns
from chalicelib.application.tile_work import postpone, put_object, released_on_failure
from chalicelib.domain.changes import Change, change_log, ignored_of, judge
from chalicelib.domain.errors import BadImage, DoesNotFit, NotFound, Unavailable
from chalicelib.domain.images import StoredImage
from chalicelib.domain.jobs import TileJob
from chalicelib.domain.retries import given_up, retry_after
from chalicelib.domain.slow_changes import judge_together, told_together
from chalicelib.domain.tile_runs import ALREADY_COMPARED, ComparisonClaim, Outcome, SlowComparison, Verdict

log = logging.getLogger(__name__)


def compare_tile(
    job: TileJob,
    *,
    runs: TileRuns,
    images: Images,
    jobs: Jobs,
    compare: Compare,
    compare_with_baseline: CompareWithBaseline,
    clock: Clock,
    jitter: Jitter,
    lease_s: float,
) -> None:
    """Compare one tile with its references and end its run with a verdict.

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
            is_compared = claim.is_compared
            outcome = ALREADY_COMPARED if is_compared else _compare(claim, images, compare, compare_with_baseline)
            again = None
            if outcome.lost_image_id == claim.reference.image_id:
                instead = outcome.reinstated_image_id
                again = runs.use_another_reference(claim, instead=instead, now=clock())
            messages = runs.end(claim, outcome, now=clock()) if again is None else again
        except Unavailable as failure:  # the image store is away, or full
            retry = retry_after(claim.waits + 1, asked_s=None, reason=failure.reason, now=clock(), jitter=jitter)
            messages = postpone(claim, retry, runs=runs, clock=clock)
        jobs.send(messages)


def _compare(
    claim: ComparisonClaim, images: Images, compare: Compare, compare_with_baseline: CompareWithBaseline
) -> Outcome:
    stored: list[bytes] = []
    for image in (claim.reference, claim.image):
        try:
            stored.append(_get(images, image))
        except (BadImage, NotFound) as failure:  # never used again: there is another reference, or another image
            return Outcome(verdict=Verdict.FAILED, reason=failure.reason, lost_image_id=image.image_id)
    thresholds = claim.thresholds
    try:
        pair = compare(
            *stored,
            view=claim.view,
            area=claim.area,
            thresholds=thresholds,
            older=[partial(_get_older, images, image) for image in claim.older],
            refused=[partial(_get_older, images, image) for image in claim.refused],
            doubted=claim.doubted,
            gsds_m=(claim.reference.gsd_m, claim.image.gsd_m),
        )
    except DoesNotFit as failure:  # the odd one of the two is never used again, and nobody is told of a change
        odd = claim.reference if failure.is_reference else claim.image
        of_odd = {"tile": str(claim.view.tile), "image_id": odd.image_id, "reason": failure.reason}
        log.warning("image set aside", extra=of_odd)
        agrees = None if failure.witness is None else claim.refused[failure.witness].image_id
        return Outcome(
            verdict=Verdict.FAILED, reason=failure.reason, lost_image_id=odd.image_id, reinstated_image_id=agrees
        )
    except BadImage as failure:
        return Outcome(verdict=Verdict.FAILED, reason=failure.reason)
    slow, lost_baseline_id = _compare_slowly(claim, images, stored[1], compare_with_baseline)
    slow, sightings = judge_together(pair, slow, known=claim.known, thresholds=thresholds)
    change = told_together(pair, slow, thresholds)
    seen = Outcome(
        verdict=judge(change, thresholds),
        clear_share=pair.clear_share,
        compared_by=thresholds.key,
        ignored=ignored_of(pair, thresholds),
        slow=_kept(claim, slow),
        sightings=sightings,
        lost_image_id=lost_baseline_id,
    )
    if seen.verdict is not Verdict.CHANGED:
        return seen
    return replace(
        seen,
        change_log=change_log(change, thresholds),
        mask_key=put_object(images, claim, "mask", change.mask_png),
        overlay_key=put_object(images, claim, "overlay", change.overlay_png),
        is_slow_alone=not pair.above(thresholds),
    )


def _compare_slowly(
    claim: ComparisonClaim, images: Images, after: bytes, compare_with_baseline: CompareWithBaseline
) -> tuple[Change | None, int | None]:
    """Return what the baseline shows; None, and the image that is lost, where the baseline cannot be read.

    The next image finds another baseline then. What the pair shows stays said.
    """
    baseline = claim.baseline
    if baseline is None:
        return None, None
    try:
        change = compare_with_baseline(
            _get(images, baseline),
            after,
            view=claim.view,
            area=claim.area,
            thresholds=claim.thresholds,
            between=[partial(_get_older, images, image) for image in claim.between],
            gsds_m=(baseline.gsd_m, claim.image.gsd_m),
        )
    except (BadImage, NotFound) as failure:
        log.warning("baseline not read", extra={"tile": str(claim.view.tile), "reason": failure.reason})
        return None, baseline.image_id
    return change, None


def _kept(claim: ComparisonClaim, slow: Change | None) -> SlowComparison | None:
    if claim.baseline is None or slow is None:
        return None
    return SlowComparison(
        baseline_id=claim.baseline.image_id,
        verdict=Verdict.CHANGED if slow.regions else Verdict.NO_CHANGE,
        ignored=ignored_of(slow, claim.thresholds),
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
