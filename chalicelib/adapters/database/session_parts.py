"""What a session plans: a run and a job for each tile. Of many tiles some at first, the others part by part.

A transaction over all tiles of a large session would hold its locks for a minute. So the first tiles are planned as the
session opens, and the others are kept as they are to be planned, a part a row of `session_parts`. Each part becomes
tile runs in a transaction of its own under the session's lock, and until the last one has, the session does not end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Exists, Row, delete, exists, func, insert, select

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.outbox import current_turn
from chalicelib.adapters.database.rows import message_of, tile_of
from chalicelib.domain.jobs import Message, TileJob, queue_for, turns
from chalicelib.domain.sessions import SessionStatus
from chalicelib.domain.tile_runs import TileState

AREA, SESSION, RUN, PART, JOB = t.area_configs, t.alert_sessions, t.session_tiles, t.session_parts, t.outbox
AT_FIRST = 3_000  # tiles that are planned as a session opens
AT_ONCE = 500  # tiles of each transaction after that: whoever ends a tile of the session waits for it


def plan_first(
    connection: Connection,
    session_id: int,
    tiles: Sequence[dict[str, Any]],
    *,
    user_id: int,
    retry: timedelta,
    now: datetime,
    request_id: str,
) -> list[Message]:
    """Plan the tiles of a new session, given as columns of their runs, or keep those past the first for later."""
    runs = _write_runs(connection, session_id, tiles[:AT_FIRST], retry_at=now + retry)
    later = [tiles[start : start + AT_ONCE] for start in range(AT_FIRST, len(tiles), AT_ONCE)]
    if later:
        kept = {"session_id": session_id, "request_id": request_id}
        connection.execute(insert(PART), [kept | {"tiles": part} for part in later])
    begin = current_turn(connection)
    return _post_jobs(connection, session_id, runs, user_id=user_id, begin=begin, now=now, request_id=request_id)


def has_part(session_id: int) -> Exists:
    """Whether tiles of a session are still to be planned."""
    return exists().where(PART.c.session_id == session_id)


def plan_without_jobs(connection: Connection, session_id: int, *, now: datetime) -> None:
    """Plan the next part, if there is one, of a session that is being ended: nobody is to look at its tiles.

    The caller holds the session's lock, and ends the runs that are written.
    """
    part = _take_part(connection, session_id)
    if part is not None:
        _write_runs(connection, session_id, part.tiles, retry_at=now + timedelta(days=1))


def plan_part(connection: Connection, session: Row[Any], *, retry: timedelta, now: datetime) -> list[Message] | None:
    """Plan the next part of a session that goes on; return what is to be sent at once, or None if no part is left.

    The caller holds the session's lock.
    """
    part = _take_part(connection, session.id)
    if part is None:
        return None
    waiting = (JOB.c.session_id == session.id) & JOB.c.tile_run_id.is_not(None) & JOB.c.dead_at.is_(None)
    last_turn = connection.execute(select(func.max(JOB.c.turn)).where(waiting)).scalar_one()
    last_run = connection.execute(select(func.max(RUN.c.id)).where(RUN.c.session_id == session.id)).scalar_one()
    user_id = connection.execute(select(AREA.c.user_id).where(AREA.c.id == session.area_id)).scalar_one()
    runs = _write_runs(connection, session.id, part.tiles, retry_at=now + retry, after=last_run)
    # Behind the session's own that wait: to begin at the turn that is served would be to overtake other people's.
    begin = max(current_turn(connection), (last_turn or 0) + 1)
    messages = _post_jobs(
        connection, session.id, runs, user_id=user_id, begin=begin, now=now, request_id=part.request_id
    )
    # Those that wait bring on the next as they are worked on; where none waits nothing would.
    return messages if last_turn is None else []


def _take_part(connection: Connection, session_id: int) -> Row[Any] | None:
    first = select(PART).where(PART.c.session_id == session_id).order_by(PART.c.id).limit(1)
    part = connection.execute(first).one_or_none()
    if part is not None:
        connection.execute(delete(PART).where(PART.c.id == part.id))
    return part


def _write_runs(
    connection: Connection, session_id: int, tiles: Iterable[dict[str, Any]], *, retry_at: datetime, after: int = 0
) -> Sequence[Row[Any]]:
    of_session = {"session_id": session_id, "retry_at": retry_at}
    connection.execute(insert(RUN), [{"image_id": None, "reference_id": None} | tile | of_session for tile in tiles])
    written = select(RUN).where(RUN.c.session_id == session_id, RUN.c.id > after)
    return connection.execute(written.order_by(RUN.c.id)).all()


def _post_jobs(
    connection: Connection,
    session_id: int,
    runs: Sequence[Row[Any]],
    *,
    user_id: int,
    begin: int,
    now: datetime,
    request_id: str,
) -> list[Message]:
    own = select(func.count()).select_from(SESSION).join(AREA, AREA.c.id == SESSION.c.area_id)
    is_open = (SESSION.c.status == SessionStatus.IN_PROGRESS) & (AREA.c.user_id == user_id)
    open_sessions = int(connection.execute(own.where(is_open)).scalar_one())  # this one included
    jobs = [
        {
            "queue": queue_for(TileState(run.state)),
            "turn": turn,
            "tile_run_id": run.id,
            "body": TileJob(
                session_id=session_id, tile_run_id=run.id, tile=str(tile_of(run)), request_id=request_id, turn=turn
            ).to_json(),
        }
        for run, turn in zip(runs, turns(len(runs), begin=begin, open_sessions=open_sessions), strict=True)
    ]
    fixed = {"session_id": session_id, "created_at": now, "available_at": now}
    connection.execute(insert(JOB), [fixed | job for job in jobs])
    posted = select(JOB).where(JOB.c.session_id == session_id, JOB.c.turn >= begin).order_by(JOB.c.id)
    return [message_of(row) for row in connection.execute(posted)]
