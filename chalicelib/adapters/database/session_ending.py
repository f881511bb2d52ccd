"""Ends a session before its time: it was stopped, its area was deleted, or its deadline has come."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, select, update

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.open_runs import open_run_of
from chalicelib.adapters.database.session_closing import end_run, finish_if_done
from chalicelib.adapters.database.session_parts import has_part, plan_without_jobs
from chalicelib.domain.jobs import Message
from chalicelib.domain.sessions import SessionStatus
from chalicelib.domain.tile_runs import Outcome, Verdict

SESSION, RUN = t.alert_sessions, t.session_tiles
PART = 250  # tile runs of one transaction


def end_part(
    connection: Connection, session: Row[Any], outcome: Outcome, *, now: datetime, request_id: str
) -> list[Message] | None:
    """End some of a session's open tile runs; None while others are left. The caller holds the session's lock.

    A session of which only a part has ended keeps why in its row, and its deadline has come: its other tile runs are
    claimed by nobody, and reconcile goes on, with the verdict that the first part had. Tiles that were still to be
    planned get their runs first: each planned tile has its one verdict.
    """
    if session.status != SessionStatus.IN_PROGRESS:
        return []
    open_runs = select(RUN).where(RUN.c.session_id == session.id, RUN.c.verdict.is_(None)).limit(PART + 1)
    runs = connection.execute(open_runs.with_for_update()).all()
    is_more = len(runs) > PART or connection.execute(select(has_part(session.id))).scalar_one()
    if session.reason is not None:
        outcome = _begun(session.reason)
    elif is_more:
        kept = {"reason": f"{outcome.verdict.value}: {outcome.reason}", "deadline_at": now}
        connection.execute(update(SESSION).where(SESSION.c.id == session.id).values(**kept))
    for run in runs[:PART]:
        why = f"{outcome.reason}; last: {run.reason}" if outcome.verdict is Verdict.FAILED and run.reason else None
        end_run(connection, open_run_of(run), replace(outcome, reason=why or outcome.reason), now=now)
    if is_more:
        if len(runs) <= PART:
            plan_without_jobs(connection, session.id, now=now)
        return None
    return finish_if_done(connection, session, now=now, request_id=request_id)


def _begun(reason: str) -> Outcome:
    verdict, _, why = reason.partition(": ")
    return Outcome(verdict=Verdict(verdict), reason=why)
