"""Tile runs, in the database: claimed, captured, ended."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.areas import area_of
from chalicelib.adapters.database.endings import end_run, finish_if_done, lock_session, post
from chalicelib.adapters.database.engine import insert_row, writes
from chalicelib.adapters.database.pairs import doubted_before, image_of, is_compared, newest_image, older_images
from chalicelib.domain.areas import Area
from chalicelib.domain.errors import Busy
from chalicelib.domain.history import choose_older
from chalicelib.domain.imagery import ImageStatus
from chalicelib.domain.jobs import Message, Queue, TileJob
from chalicelib.domain.sessions import CaptureClaim, Captured, Claim, ComparisonClaim, Outcome, TileState, Verdict
from chalicelib.domain.tiles import Tile

RUN, SESSION, IMAGE, AREA = t.session_tiles, t.alert_sessions, t.image_tiles, t.area_configs
_CAPTURE = (TileState.PLANNED, TileState.CAPTURING)
_COMPARISON = (TileState.CAPTURED, TileState.COMPARING)


class SqlTileRuns:
    """The port `TileRuns`."""

    def __init__(self, engine: Engine, *, retry_s: float) -> None:
        self.engine = engine
        self._retry = timedelta(seconds=retry_s)

    @writes
    def claim_capture(
        self, connection: Connection, job: TileJob, *, now: datetime, lease_s: float
    ) -> CaptureClaim | None:
        """Take hold of a tile run to capture it; None if that is done already. Raises Busy."""
        run = _claim(connection, job, _CAPTURE, now, lease_s)
        if run is None:
            return None
        area, tile = _area(connection, run), Tile(run.z, run.x, run.y)
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
        )

    @writes
    def claim_comparison(
        self, connection: Connection, job: TileJob, *, now: datetime, lease_s: float
    ) -> ComparisonClaim | None:
        """Take hold of a tile run to compare it; None if that is done already. Raises Busy."""
        run = _claim(connection, job, _COMPARISON, now, lease_s)
        if run is None:
            return None
        area = _area(connection, run)
        rows = connection.execute(select(IMAGE).where(IMAGE.c.id.in_((run.image_id, run.reference_id)))).all()
        images = {row.id: image_of(row) for row in rows}
        image, reference, key = images[run.image_id], images[run.reference_id], area.plan.thresholds.key
        return ComparisonClaim(
            tile_run_id=run.id,
            session_id=run.session_id,
            area_id=area.area_id,
            fence=run.fence,
            area=area.extent.bounds,
            image=image,
            reference=reference,
            thresholds=area.plan.thresholds,
            is_compared=is_compared(connection, run.image_id, run.reference_id, key),
            older=choose_older(older_images(connection, area, reference), taken_at=image.taken_at),
            doubted=doubted_before(connection, run.reference_id),
        )

    @writes
    def record_capture(
        self, connection: Connection, claim: CaptureClaim, captured: Captured, *, now: datetime
    ) -> list[Message]:
        """Keep a new image's row and go on to the comparison, or end the tile run where there is none to make.

        A claim that is no longer the latest writes nothing.
        """
        session = lock_session(connection, claim.session_id)
        run = _held(connection, claim)
        if session is None or run is None:
            return []
        image_id, taken_at = _insert_image(connection, claim, captured)
        values = {"image_id": image_id, "clear_share": captured.clear_share}
        reference = newest_image(connection, _area(connection, run), claim.view.tile, before=taken_at)
        if captured.is_usable and reference is not None:
            connection.execute(
                update(RUN)
                .where(RUN.c.id == run.id)
                .values(
                    **values,
                    state=TileState.CAPTURED,
                    reference_id=reference.image_id,
                    lease_until=None,
                    retry_at=now + self._retry,
                )
            )
            job = TileJob(session_id=run.session_id, tile_run_id=run.id, tile=str(claim.view.tile))
            return [post(connection, Queue.COMPARISONS, run.session_id, job.to_json(), now)]
        connection.execute(update(RUN).where(RUN.c.id == run.id).values(**values))
        verdict = Verdict.BASELINE if captured.is_usable else Verdict.OBSCURED
        end_run(connection, run, Outcome(verdict=verdict, clear_share=captured.clear_share), now=now)
        return finish_if_done(connection, session, now=now)

    @writes
    def end(self, connection: Connection, claim: Claim, outcome: Outcome, *, now: datetime) -> list[Message]:
        """End a tile run with its verdict, and the session with its last one. A stale claim writes nothing."""
        session = lock_session(connection, claim.session_id)
        run = _held(connection, claim)
        if session is None or run is None:
            return []
        if isinstance(claim, CaptureClaim) and claim.newest is not None and outcome.verdict is Verdict.NO_NEW_IMAGERY:
            # What the session knows of this tile is the picture it had: its date is the session's news.
            connection.execute(update(RUN).where(RUN.c.id == run.id).values(image_id=claim.newest.image_id))
        end_run(connection, run, outcome, now=now)
        return finish_if_done(connection, session, now=now)

    @writes
    def end_lost(self, connection: Connection, job: TileJob, outcome: Outcome, *, now: datetime) -> list[Message]:
        """End the tile run of a dead letter, whoever holds it."""
        session = lock_session(connection, job.session_id)
        is_it = (RUN.c.id == job.tile_run_id) & (RUN.c.session_id == job.session_id) & RUN.c.verdict.is_(None)
        run = connection.execute(select(RUN).where(is_it).with_for_update()).one_or_none()
        if session is None or run is None:
            return []
        end_run(connection, run, outcome, now=now)
        return finish_if_done(connection, session, now=now)

    @writes
    def release(self, connection: Connection, claim: Claim) -> None:
        """Let go of a tile run whose work failed, so that the message that comes back finds it free."""
        is_mine = (RUN.c.id == claim.tile_run_id) & (RUN.c.fence == claim.fence) & RUN.c.verdict.is_(None)
        connection.execute(update(RUN).where(is_mine).values(lease_until=None))

    @writes
    def retry_stalled(self, connection: Connection, *, now: datetime, limit: int) -> list[Message]:
        """Write jobs anew for tile runs that nobody has worked on for too long."""
        query = (
            select(RUN.c.id, RUN.c.session_id, RUN.c.state, RUN.c.z, RUN.c.x, RUN.c.y)
            .where(RUN.c.state != TileState.ENDED, RUN.c.retry_at <= now)
            .order_by(RUN.c.retry_at)
            .limit(limit)
        )
        messages = []
        for row in connection.execute(query).all():
            # Conditional, so that of two sweeps at once only one writes the job.
            again = update(RUN).where(RUN.c.id == row.id, RUN.c.retry_at <= now, RUN.c.state == row.state)
            if connection.execute(again.values(retry_at=now + self._retry)).rowcount:
                queue = Queue.CAPTURES if row.state in _CAPTURE else Queue.COMPARISONS
                job = TileJob(session_id=row.session_id, tile_run_id=row.id, tile=f"{row.z}/{row.x}/{row.y}")
                messages.append(post(connection, queue, row.session_id, job.to_json(), now))
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
    """Give the claim's tile run, locked, if the claim is still the latest and the run still open."""
    is_it = (RUN.c.id == claim.tile_run_id) & (RUN.c.fence == claim.fence) & RUN.c.verdict.is_(None)
    return connection.execute(select(RUN).where(is_it).with_for_update()).one_or_none()


