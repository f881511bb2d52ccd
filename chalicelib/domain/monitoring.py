"""THE TRIP: area -> capture -> compare -> alert -> push. Read top to bottom.

Use cases are functions; their ports are keyword arguments. Each is safe to repeat: whatever may happen once is decided
by a conditional row update in the database, never by a queue.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial

from chalicelib.domain.alerts import DeliveryStatus, Notice, Receipt, Target
from chalicelib.domain.changes import change_log, ignored_of, judge
from chalicelib.domain.errors import BadImage, ImageryFailed, Invalid, NotFound, Unavailable
from chalicelib.domain.imagery import Inspection, Picture, StoredImage, object_key
from chalicelib.domain.jobs import SessionJob, TileJob
from chalicelib.domain.ports import Clock, Compare, Imagery, Images, Inspect, Jobs, Push
from chalicelib.domain.records import Areas, Deliveries, Sessions, TileRuns
from chalicelib.domain.sessions import CaptureClaim, Captured, Cause, Claim, ComparisonClaim, Outcome, Session, Verdict

log = logging.getLogger(__name__)

SENT_BEFORE_ANSWER = 100  # messages that a request sends itself; sweep sends the rest
PUSHES_AT_ONCE = 100
POLL_S = 0.25
CLOCKS_MAY_DIFFER = timedelta(days=1)


def capture_areas(*, areas: Areas, sessions: Sessions, jobs: Jobs, clock: Clock, has_time: Callable[[], bool]) -> int:
    """Open a session for every area that is due; give their number. Out of time, the next tick goes on."""
    opened = 0
    for area_id in areas.due(now=clock(), limit=1000):
        if not has_time():
            log.warning("tick cut short", extra={"opened": opened})
            break
        messages = sessions.open_due(area_id, now=clock())
        if messages:
            opened += 1
            jobs.send(messages)
    return opened


def capture_now(area_id: int, *, user_id: int, sessions: Sessions, jobs: Jobs, clock: Clock) -> Session:
    """Open a session at a user's wish, or answer with the open one: a double tap is no second session."""
    session, messages = sessions.open_now(area_id, Cause.REQUESTED, user_id=user_id, now=clock())
    jobs.send(messages[:SENT_BEFORE_ANSWER])
    return session


def compare_now(
    area_id: int,
    *,
    user_id: int,
    wait_s: float,
    sessions: Sessions,
    jobs: Jobs,
    clock: Clock,
    pause: Callable[[float], None],
) -> Session:
    """Answer with the open session, else with the latest if its pictures are compared, else compare what is stored.

    Waits a while for the session to end: the existing client asks for the tiles once, right after.
    """
    session, messages = sessions.open_now(area_id, Cause.COMPARISON, user_id=user_id, now=clock())
    jobs.send(messages[:SENT_BEFORE_ANSWER])
    until = clock() + timedelta(seconds=wait_s)
    while session.is_open and clock() < until:
        pause(POLL_S)
        session = sessions.get(session.session_id, user_id=user_id)
    return session


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
    """Fetch one tile's picture, look into it, keep the bytes, then the row.

    Bytes first: a crash between the two leaves an orphan object, which is swept, never a row without its object.
    """
    claim = runs.claim_capture(job, now=clock(), lease_s=lease_s)
    if claim is None:
        return
    with _free_after_failure(runs, claim):
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
        picture, inspection = found
        key = _put(images, claim, "image", inspection.content)
        captured = Captured(
            key=key,
            sha256=hashlib.sha256(inspection.content).hexdigest(),
            size_bytes=len(inspection.content),
            scene=picture.scene,
            fetched_at=clock(),
            attribution=picture.attribution,
            clear_share=inspection.clear_share,
            is_usable=inspection.clear_share > 0 and inspection.clear_share >= claim.thresholds.min_clear_share,
        )
        jobs.send(runs.record_capture(claim, captured, now=clock()))
        log.info("tile captured", extra={"tile": str(claim.view.tile), "clear_share": inspection.clear_share})


