"""Tile runs, in the database: claimed, captured, postponed, ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, update
from sqlalchemy.exc import IntegrityError
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.alerts_on_parcels import AlertsOnParcels
from chalicelib.adapters.database.claims import capture_claim, claim_run, comparison_claim, is_held, is_leased, job_of
from chalicelib.adapters.database.engine import writes
from chalicelib.adapters.database.images import forget_image, insert_image
from chalicelib.adapters.database.open_runs import OpenRun, open_run_of, run_of_claim
from chalicelib.adapters.database.outbox import post
from chalicelib.adapters.database.references import reference_for
from chalicelib.adapters.database.session_closing import (
    MAX_REASON,
    StaleError,
    end_run,
    finish_if_done,
    lock_session,
)
from chalicelib.adapters.database.tile_retries import retry_lost, retry_stalled, use_another_reference
from chalicelib.application.ports.tile_runs import TileRuns
from chalicelib.domain.images import StoredImage
from chalicelib.domain.jobs import Message, TileJob, queue_for
from chalicelib.domain.retries import Retry
from chalicelib.domain.tile_runs import (
    CAPTURE_STATES,
    COMPARISON_STATES,
    CaptureClaim,
    Captured,
    Claim,
    ComparisonClaim,
    Outcome,
    TileState,
    after_capture,
    after_nothing_new,
)

RUN = t.session_tiles


class SqlTileRuns(TileRuns):
    """The port `TileRuns`."""

    def __init__(self, engine: Engine, *, retry_s: float) -> None:
        self.engine = engine
        self._retry = timedelta(seconds=retry_s)

    @override
    @writes
    def claim_capture(
        self, connection: Connection, job: TileJob, *, now: datetime, lease_s: float
    ) -> CaptureClaim | None:
        is_claimed = claim_run(connection, job, CAPTURE_STATES, now=now, lease_s=lease_s, retry=self._retry)
        return capture_claim(connection, job) if is_claimed else None

    @override
    @writes
    def claim_comparison(
        self, connection: Connection, job: TileJob, *, now: datetime, lease_s: float
    ) -> ComparisonClaim | None:
        is_claimed = claim_run(connection, job, COMPARISON_STATES, now=now, lease_s=lease_s, retry=self._retry)
        return comparison_claim(connection, job) if is_claimed else None

    @override
    def record_capture(
        self, claim: CaptureClaim, captured: Captured, *, now: datetime, lost_image_id: int | None = None
    ) -> list[Message]:
        return _unless_stale(lambda: self._record_capture(claim, captured, now=now, lost_image_id=lost_image_id))

    @writes
    def _record_capture(
        self,
        connection: Connection,
        claim: CaptureClaim,
        captured: Captured,
        *,
        now: datetime,
        lost_image_id: int | None,
    ) -> list[Message]:
        if lost_image_id is not None:
            known = tuple(image for image in claim.references if image.image_id != lost_image_id)
            claim = replace(claim, references=known)
        reference = reference_for(connection, claim, taken_before=captured.taken_at, unlike=captured.sha256)
        if lost_image_id is not None:
            forget_image(connection, lost_image_id)
        follows = after_capture(captured, reference)
        # The session may end with an outcome: its row is locked first.
        session = lock_session(connection, claim.session_id) if isinstance(follows, Outcome) else None
        try:
            image_id = insert_image(connection, claim, captured, is_baseline=captured.is_known or None)
        except IntegrityError:  # this run has its image already, or its session is gone
            raise StaleError from None
        if isinstance(follows, Outcome):
            return _end(connection, session, claim, run_of_claim(claim, image_id=image_id), follows, now=now)
        return self._go_on(connection, claim, image_id, follows, now=now, clear_share=captured.clear_share)

    @override
    def record_nothing_new(self, claim: CaptureClaim, image: StoredImage, *, now: datetime) -> list[Message]:
        try:
            follows = self._go_on_to_pending(claim, image, now=now)
        except StaleError:
            return []
        return self.end(claim, follows, now=now) if isinstance(follows, Outcome) else follows

    @writes
    def _go_on_to_pending(
        self, connection: Connection, claim: CaptureClaim, image: StoredImage, *, now: datetime
    ) -> list[Message] | Outcome:
        reference = None
        if not image.is_settled:
            reference = reference_for(connection, claim, taken_before=image.taken_at, stored_before=image.image_id)
        follows = after_nothing_new(image, reference)
        if isinstance(follows, Outcome):
            return follows
        return self._go_on(connection, claim, image.image_id, follows, now=now, clear_share=image.clear_share)

    @override
    def compare_stored(
        self, claim: CaptureClaim, image: StoredImage, reference: StoredImage, *, now: datetime
    ) -> list[Message]:
        return _unless_stale(lambda: self._compare_stored(claim, image, reference, now=now))

    @writes
    def _compare_stored(
        self, connection: Connection, claim: CaptureClaim, image: StoredImage, reference: StoredImage, *, now: datetime
    ) -> list[Message]:
        return self._go_on(connection, claim, image.image_id, reference, now=now, clear_share=image.clear_share)

    def _go_on(
        self,
        connection: Connection,
        claim: CaptureClaim,
        image_id: int,
        reference: StoredImage,
        *,
        now: datetime,
        clear_share: float,
    ) -> list[Message]:
        """Put a tile run on to its comparison. Nothing ends here, so the session's row need not be locked."""
        values = {
            "state": TileState.CAPTURED,
            "image_id": image_id,
            "reference_id": reference.image_id,
            "clear_share": clear_share,
            "lease_until": None,
            "attempts": 0,
            "reason": None,
            "retry_at": now + self._retry,
        }
        if not connection.execute(update(RUN).where(is_held(claim)).values(**values)).rowcount:
            raise StaleError
        return post(connection, queue_for(TileState.CAPTURED), job_of(claim), now=now)

    @override
    @writes
    def postpone(self, connection: Connection, claim: Claim, retry: Retry, *, now: datetime) -> list[Message]:
        state = (CAPTURE_STATES if isinstance(claim, CaptureClaim) else COMPARISON_STATES)[0]
        values = {
            "state": state,
            "lease_until": None,
            "attempts": RUN.c.attempts - 1,
            "reason": retry.reason[:MAX_REASON],
            "retry_at": retry.retry_at + self._retry,
        }
        if not connection.execute(update(RUN).where(is_leased(claim)).values(**values)).rowcount:
            return []
        job = replace(job_of(claim), waits=claim.waits + 1, failures=claim.failures + retry.is_failure)
        return post(connection, queue_for(state), job, now=now, available_at=retry.retry_at)

    @override
    def end(self, claim: Claim, outcome: Outcome, *, now: datetime) -> list[Message]:
        return _unless_stale(lambda: self._end(claim, AlertsOnParcels(self.engine).told(claim, outcome), now=now))

    @writes
    def _end(self, connection: Connection, claim: Claim, outcome: Outcome, *, now: datetime) -> list[Message]:
        session = lock_session(connection, claim.session_id)
        if outcome.lost_image_id is not None:
            forget_image(connection, outcome.lost_image_id)
        run = run_of_claim(claim, image_id=outcome.image_id)
        return _end(connection, session, claim, run, outcome, now=now)

    @override
    @writes
    def end_lost(self, connection: Connection, job: TileJob, outcome: Outcome, *, now: datetime) -> list[Message]:
        session = lock_session(connection, job.session_id)
        is_it = (RUN.c.id == job.tile_run_id) & (RUN.c.session_id == job.session_id) & RUN.c.verdict.is_(None)
        run = connection.execute(select(RUN).where(is_it).with_for_update()).one_or_none()
        if session is None or run is None:
            return []
        end_run(connection, open_run_of(run), outcome, now=now)
        return finish_if_done(connection, session, now=now, request_id=job.request_id)

    @override
    @writes
    def retry_lost(self, connection: Connection, job: TileJob, *, now: datetime) -> list[Message] | None:
        return retry_lost(connection, job, now=now)

    @override
    @writes
    def use_another_reference(
        self, connection: Connection, claim: ComparisonClaim, *, instead: int | None = None, now: datetime
    ) -> list[Message] | None:
        return use_another_reference(connection, claim, instead=instead, now=now, retry=self._retry)

    @override
    @writes
    def release(self, connection: Connection, claim: Claim, *, reason: str, counts: bool) -> None:
        values: dict[str, Any] = {"lease_until": None}
        # What was no try is no reason either.
        values |= {"reason": reason[:MAX_REASON]} if counts else {"attempts": RUN.c.attempts - 1}
        connection.execute(update(RUN).where(is_leased(claim)).values(**values))

    @override
    @writes
    def forget_attempts(self, connection: Connection, job: TileJob) -> None:
        is_open = (RUN.c.id == job.tile_run_id) & RUN.c.verdict.is_(None)
        connection.execute(update(RUN).where(is_open).values(attempts=0))

    @override
    @writes
    def retry_stalled(self, connection: Connection, *, now: datetime, limit: int) -> list[Message]:
        return retry_stalled(connection, now=now, limit=limit, retry=self._retry)


def _unless_stale(work: Callable[[], list[Message]]) -> list[Message]:
    try:
        return work()
    except StaleError:
        return []


def _end(
    connection: Connection, session: Row[Any] | None, claim: Claim, run: OpenRun, outcome: Outcome, *, now: datetime
) -> list[Message]:
    if session is None:
        raise StaleError
    if end_run(connection, run, outcome, now=now, fence=claim.fence):
        return []
    return finish_if_done(connection, session, now=now, request_id=claim.request_id)
