"""Tile runs, in the database: claimed, captured, ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Row, select, update
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.comparisons import doubted_before, is_compared
from chalicelib.adapters.database.engine import writes
from chalicelib.adapters.database.images import insert_image, newest_image, older_images, reference_for
from chalicelib.adapters.database.outbox import post
from chalicelib.adapters.database.rows import area_of, image_of, tile_of
from chalicelib.adapters.database.session_closing import end_run, finish_if_done, lock_session
from chalicelib.application.ports.tile_runs import TileRuns
from chalicelib.domain.areas import Area
from chalicelib.domain.comparisons import comparison_key
from chalicelib.domain.errors import Busy
from chalicelib.domain.jobs import Message, Queue, TileJob, queue_for
from chalicelib.domain.references import choose_older
from chalicelib.domain.tile_runs import (
    CAPTURE_STATES,
    COMPARISON_STATES,
    CaptureClaim,
    Captured,
    Claim,
    ComparisonClaim,
    Outcome,
    TileState,
    Verdict,
    after_capture,
)

RUN, SESSION, IMAGE, AREA = t.session_tiles, t.alert_sessions, t.image_tiles, t.area_configs


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
        run = _claim(connection, job, CAPTURE_STATES, now, lease_s)
        if run is None:
            return None
        area, tile = _area(connection, run), tile_of(run)
        return CaptureClaim(
            tile_run_id=run.id,
            session_id=run.session_id,
            area_id=area.area_id,
            fence=run.fence,
            area=area.extent.bounds,
            view=area.plan.grid.view(tile),
            provider=area.plan.provider,
            newest=newest_image(connection, area, tile),
            thresholds=area.plan.thresholds,
            request_id=job.request_id,
        )

    @override
    @writes
    def claim_comparison(
        self, connection: Connection, job: TileJob, *, now: datetime, lease_s: float
    ) -> ComparisonClaim | None:
        run = _claim(connection, job, COMPARISON_STATES, now, lease_s)
        if run is None:
            return None
        area = _area(connection, run)
        rows = connection.execute(select(IMAGE).where(IMAGE.c.id.in_((run.image_id, run.reference_id)))).all()
        images = {row.id: image_of(row) for row in rows}
        image, reference, thresholds = images[run.image_id], images[run.reference_id], area.plan.thresholds
        return ComparisonClaim(
            tile_run_id=run.id,
            session_id=run.session_id,
            area_id=area.area_id,
            fence=run.fence,
            area=area.extent.bounds,
            image=image,
            reference=reference,
            thresholds=thresholds,
            is_compared=is_compared(connection, comparison_key(image.image_id, reference.image_id, thresholds)),
            older=choose_older(older_images(connection, area, reference), taken_at=image.taken_at),
            doubted=doubted_before(connection, reference.image_id),
            request_id=job.request_id,
        )

    @override
    @writes
    def record_capture(
        self, connection: Connection, claim: CaptureClaim, captured: Captured, *, now: datetime
    ) -> list[Message]:
        session = lock_session(connection, claim.session_id)
        run = _held(connection, claim)
        if session is None or run is None:
            return []
        values = {"image_id": insert_image(connection, claim, captured), "clear_share": captured.clear_share}
        area = _area(connection, run)
        reference = reference_for(connection, area, claim.view.tile, taken_before=captured.taken_at)
        follows = after_capture(captured, reference)
        if isinstance(follows, Outcome):
            connection.execute(update(RUN).where(RUN.c.id == run.id).values(**values))
            end_run(connection, run, follows, now=now)
            return finish_if_done(connection, session, now=now, request_id=claim.request_id)
        connection.execute(
            update(RUN)
            .where(RUN.c.id == run.id)
            .values(
                **values,
                state=TileState.CAPTURED,
                reference_id=follows.image_id,
                lease_until=None,
                retry_at=now + self._retry,
            )
        )
        job = TileJob(
            session_id=run.session_id,
            tile_run_id=run.id,
            tile=str(claim.view.tile),
            request_id=claim.request_id,
        )
        return [post(connection, Queue.COMPARISONS, job, now=now)]

    @override
    @writes
    def end(self, connection: Connection, claim: Claim, outcome: Outcome, *, now: datetime) -> list[Message]:
        session = lock_session(connection, claim.session_id)
        run = _held(connection, claim)
        if session is None or run is None:
            return []
        if isinstance(claim, CaptureClaim) and claim.newest is not None and outcome.verdict is Verdict.NO_NEW_IMAGERY:
            # What the session knows of this tile is the image it had: its date is the session's news.
            connection.execute(update(RUN).where(RUN.c.id == run.id).values(image_id=claim.newest.image_id))
        end_run(connection, run, outcome, now=now)
        return finish_if_done(connection, session, now=now, request_id=claim.request_id)

    @override
    @writes
    def end_lost(self, connection: Connection, job: TileJob, outcome: Outcome, *, now: datetime) -> list[Message]:
        session = lock_session(connection, job.session_id)
        is_it = (RUN.c.id == job.tile_run_id) & (RUN.c.session_id == job.session_id) & RUN.c.verdict.is_(None)
        run = connection.execute(select(RUN).where(is_it).with_for_update()).one_or_none()
        if session is None or run is None:
            return []
        end_run(connection, run, outcome, now=now)
        return finish_if_done(connection, session, now=now, request_id=job.request_id)

    @override
    @writes
    def release(self, connection: Connection, claim: Claim) -> None:
        connection.execute(update(RUN).where(_is_held(claim)).values(lease_until=None))

    @override
    @writes
    def retry_stalled(self, connection: Connection, *, now: datetime, limit: int) -> list[Message]:
        query = (
            select(RUN.c.id, RUN.c.session_id, RUN.c.state, RUN.c.z, RUN.c.x, RUN.c.y)
            .where(RUN.c.state != TileState.ENDED, RUN.c.retry_at <= now)
            .order_by(RUN.c.retry_at)
            .limit(limit)
        )
        messages = []
        for row in connection.execute(query).all():
            # Conditional, so that of two processes at once only one writes the job.
            again = update(RUN).where(RUN.c.id == row.id, RUN.c.retry_at <= now, RUN.c.state == row.state)
            if connection.execute(again.values(retry_at=now + self._retry)).rowcount:
                job = TileJob(session_id=row.session_id, tile_run_id=row.id, tile=str(tile_of(row)))
                messages.append(post(connection, queue_for(TileState(row.state)), job, now=now))
        return messages


def _claim(
    connection: Connection, job: TileJob, states: tuple[TileState, TileState], now: datetime, lease_s: float
) -> Row[Any] | None:
    is_it = (RUN.c.id == job.tile_run_id) & (RUN.c.session_id == job.session_id)
    lease_until = now + timedelta(seconds=lease_s)
    claimed = connection.execute(
        update(RUN)
        .where(is_it, RUN.c.state.in_(states), RUN.c.lease_until.is_(None) | (RUN.c.lease_until <= now))
        .values(state=states[1], fence=RUN.c.fence + 1, lease_until=lease_until, retry_at=lease_until)
    ).rowcount
    run = connection.execute(select(RUN).where(is_it)).one_or_none()
    if run is None or run.state not in states:
        return None
    if not claimed:
        raise Busy(f"tile run {job.tile_run_id} is held until {run.lease_until}")
    return run


def _held(connection: Connection, claim: Claim) -> Row[Any] | None:
    """Lock and return the claim's tile run, if the claim is still the latest and the run still open."""
    return connection.execute(select(RUN).where(_is_held(claim)).with_for_update()).one_or_none()


def _is_held(claim: Claim) -> ColumnElement[bool]:
    """The fence: whoever claimed the run later holds a higher one, and nothing of an older claim is written."""
    return (RUN.c.id == claim.tile_run_id) & (RUN.c.fence == claim.fence) & RUN.c.verdict.is_(None)


def _area(connection: Connection, run: Row[Any]) -> Area:
    query = select(AREA).join(SESSION, SESSION.c.area_id == AREA.c.id).where(SESSION.c.id == run.session_id)
    return area_of(connection.execute(query).one())
