"""The one way to end a tile run, and with the last one its session.

Every caller is inside a transaction whose FIRST statement locked the session's row. Counting before locking left
sessions open for ever when the last two tiles ended together; inserting a child first deadlocked them.
Lock order: session, tile run, image, outbox.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.engine import insert_row, remember
from chalicelib.domain import facts
from chalicelib.domain.changes import DETECTOR
from chalicelib.domain.imagery import ImageStatus
from chalicelib.domain.jobs import Message, Queue, SessionJob
from chalicelib.domain.sessions import Outcome, SessionStatus, TileState, Verdict, ending_of
from chalicelib.domain.severity import highest

RUN, SESSION, IMAGE, ALERT = t.session_tiles, t.alert_sessions, t.image_tiles, t.alert_details
MAX_REASON = 500
FAILURES_KEPT = 100
_IMAGE_STATUS = {
    Verdict.CHANGED: ImageStatus.CHANGED,
    Verdict.NO_CHANGE: ImageStatus.NO_CHANGE,
    Verdict.FAILED: ImageStatus.ERROR,
}


def lock_session(connection: Connection, session_id: int) -> Row[Any] | None:
    """Lock a session's row: the first statement of whatever may end one."""
    return connection.execute(select(SESSION).where(SESSION.c.id == session_id).with_for_update()).one_or_none()


def post(connection: Connection, queue: Queue, session_id: int, body: str, now: datetime) -> Message:
    """Write one job into the outbox."""
    message_id = insert_row(
        connection, t.outbox, queue=queue, body=body, session_id=session_id, created_at=now, available_at=now
    )
    return Message(message_id=message_id, queue=queue, body=body)


def end_run(connection: Connection, run: Row[Any], outcome: Outcome, *, now: datetime) -> None:
    """Write an open tile run's verdict. The caller holds the session's lock and has checked the fence."""
    is_capture = run.state in (TileState.PLANNED, TileState.CAPTURING)
    if outcome.compared_by is not None and not _record_comparison(connection, run, outcome, now):
        outcome = Outcome(verdict=Verdict.NO_NEW_IMAGERY, reason="this pair is compared already")
    connection.execute(
        update(RUN)
        .where(RUN.c.id == run.id)
        .values(
            state=TileState.ENDED,
            verdict=outcome.verdict,
            reason=outcome.reason and outcome.reason[:MAX_REASON],
            fence=RUN.c.fence + 1,
            lease_until=None,
            clear_share=outcome.clear_share if outcome.clear_share is not None else run.clear_share,
            ended_at=now,
        )
    )
    remember(
        connection,
        facts.TILE_RUN_ENDED,
        session_id=run.session_id,
        tile_run_id=run.id,
        tile=f"{run.z}/{run.x}/{run.y}",
        verdict=outcome.verdict.value,
        reason=outcome.reason,
        provider=outcome.failed_provider,
    )
    if run.image_id is None or is_capture or outcome.verdict not in (*_IMAGE_STATUS, Verdict.OBSCURED):
        return
    status = _IMAGE_STATUS.get(outcome.verdict)
    connection.execute(
        update(IMAGE)
        .where(IMAGE.c.id == run.image_id)
        .values(compared_at=now, **({"status": status} if status else {}))
    )
    if outcome.verdict is Verdict.CHANGED:
        connection.execute(
            insert(ALERT).values(
                session_id=run.session_id,
                tile_run_id=run.id,
                image_id=run.image_id,
                reference_id=run.reference_id,
                mask_key=outcome.mask_key,
                overlay_key=outcome.overlay_key,
                change_log=outcome.change_log,
                created_at=now,
            )
        )


def _record_comparison(connection: Connection, run: Row[Any], outcome: Outcome, now: datetime) -> bool:
    row = {
        "image_id": run.image_id,
        "reference_id": run.reference_id,
        "detector": DETECTOR,
        "thresholds": outcome.compared_by,
        "verdict": outcome.verdict,
        "ignored": outcome.ignored,
        "created_at": now,
    }
    try:
        with connection.begin_nested():
            connection.execute(insert(t.comparisons).values(**row))
    except IntegrityError:
        return False
    return True


def finish_if_done(connection: Connection, session: Row[Any], *, now: datetime) -> list[Message]:
    """End the session if no tile run of it is open any more, and write the notification's job if there are alerts."""
    still_open = select(func.count()).select_from(RUN).where(RUN.c.session_id == session.id, RUN.c.verdict.is_(None))
    if session.status != SessionStatus.IN_PROGRESS or connection.execute(still_open).scalar_one():
        return []
    counts = count_verdicts(connection, [session.id]).get(session.id, {})
    ending = ending_of({Verdict(name): count for name, count in counts.items()})
    connection.execute(
        update(SESSION)
        .where(SESSION.c.id == session.id)
        .values(
            status=ending.status,
            reason=ending.reason and ending.reason[:MAX_REASON],
            open_area_id=None,
            ended_at=now,
            summary=summarise(connection, session.id, counts),
        )
    )
    remember(
        connection,
        facts.SESSION_ENDED,
        session_id=session.id,
        area_id=session.area_id,
        status=ending.status.value,
        counts=counts,
        seconds=round((now - session.started_at).total_seconds(), 3),
    )
    if not counts.get(Verdict.CHANGED):
        return []
    return [post(connection, Queue.NOTIFICATIONS, session.id, SessionJob(session_id=session.id).to_json(), now)]


def count_verdicts(connection: Connection, session_ids: list[int]) -> dict[int, dict[str, int]]:
    """Count the ended tile runs of sessions by verdict."""
    counts: dict[int, dict[str, int]] = {}
    query = (
        select(RUN.c.session_id, RUN.c.verdict, func.count())
        .where(RUN.c.session_id.in_(session_ids), RUN.c.verdict.is_not(None))
        .group_by(RUN.c.session_id, RUN.c.verdict)
    )
    for session_id, verdict, count in connection.execute(query):
        counts.setdefault(session_id, {})[verdict] = count
    return counts


def summarise(connection: Connection, session_id: int, counts: dict[str, int]) -> dict[str, Any]:
    """Give what a session's row keeps of its tile runs, as far as they have come."""
    newest = connection.execute(
        select(func.max(IMAGE.c.captured_at))
        .join(RUN, RUN.c.image_id == IMAGE.c.id)
        .where(RUN.c.session_id == session_id)
    ).scalar_one()
    clear = connection.execute(select(func.avg(RUN.c.clear_share)).where(RUN.c.session_id == session_id)).scalar_one()
    failed = connection.execute(
        select(RUN.c.z, RUN.c.x, RUN.c.y, RUN.c.reason)
        .where(RUN.c.session_id == session_id, RUN.c.verdict == Verdict.FAILED)
        .order_by(RUN.c.id)
        .limit(FAILURES_KEPT)
    )
    word = ALERT.c.change_log["severity"].as_string()
    severities = connection.execute(select(word).where(ALERT.c.session_id == session_id).distinct()).scalars()
    return {
        "counts": counts,
        "severity": highest(severities),
        "clear_share": None if clear is None else round(float(clear), 4),
        "newest_captured_at": newest and newest.isoformat(),
        "failures": [{"tile": f"{row.z}/{row.x}/{row.y}", "reason": row.reason or "no reason kept"} for row in failed],
    }
