"""Jobs of tile runs that are written anew: nothing of them is on its way any more, or their reference is lost."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import Connection, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.claims import is_held, job_of
from chalicelib.adapters.database.images import exchange_baseline, forget_image
from chalicelib.adapters.database.outbox import is_posted, post
from chalicelib.adapters.database.references import reference_before
from chalicelib.adapters.database.rows import tile_of
from chalicelib.domain.jobs import Message, TileJob, queue_for
from chalicelib.domain.retries import MAX_ATTEMPTS
from chalicelib.domain.tile_runs import ComparisonClaim, TileState

RUN = t.session_tiles
_OPEN = tuple(state for state in TileState if state is not TileState.ENDED)
_IS_POSTED = is_posted(RUN.c.id, RUN.c.session_id)


def retry_stalled(connection: Connection, *, now: datetime, limit: int, retry: timedelta) -> list[Message]:
    """Write a job for each run that nobody works on; one that waits its turn in the outbox is none, however long."""
    query = (
        select(RUN.c.id, RUN.c.session_id, RUN.c.state, RUN.c.z, RUN.c.x, RUN.c.y)
        .where(RUN.c.state.in_(_OPEN), RUN.c.retry_at <= now)  # by the index: ended runs are not visited
        .where(~_IS_POSTED)
        .order_by(RUN.c.retry_at)
        .limit(limit)
    )
    messages: list[Message] = []
    for row in connection.execute(query).all():
        # Conditional, so that of two processes at once only one writes the job.
        again = update(RUN).where(RUN.c.id == row.id, RUN.c.retry_at <= now, RUN.c.state == row.state)
        if connection.execute(again.values(retry_at=now + retry)).rowcount:
            job = TileJob(session_id=row.session_id, tile_run_id=row.id, tile=str(tile_of(row)))
            messages += post(connection, queue_for(TileState(row.state)), job, now=now)
    return messages


def use_another_reference(
    connection: Connection, claim: ComparisonClaim, *, instead: int | None, now: datetime, retry: timedelta
) -> list[Message] | None:
    """Forget a claim's reference, and put its run back to be compared with the next best one; None without another."""
    if instead is None:
        forget_image(connection, claim.reference.image_id)
    else:
        exchange_baseline(connection, claim.reference.image_id, instead)
    reference = reference_before(connection, claim.image)
    if reference is None:
        return None
    values = {
        "state": TileState.CAPTURED,
        "reference_id": reference.image_id,
        "lease_until": None,
        "attempts": RUN.c.attempts - 1,
        "retry_at": now + retry,
    }
    if not connection.execute(update(RUN).where(is_held(claim)).values(**values)).rowcount:
        return []
    return post(connection, queue_for(TileState.CAPTURED), job_of(claim), now=now)


def retry_lost(connection: Connection, job: TileJob, *, now: datetime) -> list[Message] | None:
    """Write the job of a dead letter anew; None if its work has ended, or was begun too often without an answer."""
    is_open = (RUN.c.id == job.tile_run_id) & (RUN.c.session_id == job.session_id) & RUN.c.verdict.is_(None)
    query = select(RUN.c.state, _IS_POSTED.label("is_posted")).where(is_open, RUN.c.attempts < MAX_ATTEMPTS)
    run = connection.execute(query).one_or_none()
    if run is None:
        return None
    return [] if run.is_posted else post(connection, queue_for(TileState(run.state)), job, now=now)
