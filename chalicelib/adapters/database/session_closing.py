"""The one way to end a tile run, and with the last one its session.

Every caller is inside a transaction whose FIRST statement locked the session's row. Counting before locking left
sessions open for ever when the last two tiles ended together; inserting a child first deadlocked them.
Lock order: session, tile run, image, outbox. Places are joined in the transaction that ends the session: an area has
one open session at most, so nobody else joins places of it. A session ends even where that fails.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Exists, Row, exists, literal, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_shapes import is_of_its_land
from chalicelib.adapters.database.area_states import put_state
from chalicelib.adapters.database.comparisons import add_comparison, add_slow_comparison
from chalicelib.adapters.database.engine import insert_row, record_after_commit
from chalicelib.adapters.database.named_parcel_rows import keep_of_alert
from chalicelib.adapters.database.open_runs import OpenRun
from chalicelib.adapters.database.outbox import post
from chalicelib.adapters.database.place_joining import join_places_or_leave
from chalicelib.adapters.database.place_sightings import add_sightings
from chalicelib.adapters.database.references import most_compared
from chalicelib.adapters.database.seen_ground import Before, known_before, taken_at
from chalicelib.adapters.database.session_parts import has_part
from chalicelib.adapters.database.session_summaries import (
    clearly_seen_in,
    count_verdicts,
    summarise,
    summary_columns,
    unseen_in,
    untold_in,
    unusable_in,
    waiting_in,
)
from chalicelib.domain import events
from chalicelib.domain.area_changes import LAND_CHANGED
from chalicelib.domain.area_states import state_after
from chalicelib.domain.comparisons import DETECTOR, ComparisonKey
from chalicelib.domain.images import ImageStatus
from chalicelib.domain.jobs import Message, Queue, SessionJob
from chalicelib.domain.sessions import Cause, SessionStatus, ending_of
from chalicelib.domain.tile_runs import (
    ALREADY_COMPARED,
    Outcome,
    TileState,
    Verdict,
)
from chalicelib.domain.unseen import NOTICED, is_clear, seen_share

RUN, SESSION = t.session_tiles, t.alert_sessions
IMAGE, ALERT, AREA = t.image_tiles, t.alert_details, t.area_configs
MAX_REASON = 500
_IMAGE_STATUS = {
    Verdict.CHANGED: ImageStatus.CHANGED,
    Verdict.NO_CHANGE: ImageStatus.NO_CHANGE,
    Verdict.FAILED: ImageStatus.ERROR,
}


def lock_session(connection: Connection, session_id: int) -> Row[Any] | None:
    """Lock a session's row: the first statement of every transaction that may end one."""
    return connection.execute(select(SESSION).where(SESSION.c.id == session_id).with_for_update()).one_or_none()


class StaleError(Exception):
    """The run has ended, or was claimed anew: the transaction is rolled back, and nothing of it is written."""


def end_run(connection: Connection, run: OpenRun, outcome: Outcome, *, now: datetime, fence: int | None = None) -> bool:
    """Write an open tile run's verdict. The caller holds the session's lock.

    Return True if another tile run of its session was seen open; False if nobody looked, or none is.

    Raises StaleError if the run has ended already, or is past the fence of who ends it.
    """
    if outcome.compared_by is not None and run.image_id is not None and run.reference_id is not None:
        key = ComparisonKey(run.image_id, run.reference_id, DETECTOR, outcome.compared_by)
        if not add_comparison(connection, key, outcome, now=now):
            outcome = ALREADY_COMPARED
        elif outcome.slow is not None:
            add_slow_comparison(connection, run.image_id, outcome.slow, thresholds=key.thresholds, now=now)
    is_mine = (RUN.c.id == run.run_id) & RUN.c.verdict.is_(None)
    clear_share = outcome.clear_share if outcome.clear_share is not None else run.clear_share
    seen = seen_share(outcome.verdict, clear_share)
    is_all_seen = 1.0 - seen < NOTICED
    before = Before() if is_all_seen else known_before(connection, run.session_id, run.tile)
    is_clearly_seen = is_all_seen or is_clear(seen, tolerance=before.tolerance)
    values = {
        "state": TileState.ENDED,
        "verdict": outcome.verdict,
        "reason": outcome.reason and outcome.reason[:MAX_REASON],
        "fence": RUN.c.fence + 1,
        "lease_until": None,
        "image_id": run.image_id,
        "clear_share": clear_share,
        "unseen_m2": RUN.c.watched_m2 * (1.0 - seen),
        "unseen_since": None if is_all_seen else before.unseen_since or now,
        "clearly_seen_at": taken_at(run.image_id) if is_clearly_seen else before.clearly_seen_at,
        "ended_at": now,
    }
    if fence is not None:
        is_mine &= RUN.c.fence == fence
    if not connection.execute(update(RUN).where(is_mine).values(**values)).rowcount:
        raise StaleError
    record_after_commit(
        connection,
        events.TILE_RUN_ENDED,
        session_id=run.session_id,
        tile_run_id=run.run_id,
        tile=str(run.tile),
        verdict=outcome.verdict.value,
        reason=outcome.reason,
        provider=outcome.failed_provider,
    )
    if run.image_id is None or not run.is_comparison or outcome.verdict not in (*_IMAGE_STATUS, Verdict.OBSCURED):
        return False
    compared = seen if outcome.compared_by is not None else None
    is_another_open = _update_image(connection, run, outcome.verdict, compared, now=now)
    if outcome.verdict is Verdict.CHANGED:
        _insert_alert(connection, run, outcome, now=now)
    if outcome.sightings:
        add_sightings(connection, run.run_id, outcome.sightings)
    return is_another_open


