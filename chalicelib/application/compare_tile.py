"""Compare one tile: its new image with the one before and with the baseline, held against others, to a verdict."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from chalicelib.application.ports.clock import Clock, Jitter
from chalicelib.application.ports.compare import Compare, Seasons
from chalicelib.application.ports.compare_with_baseline import CompareWithBaseline
from chalicelib.application.ports.images import Images
from chalicelib.application.ports.jobs import Jobs
from chalicelib.application.ports.tile_runs import TileRuns
from chalicelib.application.read_images import read, read_older, read_older_bands
from chalicelib.application.seen_twice import seen_twice
from chalicelib.application.tile_work import postpone, put_object, released_on_failure
from chalicelib.domain.changes import Change, Region, change_log, ignored_of, judge
from chalicelib.domain.errors import BadImage, DoesNotFit, NotFound, Unavailable
from chalicelib.domain.jobs import TileJob
from chalicelib.domain.retries import given_up, retry_after
from chalicelib.domain.scenes import day_of
from chalicelib.domain.seasons import years_of
from chalicelib.domain.slow_changes import judge_together, told_together
from chalicelib.domain.tile_runs import ALREADY_COMPARED, ComparisonClaim, Outcome, SlowComparison, Verdict
from chalicelib.domain.tiles import centre_of

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
            if outcome.lost_image_id == claim.reference.image_id and claim.dates is None:
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
    stored: list[tuple[bytes, bytes | None]] = []
    for image in (claim.reference, claim.image):
        try:
            stored.append(read(images, image))
        except (BadImage, NotFound) as failure:  # never used again: there is another reference, or another image
            return Outcome(verdict=Verdict.FAILED, reason=failure.reason, lost_image_id=image.image_id)
    thresholds = claim.thresholds
    try:
        pair = compare(
            *(content for content, _ in stored),
            view=claim.view,
            area=claim.area,
            outlines=claim.outlines,
            thresholds=thresholds,
            older=[partial(read_older, images, image) for image in claim.older],
            refused=[partial(read_older, images, image) for image in claim.refused],
            doubted=claim.doubted,
            gsds_m=(claim.reference.gsd_m, claim.image.gsd_m),
            bands=(stored[0][1], stored[1][1]),
            older_bands=[partial(read_older_bands, images, image) for image in claim.older],
            seasons=_seasons(claim, images),
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
    pair, slow, is_seen_again = seen_twice(
        claim, pair, slow, images=images, after=stored[1], compare=compare, seasons=_seasons(claim, images)
    )
    slow, sightings, told_before = judge_together(pair, slow, known=claim.known, thresholds=thresholds)
    change = told_together(pair, slow, thresholds)
    seen = Outcome(
        verdict=judge(change, thresholds),
        clear_share=pair.clear_share,
        compared_by=thresholds.key,
        ignored=ignored_of(pair, thresholds),
        slow=_kept(claim, slow),
        sightings=() if claim.dates else sightings,  # places are of the area as it is now
        lost_image_id=lost_baseline_id,
    )
    if seen.verdict is not Verdict.CHANGED:
        return seen
    is_news = any(region not in told_before for region in change.above(thresholds))
    said = _with_days(change_log(change, thresholds), claim) | {"judged_with": _judged_with(claim)}
    return replace(
        seen,
        change_log=said if is_news else said | {"told_before": True},
        mask_key=put_object(images, claim, "mask", change.mask_png),
        overlay_key=put_object(images, claim, "overlay", change.overlay_png),
        shown_against=_shown_against(claim, pair.above(thresholds), is_seen_again=is_seen_again),
    )


def _shown_against(claim: ComparisonClaim, told: Sequence[Region], *, is_seen_again: bool) -> int | None:
    """Return the image that an alert's change is seen against, where the reference shows it already."""
    against = claim.baseline
    if is_seen_again:
        against = claim.waiting_against
    elif told:  # what the reference showed first came after the newest image before it
        against = next(iter(claim.older), None) if all(region.is_confirmed for region in told) else None
    return None if against is None else against.image_id


def _judged_with(claim: ComparisonClaim) -> list[int]:
    """Return the images, beside the pair, that an alert was told by: they are kept as long as it is."""
    others = (*claim.older, *claim.between, *claim.seasons, claim.baseline, claim.waiting_against)
    of_pair = {claim.reference.image_id, claim.image.image_id}
    return sorted({image.image_id for image in others if image is not None} - of_pair)


def _seasons(claim: ComparisonClaim, images: Images) -> Seasons | None:
    """Return what the pair is held against besides; None where nothing with bands is known of it."""
    readers = [partial(read_older_bands, images, image) for image in claim.seasons]
    return Seasons(years_of(claim.seasons, claim.image.taken_at), readers) if readers else None


def _with_days(log: dict[str, Any], claim: ComparisonClaim) -> dict[str, Any]:
    """Say in an alert of two dates that somebody asked for which days it is about."""
    if claim.dates is None:
        return log
    lon = centre_of(claim.view.bounds)[0]
    before, after = (str(day_of(image.captured_at, lon)) for image in (claim.reference, claim.image))
    return log | {"message": f"{log['message']} from {before} to {after}", "before": before, "after": after}


def _compare_slowly(
    claim: ComparisonClaim,
    images: Images,
    after: tuple[bytes, bytes | None],
    compare_with_baseline: CompareWithBaseline,
) -> tuple[Change | None, int | None]:
    """Return what the baseline shows; None, and the image that is lost, where the baseline cannot be read.

    The next image finds another baseline then. What the pair shows stays said.
    """
    baseline = claim.baseline
    if baseline is None:
        return None, None
    try:
        content, bands = read(images, baseline)
        change = compare_with_baseline(
            content,
            after[0],
            view=claim.view,
            area=claim.area,
            outlines=claim.outlines,
            thresholds=claim.thresholds,
            between=[partial(read_older, images, image) for image in claim.between],
            gsds_m=(baseline.gsd_m, claim.image.gsd_m),
            bands=(bands, after[1]),
            between_bands=[partial(read_older_bands, images, image) for image in claim.between],
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