def _area(connection: Connection, run: Row[Any]) -> Area:
    query = select(AREA).join(SESSION, SESSION.c.area_id == AREA.c.id).where(SESSION.c.id == run.session_id)
    return area_of(connection.execute(query).one())


def _insert_image(connection: Connection, claim: CaptureClaim, captured: Captured) -> tuple[int, datetime]:
    view, taken_at = claim.view, captured.scene.captured_at or captured.fetched_at
    row = {
        "area_id": claim.area_id,
        "session_id": claim.session_id,
        "tile_run_id": claim.tile_run_id,
        "z": view.tile.z,
        "x": view.tile.x,
        "y": view.tile.y,
        "tile_px": view.tile_px,
        "margin_px": view.margin_px,
        "provider": claim.provider,
        "scene_id": captured.scene.scene_id[:255],
        "captured_at": captured.scene.captured_at,
        "fetched_at": captured.fetched_at,
        "taken_at": taken_at,
        "object_key": captured.key,
        "sha256": captured.sha256,
        "size_bytes": captured.size_bytes,
        "attribution": captured.attribution[:500],
        "clear_share": captured.clear_share,
        "is_usable": captured.is_usable,
        "status": ImageStatus.CAPTURED,
    }
    return insert_row(connection, IMAGE, **row), taken_at