def _open_run_of(session_id: int) -> Exists:
    return exists().where(RUN.c.session_id == session_id, RUN.c.verdict.is_(None))


def _update_image(
    connection: Connection, run: OpenRun, verdict: Verdict, compared: float | None, *, now: datetime
) -> bool:
    """Write what came of an image; return whether a tile run of its session is open still.

    The statement writes only if one is, so that it tells both: nearly always that is all. Under the session's lock, as
    `finish_if_done` looks.
    """
    status = _IMAGE_STATUS.get(verdict)
    values: dict[str, Any] = {"compared_at": now} | ({"status": status} if status else {})
    if compared is not None:
        values["compared_share"] = most_compared(compared)
    of_image = update(IMAGE).where(IMAGE.c.id == run.image_id).values(**values)
    if connection.execute(of_image.where(_open_run_of(run.session_id))).rowcount:
        return True
    connection.execute(of_image)
    return False


def _insert_alert(connection: Connection, run: OpenRun, outcome: Outcome, *, now: datetime) -> None:
    alert_id = insert_row(
        connection,
        ALERT,
        session_id=run.session_id,
        tile_run_id=run.run_id,
        image_id=run.image_id,
        reference_id=outcome.shown_against or run.reference_id,
        mask_key=outcome.mask_key,
        overlay_key=outcome.overlay_key,
        change_log=outcome.change_log,
        created_at=now,
    )
    if outcome.parcels:
        of_area = select(SESSION.c.area_id).where(SESSION.c.id == run.session_id)
        keep_of_alert(connection, outcome.parcels, area_id=connection.execute(of_area).scalar_one(), alert_id=alert_id)


def finish_if_done(connection: Connection, session: Row[Any], *, now: datetime, request_id: str = "") -> list[Message]:
    """End a session of which no tile is open or to be planned; write the notification's job if people are told."""
    is_left = select(_open_run_of(session.id) | has_part(session.id))
    if session.status != SessionStatus.IN_PROGRESS or connection.execute(is_left).scalar():
        return []
    join_places_or_leave(connection, session.id, area_id=session.area_id)
    counts = count_verdicts(connection, [session.id]).get(session.id, {})
    unseen = unseen_in(connection, session.id)
    by_verdict = {Verdict(name): count for name, count in counts.items()}
    of_area = select(AREA.c.unseen_tolerance, is_of_its_land(literal(session.id))).where(AREA.c.id == session.area_id)
    tolerance, is_of_land = connection.execute(of_area).one()
    ending = ending_of(
        by_verdict,
        unseen=unseen,
        tolerance=tolerance,
        unusable=unusable_in(connection, session.id),
        untold=untold_in(connection, session.id),
        waiting=waiting_in(connection, session.id),
        why_cancelled=None if is_of_land else LAND_CHANGED.reason,
    )
    summary = summarise(connection, session.id, counts, unseen)
    untold = summary["untold"]
    not_told = {"untold": untold, "known": untold - summary["authorised"]}
    state = state_after(ending, by_verdict, cause=Cause(session.cause), unseen=unseen, tolerance=tolerance, **not_told)
    if state is not None:
        seen_at = clearly_seen_in(connection, session.id, tolerance=tolerance)
        said = {"session_id": session.id, "unseen": unseen, "tolerance": tolerance, "clearly_seen_at": seen_at}
        put_state(connection, session.area_id, state, **said, now=now)
    connection.execute(
        update(SESSION)
        .where(SESSION.c.id == session.id)
        .values(
            status=ending.status,
            reason=ending.reason and ending.reason[:MAX_REASON],
            open_area_id=None,
            ended_at=now,
            **summary_columns(summary),
        )
    )
    record_after_commit(
        connection,
        events.SESSION_ENDED,
        session_id=session.id,
        area_id=session.area_id,
        status=ending.status.value,
        counts=counts,
        seconds=round((now - session.started_at).total_seconds(), 3),
    )
    if not ending.is_told or untold == by_verdict[Verdict.CHANGED]:
        return []
    job = SessionJob(session_id=session.id, request_id=request_id)
    return post(connection, Queue.NOTIFICATIONS, job, now=now)
