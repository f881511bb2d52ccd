"""Notices of how areas stand, in the database: decided once, under the lock of their reader's row.

Lock order: user, states of areas, deliveries. What people know of an area is written with the notice, in one
transaction with its pushes and its job, and taken back if no push of it got through.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, Row, func, select, update
from typing_extensions import override

from chalicelib.adapters.database import tables as t
from chalicelib.adapters.database.area_state_table import area_states as STATE  # noqa: N812 (as everywhere)
from chalicelib.adapters.database.area_state_table import state_notices as NOTICE  # noqa: N812
from chalicelib.adapters.database.area_states import unseen_of
from chalicelib.adapters.database.engine import insert_row, reads, writes
from chalicelib.adapters.database.notices import entry_of
from chalicelib.adapters.database.outbox import post
from chalicelib.adapters.database.push_rows import add_pushes, devices_of
from chalicelib.adapters.database.session_summaries import kept_summary
from chalicelib.application.ports.state_notices import StateNotices
from chalicelib.domain.area_states import AreaState, as_it_is_told
from chalicelib.domain.jobs import Message, Queue, SessionJob
from chalicelib.domain.pushes import Target
from chalicelib.domain.state_messages import AreaNews, failed_in, state_notice, why_unseen
from chalicelib.domain.state_notices import A_DAY, Course, News, Periods, Told, news_of, wait_for_more

USER, AREA, SESSION, IMAGE = t.users, t.area_configs, t.alert_sessions, t.image_tiles
NOBODY_S = 3600.0  # after which it is looked again whether a user has a device by now


class SqlStateNotices(StateNotices):
    """The port `StateNotices`. `targets` are told beside each user's devices."""

    def __init__(self, engine: Engine, *, periods: Periods, targets: Sequence[Target]) -> None:
        self.engine = engine
        self._periods, self._targets = periods, tuple(targets)

    @override
    @reads
    def due(self, connection: Connection, *, now: datetime, limit: int) -> list[int]:
        query = (
            select(AREA.c.user_id)
            .join(STATE, STATE.c.area_id == AREA.c.id)
            .where(STATE.c.tell_at <= now, AREA.c.deleted_at.is_(None), AREA.c.is_paused.is_(False))
            .group_by(AREA.c.user_id)
            .order_by(func.min(STATE.c.tell_at))
            .limit(limit)
        )
        return list(connection.execute(query).scalars())

    @override
    @writes
    def decide(self, connection: Connection, user_id: int, *, now: datetime) -> list[Message]:
        if connection.execute(select(USER.c.id).where(USER.c.id == user_id).with_for_update()).one_or_none() is None:
            return []
        mine = select(AREA).where(AREA.c.user_id == user_id, AREA.c.deleted_at.is_(None), AREA.c.is_paused.is_(False))
        areas = {row.id: row for row in connection.execute(mine)}
        of_mine = select(STATE).where(STATE.c.area_id.in_(list(areas))).order_by(STATE.c.area_id).with_for_update()
        rows = {row.area_id: row for row in connection.execute(of_mine)}
        courses = {
            area_id: _course(row, areas[area_id].unseen_tolerance)
            for area_id, row in rows.items()
            if (row.session_id or 0) > (areas[area_id].old_land_session_id or -1)  # else it is of other land
        }
        news = {
            area_id: each
            for area_id, course in courses.items()
            if (each := news_of(course, _told(rows[area_id]), periods=self._periods, now=now)) is not None
        }
        wait_until = wait_for_more(news.values(), now=now)
        is_told_to_operator = all(areas[area_id].is_told_to_operator for area_id in news)
        targets = (*devices_of(connection, user_id), *(self._targets if is_told_to_operator else ()))
        if wait_until is None and news:
            wait_until = _free_at(connection, user_id, now)
        if wait_until is None and news and not targets:
            wait_until = now + timedelta(seconds=NOBODY_S)
        _look_again(connection, rows, set(news), wait_until)
        if wait_until is not None or not news:
            return []
        ready = {area_id: each for area_id, each in news.items() if each.due_at <= now}
        later = min((each.due_at for area_id, each in news.items() if area_id not in ready), default=None)
        _look_again(connection, rows, set(news) - set(ready), later)
        about = [_about(connection, rows[area_id], areas[area_id].name, each) for area_id, each in ready.items()]
        entries = [entry_of(each, _told(rows[each.area_id])) for each in about]
        notice_id = insert_row(connection, NOTICE, user_id=user_id, areas=entries, created_at=now)
        for area_id, each in ready.items():
            told = _told(rows[area_id]).after(each.state, now=now, periods=self._periods)
            values = {"told_state": told.state, "told_worse_at": told.worse_at, "told_again": told.is_again}
            connection.execute(update(STATE).where(STATE.c.area_id == area_id).values(notice_id=notice_id, **values))
        session_id = state_notice(notice_id, about).session_id
        add_pushes(connection, targets, session_id=session_id, notice_id=notice_id, now=now)
        return post(connection, Queue.NOTIFICATIONS, SessionJob(session_id=session_id, notice_id=notice_id), now=now)