def _fetch_newer(
    claim: CaptureClaim, provider: Imagery, inspect: Inspect, clock: Clock
) -> tuple[Picture, Inspection] | None:
    """Fetch the provider's newest picture, or None where that is what is stored already."""
    scene = provider.newest(claim.view, claim.area)
    if scene.captured_at is not None and scene.captured_at > clock() + CLOCKS_MAY_DIFFER:
        # Stored, it would be the newest for good, and everything after it nothing new.
        raise BadImage(f"the newest picture is dated {scene.captured_at:%Y-%m-%d}, which has not come yet")
    stored = claim.newest
    if stored is not None and scene.scene_id:
        is_older = scene.captured_at and stored.captured_at and scene.captured_at < stored.captured_at
        if scene.scene_id == stored.scene_id or is_older:
            return None
    picture = provider.fetch(scene, claim.view, claim.area)
    inspection = inspect(picture.content, claim.view, claim.area, provider.terms)
    if stored is not None and hashlib.sha256(inspection.content).hexdigest() == stored.sha256:
        return None  # another name, or no name, but the same bytes: nothing new was seen
    return picture, inspection


def compare_tile(
    job: TileJob, *, runs: TileRuns, images: Images, jobs: Jobs, compare: Compare, clock: Clock, lease_s: float
) -> None:
    """Compare one tile with its reference and end its run with a verdict."""
    claim = runs.claim_comparison(job, now=clock(), lease_s=lease_s)
    if claim is None:
        return
    with _free_after_failure(runs, claim):
        if claim.is_compared:
            outcome = Outcome(verdict=Verdict.NO_NEW_IMAGERY, reason="this pair is compared already")
        else:
            try:
                outcome = _compare(claim, images, compare)
            except (BadImage, NotFound) as failure:
                outcome = Outcome(verdict=Verdict.FAILED, reason=failure.reason)
        jobs.send(runs.end(claim, outcome, now=clock()))


def _compare(claim: ComparisonClaim, images: Images, compare: Compare) -> Outcome:
    thresholds = claim.thresholds
    change = compare(
        _get(images, claim.reference),
        _get(images, claim.image),
        view=claim.image.view,
        area=claim.area,
        thresholds=thresholds,
        older=[partial(_get_older, images, image) for image in claim.older],
        doubted=claim.doubted,
    )
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
        mask_key=_put(images, claim, "mask", change.mask_png),
        overlay_key=_put(images, claim, "overlay", change.overlay_png),
    )


@contextmanager
def _free_after_failure(runs: TileRuns, claim: Claim) -> Iterator[None]:
    """Let go of a claim whose work failed: else each redelivery within its lease is Busy, and soon a dead letter."""
    try:
        yield
    except Exception:
        with suppress(Unavailable):  # then the lease ends by itself
            runs.release(claim)
        raise


def _get(images: Images, image: StoredImage) -> bytes:
    content = images.get(image.key)
    if hashlib.sha256(content).hexdigest() != image.sha256:
        raise BadImage(f"the stored picture of {image.view.tile} is damaged: its bytes are not those that were stored")
    return content


def _get_older(images: Images, image: StoredImage) -> bytes | None:
    """Give an older picture's bytes; None if they are lost: without that evidence there are more alerts, not fewer."""
    try:
        return _get(images, image)
    except (BadImage, NotFound) as failure:
        log.warning("older picture not read", extra={"tile": str(image.view.tile), "reason": failure.reason})
        return None


def _put(images: Images, claim: Claim, kind: str, content: bytes) -> str:
    tile = claim.view.tile if isinstance(claim, CaptureClaim) else claim.image.view.tile
    key = object_key(area_id=claim.area_id, session_id=claim.session_id, tile=tile, kind=kind, content=content)
    images.put(key, content)
    return key


def notify_session(
    job: SessionJob, *, deliveries: Deliveries, push: Push, targets: Sequence[Target], clock: Clock, lease_s: float
) -> None:
    """Push a session's alerts to the devices of the area's owner and to the operator's targets, each once.

    What the push service refuses for now is left to `sweep`, which asks again for hours: longer than any queue would.
    """
    notice = deliveries.prepare(job.session_id, extra=targets, now=clock())
    if notice is None:
        return
    while claimed := deliveries.claim(job.session_id, now=clock(), lease_s=lease_s, limit=PUSHES_AT_ONCE):
        receipts = _push(push, notice, [delivery.target for delivery in claimed])
        deliveries.record(job.session_id, claimed, receipts, now=clock())
        if any(receipt.status is DeliveryStatus.PENDING for receipt in receipts):
            return


def _push(push: Push, notice: Notice, targets: Sequence[Target]) -> Sequence[Receipt]:
    try:
        return push.send(notice, targets)
    except Unavailable as error:  # nothing was sent: said for each, so that none is held until its lease ends
        return [Receipt(target=target, status=DeliveryStatus.PENDING, detail=error.reason) for target in targets]