def _course(row: Row[Any], tolerance: float) -> Course:
    state = as_it_is_told(AreaState(row.state), unseen_of(row), tolerance=tolerance)
    return Course(state, row.since, row.side_since or row.since)


def _told(row: Row[Any]) -> Told:
    return Told(AreaState(row.told_state or AreaState.WATCHED), row.told_worse_at, bool(row.told_again))


def _free_at(connection: Connection, user_id: int, now: datetime) -> datetime | None:
    """Return when a user may have another message; None if that is now. The day begins when the last one arrived."""
    last = select(func.coalesce(NOTICE.c.sent_at, NOTICE.c.created_at)).where(NOTICE.c.user_id == user_id)
    at: datetime | None = connection.execute(last.order_by(NOTICE.c.id.desc()).limit(1)).scalar_one_or_none()
    return None if at is None or at + A_DAY <= now else at + A_DAY


def _look_again(connection: Connection, rows: dict[int, Row[Any]], waiting: set[int], at: datetime | None) -> None:
    """Let the areas with something to tell be looked at then, and no other before its next session."""
    for those, when in ((waiting, at), (rows.keys() - waiting, None)):
        if those:
            connection.execute(update(STATE).where(STATE.c.area_id.in_(sorted(those))).values(tell_at=when))


def _about(connection: Connection, row: Row[Any], name: str, news: News) -> AreaNews:
    """Return what is told of an area, by the session that said so last."""
    session_id = row.session_id or _last_session(connection, row.area_id)  # a release before did not write it
    said = select(SESSION.c.summary, SESSION.c.further_failures, SESSION.c.tiles_planned)
    session = connection.execute(said.where(SESSION.c.id == session_id)).one_or_none()  # None: it was purged since
    summary = (session and kept_summary(session)) or {}
    reasons = [failure["reason"] for failure in summary.get("failures", [])]
    unseen = unseen_of(row)
    return AreaNews(
        area_id=row.area_id,
        name=name,
        session_id=session_id,
        state=news.state,
        since=news.since,
        share=None if unseen is None else unseen.share,
        m2=None if unseen is None else unseen.m2,
        clearly_seen_at=row.clearly_seen_at,
        is_dated=row.clearly_seen_at is not None or not _is_undated(connection, row.area_id),
        why=why_unseen(
            news.state,
            reasons,
            failed=failed_in(summary.get("counts", {})),
            was_opened=session is None or session.tiles_planned > 0,
        ),
    )


def _is_undated(connection: Connection, area_id: int) -> bool:
    """Whether the newest of an area's images does not say when it was taken; not where it has none."""
    newest = select(IMAGE.c.id, IMAGE.c.captured_at).where(IMAGE.c.area_id == area_id)
    row = connection.execute(newest.order_by(IMAGE.c.taken_at.desc()).limit(1)).one_or_none()
    return row is not None and row.captured_at is None


def _last_session(connection: Connection, area_id: int) -> int:
    ended = (SESSION.c.area_id == area_id) & SESSION.c.ended_at.is_not(None)
    return int(connection.execute(select(func.max(SESSION.c.id)).where(ended)).scalar_one())
